/**
 * Hold-to-run: from what hands do on keys, gamepads and pads of the screen to the readings that go to the vehicle.
 *
 * A pure state machine, `step(state, event) -> {state, reading, effects, ...}`: no DOM, no timer, no clock of its own.
 * A reading is made by a real look at the devices and by nothing else, never copied. Hold-to-run passes only while the
 * latch is set, which every break of the chain hand - page - vehicle clears, and only clean hands set again. The
 * vehicle has a latch of its own; this one comes in addition and is nowhere looser.
 */

import { compared } from "./pads.js";
import { FINE, bounded, keyAxis, mapped, shaped } from "./shaping.js";

export const SOURCE = { none: 0, keyboard: 1, gamepad: 2, touch: 3 };
export const CLEAN = 0.05;
export const CLEAN_MS = 200;
export const CLEAN_READINGS = 10;
/** So often the devices are looked at. */
export const LOOK_MS = 10;
/** So often a reading goes out while nothing changes. */
export const PERIOD_MS = 20;
/** A stick that moved by more than this, or left its centre or came there, is told with the look that saw it. */
export const CHANGE = 0.02;
export const STALL_MS = 100;
export const STALL_BREAKS_MS = 300;
export const LINK_OLD_MS = 500;
export const STILL_HINT_MS = 20_000;
export const STILL_MS = 30_000;
export const LEAVE_PX = 24;
const TOOL_RATE_MPS = 0.15;
const DRIVING = ["MANUAL", "RECOVERY"];
const AUTO = ["AUTO_MOVE", "AUTO_WORK"];
/** Here hold-to-run passes: where hands drive, and in a WAIT, where it only lets START go on; and while an engine is started. */
const HOLDS = [...DRIVING, "WAIT"];
/** Here a stick that moves without hold is told, so that the vehicle stops for it. */
const LEAVES = [...AUTO, "WAIT"];
const HOLD_KEY = "KeyF";
const STICK_KEYS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"];
const TOOL_KEYS = ["PageUp", "PageDown"];

/** Keys that steer; a page takes them from the browser. */
export const STEERING_KEYS = [HOLD_KEY, "KeyV", "KeyC", ...STICK_KEYS, ...TOOL_KEYS];

/**
 * @typedef {{open: boolean, age_ms: number|null, mine: boolean, session: any, tick: number|null, mode: string|null,
 *   standing: boolean|null, starts_engine?: boolean, attention_missed: boolean, tool_m: number|null}} Vehicle
 * What the page knows of the vehicle; `tool_m`: height of the tool, negative below ground; null is unknown.
 */

/** @param {{mapping?: "arcade"|"tracks"}} [settings] */
export function initial(settings = {}) {
  return {
    mapping: settings.mapping ?? "arcade",
    keys: {},
    touch: { hold: null, stick: null, x: 0, y: 0, pointers: [], spoiled: false },
    pads: [],
    focused: true,
    visible: true,
    socket: false,
    vehicle: null,
    latch: false,
    quiet: false,
    cause: "page_load",
    clean_ms: null,
    clean_count: 0,
    owner: null,
    last_owner: null,
    held_before: [],
    held_since_ms: null,
    hold: false,
    rotor: false,
    rotor_pressed: false,
    fine: false,
    tool_m: null,
    reading_no: 0,
    said: null,
    sampled_ms: null,
    stalls: 0,
    neutral_axes: false,
  };
}

/** The latch is cleared; `cause` says why, for the screen. */
function unlatched(state, cause) {
  return {
    ...state,
    latch: false,
    quiet: false,
    cause,
    clean_ms: null,
    clean_count: 0,
    rotor: false,
    rotor_pressed: false,
    tool_m: null,
  };
}

const NO_TOUCH = { hold: null, stick: null, x: 0, y: 0, pointers: [], spoiled: false };
const handsOff = (state) => ({ ...state, keys: {}, touch: NO_TOUCH });

