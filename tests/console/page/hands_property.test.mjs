// Hold-to-run under random sequences of events. The oracle knows nothing of the machine: it follows the raw hands, keys
// and buttons, and the list of what breaks the chain, and says when a reading may hold. FLAIL_SEED=n repeats a run.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Rig, MANUAL, gamepad, moves } from "./hands_rig.mjs";

const SEED = Number(process.env.FLAIL_SEED ?? 20261130);
const RUNS = Number(process.env.FLAIL_RUNS ?? 100);
const STEPS = 160;

/** Mulberry32: small, seeded. */
function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const ARROWS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"];
const MODES = ["DISARMED", "READY", "MANUAL", "MANUAL", "MANUAL", "AUTO_MOVE", "AUTO_WORK", "STOPPING", "HOLD", "RECOVERY", "WAIT"];

class World {
  constructor(next) {
    this.next = next;
    this.rig = new Rig();
    this.keys = new Set();
    this.axes = [0, 0, 0, 0];
    this.rt = 0;
    this.down = new Set();
    this.plugged = false;
    this.finger = { hold: false, stick: false };
    this.focused = true;
    this.visible = true;
    this.socket = false;
    this.earned = false;
    this.streak = { ms: null, looks: 0 };
    this.valid = { keyboard: false, gamepad: false, touch: false };
    this.was = { keyboard: false, gamepad: false, touch: false };
    this.rotor_pressed = false;
    this.last_number = 0;
    this.vehicle_before = null;
    this.looked_ms = null;
    this.trace = [];
    this.holds = 0;
  }

  pick(list) { return list[Math.floor(this.next() * list.length)]; }

  broke() {
    this.earned = false;
    this.streak = { ms: null, looks: 0 };
    this.valid = { keyboard: false, gamepad: false, touch: false };
  }

  held() {
    return {
      keyboard: this.keys.has("KeyF"),
      gamepad: this.plugged && this.rt >= (this.was.gamepad ? 0.36 : 0.55),
      touch: this.finger.hold,
    };
  }

  unclean() {
    const axes = this.plugged && this.axes.some((axis) => Math.abs(axis) > 0.05);
    return axes || this.finger.stick || ARROWS.some((key) => this.keys.has(key));
  }

  forget() {
    this.keys.clear();
    this.finger = { hold: false, stick: false };
  }

  act() {
    const rig = this.rig;
    const acts = {
      key: () => {
        const code = this.pick(["KeyF", "KeyF", "KeyF", "KeyV", ...ARROWS]);
        if (this.keys.has(code)) {
          this.keys.delete(code);
          rig.up(code);
        } else if (this.focused) {
          if (code === "KeyV") {
            rig.key(code);
            rig.up(code);
            this.rotor_pressed = true;
          } else {
            this.keys.add(code);
            rig.key(code);
          }
        }
      },
      release: () => {
        for (const code of [...this.keys]) rig.up(code);
        this.keys.clear();
        this.axes = [0, 0, 0, 0];
        this.rt = 0;
        for (const id of [1, 2]) rig.tell("pointer_up", { id });
        this.finger = { hold: false, stick: false };
      },
      stick: () => { this.axes = [this.pick([0, 0, -1, 0.04]), this.pick([0, 0, -0.7, 0.3]), 0, this.pick([0, 0, 0.06])]; },
      trigger: () => { this.rt = this.pick([0, 0, 0.3, 0.4, 0.6, 1]); },
      button: () => { this.down = new Set(this.next() < 0.5 ? [5] : []); if (this.down.size) this.rotor_pressed = true; },
      finger: () => {
        if (this.finger.hold) rig.tell("pointer_up", { id: 1 });
        else rig.tell("pointer_down", { id: 1, pad: "hold" });
        this.finger.hold = !this.finger.hold;
      },
      stick_finger: () => {
        if (this.finger.stick) rig.tell("pointer_up", { id: 2 });
        else rig.tell("pointer_down", { id: 2, pad: "stick", x: 0.5, y: 0.9 });
        this.finger.stick = !this.finger.stick;
      },
      cancel: () => { rig.tell("pointer_cancel", { id: 1 }); this.finger = { hold: false, stick: false }; },
      plug: () => { this.plugged = true; rig.tell("pad_connected", { index: 0 }); this.broke(); },
      unplug: () => {
        if (this.plugged) {
          this.plugged = false;
          this.broke();
          if (this.next() < 0.5) rig.tell("pad_disconnected", { index: 0 });
        }
      },
      blur: () => { rig.tell("blur"); this.focused = false; this.forget(); this.broke(); },
      focus: () => { rig.tell("focus"); this.focused = true; },
      hide: () => { rig.tell("hidden"); this.visible = false; this.socket = false; this.forget(); this.broke(); },
      show: () => { rig.tell("shown"); this.visible = true; this.forget(); this.broke(); },
      open: () => { if (this.visible) { rig.tell("socket_open"); this.socket = true; this.broke(); } },
      close: () => { rig.tell("socket_closed"); this.socket = false; this.broke(); },
      stop: () => { rig.tell("stop"); this.broke(); },
      take: () => { rig.tell("take"); this.broke(); },
      mode: () => { rig.vehicle.mode = this.pick(MODES); },
      manual: () => { Object.assign(rig.vehicle, MANUAL, { tick: rig.vehicle.tick }); },
      session: () => { rig.vehicle.session = this.pick([7, 8]); },
      mine: () => { rig.vehicle.mine = this.next() < 0.7; },
      standing: () => { rig.vehicle.standing = this.pick([true, true, false, null]); },
      age: () => { rig.vehicle.age_ms = this.pick([20, 20, 480, 700, null]); },
    };
    const weights = { key: 12, release: 6, stick: 6, trigger: 8, finger: 4, stick_finger: 3, manual: 5, focus: 4, show: 4, open: 4 };
    const names = Object.keys(acts).flatMap((name) => Array(weights[name] ?? 1).fill(name));
    const name = this.pick(names);
    this.trace.push(name);
    acts[name]();
  }

