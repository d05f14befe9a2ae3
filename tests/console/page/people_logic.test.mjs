/** What the card of people asks, and what of it goes to the record. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { People } from "../../../console/page/js/people.js";
import { ROLES, SAID_MS, asked, isSaid, readNote } from "../../../console/page/js/people_logic.js";
import { Store } from "../../../console/page/js/store.js";

const NOTHING = { armed: false, mine: false, wanted: null, hand_over: null, closed: null };
const OFFERED = { mark: "1a2b3c4d", giver: { name: "A" }, taker: null, signed: false, items: ["depth reading is due"] };

test("nothing is asked while the machine is armed, whatever was opened or offered", () => {
  for (const wanted of ["who", "give", null]) {
    for (const hand_over of [null, OFFERED]) assert.equal(asked({ ...NOTHING, armed: true, mine: true, wanted, hand_over }), null);
  }
});

test("the list is shown at both consoles; who takes over signs first, then who gives", () => {
  const read = { ...OFFERED, taker: { name: "B", role: "operator" } };
  for (const mine of [true, false]) assert.equal(asked({ ...NOTHING, mine, hand_over: OFFERED }), "read");
  assert.equal(asked({ ...NOTHING, mine: true, hand_over: read }), "sign");
  assert.equal(asked({ ...NOTHING, mine: false, hand_over: read }), "read");
  for (const mine of [true, false]) assert.equal(asked({ ...NOTHING, mine, hand_over: { ...read, signed: true } }), "wait");
});

test("a list that was closed here stays closed until another one is offered", () => {
  assert.equal(asked({ ...NOTHING, hand_over: OFFERED, closed: OFFERED.mark }), null);
  assert.equal(asked({ ...NOTHING, hand_over: { ...OFFERED, mark: "5e6f7a8b" }, closed: OFFERED.mark }), "read");
});

test("control is given only by whoever has it", () => {
  assert.equal(asked({ ...NOTHING, wanted: "give" }), null);
  assert.equal(asked({ ...NOTHING, mine: true, wanted: "give" }), "give");
});

test("who said who is there takes within a minute; a name without a role is nobody", () => {
  const me = { name: "A", role: "operator", said_ms: 1000 };
  assert.equal(isSaid(me, 1000 + SAID_MS), true);
  assert.equal(isSaid(me, 1001 + SAID_MS), false);
  assert.equal(isSaid({ ...me, role: "pilot" }, 1000), false);
  assert.equal(isSaid({ ...me, name: " " }, 1000), false);
  assert.equal(readNote("1a2b3c4d", "leader"), `1a2b3c4d ${ROLES.leader}`);
});

function people({ day = { driving: null, hand_over: null }, simulation = false, answer = { recorded: true, text: "" } } = {}) {
  const store = new Store(() => 5000);
  store.set("link", { state: "open", age_ms: 0 });
  store.set("server", { vehicle: "v", simulation, console_name: "console-1" });
  store.set("day", day);
  const sent = [], acts = [];
  const observations = { send: async (seen) => { sent.push(seen); if (answer === null) throw new Error("no link"); return answer; } };
  return { sent, acts, store, of: new People({ store, observations, send: (act) => acts.push(act), now_ms: () => 5000 }) };
}

test("a vehicle that keeps no such record is asked nothing, and a simulation takes with the console's name", async () => {
  const older = people({ day: null });
  assert.equal(older.of.ready(), true);
  assert.equal(await older.of.signIn(), false);
  assert.deepEqual(older.sent, []);
  const simulated = people({ simulation: true });
  assert.equal(simulated.of.ready(), true);
  await simulated.of.signIn();
  assert.deepEqual(simulated.sent, [{ kind: "sign_in", who: "console-1", note: "operator" }]);
});

test("a real vehicle wants a name said by whoever takes", async () => {
  const real = people();
  assert.equal(real.of.ready(), false);
  real.of.open("who");
  real.of.said("First Person", "leader");
  assert.equal(real.of.ready(), true);
  assert.equal(await real.of.signIn(), true);
  assert.deepEqual(real.sent, [{ kind: "sign_in", who: "First Person", note: "team leader" }]);
});

test("control is given up by the second signature, and only if it stands in the record", async () => {
  for (const [answer, acts] of [[{ recorded: true, text: "" }, ["RELEASE"]], [{ recorded: false, text: "only disarmed" }, []], [null, []]]) {
    const page = people({ day: { driving: { name: "A" }, hand_over: { ...OFFERED, taker: { name: "B", role: "operator" } } }, answer });
    await page.of.sign();
    assert.deepEqual(page.sent, [{ kind: "hand_over_sign", who: "A", note: OFFERED.mark }]);
    assert.deepEqual(page.acts, acts);
  }
});
