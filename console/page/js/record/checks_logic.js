/** What the panel "Checks" reckons: what is due, when a measurement was made, what goes to the server. Pure. */

/** Groups of the panel, the measurements of each, and what the vehicle tells as due or as the age of its last check. */
export const GROUPS = {
  base: { kinds: ["base"], due: ["base"], age: "base_age_s" },
  mark: { kinds: ["mark"], due: ["check"], age: null },
  depth: { kinds: ["depth"], due: ["depth", "depth_contradicts"], age: "depth_age_s" },
  hammers: { kinds: ["hammers"], due: ["hammers"], age: "hammers_age_s" },
  machine: { kinds: ["daily", "bay", "full_begins", "full_ends"], due: ["check"], age: null },
};
export const POINTS = 5;
/** So far from a mark of the site somebody may point and mean it. */
export const REACH_M = 5;
const DAY_MS = 24 * 3600 * 1000;
const TIME = /^([01]?\d|2[0-3])[:.]([0-5]\d)$/;

/** What is due of a group, as keys of the catalogue; null while the vehicle does not tell it. */
export function dueOf(group, due) {
  return Array.isArray(due) ? GROUPS[group].due.filter((name) => due.includes(name)) : null;
}

/**
 * The newest moment at which the clock on the wall showed this time, or null for what is no time. One that is still to
 * come is of yesterday, and then too long ago for any shift: the server refuses it.
 */
export function momentOf(text, now_ms) {
  const found = TIME.exec(text.trim());
  if (found === null) return null;
  const when = new Date(now_ms);
  when.setHours(Number(found[1]), Number(found[2]), 0, 0);
  const at_ms = when.getTime();
  return at_ms > now_ms ? at_ms - DAY_MS : at_ms;
}

/**
 * When it was measured: as somebody wrote it; else before the first figure was typed, for whoever types it has measured.
 * @param {{back: string, typed_ms: number|null}} form @returns {number|null} null for what is no time
 */
export function measuredAt({ back, typed_ms }, now_ms) {
  return back.trim() === "" ? (typed_ms ?? now_ms) : momentOf(back, now_ms);
}

/** The mean of what was typed; null before all of it is numbers. */
export function meanOf(texts) {
  const numbers = texts.map(numberOf);
  return numbers.includes(null) ? null : numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

/** The mark of the site that was pointed at, or null. @param {Array<{name: string, point: number[]}>} marks */
export function markAt(marks, [east_m, north_m]) {
  const far_m = ({ point }) => Math.hypot(point[0] - east_m, point[1] - north_m);
  const nearest = marks.toSorted((one, other) => far_m(one) - far_m(other))[0];
  return nearest !== undefined && far_m(nearest) <= REACH_M ? nearest : null;
}

/** A number with either decimal sign, or null; only for what is echoed: the server judges what was typed. */
export function numberOf(text) {
  return /^\s*[+-]?\d+([.,]\d+)?\s*$/.test(text) ? Number(text.trim().replace(",", ".")) : null;
}

/** "39.9900120, 46.9300340": to a centimetre. */
export const placeText = ([lat, lon]) => `${lat.toFixed(7)}, ${lon.toFixed(7)}`;

/** A place that somebody wrote, as [latitude, longitude]; null for what is none. */
export function placeOf(text) {
  const found = /^\s*([+-]?\d+(?:\.\d+)?)\s*,\s*([+-]?\d+(?:\.\d+)?)\s*$/.exec(text);
  return found === null ? null : [Number(found[1]), Number(found[2])];
}
