// What each mode offers, exactly; the steps out of a stop; STOP said until it is seen; the bytes on the wire.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ACTS, cleanHands, meant, named, notOffered, offers, shiftWhy, startHands, waitOf } from "../../../console/page/js/acts_logic.js";
import { Acts } from "../../../console/page/js/acts.js";
import { factsOf, newestTick, rulesOf, stateOf, vehicleOf } from "../../../console/page/js/facts.js";
import { askedSound } from "../../../console/page/js/sounds.js";
import { compact, steps } from "../../../console/page/js/steps_logic.js";
import { AT_LEAST, due, pressed } from "../../../console/page/js/stop_logic.js";
import { Store } from "../../../console/page/js/store.js";
import * as wire from "../../../console/page/js/wire.js";

const CLEAN = { centred: true, released: true, hold: false, unclean: null };
const [THERE, OVER] = [{ cause: {}, over: false, gone: false }, { cause: {}, over: true, gone: true }];
const HELD = { ...CLEAN, released: false, hold: true };
const rule = (code, recovery, level = 3, more = {}) => ({ code, name: `r${code}`, level, auto_level: level, recovery, retreat: false, ...more });
const facts = (more = {}) => ({
  open: true, mode: "DISARMED", mine: true, steering: "this", reset_due: false, estop_latched: false, standing: true, rules: [],
  acknowledged: [], shown_ms: 5000, rotor_rpm: 0, ready_ms: 1000, start_blocked: false, plan: true, checklist_due: false, hands: CLEAN,
  video_age_ms: null, fix: null, ...more,
});
const can = (more) => offers(facts(more)).filter((one) => one.enabled).map((one) => one.act);
const next = (more) => offers(facts(more)).filter((one) => one.next).map((one) => one.act);
const why = (act, more) => offers(facts(more)).find((one) => one.act === act).why?.key ?? null;

