/** From the page's one state to what acts and steps are judged by. Pure. */

import { ARMED_MODES, STARTING, STOPPED_MODES, stillStops } from "./acts_logic.js";

export const STOPS = STOPPED_MODES.filter((mode) => mode !== "DISARMED");
const ATTENTION_MISSED = 59;

/** The vehicle as `hands_logic.js` wants it. @param {import("./store.js").Store} store */
export function vehicleOf(store) {
  const vehicle = store.get("vehicle");
  const [height, depth] = [store.value("tool", "height_m"), store.value("tool", "depth_m")];
  return {
    open: store.value("link", "state") === "open",
    age_ms: store.age_ms(),
    mine: vehicle?.mine === true && store.value("server", "steering") !== "other",
    session: vehicle?.session ?? null,
    tick: newestTick(store),
    mode: vehicle?.mode ?? null,
    standing: vehicle?.standing ?? null,
    starts_engine: vehicle?.mode === "DISARMED" && STARTING.includes(store.value("engine", "start")),
    attention_missed: vehicle?.reasons?.includes(ATTENTION_MISSED) ?? false,
    tool_m: height !== null && height > 0 ? height : depth !== null && depth > 0 ? -depth : height,
  };
}

/** The newest tick the page has of this session: told as soon as it is heard, with each echo, and with the state. */
export function newestTick(store) {
  const told = store.value("vehicle", "tick");
  if (told === null) return null;
  const session = store.value("vehicle", "session");
  const others = [store.get("echo"), store.get("tick")].filter((one) => one !== null && one.session === session);
  return Math.max(told, ...others.map((one) => one.vehicle_tick));
}

/** Rows of the reasons that are told, worst first; the worst one leads even where the list does not hold it. */
export function rulesOf(store) {
  const table = store.get("reasons") ?? [];
  const vehicle = store.get("vehicle");
  if (!vehicle) return [];
  const told = vehicle.reasons ?? [];
  const codes = vehicle.worst === null || vehicle.worst === undefined ? told : [vehicle.worst, ...told.filter((code) => code !== vehicle.worst)];
  return codes.map((code) => table.find((row) => row.code === code) ?? unknownRow(code));
}

/** A reason that this console's table does not have still shows, by its number, as one that stops. */
const unknownRow = (code) => ({ code, name: `unknown_${code}`, level: 3, auto_level: 3, recovery: "N", retreat: false });

/** @returns {import("./acts_logic.js").Facts} */
export function factsOf(store, page) {
  const vehicle = store.get("vehicle") ?? {};
  return {
    open: store.open(),
    mode: vehicle.mode ?? null,
    mine: vehicle.mine === true,
    steering: store.value("server", "steering") ?? "none",
    reset_due: vehicle.reset_due ?? null,
    estop_latched: vehicle.estop_latched ?? null,
    standing: vehicle.standing ?? null,
    start_blocked: vehicle.start_blocked ?? null,
    start: startOf(store),
    shift_used: store.value("checks", "shift_used") === true,
    shift_due: store.value("checks", "shift_due") === true,
    rules: rulesOf(store),
    rotor_rpm: store.value("tool", "rotor_rpm"),
    engine_start: store.value("engine", "start"),
    engine_rpm: store.value("engine", "speed_rpm"),
    plan: vehicle.plan ?? Boolean(store.shown("mission", "segments")),
    acknowledge_due: vehicle.acknowledge_due ?? null,
    fix: store.value("gnss", "fix"),
    ...page,
  };
}

/** Key of the mode's words; READY out of which only RECOVERY leads has its own. */
export function modeKey(store) {
  const mode = store.value("vehicle", "mode");
  return mode === "READY" && stillStops(rulesOf(store)) ? "mode.READY.out" : `mode.${mode}`;
}

/** What stands against a start of the mission, and where it would begin: {block, distance_m, left_deg}, null: unknown. */
export function startOf(store) {
  const read = (name) => store.value("mission", name);
  return { block: read("start_block"), distance_m: read("start_m"), left_deg: read("start_left_deg") };
}

export const armed = (store) => ARMED_MODES.includes(store.value("vehicle", "mode"));

/** Why nothing is heard, as a key of the catalogue and what is filled in; null where nobody knows. */
export function linkProblem(store) {
  const kind = store.value("link", "problem");
  return kind && { key: `link.problem.${kind}`, params: { address: store.value("link", "address"), text: store.value("link", "problem_text") } };
}

/** What the screen is about: "searching" before anything was heard, "lost", "stopped" or "live". */
export function stateOf(store) {
  const mode = store.value("vehicle", "mode");
  if (mode === null) return "searching";
  if (!store.open()) return "lost";
  return STOPS.includes(mode) ? "stopped" : "live";
}
