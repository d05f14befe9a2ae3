// "Ring clear, sentry on post": asked once per arming, counted once the vehicle has recorded it, under the name of who said it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Ring } from "../../../console/page/js/ring.js";
import { Store } from "../../../console/page/js/store.js";

function rig(answer = { recorded: true, text: "" }) {
  const store = new Store(() => 0), sent = [];
  const observations = { send: async (seen) => { sent.push(seen); return typeof answer === "function" ? answer() : answer; } };
  const ring = new Ring({ store, observations });
  const hear = (mode, more = {}) => store.heard({
    type: "snapshot", server: { vehicle: "a", console_name: "Post 1", ...more.server }, vehicle: { mode, session: more.session ?? 7 },
    checks: { shift_used: true, shift_due: true },
  });
  return { store, ring, sent, hear };
}

test("it is sent once, and holds until the machine is no longer armed", async () => {
  const { ring, sent, hear } = rig();
  hear("MANUAL");
  await Promise.all([ring.tell(), ring.tell()]);
  await ring.tell();
  assert.deepEqual(sent, [{ kind: "shift_done", who: "Post 1", note: "ring" }]);
  assert.equal(ring.told(), true);
  for (const mode of ["AUTO_MOVE", "AUTO_WORK", "WAIT", "MANUAL"]) {
    hear(mode);
    assert.equal(ring.told(), true, mode);
  }
  for (const mode of ["STOPPING", "HOLD", "DISARMED", "READY"]) {
    hear("MANUAL");
    await ring.tell();
    assert.equal(ring.told(), true);
    hear(mode);
    assert.equal(ring.told(), false, mode);
  }
});

test("another vehicle, or a new start of its program, is asked anew", async () => {
  const { ring, hear } = rig();
  hear("MANUAL");
  await ring.tell();
  hear("MANUAL", { session: 8 });
  assert.equal(ring.told(), false);
  await ring.tell();
  hear("MANUAL", { session: 8, server: { vehicle: "b" } });
  assert.equal(ring.told(), false);
});

test("what was refused or not answered is not told, and says why", async () => {
  for (const answer of [{ recorded: false, text: "who: nobody" }, () => { throw new Error("no answer"); }]) {
    const { ring, hear } = rig(answer);
    hear("MANUAL");
    await ring.tell();
    assert.equal(ring.told(), false);
    assert.notEqual(ring.text, "");
  }
});

test("an answer that comes after the machine was disarmed counts for nothing", async () => {
  const parts = rig(() => { parts.hear("DISARMED"); return { recorded: true, text: "" }; });
  parts.hear("MANUAL");
  await parts.ring.tell();
  assert.equal(parts.ring.told(), false);
});

test("an answer that comes in the next arming counts for nothing", async () => {
  const parts = rig(() => { for (const mode of ["HOLD", "MANUAL"]) parts.hear(mode); return { recorded: true, text: "" }; });
  parts.hear("MANUAL");
  await parts.ring.tell();
  assert.equal(parts.ring.told(), false);
  parts.hear("MANUAL");
  assert.equal(parts.ring.told(), false);
});

test("nothing is told while nothing is armed", async () => {
  const { ring, sent, hear } = rig();
  hear("DISARMED");
  await ring.tell();
  assert.deepEqual(sent, []);
});

test("it is said by the sentry, else by the operator of the checklist, else by this console; no longer than the record holds", () => {
  const { ring, store, hear } = rig();
  hear("MANUAL");
  assert.equal(ring.who(), "Post 1");
  store.set("checklist", { operator: "first person" });
  assert.equal(ring.who(), "first person");
  store.set("sentry", "sentry of the second team");
  assert.equal(ring.who(), "sentry of the second");
});
