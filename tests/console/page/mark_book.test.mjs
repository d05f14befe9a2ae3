// Detonations over reloads and changes of vehicle: no mark is lost, none is another vehicle's, none is placed by a guess.
import assert from "node:assert/strict";
import { test } from "node:test";

const element = () => ({ append() {}, addEventListener() {}, replaceChildren() {}, classList: { add() {} }, dataset: {}, textContent: "", hidden: false, setAttribute() {}, removeAttribute() {}, hasAttribute: () => false, toggleAttribute() {}, contains: () => false });
globalThis.document ??= { createElement: element, createElementNS: element };

const { Detonation } = await import("../../../console/page/js/detonation.js");
const { MarkBook, TURNING_MS } = await import("../../../console/page/js/mark_book.js");
const { placedIn } = await import("../../../console/page/js/marks.js");
const { WHO_BYTES, Observations, cut, whoOf } = await import("../../../console/page/js/observations.js");
const { After } = await import("../../../console/page/js/plan/after.js");
const { toMetres } = await import("../../../console/page/js/plan/drawing.js");
const { Store } = await import("../../../console/page/js/store.js");

const CODE = 38;
const DATUM_A = [40.1, 48.9, 0], DATUM_B = [40.2, 48.8, 0];
const siteOf = (vehicle, datum) => ({ vehicle, hash: `plan ${vehicle}`, datum, machine: { tool_ahead_m: 2, tool_width_m: 2 } });
const as = ([lat_deg, lon_deg, alt_m]) => ({ lat_deg, lon_deg, alt_m });

class Memory {
  constructor() { this.kept = {}; }
  getItem(key) { return this.kept[key] ?? null; }
  setItem(key, value) { this.kept[key] = value; }
}

