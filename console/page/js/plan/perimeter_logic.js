/**
 * The outline of an area, recorded while the machine drives along it. Pure: each look at the machine gives a new record.
 *
 * Nothing is recorded but with RTK fixed, and no gap is closed by itself: where the fix was lost, the record goes on once
 * the machine is back at its last corner, or when somebody says that a straight line shall stand for the gap.
 * Record: {vehicle, offset_m, origin, corners, sign, waits, away_m, bridged_m}: corners in metres east and north of the
 * first place, offset_m of the recorded line from the machine's middle, left positive.
 */

import { crossing } from "../map/geometry.js";
import { round, toDegrees, toMetres } from "./drawing.js";

/** A corner each quarter of a metre; a place further from the last corner than this was not driven to as far as is known. */
export const STEP_M = 0.25;
export const NEAR_M = 1;
/** Uncertainty of a place above which it is not recorded, whatever the receiver says of its fix. */
export const SIGMA_MAX_M = 0.05;
/** Corners off the straight line between their neighbours by less than this are left out: as exact as the places are. */
export const STRAIGHT_M = 0.02;
/** So far beyond its beginning an outline may be driven on. */
const TAIL_M = 5;
const CORNERS_LEAST = 3;
/** So that a record of hours stays small enough for the page: about two kilometres. */
export const CORNERS_MAX = 8_000;

const apart = ([x, y], [u, v]) => Math.hypot(x - u, y - v);

/** @param {string} vehicle @param {number} offset_m */
export function begun(vehicle, offset_m) {
  return { vehicle, offset_m, origin: null, corners: [], sign: 1, waits: "no_place", away_m: null, bridged_m: [] };
}

/** What the page knows of the machine now; null where it is not heard, or a figure is missing or late. */
export function factNow(store) {
  const read = (section, name) => store.value(section, name);
  const [lat, lon, heading_deg, speed_mps, sigma_m] = ["lat", "lon", "heading_deg", "speed_mps", "sigma_m"].map((name) => read("pose", name));
  if (!store.open() || ![lat, lon, heading_deg, speed_mps, sigma_m].every(Number.isFinite)) return null;
  return { vehicle: read("server", "vehicle"), fix: read("gnss", "fix"), lat, lon, heading_deg, speed_mps, sigma_m };
}

/** The record after one more look. */
export function looked(record, fact) {
  if (fact === null) return { ...record, waits: "no_place", away_m: null };
  if (fact.vehicle !== record.vehicle) return { ...record, waits: "other_vehicle", away_m: null };
  if (fact.fix !== "rtk_fixed" || fact.sigma_m > SIGMA_MAX_M) return { ...record, waits: "not_fixed", away_m: null };
  if (record.corners.length >= CORNERS_MAX) return { ...record, waits: "full", away_m: null };
  const [here, origin] = placed(record, fact);
  if (!record.corners.length) return { ...record, origin, corners: [here], sign: signOf(fact), waits: null, away_m: null };
  const away_m = apart(record.corners.at(-1), here);
  if (away_m > NEAR_M) return { ...record, waits: "away", away_m, here };
  return stepped({ ...record, waits: null, away_m: null }, here, signOf(fact));
}

const signOf = ({ speed_mps }) => (speed_mps < 0 ? -1 : 1);

/** The place of the recorded line, in metres of the record's origin, and that origin. */
function placed(record, { lat, lon, heading_deg }) {
  const origin = record.origin ?? { lat_deg: lat, lon_deg: lon }, heading = (heading_deg * Math.PI) / 180;
  const [east, north] = toMetres([lat, lon], origin);
  return [[round(east - record.offset_m * Math.cos(heading)), round(north + record.offset_m * Math.sin(heading))], origin];
}

/** One more corner where it is far enough; driven back over its own corners, the record gives them up. */
function stepped(record, here, sign) {
  let { corners } = record;
  if (sign !== record.sign) {
    let back = corners.length;
    while (back > 1 && apart(here, corners[back - 2]) < apart(corners[back - 1], corners[back - 2])) back -= 1;
    if (back < corners.length) return { ...record, corners: corners.slice(0, back) };
  }
  if (apart(corners.at(-1), here) < STEP_M) return record;
  corners = [...corners, here];
  return { ...record, corners, sign };
}

/** A straight line from the last corner to where the machine is, because somebody says so; kept in mind and told. */
export function bridged(record) {
  if (record.waits !== "away") return record;
  return { ...record, corners: [...record.corners, record.here], bridged_m: [...record.bridged_m, record.away_m], waits: null, away_m: null };
}

export const length_m = ({ corners }) => corners.slice(1).reduce((sum, at, n) => sum + apart(at, corners[n]), 0);