  look() {
    const rig = this.rig;
    const gap_ms = this.next() < 0.01 ? this.pick([90, 150, 400]) : this.pick([10, 10, 20]);
    rig.pads = this.plugged ? [gamepad({ axes: this.axes, rt: this.rt, down: [...this.down] })] : [];
    const before = rig.readings.length;
    const count = rig.effects.length;
    const result = rig.look(gap_ms);
    if (!this.visible) {
      assert.equal(rig.readings.length, before, "a reading while hidden");
      this.looked_ms = null;
      return;
    }
    if (gap_ms > 300 && this.looked_ms !== null) this.broke();
    this.looked_ms = rig.now_ms;
    this.heard(rig.vehicle);
    this.judge(result.reading);
    void count;
  }

  /** What the vehicle said breaks the chain in the very reading that saw it. */
  heard(vehicle) {
    const was = this.vehicle_before;
    const alive = (v) => v && v.open && v.age_ms !== null && v.age_ms <= 500;
    const auto = (mode) => mode === "AUTO_MOVE" || mode === "AUTO_WORK";
    const same = was && was.session === vehicle.session && was.mine === vehicle.mine && alive(was) === alive(vehicle) &&
      (was.mode === vehicle.mode || (auto(was.mode) && auto(vehicle.mode)));
    if (!same || !alive(vehicle)) this.broke();
    this.vehicle_before = { ...vehicle };
    this.steers = alive(vehicle) && vehicle.mine && this.focused && this.socket;
    this.may_latch = this.steers && (vehicle.standing === true || vehicle.mode === "MANUAL");
    this.drives = this.steers && ["MANUAL", "RECOVERY", "WAIT"].includes(vehicle.mode);
  }

  judge(reading) {
    const held = this.held();
    const any = Object.values(held).some(Boolean);
    for (const name of Object.keys(held)) {
      if (held[name] && !this.was[name]) this.valid[name] = this.earned && !Object.values(this.was).some(Boolean);
      if (!held[name]) this.valid[name] = false;
    }
    if (!any && this.unclean()) this.broke();
    if (!any && !this.unclean() && this.may_latch) {
      this.streak.ms ??= this.rig.now_ms;
      this.streak.looks += 1;
      if (this.rig.now_ms - this.streak.ms >= 200 && this.streak.looks >= 10) this.earned = true;
    } else {
      this.streak = { ms: null, looks: 0 };
    }
    this.was = held;
    if (!reading) return;
    const may = this.drives && Object.keys(held).some((name) => held[name] && this.valid[name]);
    assert.ok(!reading.hold || may, "holds though nobody may");
    const auto = this.vehicle_before && ["AUTO_MOVE", "AUTO_WORK", "WAIT"].includes(this.vehicle_before.mode);
    if (!reading.hold) assert.ok(auto || !moves(reading), "a stick without hold");
    if (!reading.hold) assert.ok(!reading.rotor && reading.tool_mode === 0, "rotor or tool without hold");
    if (this.vehicle_before.mode === "WAIT") assert.ok(!reading.rotor && reading.tool_mode === 0, "rotor or tool in a WAIT");
    if (reading.rotor) assert.ok(this.rotor_pressed, "a rotor that nobody pressed");
    if (!reading.hold) this.rotor_pressed = false;
    assert.ok(reading.reading_no > this.last_number, "a reading was copied");
    assert.ok(reading.page_time <= this.rig.now_ms);
    this.last_number = reading.reading_no;
    if (reading.hold) this.holds += 1;
  }
}

test(`random hands never hold without a latch earned before the press (seed ${SEED}, ${RUNS} runs)`, () => {
  let holds = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const next = random(SEED + run);
    const world = new World(next);
    world.rig.tell("socket_open");
    world.socket = true;
    for (let at = 0; at < STEPS; at += 1) {
      try {
        if (next() < 0.5) world.act();
        for (let looks = Math.floor(next() * (next() < 0.2 ? 20 : 4)); looks >= 0; looks -= 1) world.look();
      } catch (error) {
        error.message += `; FLAIL_SEED=${SEED + run} FLAIL_RUNS=1, step ${at}, after ${world.trace.slice(-12).join(" ")}`;
        throw error;
      }
    }
    holds += world.holds;
  }
  assert.ok(holds > RUNS * 5, `the hands drove in ${holds} readings only: the search sees nothing`);
});