// --- events ------------------------------------------------------------------------------------------------------------
const EVENTS = {
  keydown: (state, event) => pressKey(state, event),
  keyup: (state, event) => {
    const keys = { ...state.keys };
    delete keys[event.code];
    return { ...state, keys };
  },
  keys_lost: (state) => (Object.keys(state.keys).length > 0 ? unlatched({ ...state, keys: {} }, "keys_lost") : state),
  fine: (state) => ({ ...state, fine: !state.fine }),
  pointer_down: (state, event) => ({ ...state, touch: pointerDown(state.touch, event) }),
  pointer_move: (state, event) => ({ ...state, touch: pointerMove(state.touch, event) }),
  pointer_up: (state, event) => ({ ...state, touch: pointerUp(state.touch, event) }),
  pointer_cancel: (state) => ({ ...state, touch: { ...NO_TOUCH, spoiled: false } }),
  blur: (state) => ({ ...unlatched(handsOff(state), "blur"), focused: false }),
  focus: (state) => ({ ...state, focused: true }),
  shown: (state) => ({ ...unlatched(handsOff(state), "hidden"), visible: true }),
  socket_open: (state) => ({ ...unlatched(state, "connected"), socket: true, said: null }),
  socket_closed: (state) => ({ ...unlatched(state, "server_gone"), socket: false }),
  pad_connected: (state) => unlatched(state, "pad_connected"),
  stop: (state) => unlatched(state, "stop"),
  take: (state) => unlatched(state, "take"),
  mapping: (state, event) => ({ ...unlatched(state, "mapping"), mapping: event.mapping }),
};

/**
 * One event, or one look at the devices (`sample`).
 * @returns {{state: any, reading: any, effects: string[], view: any, pad: {pressed: string[], fresh: string[]}}}
 *   effects: "stop" (send STOP), "close_drive" (after the reading, which is neutral)
 */
export function step(state, event) {
  if (event.type === "sample") return sampled(state, event);
  if (event.type === "hidden") return hidden(state, event);
  if (event.type === "pad_disconnected") return padGone(state, event);
  const next = EVENTS[event.type];
  if (!next) throw new Error(`unknown event ${event.type}`);
  return told(next(state, event));
}

const NO_PAD = { pressed: [], fresh: [] };
const told = (state, reading = null, effects = [], view = null, pad = NO_PAD) => ({ state, reading, effects, view, pad });

/** A key counts from its own press. An arrow that only repeats is one that was held all along: it keeps hands unclean. */
function pressKey(state, event) {
  if (event.code in state.keys || !STEERING_KEYS.includes(event.code)) return state;
  if (event.repeat && !STICK_KEYS.includes(event.code)) return state;
  if (event.code === "KeyV") return { ...state, rotor_pressed: true };
  if (event.code === "KeyC") return { ...state, fine: !state.fine };
  return { ...state, keys: { ...state.keys, [event.code]: event.now_ms } };
}

function pointerDown(touch, event) {
  const pointers = [...touch.pointers.filter((id) => id !== event.id), event.id];
  if (pointers.length > 2) return { ...NO_TOUCH, pointers, spoiled: true };
  const next = { ...touch, pointers };
  if (touch.spoiled) return next;
  if (event.pad === "hold" && touch.hold === null) return { ...next, hold: event.id };
  if (event.pad === "stick" && touch.stick === null) return { ...next, stick: event.id, x: bounded(event.x), y: bounded(event.y) };
  return next;
}

function pointerMove(touch, event) {
  if (event.id === touch.hold && event.off_px > LEAVE_PX) return { ...touch, hold: null };
  if (event.id === touch.stick) return { ...touch, x: bounded(event.x), y: bounded(event.y) };
  return touch;
}

function pointerUp(touch, event) {
  const pointers = touch.pointers.filter((id) => id !== event.id);
  const next = { ...touch, pointers, spoiled: touch.spoiled && pointers.length > 0 };
  if (event.id === touch.hold) next.hold = null;
  if (event.id === touch.stick) Object.assign(next, { stick: null, x: 0, y: 0 });
  return next;
}

/** Nobody looks any more: one neutral reading, then the socket is closed, and nothing follows until the page is shown. */
function hidden(state, event) {
  if (!state.visible) return told(state);
  const off = { ...unlatched(handsOff(state), "hidden"), visible: false, owner: null, hold: false };
  if (!state.socket) return told(off);
  const next = { ...off, reading_no: off.reading_no + 1, socket: false, sampled_ms: null };
  return told(next, neutral(next, event.now_ms), ["close_drive"]);
}

function padGone(state, event) {
  const gone = state.pads.some((pad) => pad.index === event.index);
  if (!gone) return told(unlatched(state, "pad_gone"));
  const pads = state.pads.filter((pad) => pad.index !== event.index);
  return told(unlatched({ ...state, pads }, "pad_gone"), null, ["stop"]);
}

