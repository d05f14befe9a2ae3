/** The checklist in the vehicle's record: its lines that are acts of the shift, and who signs in as operator. */

/** Line of the checklist -> item of the vehicle's table (`vehicle/contracts/shift_table.py`). */
export const ITEMS = { estop: "estop-standing", ring: "ring", strop: "strop", hammers: "machine-check" };
const DONE = "shift_done", NOT_DONE = "shift_not_done";

/**
 * What is told of a checklist, in order: a line that was not done is told with its reason, and without one not at all.
 * @param {{operator: string, items: {name: string, done: boolean, reason: string}[]}} checklist
 */
export function actsOf({ operator, items }) {
  const told = items.filter(({ name, done, reason }) => name in ITEMS && (done || reason.trim() !== ""));
  return [
    { kind: DONE, who: operator, note: "sign-in operator" },
    ...told.map(({ name, done, reason }) => (
      done ? { kind: DONE, who: operator, note: ITEMS[name] } : { kind: NOT_DONE, who: operator, note: `${ITEMS[name]} ${reason.trim()}` }
    )),
  ];
}

/**
 * Tell them one after the other; the first that is not recorded ends it.
 * @param {{send: (seen: any) => Promise<{recorded: boolean, text: string}>}} observations
 * @returns {Promise<string|null>} why not, null where all stand in the record
 */
export async function tellActs(checklist, observations) {
  for (const act of actsOf(checklist)) {
    const answer = await observations.send(act).catch((error) => ({ recorded: false, text: error.message }));
    if (!answer.recorded) return answer.text;
  }
  return null;
}
