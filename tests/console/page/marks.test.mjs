// Detonations: marked once over the tool, asked until they are classified, sent once; START waits for it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { offers } from "../../../console/page/js/acts_logic.js";
import { CLASSES, KINDS, PICTURE_GOOD, changed, marked, open, placeOfTool, placed, question, wordAsked } from "../../../console/page/js/marks.js";

const SITE = { machine: { tool_ahead_m: 2.8, tool_width_m: 2.0 } };
const near = (one, other) => assert.ok(Math.abs(one - other) < 1e-9, `${one} is not ${other}`);

test("the mark lies under the middle of the tool, whichever way the machine points", () => {
  for (const [heading_deg, e, north] of [[0, 10, 22.8], [90, 12.8, 20], [180, 10, 17.2], [270, 7.2, 20]]) {
    const place = placeOfTool(SITE, { e: 10, n: 20, heading_deg });
    near(place.e, e);
    near(place.north, north);
    assert.equal(place.width_m, 2.0);
  }
});

test("where place or machine are not known nothing is guessed", () => {
  for (const [site, pose] of [[null, { e: 1, n: 1, heading_deg: 0 }], [{}, { e: 1, n: 1, heading_deg: 0 }], [SITE, null], [SITE, { e: null, n: 1, heading_deg: 0 }], [SITE, { e: 1, n: 1, heading_deg: null }]]) {
    assert.equal(placeOfTool(site, pose), null);
  }
  const marks = marked([], null);
  assert.deepEqual([marks[0].n, marks[0].e, marks[0].kind], [1, null, null]);
  assert.deepEqual(placed(marks), []);
});

test("each is asked what it was and what the camera shows, the oldest first, until it is classified", () => {
  let marks = marked(marked([], { e: 1, north: 2, width_m: 2 }), { e: 3, north: 4, width_m: 2 });
  assert.deepEqual(question(marks, null), { n: 1, question: "kind" });
  assert.deepEqual(question(marks, { n: 1, kind: "ap", text: "" }), { n: 1, question: "hammers" });
  // an answer to another mark is none to this one
  assert.deepEqual(question(marks, { n: 2, kind: "ap", text: "" }), { n: 1, question: "kind" });
  marks = changed(marks, 1, { kind: "ap", hammers: "there" });
  assert.deepEqual(question(marks, { n: 1, kind: "ap", text: "" }), { n: 2, question: "kind" });
  marks = changed(marks, 2, { kind: "unclear" });
  assert.equal(open(marks), null);
  assert.equal(question(marks, null), null);
});

test("what is unclear is checked like the heavy one", () => {
  assert.deepEqual(KINDS.filter((kind) => CLASSES[kind] >= 3), ["at", "unclear"]);
});

const facts = (more) => ({
  open: true, mode: "MANUAL", mine: true, steering: "this", reset_due: false, estop_latched: false, standing: true, rules: [], acknowledged: [],
  shown_ms: 5000, rotor_rpm: 0, ready_ms: 1000, start_blocked: false, plan: true, checklist_due: false,
  hands: { centred: true, released: true, hold: false, unclean: null }, ...more,
});

test("START waits for the classification; driving, backing out and disarming do not", () => {
  const start = offers(facts({ detonation_open: true })).find((one) => one.act === "START");
  assert.equal(start.enabled, false);
  assert.equal(start.why.key, "act.why.detonation_open");
  assert.equal(offers(facts({ detonation_open: false })).find((one) => one.act === "START").enabled, true);
  for (const more of [{ mode: "READY" }, { mode: "DISARMED" }, { mode: "RECOVERY" }, { mode: "HOLD" }, { mode: "MANUAL" }]) {
    const acts = (detonation_open) => offers(facts({ ...more, detonation_open })).filter((one) => one.enabled && one.act !== "START").map((one) => one.act);
    assert.deepEqual(acts(true), acts(false));
  }
});

const SMALL_SHOCK = { code: 95, name: "shock_small", level: 3, auto_level: 3, recovery: "P", waits: true };
const waiting = { mode: "WAIT", wait: { cause: SMALL_SHOCK, over: false, gone: null }, rules: [SMALL_SHOCK], hands: { centred: true, released: false, hold: true, unclean: null } };

test("a WAIT for a small shock asks for the word, of whoever holds control, and START waits for it", () => {
  assert.equal(PICTURE_GOOD, "AP, picture good");
  assert.equal(CLASSES.ap, 1);
  assert.equal(wordAsked(facts(waiting)), true);
  assert.equal(wordAsked(facts({ ...waiting, mine: false })), false);
  assert.equal(wordAsked(facts({ ...waiting, mode: "HOLD" })), false);
  assert.equal(wordAsked(facts({ ...waiting, rules: [] })), false);
  const start = (more) => offers(facts({ ...waiting, ...more })).find((one) => one.act === "START");
  assert.equal(start({ detonation_open: true }).why.key, "act.why.word");
  assert.equal(start({ detonation_open: true, rules: [], wait: { cause: SMALL_SHOCK, over: true, gone: true } }).why.key, "act.why.detonation_open");
  assert.equal(start({ rules: [], wait: { cause: SMALL_SHOCK, over: true, gone: true } }).enabled, true);
});

test("after a detonation neither ACKNOWLEDGE nor RESET is offered before its wait is over, and the time is told", () => {
  const stopped = { mode: "HOLD", reset_due: true, acknowledge_due: true };
  const whys = (more) => offers(facts({ ...stopped, ...more })).map((one) => one.why?.key ?? null);
  assert.deepEqual(whys({ detonation_left_s: 840 }), ["act.why.detonation_wait", "act.why.detonation_wait"]);
  assert.deepEqual(whys({ detonation_left_s: null }), [null, "act.why.acknowledge_first"]);
  assert.deepEqual(whys({ detonation_left_s: 0 }), [null, "act.why.acknowledge_first"]);
});
