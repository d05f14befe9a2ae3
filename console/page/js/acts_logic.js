/**
 * What each mode offers: one table of acts, and for a moment of the vehicle which of them may be pressed, which is the
 * next one, and why the others wait, in words. Pure.
 */

import { ROTOR_STANDS_RPM, causeGone } from "./causes_logic.js";
import { wordAsked } from "./marks.js";

export const STOPPED_MODES = ["STOPPING", "HOLD", "FAULT", "ESTOP", "DISARMED"];
export const ARMED_MODES = ["MANUAL", "AUTO_MOVE", "AUTO_WORK", "RECOVERY", "WAIT"];
export const AUTO_MODES = ["AUTO_MOVE", "AUTO_WORK"];
/** Steps of an engine start that is under way: hold-to-run passes in them, and any act ends them. */
export const STARTING = ["asked", "held", "warning", "cranking"];
/** An engine that turns faster is not started. */
const ENGINE_STANDS_RPM = 50;
export const HOLD_MS = 1000;
export const ENGINE_OFF_MS = 700;
export const READ_MS = 1000;
export const FAR_M = 50;
const STOP_LEVEL = 3;
const ARM_APART_MS = 500;
/** So often a held key, button or finger is looked at, and so much a single look counts at most. */
export const HELD_LOOK_MS = 50;
export const HELD_GAP_MS = 100;

/** Something is held from now on. */
export const heldFrom = (now_ms) => ({ for_ms: 0, seen_ms: now_ms });

/** It still is, as far as this page knows: a page that stood still does not, so that time counts for little. */
export const heldStill = (held, now_ms) => ({ for_ms: held.for_ms + Math.min(now_ms - held.seen_ms, HELD_GAP_MS), seen_ms: now_ms });

/** Key (`event.code`) and gamepad button of each act; `held`: confirmed by holding it for a second. */
export const ACTS = {
  TAKE: { key: "KeyT", button: "View", held: true },
  RELEASE: { key: null, button: null },
  ARM: { key: "KeyM", button: "Start" },
  DISARM: { key: "KeyD", button: null },
  RESET: { key: "KeyR", button: "View" },
  ACKNOWLEDGE: { key: "KeyK", button: "LB" },
  START: { key: "KeyN", button: "A" },
  PAUSE: { key: "KeyP", button: "X" },
  ATTENTION: { key: "KeyA", button: "Y" },
  RECOVERY: { key: "KeyB", button: null },
  RELEASE_ESTOP: { key: "KeyE", button: null },
  ENGINE_START: { key: "KeyJ", button: null },
};

/**
 * @typedef {{open: boolean, mode: string|null, mine: boolean, steering: string, reset_due: boolean|null,
 *   estop_latched: boolean|null, standing: boolean|null, rules: any[], acknowledge_due: boolean|null, acknowledged: number[], shown_ms: number,
 *   rotor_rpm: number|null, ready_ms: number, start_blocked: boolean|null, detonation_open?: boolean, engine_start?: string|null, engine_rpm?: number|null, shift_used?: boolean, shift_due?: boolean, ring_told?: boolean, detonation_left_s?: number|null, wait?: {cause: any, over: boolean, gone: boolean|null}|null, plan: boolean, checklist_due: boolean,
 *   hands: {centred: boolean, released: boolean, hold: boolean, unclean: any}}} Facts
 * `engine_start`: its step, null where the machine has none; `engine_rpm`: null where unknown. `shift_used`: this task works in shifts; `shift_due`: the vehicle refuses START before acts of the shift were told; `ring_told`: in this arming.
 * `wait`: of a WAIT, as `waitOf` has it, null outside one. `acknowledge_due`: as the vehicle says, null where it does not. `rules`: rows of the reasons that are told, worst first; `shown_ms`: how long the worst has been on the screen.
 */