for (const [what, more, enabled, blue] of [
  ["without a link", { open: false }, [], []],
  ["BOOT", { mode: "BOOT" }, [], []],
  ["DISARMED, watching", { mine: false }, ["TAKE"], ["TAKE"]],
  ["AUTO_WORK, watching", { mine: false, mode: "AUTO_WORK", standing: false }, [], []],
  ["HOLD, watching", { mine: false, mode: "HOLD" }, ["TAKE"], ["TAKE"]],
  ["DISARMED", {}, ["ARM", "RELEASE"], ["ARM"]],
  ["DISARMED after a stop", { reset_due: true }, ["RESET"], ["RESET"]],
  ["DISARMED, checklist due", { checklist_due: true }, ["RELEASE"], []],
  ["DISARMED, with a starter, the engine runs", { engine_start: "idle", engine_rpm: 1000 }, ["ARM", "RELEASE"], ["ARM"]],
  ["DISARMED, with a starter, the engine unknown", { engine_start: "idle", engine_rpm: null }, ["ARM", "RELEASE"], ["ARM"]],
  ["DISARMED, with a starter, the engine stands", { engine_start: "idle", engine_rpm: 0 }, ["ARM", "ENGINE_START", "RELEASE"], ["ARM"]],
  ["DISARMED, the starter rests", { engine_start: "rests", engine_rpm: 0 }, ["ARM", "RELEASE"], ["ARM"]],
  ["DISARMED, an engine start is barred", { engine_start: "barred", engine_rpm: 0 }, ["ARM", "RELEASE"], ["ARM"]],
  ["DISARMED, after a crank", { engine_start: "rests", engine_rpm: 1000, reset_due: true }, ["RESET"], ["RESET"]],
  ["DISARMED, an engine start is under way", { engine_start: "warning", engine_rpm: 0 }, ["DISARM"], []],
  ["READY", { mode: "READY" }, ["ARM", "RECOVERY", "DISARM"], ["ARM"]],
  ["READY, just now", { mode: "READY", ready_ms: 400 }, ["RECOVERY", "DISARM"], []],
  ["READY, the cause still there", { mode: "READY", rules: [rule(33, "N", 3, { retreat: true })] }, ["RECOVERY", "DISARM"], ["RECOVERY"]],
  ["READY, something limits", { mode: "READY", rules: [rule(66, "A", 2)] }, ["ARM", "RECOVERY", "DISARM"], ["ARM"]],
  ["MANUAL", { mode: "MANUAL" }, ["START", "DISARM"], []],
  ["AUTO_MOVE", { mode: "AUTO_MOVE", standing: false }, ["PAUSE", "ATTENTION"], []],
  ["AUTO_WORK", { mode: "AUTO_WORK", standing: false }, ["PAUSE", "ATTENTION"], []],
  ["AUTO_MOVE, asked", { mode: "AUTO_MOVE", standing: false, rules: [rule(90, "A", 1, { name: "attention_asked" })] }, ["PAUSE", "ATTENTION"], ["ATTENTION"]],
  ["AUTO_WORK, asked", { mode: "AUTO_WORK", standing: false, rules: [rule(90, "A", 1, { name: "attention_asked" })] }, ["PAUSE", "ATTENTION"], ["ATTENTION"]],
  ["WAIT, the cause still there", { mode: "WAIT", wait: THERE, hands: HELD }, ["DISARM"], []],
  ["WAIT, the cause over, nobody holds", { mode: "WAIT", wait: OVER }, ["DISARM"], []],
  ["WAIT, the cause over, held, sticks centred", { mode: "WAIT", wait: OVER, hands: HELD }, ["START", "DISARM"], ["START"]],
  ["WAIT, the cause gone for less than a second", { mode: "WAIT", wait: { ...THERE, gone: true }, hands: HELD }, ["DISARM"], []],
  ["WAIT, watching", { mine: false, mode: "WAIT" }, [], []],
  ["STOPPING", { mode: "STOPPING", standing: false }, [], []],
  ["HOLD", { mode: "HOLD", rules: [rule(16, "N")] }, ["RESET"], ["RESET"]],
  ["HOLD, to acknowledge", { mode: "HOLD", rules: [rule(38, "P")] }, ["ACKNOWLEDGE"], ["ACKNOWLEDGE"]],
  ["HOLD, acknowledged", { mode: "HOLD", rules: [rule(38, "P")], acknowledged: [38] }, ["RESET"], ["RESET"]],
  ["HOLD, which the vehicle says to be acknowledged", { mode: "HOLD", rules: [rule(38, "P")], acknowledge_due: false }, ["RESET"], ["RESET"]],
  ["HOLD, which the vehicle wants acknowledged", { mode: "HOLD", acknowledge_due: true }, ["ACKNOWLEDGE"], ["ACKNOWLEDGE"]],
  ["FAULT, the rotor turns", { mode: "FAULT", rules: [rule(60, "N", 4)], rotor_rpm: 140 }, [], []],
  ["FAULT", { mode: "FAULT", rules: [rule(60, "N", 4)] }, ["RESET"], ["RESET"]],
  ["ESTOP, latched", { mode: "ESTOP", estop_latched: true, rules: [rule(1, "N", 5)] }, ["RELEASE_ESTOP"], ["RELEASE_ESTOP"]],
  ["ESTOP, released", { mode: "ESTOP", estop_latched: false, rules: [rule(1, "N", 5)] }, ["RESET"], ["RESET"]],
  ["ESTOP of the machine: nothing is urged", { mode: "ESTOP", rules: [rule(0, "H", 5)] }, ["RESET"], []],
  ["RECOVERY", { mode: "RECOVERY" }, ["DISARM"], []],
  ["steered in another window", { mode: "MANUAL", steering: "other" }, [], []],
]) {
  test(`offered in ${what}`, () => {
    assert.deepEqual(can(more), enabled);
    assert.deepEqual(next(more), blue);
  });
}

