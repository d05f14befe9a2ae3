/**
 * STOP and ENGINE OFF: said again every 50 ms until the vehicle is seen stopped, for 3 s at most. Pure.
 *
 * A report counts as seen only if it is newer than the press, and what it shows must be a stop.
 */

import { STOPPED_MODES } from "./acts_logic.js";

export const REPEAT_MS = 50;
export const GIVE_UP_MS = 3000;
export const AT_LEAST = 3;

/** A press of STOP; `tick`: of the newest report, or null. */
export function pressed(number, now_ms, tick, engine_off = false) {
  return { number, engine_off, began_ms: now_ms, sent_ms: null, count: 0, tick, outcome: null };
}

/**
 * What to do now. `seen`: {tick, mode} of the newest report, or null where none is young.
 * @returns {{stop: any, send: boolean}} outcome of the stop: null while it goes on, "seen", "no_answer"
 */
export function due(stop, now_ms, seen) {
  if (stop.outcome !== null) return { stop, send: false };
  const newer = seen !== null && (stop.tick === null || seen.tick > stop.tick || seen.tick < stop.tick - 1000);
  const stands = newer && (stop.engine_off ? seen.mode === "ESTOP" : STOPPED_MODES.includes(seen.mode));
  if (stands && stop.count >= AT_LEAST) return { stop: { ...stop, outcome: "seen" }, send: false };
  if (now_ms - stop.began_ms > GIVE_UP_MS) return { stop: { ...stop, outcome: "no_answer" }, send: false };
  if (stop.sent_ms !== null && now_ms - stop.sent_ms < REPEAT_MS - 2) return { stop, send: false };
  return { stop: { ...stop, sent_ms: now_ms, count: stop.count + 1 }, send: true };
}

/** Nothing seen yet, of no vehicle. */
export const UNWATCHED = { vehicle: null, since_ms: null, witnessed: false };

/**
 * Since when this page has seen the vehicle stopped or lost; null while it is neither. `witnessed`: the page saw it
 * before that, so this is when it stopped; a page that was opened later does not know.
 * @param {{vehicle: string|null, on: boolean, live: boolean}} seen
 */
export function watched(before, { vehicle, on, live }, now_ms) {
  const of = before.vehicle === vehicle ? before : { ...UNWATCHED, vehicle };
  return { vehicle, since_ms: on ? (of.since_ms ?? now_ms) : null, witnessed: of.witnessed || live };
}
