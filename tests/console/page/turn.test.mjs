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
