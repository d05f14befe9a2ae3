/** What the page says of an exercise, from the section `training` of its state. Pure. */

/** Why no exercise can be begun or left now, as a key of the catalogue; null where one can. */
export function barredBy(training, is_armed) {
  if (training.changing) return "training.why.changing";
  return is_armed ? "training.why.armed" : null;
}

/** What runs, as {key, params} of the catalogue; `time_s` in seconds. */
export function stateLine(training) {
  if (training.changing) return { key: "training.changing", params: {} };
  if (training.running === "") return { key: "training.none", params: {} };
  const params = { steps: training.steps, time_s: training.time_s };
  if (training.reached) return { key: "training.reached", params };
  return { key: "training.step", params: { ...params, step: training.steps_done + 1 } };
}

/**
 * What the strip says of an exercise: at its beginning the goal, then the hint of each step; "" where the operator has
 * to notice what happens; null where none runs, or where it is over.
 */
export function exerciseText(training) {
  if (training === null || training.changing || training.running === "" || training.reached) return null;
  const goal = training.steps_done === 0 ? training.goal : "";
  return [goal, training.hint].filter(Boolean).join(": ");
}