test("what waits says why", () => {
  const unclean = { key: "hands.waits.axis_0", params: { value: 0.12 } };
  assert.equal(why("ARM", { hands: { ...CLEAN, unclean } }), "hands.waits.axis_0");
  assert.equal(why("ARM", { standing: false }), "act.why.moving");
  assert.equal(why("ARM", { reset_due: true }), "act.why.reset_first");
  assert.equal(why("ENGINE_START", { engine_start: "rests", engine_rpm: 0 }), "act.why.starter_rests");
  assert.equal(why("ENGINE_START", { engine_start: "barred", engine_rpm: 0 }), "act.why.start_barred");
  assert.equal(why("ENGINE_START", { engine_start: "idle", engine_rpm: 0, standing: false }), "act.why.moving");
  assert.equal(why("ACKNOWLEDGE", { mode: "HOLD", rules: [rule(38, "P")], shown_ms: 900 }), "act.why.read_first");
  assert.equal(why("RESET", { mode: "HOLD", rules: [rule(38, "P")] }), "act.why.acknowledge_first");
  assert.equal(why("START", { mode: "MANUAL", plan: false }), "act.why.no_plan");
  assert.equal(why("START", { mode: "MANUAL", start_blocked: true }), "act.why.start_blocked");
  assert.equal(why("START", { mode: "MANUAL", rules: [rule(61, "A", 2)] }), null, "the vehicle judges what limits");
  assert.equal(why("START", { mode: "WAIT", wait: THERE, hands: HELD }), "act.why.wait_cause");
  assert.equal(why("START", { mode: "WAIT", wait: { ...THERE, gone: null }, hands: HELD }), "act.why.wait_cause");
  assert.equal(why("START", { mode: "WAIT", wait: { ...THERE, gone: true }, hands: HELD }), "act.why.wait_moment");
  assert.equal(why("START", { mode: "WAIT", wait: OVER }), "start.hold");
  assert.equal(why("START", { mode: "WAIT", wait: OVER, hands: { ...HELD, centred: false } }), "start.centre");
  assert.equal(cleanHands(facts({ standing: null })), null, "what is unknown the vehicle judges");
});

test("what blocks a START is named, with the way to where it would begin", () => {
  const blocked = (start) => offers(facts({ mode: "MANUAL", start_blocked: true, start })).find((one) => one.act === "START").why;
  assert.deepEqual(blocked({ block: "away", distance_m: 12.3, left_deg: -40 }), { key: "act.why.start_away", params: { metres: 12.3, angle: 40, side: "right" } });
  assert.deepEqual(blocked({ block: "past", distance_m: 3, left_deg: 170 }), { key: "act.why.start_away", params: { metres: 3, angle: 170, side: "left" } });
  assert.equal(blocked({ block: "no_credit", distance_m: 0.2, left_deg: 0 }).key, "act.why.start_no_credit");
  assert.equal(blocked({ block: "depth", distance_m: 0.2, left_deg: 0 }).key, "act.why.start_depth");
  assert.equal(blocked({ block: "shift", distance_m: 0.2, left_deg: 0 }).key, "act.why.shift_due");
  assert.equal(blocked({ block: "away", distance_m: null, left_deg: null }).key, "act.why.start_blocked", "no place is known");
  assert.equal(blocked({ block: null, distance_m: null, left_deg: null }).key, "act.why.start_blocked", "its message was not heard");
  assert.equal(why("ARM", { mode: "READY", rules: [rule(33, "N", 3, { retreat: true })] }), "act.why.only_recovery");
});

test("no act that is pressed stays without an answer: what stands in its way is said", () => {
  const said = (act, more) => notOffered(act, facts(more)).key;
  for (const [act, mode, key] of [
    ["TAKE", "MANUAL", "yours"], ["RELEASE", "MANUAL", "disarm_first"], ["ARM", "MANUAL", "armed"], ["ARM", "HOLD", "reset_first"],
    ["DISARM", "DISARMED", "not_armed"], ["DISARM", "AUTO_WORK", "pause_first"], ["RESET", "MANUAL", "nothing_due"], ["ACKNOWLEDGE", "HOLD", "nothing_due"],
    ["RELEASE_ESTOP", "HOLD", "nothing_due"], ["START", "READY", "arm_first"], ["START", "AUTO_MOVE", "under_way"], ["START", "ESTOP", "reset_first"],
    ["START", "RECOVERY", "wrong_mode"], ["PAUSE", "MANUAL", "no_mission"], ["ATTENTION", "HOLD", "no_mission"], ["RECOVERY", "HOLD", "reset_first"],
    ["RECOVERY", "MANUAL", "disarm_first"], ["RECOVERY", "DISARMED", "arm_first"], ["ARM", "BOOT", "starting"], ["ARM", "STOPPING", "moving"],
  ]) assert.equal(said(act, { mode }), `act.why.${key}`, `${act} in ${mode}`);
  for (const [more, key] of [
    [{}, "no_starter"], [{ engine_start: "idle", mode: "HOLD" }, "reset_first"], [{ engine_start: "idle", mode: "READY" }, "disarm_first"],
    [{ engine_start: "idle", reset_due: true }, "reset_first"], [{ engine_start: "held" }, "engine_under_way"], [{ engine_start: "idle" }, "engine_turns"],
  ]) assert.equal(said("ENGINE_START", more), `act.why.${key}`);
  assert.equal(said("ARM", { mine: false }), "act.why.take_first");
  assert.equal(said("ARM", { open: false }), "act.why.no_link");
  const modes = ["BOOT", "DISARMED", "READY", "MANUAL", "AUTO_MOVE", "AUTO_WORK", "WAIT", "STOPPING", "HOLD", "FAULT", "ESTOP", "RECOVERY"];
  for (const mode of modes) for (const act of Object.keys(ACTS)) assert.ok(said(act, { mode }), `${act} in ${mode}`);
  assert.deepEqual([named("key", "KeyR"), named("button", "X"), named("key", "KeyQ")], ["RESET", "PAUSE", null]);
});

