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

test("what waited while the page stood still is as old as it is", () => {
  let now_ms = 5000;
  const store = new Store(() => now_ms);
  const link = { state: "open", age_ms: 20 };
  store.heard({ type: "snapshot", seq: 1, made_ms: 100_003, link });
  for (let seq = 2; seq < 20; seq += 1) {
    now_ms += 100;
    store.heard({ type: "delta", seq, made_ms: 100_003 + 100 * (seq - 1), link });
  }
  assert.equal(store.age_ms(), 20);
  assert.equal(store.open(), true);
  now_ms += 10_000; // the page stood still; two messages of its first 200 ms wait
  for (const more_ms of [100, 200]) {
    store.heard({ type: "delta", seq: 20, made_ms: 101_803 + more_ms, link });
    assert.equal(store.age_ms(), 10_020 - more_ms);
    assert.equal(store.old(), true);
    assert.equal(store.open(), false);
  }
  store.heard({ type: "delta", seq: 22, made_ms: 111_803, link });
  assert.equal(store.age_ms(), 20);
});

test("a clock that was set makes all old for a while, and not for ever", () => {
  let now_ms = 5000;
  const store = new Store(() => now_ms);
  const link = { state: "open", age_ms: 20 };
  store.heard({ type: "snapshot", seq: 1, made_ms: 0, link });
  now_ms += 60_000;
  for (let seq = 2; seq < 60; seq += 1) {
    now_ms += 100;
    store.heard({ type: "delta", seq, made_ms: 100 * seq, link });
    assert.equal(store.old(), seq < 51);
  }
});

test("another server has another clock", () => {
  let now_ms = 5000;
  const store = new Store(() => now_ms);
  const link = { state: "open", age_ms: 20 };
  store.heard({ type: "snapshot", seq: 1, made_ms: 900_000, link });
  now_ms += 1000;
  store.heard({ type: "snapshot", seq: 1, made_ms: 10, link });
  assert.equal(store.age_ms(), 20);
});

test("a view that fails keeps no other one from being told, and its failure is thrown", () => {
  const store = new Store(() => 0), told = [];
  store.on("pose", () => { throw new Error("full"); });
  store.on("pose", () => told.push("pose"));
  store.on("site", () => told.push("site"));
  assert.throws(() => store.heard({ type: "delta", pose: {}, site: {} }), /full/);
  assert.deepEqual(told, ["pose", "site"]);
});
