// What is said of a plan that was handed over: only of the vehicle that took it, and only while it holds it.
import assert from "node:assert/strict";
import { test } from "node:test";

const { bound } = await import("../../../console/page/js/plan/parts.js");
const { handedState } = await import("../../../console/page/js/plan/plan_panels.js");
const { Shelf } = await import("../../../console/page/js/plan/shelf.js");
const { Store } = await import("../../../console/page/js/store.js");

const HASH = "1a2b", OTHER = "6f5e";

function rig() {
  const store = new Store(() => 0), posts = [];
  const server = { post: async (path, body) => { posts.push([path, body]); return { hash_vehicle: HASH, same: true }; } };
  const shelf = new Shelf({ store, server, render() {} });
  shelf.current = { id: "p1", shown: { id: "p1", hash: HASH } };
  const hear = (vehicle, plan_hash) => store.heard({ type: "snapshot", server: { vehicle }, mission: { plan_hash } });
  const said = () => { const { held } = shelf; return shelf.handed.vehicle === held.vehicle ? handedState(shelf.handed, held) : null; };
  return { shelf, posts, hear, said };
}

test("a plan is handed to the vehicle that is named, and is there until that one is seen to hold another", async () => {
  const { shelf, posts, hear, said } = rig();
  hear("a", OTHER);
  const done = shelf.handOver();
  assert.equal(said(), "sending");
  await done;
  assert.deepEqual(posts, [["/api/plans/p1/hand_over", { vehicle: "a" }]]);
  assert.equal(said(), "done", "what the vehicle tells of its plan comes a moment later");
  hear("a", null);
  assert.equal(said(), "done");
  hear("a", HASH);
  assert.equal(said(), "done");
  hear("b", HASH);
  assert.equal(said(), null, "of another vehicle it says nothing");
  hear("a", OTHER);
  assert.equal(said(), "gone");
});

test("a vehicle that names another plan has not got this one", () => {
  assert.equal(handedState({ same: false }, { plan: null }), "other");
  assert.equal(handedState({ error: "no" }, { plan: null }), null);
});

test("a press counts only for what the button was about when the finger came down", () => {
  const listeners = {}, element = { addEventListener: (name, listener) => { listeners[name] = listener; } };
  let about = "p1";
  bound(element, () => about);
  const click = (detail) => { let stopped = false; listeners.click({ detail, stopImmediatePropagation: () => { stopped = true; } }); return !stopped; };
  listeners.pointerdown();
  assert.equal(click(1), true);
  listeners.pointerdown();
  about = "p2";
  assert.equal(click(1), false);
  assert.equal(click(0), true, "a key has no way down and up");
});
