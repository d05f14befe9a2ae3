// What the page knows and how old it is: nothing decides by a report that is late, and nothing loses sight of it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { linkProblem, newestTick, vehicleOf } from "../../../console/page/js/facts.js";
import { Store } from "../../../console/page/js/store.js";

const heard = (sections) => {
  const store = new Store(() => 0);
  store.heard({ type: "snapshot", seq: 1, ...sections });
  return store;
};

test("a value of a late report is shown, and decides nothing", () => {
  const store = heard({ tool: { height_m: 0.3, rotor_rpm: 2, old: true }, pose: { e: 1 } });
  assert.equal(store.shown("tool", "rotor_rpm"), 2);
  assert.equal(store.value("tool", "rotor_rpm"), null);
  assert.equal(store.late("tool"), true);
  assert.equal(store.value("pose", "e"), 1);
  assert.equal(store.late("pose"), false);
  assert.equal(vehicleOf(store).tool_m, null);
  store.heard({ type: "delta", seq: 2, tool: { height_m: 0.3, rotor_rpm: 2 } });
  assert.equal(store.value("tool", "rotor_rpm"), 2);
  assert.equal(vehicleOf(store).tool_m, 0.3);
});

test("the newest tick is that of state, echo or tick of this session, whichever is newer", () => {
  const store = heard({ vehicle: { tick: 100, session: 7 } });
  assert.equal(newestTick(store), 100);
  store.set("echo", { vehicle_tick: 103, session: 7 });
  assert.equal(newestTick(store), 103);
  store.set("tick", { vehicle_tick: 105, session: 7 });
  assert.equal(newestTick(store), 105);
  store.heard({ type: "delta", seq: 2, vehicle: { tick: 9, session: 8 } });
  assert.equal(newestTick(store), 9, "ticks of a session that ended");
  store.heard({ type: "snapshot", seq: 3 });
  assert.equal(newestTick(store), null);
});

test("what one message holds is there whole before any view is told of it", () => {
  const store = heard({ vehicle: { tick: 1 }, pose: { e: 1 }, mission: { segment: 1 } });
  const seen = [];
  store.subscribe(["vehicle"], (vehicle) => seen.push([vehicle.tick, store.get("pose")?.e ?? null, store.get("mission")]));
  store.heard({ type: "delta", seq: 2, vehicle: { tick: 2 }, pose: { e: 2 } });
  store.heard({ type: "snapshot", seq: 3, vehicle: { tick: 3 } });
  assert.deepEqual(seen, [[2, 2, { segment: 1 }], [3, null, null]]);
});

test("why nothing is heard is a key of the catalogue with the address, and nothing where nobody knows", () => {
  const link = { state: "unreachable", address: "10.0.0.2:14555", problem: null, problem_text: null };
  assert.equal(linkProblem(heard({ link })), null);
  assert.equal(linkProblem(heard({})), null);
  const found = linkProblem(heard({ link: { ...link, problem: "refused", problem_text: "connection refused" } }));
  assert.deepEqual(found, { key: "link.problem.refused", params: { address: "10.0.0.2:14555", text: "connection refused" } });
});
