// What was said, answered or opened for one vehicle is not of the next one.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Acts } from "../../../console/page/js/acts.js";
import { Store } from "../../../console/page/js/store.js";
import { forgetAtTurn } from "../../../console/page/js/turn.js";

function rig() {
  const store = new Store(() => 0);
  const acts = new Acts({ store, now_ms: () => 0, drive: () => ({ send: () => true }), state: () => null, hands: () => ({ view: null, tell() {} }), page: () => ({}) });
  forgetAtTurn(store, () => acts.turned());
  return { store, acts, hear: (vehicle, type = "delta") => store.heard({ type, server: { vehicle, steering: "this" } }) };
}

test("names, card and answer of one vehicle are gone with the turn to another, and with nothing else", () => {
  const { store, acts, hear } = rig();
  hear("a", "snapshot");
  for (const [name, value] of [["leader", "L"], ["sentry", "S"], ["checklist", { operator: "O" }], ["answer", { act: "ARM" }], ["start_open", true]]) store.set(name, value);
  Object.assign(acts, { start_open: true, pending: { act: "ARM", number: 1 }, _acknowledged: [38] });
  hear("a");
  hear("a", "snapshot");
  assert.deepEqual([store.get("leader"), store.get("sentry"), store.get("checklist").operator, acts.start_open, acts.pending.act], ["L", "S", "O", true, "ARM"]);
  hear("b");
  assert.deepEqual(["leader", "sentry", "checklist", "answer", "start_open"].map((name) => store.get(name)), ["", "", null, null, false]);
  assert.deepEqual([acts.start_open, acts.pending, acts._acknowledged], [false, null, []]);
});

test("STOP of one vehicle is not seen by another one that stands", () => {
  const { store, acts } = rig(), at = (vehicle, tick, mode) => store.heard({ type: "snapshot", server: { vehicle }, link: { state: "open", age_ms: 0 }, vehicle: { tick, mode, session: 1 } });
  Object.assign(acts, { state: () => ({ send: () => true }) });
  at("a", 100, "MANUAL");
  acts.stop();
  at("b", 9000, "DISARMED");
  for (let look = 0; look < 5; look += 1) { acts._stop = { ...acts._stop, sent_ms: null }; acts._repeat(); }
  assert.equal(store.get("stop").outcome, null);
  at("a", 101, "STOPPING");
  acts._repeat();
  assert.equal(store.get("stop").outcome, "seen");
});

test("TAKE that waited for a sign-in goes to no other vehicle", async () => {
  const { store, acts } = rig(), sent = [];
  const at = (vehicle) => store.heard({ type: "snapshot", server: { vehicle, steering: "this" }, link: { state: "open", age_ms: 0 }, vehicle: { tick: 1, mode: "DISARMED", mine: false, standing: true } });
  Object.assign(acts, { drive: () => ({ send: (bytes) => sent.push(bytes) }), people: { ready: () => true, kept: () => true, signIn: async () => at("b") } });
  at("a");
  await acts._take();
  assert.deepEqual([sent, store.get("answer").why.key], [[], "act.why.not_now"]);
  acts.people.signIn = async () => {};
  await acts._take();
  assert.equal(sent.length, 1);
  acts.pending = null;
});