test("a key of an act that this mode does not offer is answered and sends nothing", () => {
  const made = store({ ...OPEN, vehicle: { ...OPEN.vehicle, mode: "MANUAL" } });
  made.set("reasons", []);
  const acts = new Acts({
    store: made, now_ms: () => 1000, hands: () => ({ view: CLEAN, tell: () => {} }), page: () => ({ shown_ms: 5000 }),
    drive: () => ({ send: () => assert.fail("it was sent") }), state: () => ({ send: () => true }),
  });
  assert.equal(acts.key("KeyR"), true);
  const { act, result, why: { key } } = made.get("answer");
  assert.deepEqual([act, result, key], ["RESET", "refused", "act.why.nothing_due"]);
  acts.pad({ fresh: ["X"], pressed: ["X"] }, true);
  assert.equal(made.get("answer").why.key, "act.why.no_mission");
  assert.equal(acts.key("KeyQ"), false);
});

test("START wants hold, and sticks centred", () => {
  assert.equal(startHands(facts()).key, "start.hold");
  assert.equal(startHands(facts({ hands: { ...CLEAN, hold: true, centred: false } })).key, "start.centre");
  assert.equal(startHands(facts({ hands: { ...CLEAN, hold: true } })), null);
});

test("a WAIT has a cause that is measured here, and that is remembered once it is told no more", () => {
  const told = { ...rule(49, "N"), name: "position_float", waits: true };
  const waits = (more, before) => waitOf(facts({ mode: "WAIT", ...more }), before);
  assert.equal(waitOf(facts({ rules: [told] })), null);
  assert.deepEqual(waits({ rules: [rule(16, "N"), told], fix: "rtk_float" }), { cause: told, over: false, gone: false });
  assert.deepEqual(waits({ rules: [told], fix: "rtk_fixed" }), { cause: told, over: false, gone: true });
  assert.deepEqual(waits({ rules: [told] }), { cause: told, over: false, gone: null });
  assert.deepEqual(waits({}, { cause: told, over: false, gone: false }), { cause: told, over: true, gone: true });
  assert.deepEqual(waits({}), { cause: null, over: true, gone: true }, "PAUSE");
});

test("a key means what the mode offers: View is TAKE for a watcher and RESET for the holder", () => {
  assert.equal(meant(offers(facts({ mine: false })), "button", "View").act, "TAKE");
  assert.equal(meant(offers(facts({ reset_due: true })), "button", "View").act, "RESET");
  assert.equal(meant(offers(facts()), "key", "KeyR"), null);
});

test("no key or button means two acts of one mode", () => {
  for (const mode of ["DISARMED", "READY", "MANUAL", "AUTO_WORK", "HOLD", "FAULT", "ESTOP", "RECOVERY"]) {
    const found = offers(facts({ mode, estop_latched: true, reset_due: true, rules: [rule(38, "P")] }));
    for (const by of ["key", "button"]) {
      const names = found.map((one) => ACTS[one.act][by]).filter(Boolean);
      assert.equal(new Set(names).size, names.length, `${mode} ${names}`);
    }
  }
});

// --- steps ---------------------------------------------------------------------------------------------------------------
const way = (more) => steps(facts(more)).map((step) => [step.key, step.state]);