const WHY = (key, params = {}) => ({ key, params });
const offer = (act, why = null, next = true) => ({ act, enabled: why === null, next: next && why === null, why });

/** Hands must be off: what is measured of them and of the machine, or null. What is unknown refuses nothing here. */
export function cleanHands(facts) {
  if (facts.hands.unclean) return facts.hands.unclean;
  return facts.standing === false ? WHY("act.why.moving") : null;
}

/** Whether an ACKNOWLEDGE is due: the vehicle says so; one that does not is judged by what this console had accepted. */
export const acknowledgeDue = (facts) =>
  facts.acknowledge_due ?? facts.rules.some((rule) => rule.recovery === "P" && !facts.acknowledged.includes(rule.code));

/** Whether the vehicle asks for a sign of attention. */
export const attentionAsked = (facts) => facts.rules.some((rule) => rule.name === "attention_asked");

/** In READY a cause that still stops the machine lets it be backed out alone: ARM would do nothing, RECOVERY is next. */
export const stillStops = (rules) => rules.find((one) => one.level >= STOP_LEVEL) ?? null;

const atMachine = (facts) => facts.rules.find((rule) => rule.recovery === "H" && rule.level >= 3) ?? null;

const MODES = {
  BOOT: () => [],
  STOPPING: () => [],
  DISARMED: (facts) => {
    if (facts.checklist_due) return [offer("ARM", WHY("act.why.checklist")), offer("RELEASE", null, false)];
    if (facts.reset_due) return [offer("RESET", cleanHands(facts)), offer("ARM", WHY("act.why.reset_first"))];
    if (STARTING.includes(facts.engine_start)) return [offer("DISARM", null, false)];
    return [offer("ARM", cleanHands(facts)), ...engineStart(facts), offer("RELEASE", null, false)];
  },
  READY: (facts) => {
    const cause = stillStops(facts.rules);
    const against = cause && WHY("act.why.only_recovery", { rule: cause.name });
    const moment = facts.ready_ms < ARM_APART_MS ? WHY("act.why.moment") : null;
    return [
      offer("ARM", cleanHands(facts) ?? against ?? moment),
      offer("RECOVERY", cleanHands(facts), against !== null),
      offer("DISARM", null, false),
    ];
  },
  MANUAL: (facts) => [offer("START", startWhy(facts), false), offer("DISARM", null, false)],
  AUTO_MOVE: (facts) => mission(facts),
  AUTO_WORK: (facts) => mission(facts),
  WAIT: (facts) => [offer("START", goOnWhy(facts)), offer("DISARM", null, false)],
  HOLD: (facts) => [...acknowledge(facts), resetOffer(facts)],
  FAULT: (facts) => [...acknowledge(facts), resetOffer(facts, standingRotor(facts))],
  ESTOP: (facts) => {
    const release = facts.estop_latched === false ? [] : [offer("RELEASE_ESTOP")];
    const first = facts.estop_latched ? WHY("act.why.release_estop_first") : null;
    return [...release, ...acknowledge(facts), resetOffer(facts, first ?? standingRotor(facts))];
  },
  RECOVERY: () => [offer("DISARM", null, false)],
};

/** ATTENTION can always be pressed, and is urged where the vehicle asks for it. */
const mission = (facts) => [offer("PAUSE", null, false), offer("ATTENTION", null, attentionAsked(facts))];

/** Offered for an engine that stands, where the machine has a starter; the vehicle judges the moment of the press. */
function engineStart(facts) {
  if (!facts.engine_start || facts.engine_rpm === null || facts.engine_rpm > ENGINE_STANDS_RPM) return [];
  const waits = { barred: "act.why.start_barred", rests: "act.why.starter_rests" }[facts.engine_start];
  return [offer("ENGINE_START", waits ? WHY(waits) : cleanHands(facts), false)];
}