// --- one look at the devices ---------------------------------------------------------------------------------------------
/** @param {{now_ms: number, pads: any[], vehicle: Vehicle}} event */
function sampled(before, event) {
  if (!before.visible) return told({ ...before, sampled_ms: null });
  const { pads, gone, came } = compared(before.pads, event.pads, event.now_ms);
  const effects = gone.length > 0 ? ["stop"] : [];
  let state = { ...before, pads };
  if (came.length > 0) state = unlatched(state, "pad_connected");
  if (gone.length > 0) state = unlatched(state, "pad_gone");
  state = stalled(state, event.now_ms);
  state = heardOf(state, event.vehicle);
  const devices = looked(state, event.now_ms);
  state = owned(state, devices, event.now_ms);
  state = latched(state, devices, event.now_ms);
  state = frozenPad(state, devices, event.now_ms);
  state = { ...state, hold: passes(state) };
  state = { ...state, ...rotorAndTool(state, devices, event) };
  const page_time = before.sampled_ms === null ? event.now_ms : Math.min(event.now_ms, before.sampled_ms + PERIOD_MS);
  state = { ...state, sampled_ms: event.now_ms };
  const hands = state.socket ? readingOf(state, devices, page_time) : null;
  const due = hands !== null && isDue(state.said, hands, event.now_ms);
  if (due) state = { ...state, reading_no: state.reading_no + 1, said: { hands, at_ms: event.now_ms } };
  const pad = {
    pressed: pads.filter((one) => !one.ignored).flatMap((one) => one.pressed),
    // STOP counts from every gamepad, one that is ignored too, and if it was what woke the gamepad up
    fresh: pads.flatMap((one) => (one.ignored ? [] : one.fresh).concat(freshStop(one, before.pads))),
  };
  const reading = due ? { ...hands, reading_no: state.reading_no } : null;
  return told(state, reading, effects, viewOf(state, devices, event.now_ms), pad);
}

function freshStop(pad, before) {
  const known = before.find((old) => old.index === pad.index && old.id === pad.id);
  const already = pad.fresh.includes("B") && !pad.ignored;
  return pad.pressed.includes("B") && !known?.pressed.includes("B") && !already ? ["B"] : [];
}

/** A page that stood still is counted; one that stood long cannot say what hands did meanwhile. */
function stalled(state, now_ms) {
  if (state.sampled_ms === null) return state;
  const gap_ms = now_ms - state.sampled_ms;
  if (gap_ms <= STALL_MS) return state;
  const counted = { ...state, stalls: state.stalls + 1 };
  return gap_ms > STALL_BREAKS_MS ? unlatched(counted, "page_stalled") : counted;
}

const alive = (vehicle) =>
  vehicle !== null && vehicle.open && vehicle.age_ms !== null && vehicle.age_ms <= LINK_OLD_MS;

/** What changed at the vehicle clears the latch: another mode, session or holder, a lost link, a missed ATTENTION. */
function heardOf(state, vehicle) {
  const was = state.vehicle;
  const next = { ...state, vehicle };
  const cause = broken(was, vehicle);
  return cause === null ? next : unlatched(next, cause);
}

function broken(was, now) {
  if (!alive(now)) return alive(was) || was === null ? "link_lost" : null;
  if (!alive(was)) return "connected";
  if (was.session !== now.session || (was.tick !== null && now.tick !== null && now.tick < was.tick)) return "session";
  if (was.mine !== now.mine) return "take";
  if (now.attention_missed && !was.attention_missed) return "attention";
  const within = AUTO.includes(was.mode) && AUTO.includes(now.mode);
  return was.mode !== now.mode && !within ? "mode" : null;
}

/** Every source as it is now: {name, source, held, drive, turn, axes: [[name, value], ...]}, the ignored ones left out. */
function looked(state, now_ms) {
  const keys = state.keys;
  const devices = [
    {
      name: "keyboard",
      source: SOURCE.keyboard,
      held: HOLD_KEY in keys,
      drive: keyAxis(keys.ArrowUp, keys.ArrowDown, now_ms),
      turn: keyAxis(keys.ArrowLeft, keys.ArrowRight, now_ms),
      axes: STICK_KEYS.filter((code) => code in keys).map((code) => [code, 1]),
      tool: ("PageUp" in keys ? 1 : 0) - ("PageDown" in keys ? 1 : 0),
      rotor: state.rotor_pressed,
      pad: null,
    },
    {
      name: "touch",
      source: SOURCE.touch,
      held: state.touch.hold !== null,
      drive: shaped(state.touch.y),
      turn: shaped(-state.touch.x),
      axes: [["touch_x", state.touch.x], ["touch_y", state.touch.y]],
      tool: 0,
      rotor: false,
      pad: null,
    },
  ];
  for (const pad of state.pads) {
    if (pad.ignored) continue;
    devices.push({
      name: `pad:${pad.index}`,
      source: SOURCE.gamepad,
      held: pad.hold,
      ...mapped(pad.axes, state.mapping),
      axes: pad.axes.slice(0, 4).map((axis, index) => [`axis_${index}`, axis]),
      tool: (pad.pressed.includes("Up") ? 1 : 0) - (pad.pressed.includes("Down") ? 1 : 0),
      rotor: pad.fresh.includes("RB") && !pad.pressed.includes("LB"),
      pad,
    });
  }
  return devices;
}