test("HOLD: cause, hands, RESET, ARM once; only one step is next", () => {
  assert.deepEqual(way({ mode: "HOLD", rules: [rule(35, "N")] }), [
    ["step.cause", "unknown"], ["step.hands", "done"], ["act.reset", "next"], ["step.arm_moves", "later"],
  ]);
});

test("ESTOP: release, rotor, acknowledge, hands, RESET, ARM twice", () => {
  const found = way({ mode: "ESTOP", estop_latched: true, rotor_rpm: 90, rules: [{ ...rule(1, "N", 5), name: "estop_console" }, rule(38, "P")] });
  assert.deepEqual(found, [
    ["act.release_estop", "next"], ["step.rotor", "later"], ["act.acknowledge", "later"], ["step.hands", "done"],
    ["act.reset", "later"], ["step.arm_arm", "later"],
  ]);
});

test("hands that are not clean are steps of their own, each ticked by its own measurement", () => {
  const hands = { centred: false, released: true, hold: false, unclean: { key: "hands.waits.axis_1", params: { value: 0.5 } } };
  assert.deepEqual(way({ mode: "HOLD", hands }).slice(0, 2), [["step.centre", "next"], ["step.release", "done"]]);
});

test("where people must go to the machine no step is next", () => {
  assert.ok(!way({ mode: "ESTOP", rules: [rule(2, "H", 5)] }).some(([, state]) => state === "next"));
});

test("without a link the antenna is next, and nothing can be pressed", () => {
  assert.deepEqual(way({ open: false, mode: "AUTO_WORK" })[0], ["step.antenna", "next"]);
});

test("many steps: what is done becomes one line, nothing that is left is dropped", () => {
  const many = [..."abcdefgh"].map((key, index) => ({ key, state: index < 3 ? "done" : "later" }));
  const shown = compact(many);
  assert.deepEqual(shown.map((step) => step.key), ["step.done", "d", "e", "f", "g", "h"]);
  assert.deepEqual(shown[0].joined, ["a", "b", "c"]);
});

// --- STOP ----------------------------------------------------------------------------------------------------------------
function stopRun(seenAt, engine_off = false) {
  let stop = pressed(1, 0, 100, engine_off);
  const sent = [];
  for (let now = 0; now <= 4000 && stop.outcome === null; now += 10) {
    const result = due(stop, now, seenAt(now));
    stop = result.stop;
    if (result.send) sent.push(now);
  }
  return { stop, sent };
}

test("STOP is said at once and every 50 ms until the vehicle is seen stopped", () => {
  const { stop, sent } = stopRun((now) => ({ tick: 100 + now, mode: now < 400 ? "MANUAL" : "STOPPING" }));
  assert.equal(stop.outcome, "seen");
  assert.deepEqual(sent, [0, 50, 100, 150, 200, 250, 300, 350]);
});

test("STOP without an answer is said for 3 s and then told as not confirmed", () => {
  const { stop, sent } = stopRun(() => null);
  assert.equal(stop.outcome, "no_answer");
  assert.equal(sent.length, 61);
});

test("a report from before the press is no answer, nor is a stop seen before it was said often enough", () => {
  assert.equal(stopRun(() => ({ tick: 100, mode: "HOLD" })).stop.outcome, "no_answer");
  assert.equal(stopRun(() => ({ tick: 101, mode: "HOLD" })).sent.length, AT_LEAST);
});

test("ENGINE OFF is seen in ESTOP only", () => {
  assert.equal(stopRun(() => ({ tick: 200, mode: "STOPPING" }), true).stop.outcome, "no_answer");
  assert.equal(stopRun(() => ({ tick: 200, mode: "ESTOP" }), true).stop.outcome, "seen");
});

// --- what the page knows ---------------------------------------------------------------------------------------------------
function store(state, now = { ms: 0 }) {
  const made = new Store(() => now.ms);
  made.heard({ type: "snapshot", seq: 1, ...state });
  return made;
}
const OPEN = { link: { state: "open", age_ms: 40 }, vehicle: { mode: "MANUAL", mine: true, tick: 50, session: 7, worst: null, reasons: [] }, server: { steering: "this" } };

test("a server that tells nothing makes all of it old, by the page's own clock", () => {
  const now = { ms: 0 };
  const made = store(OPEN, now);
  assert.equal(made.open(), true);
  now.ms = 461;
  assert.equal(made.open(), false);
  assert.equal(stateOf(made), "lost");
  assert.equal(vehicleOf(made).age_ms, 501);
});

