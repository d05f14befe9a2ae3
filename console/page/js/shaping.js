/**
 * How a stick or a key becomes a set-point: dead zone, expo, keyboard ramp, mapping. Pure; no DOM, no clock.
 * Sticks are -1..1; forward and left are positive, as on the wire.
 */

export const DEAD_ZONE = 0.08;
export const EXPO = 0.3;
export const FINE = 0.3;
export const KEY_MAX = 0.6;
export const KEY_RAMP_MS = 800;

/** @param {number} value @returns {number} the value within -1..1; what is no number is 0 */
export function bounded(value) {
  return Number.isFinite(value) ? Math.max(-1, Math.min(1, value)) : 0;
}

/**
 * A stick's deflection as a set-point: nothing within the dead zone, from there on without a jump, softer near it.
 * @param {number} value @returns {number}
 */
export function shaped(value) {
  const size = Math.abs(bounded(value));
  if (size <= DEAD_ZONE) return 0;
  const beyond = (size - DEAD_ZONE) / (1 - DEAD_ZONE);
  return Math.sign(value) * ((1 - EXPO) * beyond + EXPO * beyond ** 3);
}

/**
 * What a key held since `since_ms` asks for: it grows to KEY_MAX, and is nothing at once when the key is released.
 * @param {number|undefined} since_ms @param {number} now_ms @returns {number}
 */
export function ramp(since_ms, now_ms) {
  if (since_ms === undefined) return 0;
  return KEY_MAX * Math.min(1, Math.max(0, (now_ms - since_ms) / KEY_RAMP_MS));
}

/**
 * Drive and turn of two keys that pull in opposite directions: both together are nothing.
 * @param {number|undefined} plus @param {number|undefined} minus @param {number} now_ms
 */
export function keyAxis(plus, minus, now_ms) {
  if (plus !== undefined && minus !== undefined) return 0;
  return ramp(plus, now_ms) - ramp(minus, now_ms);
}

/**
 * Drive and turn of a gamepad's axes. `arcade`: the left stick does both; `tracks`: left stick left track, right stick
 * right track. A gamepad's axis is negative forward and negative to the left.
 * @param {readonly number[]} axes @param {"arcade"|"tracks"} mapping @returns {{drive: number, turn: number}}
 */
export function mapped(axes, mapping) {
  if (mapping === "tracks") {
    const left = shaped(-(axes[1] ?? 0));
    const right = shaped(-(axes[3] ?? 0));
    return { drive: (left + right) / 2, turn: (right - left) / 2 };
  }
  return { drive: shaped(-(axes[1] ?? 0)), turn: shaped(-(axes[0] ?? 0)) };
}
