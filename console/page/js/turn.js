/** What people said here for one vehicle is forgotten when another one is steered. */

/** Names that are of one vehicle and its day: who allows a far start, who watches the ring, who went through the checklist. */
const NAMES = { leader: "", sentry: "", checklist: null };

/**
 * @param {any} store @param {() => void} turned called once for each turn to another vehicle
 */
export function forgetAtTurn(store, turned) {
  let vehicle = null;
  store.subscribe(["server"], () => {
    const now = store.value("server", "vehicle");
    if (now === null || now === vehicle) return;
    const is_first = vehicle === null;
    vehicle = now;
    if (is_first) return;
    for (const [name, nothing] of Object.entries(NAMES)) store.set(name, nothing);
    turned();
  });
}