test("a snapshot forgets what it does not hold", () => {
  const made = store({ ...OPEN, pose: { e: 1 } });
  made.heard({ type: "snapshot", seq: 2, ...OPEN });
  assert.equal(made.get("pose"), null);
});

test("another window's steering is not mine", () => {
  assert.equal(vehicleOf(store({ ...OPEN, server: { steering: "other" } })).mine, false);
});

test("the newest tick is the echo's where it is of the same session", () => {
  const made = store(OPEN);
  made.set("echo", { vehicle_tick: 58, session: 7 });
  assert.equal(newestTick(made), 58);
  made.set("echo", { vehicle_tick: 5800, session: 6 });
  assert.equal(newestTick(made), 50);
});

test("the worst reason leads, and one that the table does not have shows as one that stops", () => {
  const made = store({ ...OPEN, vehicle: { ...OPEN.vehicle, worst: 16, reasons: [71, 200] } });
  made.set("reasons", [rule(16, "N"), rule(71, "A", 1)]);
  assert.deepEqual(rulesOf(made).map((one) => [one.code, one.level]), [[16, 3], [71, 1], [200, 3]]);
  assert.equal(factsOf(made, {}).rules.length, 3);
});

test("an act carries the tick of what was on the screen, not the newest one that the page had", () => {
  const made = store({ ...OPEN, vehicle: { ...OPEN.vehicle, mode: "HOLD", acknowledge_due: true } });
  made.set("reasons", []);
  made.set("echo", { vehicle_tick: 58, session: 7 });
  const sent = [];
  const acts = new Acts({
    store: made, now_ms: () => 1000, hands: () => ({ view: CLEAN, tell: () => {} }), page: () => ({ shown_ms: 5000 }),
    drive: () => ({ send: (bytes) => sent.push(new DataView(bytes).getUint32(12, true)) }), state: () => ({ send: () => true }),
  });
  acts.press("ACKNOWLEDGE");
  acts.pending = null;
  assert.deepEqual(sent, [50]);
});

test("START is a card in MANUAL; in a WAIT one press with hold goes on", () => {
  const sent = [];
  const acts = (mode, hands) => {
    const made = store({ ...OPEN, vehicle: { ...OPEN.vehicle, mode, plan: true } });
    made.set("reasons", []);
    return new Acts({
      store: made, now_ms: () => 1000, hands: () => ({ view: hands, tell: () => {} }), page: () => ({ shown_ms: 5000 }),
      drive: () => ({ send: () => sent.push(mode) }), state: () => ({ send: () => true }),
    });
  };
  const by_stick = acts("MANUAL", HELD);
  by_stick.press("START");
  assert.deepEqual([sent, by_stick.start_open], [[], true]);
  const loose = acts("WAIT", CLEAN);
  loose.press("START");
  assert.deepEqual([sent, loose.store.get("answer").why.key], [[], "start.hold"]);
  const held = acts("WAIT", HELD);
  held.press("START");
  held.pending = null;
  assert.deepEqual([sent, held.start_open], [["WAIT"], false]);
});

test("the answer to an older ARM is none to the one that waits", () => {
  const made = new Store(() => 1000);
  made.heard({ type: "snapshot", link: { state: "open", age_ms: 0 }, vehicle: { mode: "READY", mine: true, tick: 50, session: 7 }, server: { steering: "this" } });
  made.set("reasons", []);
  const acts = new Acts({
    store: made, now_ms: () => 1000, hands: () => ({ view: CLEAN, tell: () => {} }), page: () => ({ shown_ms: 5000 }),
    drive: () => ({ send: () => true }), state: () => ({ send: () => true }),
  });
  acts._send("ARM");
  const older = acts.pending.number;
  acts._send("ARM");
  const newer = acts.pending.number;
  acts.answer({ act: "ARM", no: older, result: "refused", why: "act.why.moment" });
  assert.deepEqual([acts.pending?.number, made.get("answer").result], [newer, "pending"]);
  acts.answer({ act: "ARM", no: newer, result: "accepted" });
  assert.deepEqual([acts.pending, made.get("answer").result], [null, "accepted"]);
});

