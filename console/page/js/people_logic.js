/** Who is at the console and how control is handed over: what the card of people asks now. Pure. */

/** Roles as the record has them, in English whatever the page speaks; their words are `people.role.KEY`. */
export const ROLES = { operator: "operator", leader: "team leader", mechanic: "mechanic", trainee: "trainee", other: "other" };
/** Whoever said who is there takes control within this time: later it may be another person. */
export const SAID_MS = 60_000;

/**
 * What is asked: "who" (name and role), "give" (hand over or give up), "read" (the list, to be read by who takes over),
 * "sign" (the list, and who read it, to be signed by who gives), "wait" (both signed), or null.
 * @param {{armed: boolean, mine: boolean, wanted: "who"|"give"|null, hand_over: any, closed: string|null}} facts
 * `wanted`: what somebody opened here; `closed`: mark of the list that was closed here.
 */
export function asked({ armed, mine, wanted, hand_over, closed }) {
  if (armed) return null;
  if (wanted === "who") return "who";
  if (hand_over !== null && hand_over.mark !== closed) {
    if (hand_over.signed) return "wait";
    return mine && hand_over.taker !== null ? "sign" : "read";
  }
  return wanted === "give" && mine ? "give" : null;
}

/** Whether somebody said who is there, and not long ago. @param {{said_ms: number|null}} me */
export const isSaid = (me, now_ms) => me.said_ms !== null && now_ms - me.said_ms <= SAID_MS && isWhole(me);

/** A name and a role of the list. */
export const isWhole = ({ name, role }) => name.trim() !== "" && role in ROLES;

/** What a person signs who has read the list. */
export const readNote = (mark, role) => `${mark} ${ROLES[role]}`;
