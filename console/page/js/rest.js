/** How long somebody has had control without a rest: a hint after fifty minutes, never a stop. Pure but for `Rest`. */

export const WORK_MS = 50 * 60_000;
/** So long without control is a rest; a shorter pause goes on counting. */
export const REST_MS = 10 * 60_000;

export const RESTED = { since_ms: null, idle_ms: null };

/** The next state. `holds`: this console has control of the vehicle. */
export function watched(state, now_ms, holds) {
  if (!holds) {
    const idle_ms = state.idle_ms ?? now_ms;
    return now_ms - idle_ms >= REST_MS ? { since_ms: null, idle_ms } : { ...state, idle_ms };
  }
  return { since_ms: state.since_ms ?? now_ms, idle_ms: null };
}

/** Milliseconds until a rest is due, negative afterwards; null while nobody has had control since the last rest. */
export const left_ms = (state, now_ms) => (state.since_ms === null ? null : WORK_MS - (now_ms - state.since_ms));

export class Rest {
  /** @param {any} store */
  constructor(store) {
    this.store = store;
    this.state = RESTED;
  }

  /** Looked at in each painting. */
  look() {
    const holds = this.store.value("vehicle", "mine") === true && this.store.value("server", "steering") === "this";
    this.state = watched(this.state, this.store.now_ms(), holds);
  }

  /** Seconds until a rest is due, or null. */
  left_s() {
    const left = left_ms(this.state, this.store.now_ms());
    return left === null ? null : left / 1000;
  }

  due() {
    const left_s = this.left_s();
    return left_s !== null && left_s <= 0 && this.store.value("vehicle", "mine") === true;
  }
}