// --- held ----------------------------------------------------------------------------------------------------------------
/** ENGINE OFF begun, and a page whose timers fire when `look` says so. */
function holding(context) {
  let now_ms = 0;
  const timers = new Map();
  context.mock.method(globalThis, "setInterval", (then) => { const id = {}; timers.set(id, then); return id; });
  context.mock.method(globalThis, "clearInterval", (id) => timers.delete(id));
  const made = new Store(() => now_ms);
  const acts = new Acts({
    store: made, now_ms: () => now_ms, hands: () => ({ view: CLEAN, tell: () => {} }), page: () => ({}),
    drive: () => ({ send: () => true }), state: () => ({ send: () => true }),
  });
  acts.engineOff();
  const look = (gap_ms) => { now_ms += gap_ms; for (const then of [...timers.values()]) then(); };
  return { acts, look, cut: () => made.get("stop").engine_off };
}

test("ENGINE OFF needs the whole hold, and STOP goes out at its begin", (context) => {
  const { look, cut } = holding(context);
  assert.equal(cut(), false);
  for (let at = 0; at < 13; at += 1) look(50);
  assert.equal(cut(), false);
  look(50);
  assert.equal(cut(), true);
});

test("a tap of ENGINE OFF on a page that stalls meanwhile strands nobody", (context) => {
  const { acts, look, cut } = holding(context);
  look(5000); // the timer comes before the release that waits behind it
  acts.engineOffReleased();
  for (let at = 0; at < 30; at += 1) look(50);
  assert.equal(cut(), false);
});

test("a hold that ends while nothing is heard says so, instead of doing nothing", (context) => {
  let now_ms = 0, then = null;
  context.mock.method(globalThis, "setInterval", (look) => { then = look; return {}; });
  context.mock.method(globalThis, "clearInterval", () => {});
  const made = new Store(() => now_ms);
  made.heard({ type: "snapshot", link: { state: "open", age_ms: 0 }, vehicle: { mode: "DISARMED", mine: false, standing: true, tick: 50, session: 7 }, server: { steering: "this" } });
  made.set("reasons", []);
  const acts = new Acts({
    store: made, now_ms: () => now_ms, hands: () => ({ view: CLEAN, tell: () => {} }), page: () => ({}),
    drive: () => ({ send: () => assert.fail("an act without a link") }), state: () => ({ send: () => true }),
  });
  acts.hold("TAKE");
  assert.equal(made.get("held_act"), "TAKE");
  for (let at = 0; at < 25; at += 1) { now_ms += 50; then(); }
  assert.deepEqual([made.get("answer").result, made.get("answer").why.key], ["refused", "act.why.no_link"]);
});

// --- attention -----------------------------------------------------------------------------------------------------------
function attending(vehicle, link = "open") {
  const clock = { ms: 0 }, sent = [];
  const made = new Store(() => clock.ms);
  const hear = () => made.heard({ type: "snapshot", link: { state: link, age_ms: 0 }, vehicle: { mode: "AUTO_WORK", mine: true, standing: false, tick: 50, session: 7, ...vehicle }, server: { steering: "this" } });
  hear();
  made.set("reasons", []);
  const acts = new Acts({
    store: made, now_ms: () => clock.ms, hands: () => ({ view: CLEAN, tell: () => {} }), page: () => ({ shown_ms: 5000 }),
    drive: () => ({ send: (bytes) => { const view = new DataView(bytes); sent.push({ act: view.getUint8(1), no: view.getUint16(2, true) }); return true; } }), state: () => ({ send: () => true }),
  });
  return { acts, made, clock, sent, hear };
}

test("what the operator does on purpose is a sign of attention, once a second, and its answer is shown to nobody", () => {
  const { acts, made, clock, sent, hear } = attending({});
  acts.attend();
  assert.deepEqual(sent.map((one) => one.act), [wire.ACTS.ATTENTION]);
  acts.answer({ act: "ATTENTION", no: sent[0].no, result: "refused", why: "act.why.not_now" });
  assert.equal(made.get("answer"), null);
  clock.ms = 999;
  hear();
  acts.attend();
  assert.equal(sent.length, 1);
  clock.ms = 1000;
  acts.attend();
  assert.equal(sent.length, 2);
  acts.press("ATTENTION");
  acts.answer({ act: "ATTENTION", no: sent[2].no, result: "accepted" });
  assert.equal(made.get("answer").result, "accepted", "the button's own answer is shown");
});

