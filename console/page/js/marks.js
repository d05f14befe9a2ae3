/**
 * Detonations that this console knows: numbered marks over the middle of the tool, each unclassified until somebody says
 * what it was. Pure. A mark: {vehicle, n, e, north, width_m, datum, kind, hammers}: metres of the datum that counted when
 * it was made; a place that nobody knows is null.
 */

import { datumOf, isSameDatum, toMetres } from "./plan/drawing.js";

/** Value of FLAIL_OBSERVATION's detonation class: from 3 on the machine itself is checked. */
export const CLASSES = { ap: 1, at: 4, unclear: 3 };
export const KINDS = Object.keys(CLASSES);
/** Reasons of the vehicle that mark a place, and the one that a word on the picture ends in a WAIT. */
export const SMALL = "shock_small";
export const NAMES = ["detonation", SMALL];
/** The word itself, as the vehicle knows it (`vehicle/contracts/detonation.py`). */
export const PICTURE_GOOD = "AP, picture good";
/** What the camera shows of hammers and rotor. */
export const HAMMERS = ["there", "damage", "unseen"];

/** The middle of the tool's axis as {e, north, width_m}; null where machine or place are not known. */
export function placeOfTool(site, pose) {
  const machine = site?.machine;
  if (!machine || !pose || ![pose.e, pose.n, pose.heading_deg].every(Number.isFinite)) return null;
  const heading = (pose.heading_deg * Math.PI) / 180;
  return { e: pose.e + machine.tool_ahead_m * Math.sin(heading), north: pose.n + machine.tool_ahead_m * Math.cos(heading), width_m: machine.tool_width_m };
}

/** The site of the vehicle whose figures are shown; null while the page has that of another vehicle or plan. */
export function siteNow(store) {
  const site = store.get("site");
  if (!site || site.vehicle !== store.value("server", "vehicle")) return null;
  return (site.hash ?? null) === store.shown("mission", "plan_hash") ? site : null;
}

/** Where the tool is now, with the datum of the metres; null where machine, place or datum are not known or late. */
export function placeNow(store) {
  const site = siteNow(store), datum = datumOf(site);
  if (datum === null || !store.open() || store.late("pose")) return null;
  const place = placeOfTool(site, store.get("pose"));
  return place === null ? null : { ...place, datum };
}

/** The marks with one more. @param {any[]} marks @param {{e: number, north: number, width_m: number, datum: any}|null} place */
export function marked(marks, place, vehicle = null) {
  const { e = null, north = null, width_m = null, datum = null } = place ?? {};
  const n = Math.max(0, ...marks.map((mark) => mark.n)) + 1;
  return [...marks, { vehicle, n, e, north, width_m, datum, kind: null, hammers: null }];
}

export const changed = (marks, n, change) => marks.map((mark) => (mark.n === n ? { ...mark, ...change } : mark));

/** Whether a mission of this console waits for a word on the picture. */
export const wordAsked = (facts) => facts.mode === "WAIT" && facts.mine === true && facts.rules.some((rule) => rule.name === SMALL);

/** The first one that nobody has classified, or null. */
export const open = (marks) => marks.find((mark) => mark.kind === null) ?? null;

/** Those whose place is known: what is drawn, and what is kept out of the rest's plan. */
export const placed = (marks) => marks.filter((mark) => mark.e !== null);

/** Those whose place is known, in metres of this datum; none where no datum is known. */
export function placedIn(marks, datum) {
  return datum === null ? [] : placed(marks).map((mark) => (isSameDatum(mark.datum, datum) ? mark : { ...mark, ...metresIn(mark, datum), datum }));
}

/** Sought until the way back gives the mark's own metres: as good as `toMetres`, a centimetre at a kilometre. */
function metresIn({ e, north, datum: own }, datum) {
  let [lat, lon] = [own.lat_deg, own.lon_deg];
  for (let n = 0; n < 4; n += 1) {
    const [x, y] = toMetres([lat, lon], own);
    lat += (north - y) / 111_132;
    lon += (e - x) / (111_320 * Math.cos((lat * Math.PI) / 180));
  }
  const [east, up] = toMetres([lat, lon], datum);
  return { e: east, north: up };
}

/**
 * The questions of one mark. `asked`: {n, kind, text}: what was answered so far, and what became of the last try.
 * @returns {{n: number, question: "kind"|"hammers"}|null} what is asked now
 */
export function question(marks, asked) {
  const mark = open(marks);
  if (mark === null) return null;
  return { n: mark.n, question: asked?.n === mark.n && asked.kind !== null ? "hammers" : "kind" };
}
