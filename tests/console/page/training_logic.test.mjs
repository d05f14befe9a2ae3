// What the page says of an exercise, and when one can be begun.
import assert from "node:assert/strict";
import { test } from "node:test";

import { barredBy, exerciseText, stateLine } from "../../../console/page/js/training_logic.js";

const RUNS = {
  running: "link-loss", changing: false, goal: "get it back", hint: "hold", hints: true, steps_done: 0, steps: 4, time_s: 3,
  reached: false, result_of: "", result: [],
};

test("nothing is begun or left while the machine is armed or being put back", () => {
  assert.equal(barredBy(RUNS, false), null);
  assert.equal(barredBy(RUNS, true), "training.why.armed");
  assert.equal(barredBy({ ...RUNS, changing: true }, false), "training.why.changing");
});

test("the state is the step under way, the goal, or that nothing runs", () => {
  assert.deepEqual(stateLine(RUNS), { key: "training.step", params: { step: 1, steps: 4, time_s: 3 } });
  assert.equal(stateLine({ ...RUNS, reached: true, steps_done: 4 }).key, "training.reached");
  assert.equal(stateLine({ ...RUNS, running: "" }).key, "training.none");
  assert.equal(stateLine({ ...RUNS, changing: true }).key, "training.changing");
});

test("the strip says goal and hints, and nothing of a fault that is to be noticed", () => {
  assert.equal(exerciseText(RUNS), "get it back: hold");
  assert.equal(exerciseText({ ...RUNS, steps_done: 1, hint: "drive" }), "drive");
  assert.equal(exerciseText({ ...RUNS, steps_done: 2, hint: "" }), "");
  for (const none of [null, { ...RUNS, running: "" }, { ...RUNS, changing: true }, { ...RUNS, reached: true }]) assert.equal(exerciseText(none), null);
});
