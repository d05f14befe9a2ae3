// A rig for the hold-to-run machine: a page that looks at its devices every 20 ms, and a vehicle that says what it is told.
import { PERIOD_MS, initial, step } from "../../../console/page/js/hands_logic.js";

export const MANUAL = {
  open: true, age_ms: 20, mine: true, session: 7, tick: 100, mode: "MANUAL", standing: true, attention_missed: false,
  tool_m: 0.4,
};

export function gamepad({ index = 0, id = "pad", axes = [0, 0, 0, 0], rt = 0, down = [], mapping = "standard" } = {}) {
  const buttons = Array.from({ length: 17 }, (_, at) => ({ value: down.includes(at) ? 1 : 0 }));
  buttons[7] = { value: rt };
  return { index, id, connected: true, mapping, axes, buttons };
}

export class Rig {
  constructor(vehicle = MANUAL) {
    this.state = initial();
    this.now_ms = 1000;
    this.vehicle = { ...vehicle };
    this.pads = [];
    this.effects = [];
    this.readings = [];
    this.view = null;
    this.pad = null;
  }

  /** An event, told to the machine as it is. */
  tell(type, more = {}) {
    return this._took(step(this.state, { type, now_ms: this.now_ms, ...more }));
  }

  /** The next look at the devices, `gap_ms` after the one before. */
  look(gap_ms = PERIOD_MS) {
    this.now_ms += gap_ms;
    if (this.vehicle.tick !== null) this.vehicle.tick += 1;
    return this._took(step(this.state, { type: "sample", now_ms: this.now_ms, pads: this.pads, vehicle: { ...this.vehicle } }));
  }

  /** Looks for so long; the last one's result. */
  run(ms) {
    let last = null;
    for (let passed = 0; passed < ms; passed += PERIOD_MS) last = this.look();
    return last;
  }

  _took(result) {
    this.state = result.state;
    this.effects.push(...result.effects);
    if (result.reading) this.readings.push(result.reading);
    if (result.view) this.view = result.view;
    this.pad = result.pad;
    return result;
  }

  key(code, repeat = false) { return this.tell("keydown", { code, repeat }); }
  up(code) { return this.tell("keyup", { code }); }

  /** Connected and clean for long enough. */
  ready() {
    this.tell("socket_open");
    this.run(400);
    return this;
  }

  /** Held by the keyboard and driving forward. */
  driving() {
    this.ready();
    this.key("KeyF");
    this.look();
    this.key("ArrowUp");
    this.run(200);
    return this;
  }

  /** The last reading. */
  get last() {
    return this.readings.at(-1);
  }
}

export const moves = (reading) => reading.hold || reading.drive !== 0 || reading.turn !== 0;