/** The device that pressed hold first owns control until it releases; the others count as not touched meanwhile. */
function owned(state, devices, now_ms) {
  const held = devices.filter((device) => device.held).map((device) => device.name);
  let next = { ...state, held_before: held };
  if (next.owner !== null && !held.includes(next.owner)) next = { ...next, owner: null };
  if (next.owner !== null) return next;
  const pressed = held.find((name) => !state.held_before.includes(name));
  if (pressed === undefined) {
    // a second device was pressed meanwhile: it takes nothing over
    return held.length > 0 && next.latch ? unlatched(next, "source_change") : next;
  }
  const changed = next.last_owner !== null && next.last_owner !== pressed;
  next = { ...next, owner: pressed, last_owner: pressed, held_since_ms: now_ms };
  return changed ? unlatched(next, "source_change") : next;
}

const deflected = (devices) =>
  devices.flatMap((device) => device.axes).find(([, value]) => !(Math.abs(value) <= CLEAN)) ?? null;

/** The latch is set by hands that were clean long enough, and cleared where a stick moves without hold-to-run. */
function latched(state, devices, now_ms) {
  const moved = deflected(devices) !== null;
  let next = { ...state, neutral_axes: !moved };
  // that it was seen centred is kept: a mission or a WAIT that stands is left by it like one that moves
  if (next.latch && next.owner === null && moved) next = { ...unlatched(next, "stick_without_hold"), quiet: next.quiet };
  if (!state.quiet && !moved) next = { ...next, quiet: true };
  if (next.latch) return next;
  const clean = !moved && devices.every((device) => !device.held) && mayLatch(next);
  if (!clean) return { ...next, clean_ms: null, clean_count: 0 };
  const clean_ms = next.clean_ms ?? now_ms;
  const clean_count = next.clean_count + 1;
  const latch = now_ms - clean_ms >= CLEAN_MS && clean_count >= CLEAN_READINGS;
  return { ...next, clean_ms, clean_count, latch };
}

function mayLatch(state) {
  const vehicle = state.vehicle;
  if (!state.focused || !state.socket || !alive(vehicle) || !vehicle.mine) return false;
  return vehicle.standing === true || vehicle.mode === "MANUAL";
}

/** A gamepad of which nothing changes for long, while it drives, may be a picture of one that is gone. */
function frozenPad(state, devices, now_ms) {
  const pad = ownerOf(state, devices)?.pad;
  if (!pad || !state.latch || now_ms - pad.still_ms < STILL_MS) return state;
  return state.rotor || !state.neutral_axes ? unlatched(state, "pad_still") : state;
}

const ownerOf = (state, devices) => devices.find((device) => device.name === state.owner) ?? null;

function passes(state) {
  const held = HOLDS.includes(state.vehicle?.mode) || state.vehicle?.starts_engine === true;
  const steers = alive(state.vehicle) && state.vehicle.mine && held;
  return state.latch && state.owner !== null && state.focused && state.socket && steers;
}

/** Rotor: asked for by a press of its own, each time anew. Tool: moved while its key is held, kept while hold is. */
function rotorAndTool(state, devices, event) {
  const off = { rotor: false, rotor_pressed: false, tool_m: null };
  if (!state.hold || !DRIVING.includes(state.vehicle.mode)) return off;
  const owner = ownerOf(state, devices);
  const rotor = owner.rotor ? !state.rotor : state.rotor;
  return { rotor, rotor_pressed: false, tool_m: toolTarget(state, owner.tool, event) };
}

function toolTarget(state, direction, event) {
  const measured = event.vehicle.tool_m;
  if (direction === 0 || measured === null) return state.tool_m;
  const from = state.tool_m ?? measured;
  const gap_s = state.sampled_ms === null ? 0 : Math.min(STALL_MS, event.now_ms - state.sampled_ms) / 1000;
  const target = from + direction * TOOL_RATE_MPS * gap_s;
  return Math.max(measured - 0.3, Math.min(measured + 0.3, target));
}

