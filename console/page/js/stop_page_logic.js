/** What the page of a stop-only station says, from what it was told and from the age of that. Pure. */

export const LATE_MS = 1000;
export const LOST_MS = 2000;
const QUESTION = 1;
const STOP = 3;

/**
 * The link from this page to the vehicle and back. Its age is the larger one of two: of the newest question of this page
 * that the station's program answered, and of the newest question of that program that the vehicle answered.
 * @param {any} told the newest message, null before the first
 * @param {number} heard_ms when it came, in this page's time
 */
export function linkOf(told, heard_ms, now_ms) {
  if (told === null || told.page_ms === null) return { link: "lost", age_ms: null, why: "page" };
  const own_ms = now_ms - told.page_ms;
  const vehicle_ms = told.age_ms === null ? null : told.age_ms + (now_ms - heard_ms);
  const age_ms = vehicle_ms === null ? null : Math.max(own_ms, vehicle_ms);
  if (own_ms >= LOST_MS) return { link: "lost", age_ms, why: "page" };
  if (told.link === "lost" || age_ms === null || age_ms >= LOST_MS) return { link: "lost", age_ms, why: told.why || "nobody" };
  return { link: told.link === "late" || age_ms >= LATE_MS ? "late" : "connected", age_ms, why: "" };
}

/** What became of STOP; `waits`: a press of this page that its program has not taken yet. */
export function stopOf(told, waits) {
  if (waits) return "sending";
  return told === null ? "none" : told.stop;
}

/** The mode as it was told; null while it is not of now. */
export const modeOf = (told, link) => (told === null || link !== "connected" ? null : told.mode);

function framed(kind, number) {
  const view = new DataView(new ArrayBuffer(9));
  view.setUint8(0, kind);
  view.setFloat64(1, number, true);
  return view.buffer;
}

export const questionFrame = (page_ms) => framed(QUESTION, page_ms);
export const stopFrame = (press) => framed(STOP, press);