function acknowledge(facts) {
  if (!acknowledgeDue(facts)) return [];
  return [offer("ACKNOWLEDGE", detonationWhy(facts) ?? (facts.shown_ms < READ_MS ? WHY("act.why.read_first") : null))];
}

/** After a detonation neither ACKNOWLEDGE nor RESET counts before its wait is over, by the vehicle's word. */
function detonationWhy(facts) {
  const left_s = facts.detonation_left_s ?? null;
  return left_s !== null && left_s > 0 ? WHY("act.why.detonation_wait", { left_s }) : null;
}

function resetOffer(facts, before = null) {
  const first = detonationWhy(facts) ?? (acknowledgeDue(facts) ? WHY("act.why.acknowledge_first") : null);
  return offer("RESET", before ?? first ?? cleanHands(facts));
}

const standingRotor = (facts) =>
  facts.rotor_rpm !== null && facts.rotor_rpm > ROTOR_STANDS_RPM
    ? WHY("act.why.rotor_turns", { rpm: facts.rotor_rpm })
    : null;

function startWhy(facts) {
  if (!facts.plan) return WHY("act.why.no_plan");
  if (facts.detonation_open) return WHY("act.why.detonation_open");
  // the acts of the shift are told on the card of START
  if (facts.shift_due) return null;
  // what limits comes and goes within tenths of a second: the vehicle judges the moment of the press, and names it
  return facts.start_blocked ? blockedWhy(facts.start) : null;
}

/** Why a mission would not begin here, and where it would, as the vehicle says; the two come by different messages. */
function blockedWhy(start) {
  const { block = null, distance_m = null, left_deg = null } = start ?? {};
  if (block === "away" || block === "past") {
    if (distance_m === null || left_deg === null) return WHY("act.why.start_blocked");
    return WHY("act.why.start_away", { metres: distance_m, angle: Math.abs(left_deg), side: left_deg >= 0 ? "left" : "right" });
  }
  if (block === "shift") return WHY("act.why.shift_due");
  return WHY(block === null ? "act.why.start_blocked" : `act.why.start_${block}`);
}

/** What START still waits for in a task that works in shifts: the ring, asked anew in each arming; then what else blocks. */
export function shiftWhy(facts) {
  if (!facts.shift_used) return null;
  if (!facts.ring_told) return WHY("start.ring_first");
  return facts.shift_due ? WHY("act.why.shift_due") : null;
}

/** In a WAIT one press of START goes on, without the card: it is the same start of the same mission from the same place. */
function goOnWhy(facts) {
  if (wordAsked(facts)) return WHY("act.why.word");
  if (facts.detonation_open) return WHY("act.why.detonation_open");
  if (!facts.wait || facts.wait.over) return startHands(facts);
  return WHY(facts.wait.gone === true ? "act.why.wait_moment" : "act.why.wait_cause");
}

/**
 * The WAIT under way, null outside one: its cause, a row of the reasons, or null where the operator asked for it (PAUSE);
 * whether it is over, by the vehicle's word, which names a cause until it has been away for a second; and whether it is
 * gone as measured here, null where nobody here can measure it. `before`: the same of the look before, because a cause
 * that is over is told no more.
 */
export function waitOf(facts, before = null) {
  if (facts.mode !== "WAIT") return null;
  const told = facts.rules.find((rule) => rule.waits) ?? null;
  return { cause: told ?? before?.cause ?? null, over: told === null, gone: told === null ? true : causeGone(told.name, facts) };
}

/** What START still waits for, once its card is open: hold pressed, sticks neutral. */
export function startHands(facts) {
  if (!facts.hands.hold) return WHY("start.hold");
  return facts.hands.centred ? null : WHY("start.centre");
}

const TAKEN_IN = ["BOOT", "DISARMED", "READY", "HOLD", "FAULT", "ESTOP"];

function watching(facts) {
  if (!TAKEN_IN.includes(facts.mode)) return [offer("TAKE", WHY("act.why.in_use"))];
  return [offer("TAKE", facts.standing === false ? WHY("act.why.moving") : null)];
}

