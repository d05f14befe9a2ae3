// Since when a vehicle is seen stopped: only who saw it before knows when it stopped.
import assert from "node:assert/strict";
import { test } from "node:test";

import { UNWATCHED, watched } from "../../../console/page/js/stop_logic.js";

const STOPPED = { vehicle: "a", on: true, live: false };
const LIVE = { vehicle: "a", on: false, live: true };

test("a page that saw it drive says how long ago it stopped", () => {
  const found = [[LIVE, 0], [STOPPED, 100], [STOPPED, 900]].reduce((watch, [seen, ms]) => watched(watch, seen, ms), UNWATCHED);
  assert.deepEqual(found, { vehicle: "a", since_ms: 100, witnessed: true });
});

test("a page that was opened later does not know, until it saw it drive", () => {
  let watch = watched(UNWATCHED, STOPPED, 100);
  assert.equal(watch.witnessed, false);
  watch = watched(watched(watch, LIVE, 200), STOPPED, 300);
  assert.deepEqual(watch, { vehicle: "a", since_ms: 300, witnessed: true });
});

test("another vehicle begins anew", () => {
  const watch = watched(watched(watched(UNWATCHED, LIVE, 0), STOPPED, 100), { ...STOPPED, vehicle: "b" }, 500);
  assert.deepEqual(watch, { vehicle: "b", since_ms: 500, witnessed: false });
});