/** A page beside a browser's storage; `hear` is a message of the server, `ms` later. */
function opened(storage, { simulation = false, secret = "s", passing = new Memory(), answers = [] } = {}) {
  const page = { now_ms: 0, posts: [], answers };
  const store = new Store(() => page.now_ms);
  store.set("reasons", [{ code: CODE, name: "detonation" }]);
  const book = new MarkBook({ store, secret, lasting: storage, passing, clock_ms: () => 1e12 + page.now_ms });
  let number = 0;
  const post = async (path, body) => {
    page.posts.push(body);
    const answer = page.answers.shift() ?? { recorded: true, text: "" };
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const observations = new Observations({ store, post, book, draw: () => (number += 1) });
  const detonation = new Detonation({ store, book, observations });
  const hear = (vehicle, { reasons = [], pose = { e: 10, n: 20, heading_deg: 0 }, standing = true, ms = 100, hash = `plan ${vehicle}` } = {}) => {
    page.now_ms += ms;
    store.heard({
      type: "snapshot", server: { vehicle, simulation, console_name: "console" }, link: { state: "open", age_ms: 20 },
      vehicle: { reasons, standing }, pose, mission: { plan_hash: hash },
    });
  };
  return Object.assign(page, { store, book, observations, detonation, hear });
}

/** The same, with its vehicle and site settled. */
function steering(storage, vehicle = "a", datum = DATUM_A, more = {}) {
  const page = opened(storage, more);
  page.hear(vehicle, more);
  page.store.set("site", siteOf(vehicle, datum));
  page.hear(vehicle, { ...more, ms: TURNING_MS });
  return page;
}

test("a name goes out in as many whole letters as the record holds", () => {
  for (const name of ["Team 2", "Олександр Шевченко", "Ağasəlim Məmmədov", "e\u0301".repeat(20), "操".repeat(30), "👩‍🚒👩‍🚒👩‍🚒", " A "]) {
    const sent = whoOf(name);
    assert.ok(new TextEncoder().encode(sent).length <= WHO_BYTES, name);
    assert.ok(name.trim().startsWith(sent) && sent !== "" && !sent.includes("\ufffd"), name);
  }
  assert.equal(whoOf("Олександр Шевченко"), "Олександр");
  assert.equal(cut("e\u0301e\u0301", 4), "e\u0301");
});

test("a question is answered under a long name, and START is free again", async () => {
  const page = steering(new Memory());
  page.store.set("checklist", { operator: "Олександр Шевченко" });
  page.hear("a", { reasons: [CODE] });
  assert.equal(page.detonation.open(), true);
  await page.detonation.answer("at");
  await page.detonation.answer("damage");
  assert.equal(page.posts[0].who, "Олександр");
  assert.equal(page.detonation.open(), false);
});

test("a second tap answers no question that was not read, nor one of another vehicle or mark", async () => {
  const page = steering(new Memory()), { detonation } = page;
  const taps = (name) => detonation.pressed(detonation.shown, name);
  page.hear("a", { reasons: [CODE] });
  detonation.render();
  taps("ap");
  assert.equal(detonation.asked, null, "the buttons came under the finger");
  page.now_ms += 1000;
  taps("ap");
  detonation.render();
  taps("there");
  assert.deepEqual([detonation.asked.kind, page.posts], ["ap", []], "the second half of a double tap");
  page.hear("b", { reasons: [CODE], ms: 1000 });
  page.hear("b", { reasons: [CODE], ms: TURNING_MS });
  taps("damage");
  assert.deepEqual([page.posts, detonation.asked.vehicle], [[], "a"], "its words were of the vehicle before");
  page.hear("a", { reasons: [CODE], ms: 1000 });
  detonation.render();
  page.now_ms += 1000;
  taps("there");
  assert.deepEqual(page.posts.map(({ vehicle, note }) => [vehicle, note]), [["a", "ap; hammers by camera: there"]]);
});

test("a mark is its vehicle's alone, in the metres of its own datum", async () => {
  const page = steering(new Memory());
  page.hear("a", { reasons: [CODE] });
  assert.deepEqual(page.store.get("marks").map(({ vehicle, e, north, datum }) => [vehicle, e, north, datum]), [["a", 10, 22, as(DATUM_A)]]);
  page.hear("b");
  assert.deepEqual([page.store.get("marks"), page.detonation.open()], [[], false]);
  page.store.set("site", siteOf("b", DATUM_B));
  page.hear("b", { ms: TURNING_MS });
  const after = new After({ store: page.store, book: page.book, observations: page.observations, shelf: { wishes: {}, begun: (asked) => { page.asked = asked; } }, render() {}, t: (key) => key });
  after.replan();
  assert.deepEqual([page.asked.craters, "skipped" in page.asked], [[], false]);
  after.way("parking");
  assert.deepEqual(page.asked, { to: "parking", craters: [], limit_s: undefined });
  page.hear("a");
  assert.equal(page.detonation.open(), true);
  // another plan of the same vehicle, with another datum: the mark goes out in its own
  page.store.set("site", siteOf("a", DATUM_B));
  await page.detonation.answer("at");
  await page.detonation.answer("there");
  assert.deepEqual([page.posts[0].vehicle, page.posts[0].e, page.posts[0].n, page.posts[0].datum], ["a", 10, 22, as(DATUM_A)]);
});

test("what is answered after the turn to another vehicle is written to the one it was asked of", async () => {
  const page = steering(new Memory());
  page.hear("a", { reasons: [CODE] });
  await page.detonation.answer("ap");
  const sent = page.detonation.answer("there");
  page.hear("b", { reasons: [CODE] });
  page.hear("b", { reasons: [CODE], ms: TURNING_MS });
  await sent;
  assert.deepEqual(page.book.marks().map(({ vehicle, kind }) => [vehicle, kind]), [["b", null]]);
  page.hear("a");
  assert.deepEqual(page.book.marks().map(({ vehicle, kind }) => [vehicle, kind]), [["a", "ap"]]);
});

test("until all that is told is of the new vehicle nothing is marked", () => {
  const page = steering(new Memory());
  page.hear("b", { reasons: [CODE], ms: 20 });
  assert.deepEqual(page.book.marks(), []);
});

test("a mark in metres of another datum lies at the same place", () => {
  const mark = { e: 120.5, north: -340.25, datum: as(DATUM_A) };
  const [moved] = placedIn([mark], { lat_deg: 40.11, lon_deg: 48.91 });
  const there = toMetres([40.11, 48.91], mark.datum);
  assert.ok(Math.hypot(moved.e + there[0] - mark.e, moved.north + there[1] - mark.north) < 0.5);
  assert.deepEqual(placedIn([mark], null), []);
});

test("a reload forgets no question and asks none twice", async () => {
  const storage = new Memory(), first = steering(storage);
  first.hear("a", { reasons: [CODE] });
  const again = steering(storage, "a", DATUM_A, { reasons: [CODE] });
  assert.equal(again.detonation.open(), true);
  again.hear("a", { reasons: [CODE] });
  assert.equal(again.book.marks().length, 1);
  await again.detonation.answer("at");
  await again.detonation.answer("there");
  const third = steering(storage, "a", DATUM_A, { reasons: [CODE] });
  assert.equal(third.detonation.open(), false);
  third.hear("a");
  third.hear("a", { reasons: [CODE] });
  assert.deepEqual(third.book.marks().map(({ n, kind }) => [n, kind]), [[1, "at"], [2, null]]);
});

test("a detonation that nobody watched from the last one on is another one", () => {
  const storage = new Memory(), first = steering(storage);
  first.hear("a", { reasons: [CODE] });
  for (const [e, marks] of [[10, 1], [30, 2]]) {
    const later = opened(storage);
    later.now_ms = 60_000 * marks;
    later.store.set("site", siteOf("a", DATUM_A));
    for (const ms of [0, TURNING_MS]) later.hear("a", { reasons: [CODE], pose: { e, n: 20, heading_deg: 0 }, ms });
    assert.equal(later.book.marks().length, marks, "at the mark it is that one still");
  }
});

test("marks of a simulation end with it; a storage that takes nothing loses no question of this page", () => {
  const lasting = new Memory(), passing = new Memory();
  const demo = steering(lasting, "a", DATUM_A, { simulation: true, passing, secret: "one" });
  demo.hear("a", { reasons: [CODE] });
  assert.deepEqual(lasting.kept, {});
  assert.equal(steering(lasting, "a", DATUM_A, { simulation: true, passing, secret: "two" }).detonation.open(), false);
  const full = { getItem: () => { throw new Error("no"); }, setItem: () => { throw new Error("no"); } };
  const page = steering(full);
  page.hear("a", { reasons: [CODE] });
  assert.equal(page.detonation.open(), true);
});

test("a late pose places nothing", () => {
  const page = steering(new Memory());
  page.hear("a", { reasons: [CODE], pose: { e: 10, n: 20, heading_deg: 0, old: true } });
  assert.equal(page.book.marks()[0].e, null);
});

test("a mark goes to its own vehicle, whichever is steered, which refuses it then", async () => {
  const page = steering(new Memory());
  page.hear("a", { reasons: [CODE] });
  const [mark] = page.book.marks();
  page.hear("b");
  await page.observations.send({ kind: "detonation", value: 1, who: "A" }, mark);
  assert.equal(page.posts[0].vehicle, "a");
});

test("a machine that is seen to move when its site comes gets no place", () => {
  const page = opened(new Memory());
  page.hear("a");
  page.hear("a", { reasons: [CODE], ms: TURNING_MS });
  page.store.state.site = siteOf("a", DATUM_A);
  page.hear("a", { reasons: [CODE], standing: false });
  assert.equal(page.book.marks()[0].e, null);
});

for (const [what, between, placed] of [
  ["seen to stand all the while", {}, true], ["that moved", { standing: false }, false],
  ["that may have moved", { standing: null }, false], ["unseen for a while", { ms: 5000 }, false],
]) {
  test(`a mark made before the site is known: a machine ${what}`, () => {
    const page = opened(new Memory());
    page.hear("a");
    page.hear("a", { reasons: [CODE], ms: TURNING_MS });
    assert.equal(page.book.marks()[0].e, null);
    page.hear("a", { reasons: [CODE], ...between });
    page.store.set("site", siteOf("a", DATUM_A));
    page.hear("a", { reasons: [CODE] });
    assert.deepEqual([page.book.marks().length, page.book.marks()[0].north], [1, placed ? 22 : null]);
  });
}

test("a site of another vehicle or plan places nothing", () => {
  for (const [site, hash] of [[siteOf("b", DATUM_B), "plan b"], [siteOf("a", DATUM_B), "another plan"]]) {
    const page = opened(new Memory());
    page.hear("a", { hash });
    page.store.set("site", site);
    page.hear("a", { reasons: [CODE], ms: TURNING_MS, hash });
    assert.equal(page.book.marks()[0].e, null);
  }
});

test("each try of the same words has one number, over a reload too; other words and what was answered have another", async () => {
  const storage = new Memory(), page = steering(storage);
  page.answers.push(new Error("no answer"), new Error("no answer"), { recorded: false, text: "full" });
  page.hear("a", { reasons: [CODE] });
  await page.detonation.answer("at");
  for (const hammers of ["there", "there", "there", "there"]) await page.detonation.answer(hammers);
  assert.deepEqual(page.posts.map(({ number }) => number), [1, 1, 1, 2]);

  const [form] = [{ kind: "note", value: 0, who: "A", note: "skip swath 4: wet" }];
  page.answers.push(new Error("no answer"), new Error("no answer"));
  await assert.rejects(page.observations.send(form));
  await assert.rejects(page.observations.send({ ...form, note: "skip swath 5: wet" }));
  await page.observations.send({ ...form, note: "skip swath 5: wet" });
  await page.observations.send({ ...form, note: "skip swath 5: wet" });
  assert.deepEqual(page.posts.slice(4).map(({ number }) => number), [3, 4, 4, 5]);

  page.hear("a");
  page.hear("a", { reasons: [CODE] });
  page.answers.push(new Error("no answer"));
  await page.detonation.answer("ap");
  await page.detonation.answer("unseen");
  const again = steering(storage);
  await again.detonation.answer("ap");
  await again.detonation.answer("unseen");
  assert.equal(again.posts[0].number, page.posts.at(-1).number);
});