/**
 * The acts that this moment offers, in the order of their buttons; at most one is the next one.
 * @param {Facts} facts @returns {{act: string, enabled: boolean, next: boolean, why: any}[]}
 */
export function offers(facts) {
  if (!facts.open || facts.mode === null) return [];
  let found = facts.mine ? (MODES[facts.mode]?.(facts) ?? []) : watching(facts);
  if (facts.steering === "other") found = found.map((one) => offer(one.act, WHY("act.why.not_steered")));
  // where people have to go to the machine nothing here is urged
  const urged = atMachine(facts) && ["ESTOP", "FAULT", "HOLD"].includes(facts.mode) ? null : found.find((one) => one.next);
  return found.map((one) => ({ ...one, next: one === urged }));
}

const DRIVEN_BY_STICK = ["MANUAL", "RECOVERY"];
const ENDED = ["STOPPING", "HOLD", "FAULT", "ESTOP"];

/** For each act what stands in the way where its mode does not offer it; the first that holds is said. */
const ELSEWHERE = {
  TAKE: (facts) => (facts.mine ? "act.why.yours" : null),
  RELEASE: (facts) => (ARMED_MODES.includes(facts.mode) || facts.mode === "READY" ? "act.why.disarm_first" : null),
  ARM: (facts) => (ARMED_MODES.includes(facts.mode) ? "act.why.armed" : ENDED.includes(facts.mode) ? "act.why.reset_first" : null),
  DISARM: (facts) => (AUTO_MODES.includes(facts.mode) ? "act.why.pause_first" : "act.why.not_armed"),
  RESET: () => "act.why.nothing_due",
  ACKNOWLEDGE: () => "act.why.nothing_due",
  RELEASE_ESTOP: () => "act.why.nothing_due",
  START: (facts) => (ENDED.includes(facts.mode) ? "act.why.reset_first" : AUTO_MODES.includes(facts.mode) ? "act.why.under_way" : facts.mode === "RECOVERY" ? null : "act.why.arm_first"),
  ENGINE_START: (facts) => engineStartElsewhere(facts),
  PAUSE: () => "act.why.no_mission",
  ATTENTION: () => "act.why.no_mission",
  RECOVERY: (facts) => (ENDED.includes(facts.mode) ? "act.why.reset_first" : DRIVEN_BY_STICK.includes(facts.mode) ? "act.why.disarm_first" : facts.mode === "DISARMED" ? "act.why.arm_first" : null),
};

function engineStartElsewhere(facts) {
  if (!facts.engine_start) return "act.why.no_starter";
  if (ENDED.includes(facts.mode)) return "act.why.reset_first";
  if (facts.mode !== "DISARMED") return "act.why.disarm_first";
  if (STARTING.includes(facts.engine_start)) return "act.why.engine_under_way";
  return facts.reset_due ? "act.why.reset_first" : "act.why.engine_turns";
}

/** Why an act that is not offered now cannot be done, in words: nothing that was pressed stays without an answer. */
export function notOffered(act, facts) {
  if (!facts.open || facts.mode === null) return WHY("act.why.no_link");
  if (!facts.mine && act !== "TAKE") return WHY("act.why.take_first");
  if (facts.mode === "BOOT") return WHY("act.why.starting");
  if (facts.mode === "STOPPING" && act !== "TAKE") return WHY("act.why.moving");
  return WHY(ELSEWHERE[act](facts) ?? "act.why.wrong_mode");
}

/** The act that a key or button stands for where it means none of those offered; null where it is no act's. */
export function named(by, name) {
  return Object.keys(ACTS).find((act) => ACTS[act][by] === name) ?? null;
}

/** The act that a key or button means now, among those offered; null where it means none. */
export function meant(found, by, name) {
  return found.find((one) => ACTS[one.act][by] === name) ?? null;
}