test("outside a mission of this console nothing is sent, nor while an act waits for its answer", () => {
  for (const [vehicle, link] of [[{ mode: "MANUAL" }], [{ mode: "HOLD" }], [{ mine: false }], [{}, "lost"]]) {
    const { acts, sent } = attending(vehicle, link);
    acts.attend();
    assert.deepEqual(sent, []);
  }
  const { acts, sent } = attending({});
  acts.press("PAUSE");
  acts.attend();
  assert.deepEqual(sent.map((one) => one.act), [wire.ACTS.PAUSE]);
});

test("the question ticks, and its last ten seconds sound each second", () => {
  const sounds = [[null, 9e9, null], [20, 2999, null], [20, 3000, "tick"], [10.1, 3000, "tick"], [10, 999, null], [10, 1000, "asked"], [0, 1000, "asked"]];
  for (const [left_s, since_ms, sound] of sounds) assert.equal(askedSound(left_s, since_ms), sound, `${left_s} ${since_ms}`);
});

// --- bytes ---------------------------------------------------------------------------------------------------------------
test("a reading is 36 bytes, little endian; what is unknown is sent as unknown", () => {
  const reading = {
    source: 2, hold: true, rotor: true, tool_mode: 2, drive: 0.5, turn: -1, tool_m: 0.15, reading_no: 7, page_time: 12.5, vehicle_tick: 9,
    visible: true, focused: true,
  };
  const view = new DataView(wire.reading(reading, { video_age_ms: null, battery: null, tilt_mrad: null, picture: true }));
  assert.equal(view.byteLength, 36);
  assert.deepEqual([view.getUint8(0), view.getUint8(1), view.getUint16(2, true)], [1, 2, 1 | 2 | (2 << 2) | 16 | 32]);
  assert.deepEqual([view.getUint32(4, true), view.getFloat64(8, true)], [7, 12.5]);
  assert.deepEqual([view.getInt16(16, true), view.getInt16(18, true), view.getInt16(20, true)], [5000, -10000, 150]);
  assert.deepEqual([view.getUint16(22, true), view.getUint32(24, true)], [65535, 9]);
  assert.deepEqual([view.getUint16(28, true), view.getInt16(30, true), view.getUint32(32, true)], [65535, -32768, 0]);
});

test("acts, STOP and the acknowledgement of a state", () => {
  const act = new DataView(wire.act("ARM", 300, 1.5, 77));
  assert.deepEqual([act.byteLength, act.getUint8(0), act.getUint8(1), act.getUint16(2, true), act.getFloat64(4, true), act.getUint32(12, true)], [16, 2, 3, 300, 1.5, 77]);
  const stop = new DataView(wire.stop(true, 9, 2.5));
  assert.deepEqual([stop.byteLength, stop.getUint8(0), stop.getUint8(1), stop.getUint16(2, true), stop.getFloat64(4, true)], [12, 3, 1, 9, 2.5]);
  const ack = new DataView(wire.ack(5));
  assert.deepEqual([ack.byteLength, ack.getUint8(0), ack.getUint32(4, true)], [8, 4, 5]);
});

test("an echo", () => {
  const view = new DataView(new ArrayBuffer(24));
  view.setUint8(0, 129);
  view.setUint8(1, 1);
  view.setUint32(4, 7, true);
  view.setUint32(16, 99, true);
  assert.deepEqual(wire.echo(view.buffer), { verdict: "too_old", reading_no: 7, page_time: 0, vehicle_tick: 99, sequence: 0 });
  assert.equal(wire.echo(new ArrayBuffer(23)), null);
});

test("in a task that works in shifts START opens its card, and waits for the ring and then for the other acts", () => {
  const shift = { mode: "MANUAL", shift_used: true, shift_due: true, start_blocked: true };
  assert.equal(why("START", shift), null);
  assert.equal(why("START", { ...shift, shift_due: false }), "act.why.start_blocked");
  assert.equal(shiftWhy(facts(shift)).key, "start.ring_first");
  assert.equal(shiftWhy(facts({ ...shift, ring_told: true })).key, "act.why.shift_due");
  assert.equal(shiftWhy(facts({ ...shift, ring_told: true, shift_due: false })), null);
  assert.equal(shiftWhy(facts({ ...shift, shift_used: false, shift_due: false })), null);
});
