/**
 * The way from a stop back to motion, as steps; each is ticked by what is measured, not by what was pressed. Pure.
 *
 * state of a step: "done" (measured), "next" (the one that waits for the operator), "later", "unknown" (nothing here
 * can measure it: the vehicle says so when RESET is pressed).
 */

import { acknowledgeDue } from "./acts_logic.js";
import { causeGone, rotorStands } from "./causes_logic.js";

/** Causes whose end is a step of its own already. */
const OWN_STEP = ["operator_stop", "estop_console", "rotor_not_stopping", "rotor_stuck_on", "rotor_overspeed", "rotor_unrequested"];

/** Steps of a stop in `facts.mode`; [] where nothing is stopped. */
export function steps(facts) {
  const found = plan(facts);
  let urged = facts.rules.some((rule) => rule.recovery === "H" && rule.level >= 3);
  return found.map((step) => {
    if (step.done === true) return { ...step, state: "done" };
    if (step.done === null && !step.act) return { ...step, state: "unknown" };
    if (urged) return { ...step, state: "later" };
    urged = true;
    return { ...step, state: "next" };
  });
}

const hands = (facts) => (facts.hands.centred && facts.hands.released ? [{ key: "step.hands", done: true }] : bothHands(facts));

const bothHands = (facts) => [
  { key: "step.centre", done: facts.hands.centred, fact: facts.hands.centred ? "step.fact.centred" : null, waits: facts.hands.unclean },
  { key: "step.release", done: facts.hands.released, fact: facts.hands.released ? "step.fact.released" : "step.fact.held" },
];

const SHOWN_MAX = 6;

/** Few enough lines for the screen: what is done becomes one line where there are too many. */
export function compact(found) {
  if (found.length <= SHOWN_MAX) return found;
  const done = found.filter((step) => step.state === "done");
  if (done.length < 2) return found;
  return [{ key: "step.done", joined: done.map((step) => step.key), state: "done" }, ...found.filter((step) => step.state !== "done")];
}

function causes(facts) {
  const worst = facts.rules.find((rule) => rule.level >= 3 || rule.auto_level >= 3);
  if (!worst || OWN_STEP.includes(worst.name)) return [];
  const gone = causeGone(worst.name, facts);
  const fact = gone === null ? "step.fact.unknown" : gone ? "step.fact.gone" : "step.fact.there";
  return [{ key: "step.cause", reason: worst.name, done: gone, fact }];
}

function plan(facts) {
  if (!facts.open) {
    return [
      { key: "step.antenna", done: false, fact: "step.fact.nothing_heard" },
      ...hands(facts),
      { key: "act.reset", act: "RESET", done: null },
      { key: "step.arm_moves", act: "ARM", done: null },
    ];
  }
  const acknowledge = acknowledgeDue(facts) || facts.rules.some((rule) => rule.recovery === "P")
    ? [{ key: "act.acknowledge", act: "ACKNOWLEDGE", done: !acknowledgeDue(facts) }]
    : [];
  const reset = { key: "act.reset", act: "RESET", done: false };
  const take = facts.mine ? [] : [{ key: "act.take", act: "TAKE", done: false }];
  const arm = { key: "step.arm_moves", act: "ARM", done: false };
  if (facts.mode === "STOPPING") return [{ key: "step.stands", done: facts.standing === true, fact: "step.fact.stopping" }];
  if (facts.mode === "HOLD") {
    const out = facts.rules.some((rule) => rule.retreat) ? [{ key: "step.or_recovery", act: "RECOVERY", done: false }] : [];
    return [...take, ...causes(facts), ...acknowledge, ...hands(facts), reset, arm, ...out];
  }
  if (facts.mode === "ESTOP" || facts.mode === "FAULT") {
    const release = facts.estop_latched ? [{ key: "act.release_estop", act: "RELEASE_ESTOP", done: false }] : [];
    const rotor = { key: "step.rotor", done: rotorStands(facts), fact: "step.fact.rotor", params: { rpm: facts.rotor_rpm } };
    const people = facts.rules.some((rule) => rule.recovery === "H") ? [{ key: "step.leader", done: null, fact: "step.fact.leader" }] : [];
    return [...take, ...people, ...causes(facts), ...release, rotor, ...acknowledge, ...hands(facts), reset, { ...arm, key: "step.arm_arm" }];
  }
  return [];
}