/** From the last corner of the outline to the first one: the straight line that closes it. */
export function open_m({ corners }) {
  const kept = withoutTail(corners);
  return kept.length ? apart(kept[0], kept.at(-1)) : 0;
}

/** The outline's corners in metres of a datum; null where there are too few. */
export function outline(record, datum) {
  const whole = withoutLoops(withoutTail(record.corners), loop_m(record.offset_m));
  const kept = straightened(whole, STRAIGHT_M);
  if (kept.length < CORNERS_LEAST) return null;
  return kept.map((at) => toMetres(toDegrees(at, record.origin), datum));
}

/** Driven on beyond where it began: the outline ends where it crosses its beginning, else at the place nearest to it. */
function withoutTail(corners) {
  const [head, tail] = [within(corners, TAIL_M), corners.length - 1 - within([...corners].reverse(), TAIL_M)];
  if (tail <= head + 1) return corners; // too short to have come round
  for (let b = tail; b < corners.length - 1; b += 1) {
    for (let a = 0; a < head; a += 1) {
      const at = crossing(corners[a], corners[a + 1], corners[b], corners[b + 1], { ends: true });
      if (at !== null) return [at.map(round), ...corners.slice(a + 1, b + 1)];
    }
  }
  let end = corners.length - 1;
  for (let n = tail; n < corners.length; n += 1) if (apart(corners[n], corners[0]) < apart(corners[end], corners[0])) end = n;
  return corners.slice(0, end + 1);
}

/** Index of the last corner that lies within so many metres of way from the first. */
function within(corners, most_m) {
  let [n, way_m] = [0, 0];
  while (n + 1 < corners.length && way_m + apart(corners[n], corners[n + 1]) <= most_m) {
    way_m += apart(corners[n], corners[n + 1]);
    n += 1;
  }
  return n;
}

/** Longest way of a side of the machine round a loop that it makes where the machine turns on the spot towards it. */
const loop_m = (offset_m) => (offset_m === 0 ? 0 : 6 * Math.abs(offset_m) + 2 * STEP_M);

/** Cut where they cross: the loops that the inner side of a machine makes at a corner. Longer ones stay, and are said. */
export function withoutLoops(corners, most_m) {
  const kept = [];
  for (const at of corners) {
    const cut = crossedBy(kept, at, most_m);
    if (cut !== null) kept.splice(cut.n + 1, kept.length, cut.at);
    kept.push(at);
  }
  return kept;
}

/** The newest side within so many metres of way that the line from the last corner to `to` crosses, and where. */
function crossedBy(kept, to, most_m) {
  let way_m = 0;
  for (let n = kept.length - 3; n >= 0 && way_m <= most_m; n -= 1) {
    way_m += apart(kept[n + 1], kept[n + 2]);
    const at = crossing(kept.at(-1), to, kept[n], kept[n + 1], { ends: true });
    if (at !== null && way_m <= most_m) return { n, at: at.map(round) };
  }
  return null;
}

/** Without corners that lie on the straight line between others (Douglas and Peucker); first and last stay. */
export function straightened(corners, within_m) {
  const keep = new Set([0, corners.length - 1]), open = [[0, corners.length - 1]];
  while (open.length) {
    const [from, to] = open.pop();
    let [farthest, most_m] = [-1, within_m];
    for (let n = from + 1; n < to; n += 1) {
      const off_m = offLine(corners[n], corners[from], corners[to]);
      if (off_m > most_m) [farthest, most_m] = [n, off_m];
    }
    if (farthest < 0) continue;
    keep.add(farthest);
    open.push([from, farthest], [farthest, to]);
  }
  return corners.filter((_, n) => keep.has(n));
}

function offLine([x, y], [x0, y0], [x1, y1]) {
  const [dx, dy] = [x1 - x0, y1 - y0], long = dx * dx + dy * dy;
  const along = long === 0 ? 0 : Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / long));
  return Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
}

/** A record that was kept, or null: whatever another program or version left there is no record. */
export function restored(text) {
  try {
    const found = JSON.parse(text ?? "null");
    const whole = typeof found?.vehicle === "string" && Number.isFinite(found.offset_m) && Array.isArray(found.bridged_m);
    const corners = found?.corners, isPlace = (at) => Array.isArray(at) && at.length === 2 && at.every(Number.isFinite);
    const has = Array.isArray(corners) && corners.every(isPlace) && (corners.length === 0 || Number.isFinite(found.origin?.lat_deg + found.origin?.lon_deg));
    return whole && has ? { ...begun(found.vehicle, found.offset_m), ...found, waits: "no_place", away_m: null } : null;
  } catch {
    return null;
  }
}
