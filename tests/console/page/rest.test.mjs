// The hint to rest: after fifty minutes of control, whatever short pauses were in it; ten minutes without control are a rest.
import assert from "node:assert/strict";
import { test } from "node:test";

import { REST_MS, RESTED, WORK_MS, left_ms, watched } from "../../../console/page/js/rest.js";

/** States after spans of [minutes, holds], looked at each minute. */
function after(...spans) {
  let [state, now_ms] = [RESTED, 5000];
  for (const [minutes, holds] of spans) {
    for (let at = 0; at < minutes; at += 1) {
      state = watched(state, now_ms, holds);
      now_ms += 60_000;
    }
  }
  return left_ms(state, now_ms);
}

test("nothing is due before anybody has had control", () => {
  assert.equal(left_ms(RESTED, 1e9), null);
  assert.equal(after([300, false]), null);
});

test("fifty minutes, and not a minute earlier", () => {
  assert.equal(after([49, true]), 60_000);
  assert.equal(after([50, true]), 0);
  assert.equal(after([60, true]), -600_000);
});

test("a short pause is no rest, ten minutes are", () => {
  assert.equal(after([40, true], [5, false], [5, true]), 0);
  assert.equal(after([49, true], [11, false], [1, true]), WORK_MS - 60_000);
  assert.ok(REST_MS < WORK_MS);
});
