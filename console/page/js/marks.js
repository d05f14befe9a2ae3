/**
 * Detonations that this console knows: numbered marks over the middle of the tool, each unclassified until somebody says
 * what it was. Pure. A mark: {n, e, north, width_m, kind, hammers}; a place that nobody knows is null.
 */

/** Value of FLAIL_OBSERVATION's detonation class: from 3 on the machine itself is checked. */
export const CLASSES = { ap: 1, at: 4, unclear: 3 };
export const KINDS = Object.keys(CLASSES);
/** What the camera shows of hammers and rotor. */
export const HAMMERS = ["there", "damage", "unseen"];

/** The middle of the tool's axis as {e, north, width_m}; null where machine or place are not known. */
export function placeOfTool(site, pose) {
  const machine = site?.machine;
  if (!machine || !pose || ![pose.e, pose.n, pose.heading_deg].every(Number.isFinite)) return null;
  const heading = (pose.heading_deg * Math.PI) / 180;
  return { e: pose.e + machine.tool_ahead_m * Math.sin(heading), north: pose.n + machine.tool_ahead_m * Math.cos(heading), width_m: machine.tool_width_m };
}

/** The marks with one more. @param {any[]} marks @param {{e: number, north: number, width_m: number}|null} place */
export function marked(marks, place) {
  const { e = null, north = null, width_m = null } = place ?? {};
  return [...marks, { n: marks.length + 1, e, north, width_m, kind: null, hammers: null }];
}

export const changed = (marks, n, change) => marks.map((mark) => (mark.n === n ? { ...mark, ...change } : mark));

/** The first one that nobody has classified, or null. */
export const open = (marks) => marks.find((mark) => mark.kind === null) ?? null;

/** Those whose place is known: what is drawn, and what is kept out of the rest's plan. */
export const placed = (marks) => marks.filter((mark) => mark.e !== null);

/**
 * The questions of one mark. `asked`: {n, kind, text}: what was answered so far, and what became of the last try.
 * @returns {{n: number, question: "kind"|"hammers"}|null} what is asked now
 */
export function question(marks, asked) {
  const mark = open(marks);
  if (mark === null) return null;
  return { n: mark.n, question: asked?.n === mark.n && asked.kind !== null ? "hammers" : "kind" };
}