/** A look becomes a reading every 20 ms, and at once where hands changed what moves the machine. */
function isDue(said, hands, now_ms) {
  return said === null || now_ms - said.at_ms >= PERIOD_MS - LOOK_MS / 2 || changed(said.hands, hands);
}

function changed(before, now) {
  const moved = (a, b) => (a === 0) !== (b === 0) || Math.abs(a - b) > CHANGE;
  const buttons = ["source", "hold", "rotor", "tool_mode", "focused"].some((name) => before[name] !== now[name]);
  return buttons || moved(before.drive, now.drive) || moved(before.turn, now.turn);
}

// --- what goes out -------------------------------------------------------------------------------------------------------
const NEUTRAL = { source: SOURCE.none, hold: false, rotor: false, drive: 0, turn: 0, tool_mode: 0, tool_m: 0 };

function neutral(state, page_time) {
  return { ...NEUTRAL, reading_no: state.reading_no, page_time, vehicle_tick: state.vehicle?.tick ?? 0, visible: false, focused: false };
}

function readingOf(state, devices, page_time) {
  const base = { ...neutral(state, page_time), visible: true, focused: state.focused };
  if (!state.hold) return { ...base, ...leaving(state, devices) };
  const owner = ownerOf(state, devices);
  const scale = state.fine ? FINE : 1;
  const tool_m = state.tool_m;
  return {
    ...base,
    source: owner.source,
    hold: true,
    rotor: state.rotor,
    drive: owner.drive * scale,
    turn: owner.turn * scale,
    tool_mode: tool_m === null ? 0 : tool_m >= 0 ? 1 : 2,
    tool_m: tool_m === null ? 0 : Math.abs(tool_m),
  };
}

/** In a mission or its WAIT a stick that moves, after it was seen centred, is told to the vehicle (without hold): it stops for it. */
function leaving(state, devices) {
  if (!state.quiet || !state.focused || !LEAVES.includes(state.vehicle?.mode)) return {};
  const moved = devices.find((device) => device.axes.some(([, value]) => Math.abs(value) > CLEAN));
  return moved ? { source: moved.source, drive: moved.drive, turn: moved.turn } : {};
}

/** What the screen says of the hands. `waits`: what the latch waits for, as a key of the catalogue, or null. */
function viewOf(state, devices, now_ms) {
  const owner = ownerOf(state, devices);
  const stick = owner ?? devices.find((device) => device.axes.some(([, value]) => Math.abs(value) > CLEAN)) ?? devices[0];
  return {
    latch: state.latch,
    hold: state.hold,
    held_ms: state.hold ? now_ms - state.held_since_ms : 0,
    source: owner?.name ?? null,
    drive: stick.drive,
    turn: stick.turn,
    rotor: state.rotor,
    tool_m: state.tool_m,
    fine: state.fine,
    cause: state.cause,
    waits: waitsFor(state, devices),
    centred: state.neutral_axes,
    released: devices.every((device) => !device.held),
    unclean: unclean(devices),
    notes: notesOf(state, devices, now_ms),
    stalls: state.stalls,
    pads: state.pads.map((pad) => ({ index: pad.index, id: pad.id, ignored: pad.ignored })),
  };
}

/** The first thing that keeps hands from being clean: {key, params} or null. */
function unclean(devices) {
  const held = devices.find((device) => device.held);
  if (held) return { key: `hands.waits.release_${held.name.split(":")[0]}`, params: {} };
  const axis = deflected(devices);
  return axis && { key: `hands.waits.${axis[0]}`, params: { value: axis[1] } };
}

function waitsFor(state, devices) {
  if (state.latch) return null;
  if (!state.focused) return { key: "hands.waits.focus", params: {} };
  if (!state.socket) return { key: "hands.waits.server", params: {} };
  if (!alive(state.vehicle)) return { key: "hands.waits.link", params: {} };
  if (!state.vehicle.mine) return { key: "hands.waits.take", params: {} };
  const hands = unclean(devices);
  if (hands) return hands;
  if (!mayLatch(state)) return { key: "hands.waits.standing", params: {} };
  return { key: "hands.waits.moment", params: {} };
}

function notesOf(state, devices, now_ms) {
  const notes = [];
  if (state.pads.some((pad) => pad.ignored === "twin")) notes.push("hands.note.twin");
  if (state.pads.some((pad) => pad.ignored === "layout")) notes.push("hands.note.layout");
  const pad = ownerOf(state, devices)?.pad;
  if (pad && state.hold && now_ms - pad.still_ms >= STILL_HINT_MS) notes.push("hands.note.move_stick");
  return notes;
}
