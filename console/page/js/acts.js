/** The acts of the operator: STOP from anywhere, ENGINE OFF by holding, and what the mode offers. */

import { ACTS, AUTO_MODES, ENGINE_OFF_MS, HELD_LOOK_MS, HOLD_MS, STOPPED_MODES, heldFrom, heldStill, meant, named, notOffered, offers, shiftWhy, startHands, waitOf } from "./acts_logic.js";
import { factsOf, newestTick } from "./facts.js";
import * as stops from "./stop_logic.js";
import * as wire from "./wire.js";

const ANSWER_MS = 3500;
/** A finger that drags the map is one sign of attention a second, not sixty. */
const ATTEND_MS = 1000;
const READY = "READY";

export class Acts {
  /** @param {{store: any, drive: () => any, state: () => any, hands: () => any, now_ms: () => number, page: () => any}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    this._number = Math.floor(Math.random() * 0x8000);
    this._stop = null;
    this._engine = null;
    this._hold = null;
    this.held_by = null;
    this._acknowledged = [];
    this._ready_ms = null;
    this._wait = null;
    this.pending = null;
    this.start_open = false;
    this._attended = { number: null, at_ms: -Infinity };
  }

  // --- STOP ------------------------------------------------------------------------------------------------------------
  /** STOP, at once and until the vehicle is seen stopped; from any view, holder or not. */
  stop(engine_off = false) {
    this.hands().tell("stop");
    this.closeStart();
    this._number = (this._number + 1) & 0xffff;
    this._stop = stops.pressed(this._number, this.now_ms(), newestTick(this.store), engine_off);
    this._stop_of = this.store.value("server", "vehicle");
    this._repeat();
    this._timer ??= setInterval(() => this._repeat(), stops.REPEAT_MS);
  }

  _repeat() {
    const vehicle = this.store.get("vehicle");
    const is_its = this.store.value("server", "vehicle") === this._stop_of; // another vehicle that stands says nothing of this one
    const seen = vehicle && is_its && this.store.open() ? { tick: vehicle.tick, mode: vehicle.mode } : null;
    const { stop, send } = stops.due(this._stop, this.now_ms(), seen);
    this._stop = stop;
    this.store.set("stop", stop);
    if (send) {
      const bytes = wire.stop(stop.engine_off, stop.number, this.now_ms());
      this.drive().send(bytes);
      this.state().send(bytes);
    }
    if (stop.outcome === null) return;
    clearInterval(this._timer);
    this._timer = null;
  }

  /** ENGINE OFF begins: the stop is immediate, what strands the machine needs the hold. */
  engineOff() {
    if (this._engine !== null) return;
    this.stop();
    this._engine = this._after(ENGINE_OFF_MS, () => this.stop(true));
    this.store.set("engine_off_held", true);
  }

  engineOffReleased() {
    clearInterval(this._engine);
    this._engine = null;
    this.store.set("engine_off_held", false);
  }

  // --- what the mode offers ----------------------------------------------------------------------------------------------
  facts() {
    const view = this.hands().view;
    const mode = this.store.value("vehicle", "mode");
    if (mode !== READY) this._ready_ms = null;
    else this._ready_ms ??= this.now_ms();
    const told = this.store.value("vehicle", "reasons") ?? [];
    this._acknowledged = this._acknowledged.filter((code) => told.includes(code));
    const facts = factsOf(this.store, {
      hands: view ?? { centred: false, released: false, hold: false, unclean: { key: "hands.waits.moment", params: {} } },
      acknowledged: this._acknowledged,
      detonation_left_s: STOPPED_MODES.includes(mode) ? this.store.value("due", "arm_unused_s") : null,
      ready_ms: this._ready_ms === null ? 0 : this.now_ms() - this._ready_ms,
      ...this.page(),
    });
    this._wait = waitOf(facts, this._wait);
    return { ...facts, wait: this._wait };
  }

  offers() {
    return offers(this.facts());
  }

  /** The operator pressed an act (its button, key or gamepad button). */
  press(name) {
    const one = this.offers().find((offer) => offer.act === name);
    if (!one) return this._say(name, "refused", notOffered(name, this.facts()));
    if (!one.enabled) return this._say(name, "refused", one.why);
    if (name === "START" && !this._wait) return this._start();
    if (name === "TAKE") return this._take();
    if (name === "RELEASE" && this.people?.kept()) return this.people.open("give");
    this._send(name);
  }

  /** Who takes control says who it is; that is told first, and TAKE goes out whatever came of it. */
  async _take() {
    if (this.people && !this.people.ready()) {
      this.people.open("who");
      return this._say("TAKE", "refused", { key: "act.why.sign_in", params: {} });
    }
    this.hands().tell("take");
    if (this.people?.kept()) {
      const vehicle = this.store.value("server", "vehicle");
      await this.people.signIn();
      const is_its = vehicle === this.store.value("server", "vehicle");
      if (!is_its || !this.offers().some((one) => one.act === "TAKE" && one.enabled)) return this._say("TAKE", "refused", { key: "act.why.not_now", params: {} });
    }
    this._send("TAKE");
  }

  _start() {
    this.keepStart();
    if (!this.start_open) {
      this.start_open = true;
      this.store.set("start_open", true);
      return;
    }
    const facts = this.facts();
    const why = shiftWhy(facts) ?? startHands(facts) ?? this.farWhy?.() ?? null;
    if (why) return this._say("START", "refused", why);
    this.closeStart();
    this._send("START");
    this.store.set("leader", "");
  }

  closeStart() {
    this.start_open = false;
    this.store.set("start_open", false);
  }

  /** The card of START is of this arming and this look at the page: whatever interrupts them closes it. */
  keepStart() {
    if (this.start_open && (!this.store.open() || this.store.value("vehicle", "mode") !== "MANUAL")) this.closeStart();
  }

  _send(name) {
    this._number = (this._number + 1) & 0xffff;
    // the tick of what is on the screen: an act is meant for what the operator was shown, not for what came since
    const tick = this.store.value("vehicle", "tick") ?? 0;
    const sent = this.drive().send(wire.act(name, this._number, this.now_ms(), tick));
    if (!sent) return this._say(name, "refused", { key: "hands.waits.server", params: {} });
    const number = this._number;
    this.pending = { act: name, number };
    this._say(name, "pending", null);
    setTimeout(() => this.pending?.number === number && this._answered(name, { result: "no_answer" }), ANSWER_MS);
  }

  /**
   * The operator did something on purpose that only this page knows of: another view or camera, the map moved. To a mission
   * of this console that is a sign of attention like the button; its answer is shown to nobody.
   */
  attend() {
    const now_ms = this.now_ms();
    const running = AUTO_MODES.includes(this.store.value("vehicle", "mode")) && this.store.value("vehicle", "mine") === true;
    if (!running || !this.store.open() || this.pending || now_ms - this._attended.at_ms < ATTEND_MS) return;
    this._number = (this._number + 1) & 0xffff;
    this._attended = { number: this._number, at_ms: now_ms };
    this.drive().send(wire.act("ATTENTION", this._number, now_ms, this.store.value("vehicle", "tick") ?? 0));
  }

  /** The vehicle's answer, or the server's. */
  answer(message) {
    if (message.no === this._attended.number) return;
    // an act that was sent before the one that waits: its answer says nothing of that one
    if (this.pending && this.pending.number !== message.no) return;
    if (message.act === "ACKNOWLEDGE" && message.result === "accepted") {
      this._acknowledged = this.facts().rules.filter((rule) => rule.recovery === "P").map((rule) => rule.code);
    }
    this._answered(message.act, message);
  }

  /** Another vehicle is steered: what was answered, acknowledged or opened was of the one before. */
  turned() {
    this.closeStart();
    this.letGo();
    this.pending = null;
    this._acknowledged = [];
    this._ready_ms = this._wait = null;
    this.store.set("answer", null);
  }

  _answered(act, message) {
    this.pending = null;
    const why = message.why ? { key: message.why, params: message.params ?? {} } : null;
    this._say(act, message.result, why, message.reason ?? null);
  }

  _say(act, result, why, reason = null) {
    this.store.set("answer", { act, result, why, reason, at_ms: this.now_ms() });
  }

  // --- keys, buttons, fingers --------------------------------------------------------------------------------------------
  /**
   * An act that is confirmed by holding: it counts after a second, and not if it was let go before. `by`: the button
   * under the finger, which tells of the letting go only while it is on the page.
   */
  hold(name, by = null) {
    if (this._hold !== null) return;
    this.held_by = by;
    const one = this.offers().find((offer) => offer.act === name);
    if (!one?.enabled) return this.press(name);
    this.store.set("held_act", name);
    this._hold = this._after(HOLD_MS, () => {
      this.letGo();
      if (this.offers().some((offer) => offer.act === name)) this.press(name);
      else this._say(name, "refused", { key: this.store.open() ? "act.why.not_now" : "act.why.no_link", params: {} });
    });
  }

  /** Once, after something was held for so long before the eyes of this page; the timer, to be cleared. */
  _after(ms, then) {
    let held = heldFrom(this.now_ms());
    const timer = setInterval(() => {
      held = heldStill(held, this.now_ms());
      if (held.for_ms < ms) return;
      clearInterval(timer);
      then();
    }, HELD_LOOK_MS);
    return timer;
  }

  letGo() {
    clearInterval(this._hold);
    this._hold = null;
    this.store.set("held_act", null);
  }

  /** A key's act, pressed anew. @returns {boolean} whether it is one */
  key(code) {
    const act = this._act("key", code);
    if (act === null) return false;
    if (ACTS[act].held) this.hold(act);
    else this.press(act);
    return true;
  }

  /** What a key or button means among the acts offered; else what it stands for: that it waits is said. */
  _act(by, name) {
    return meant(this.offers(), by, name)?.act ?? named(by, name);
  }

  keyUp(code) {
    const name = this.store.get("held_act");
    if (name && ACTS[name].key === code) this.letGo();
  }

  /** Buttons of a gamepad: those pressed anew, and those that are down. */
  pad({ fresh, pressed }, focused) {
    if (fresh.includes("B")) this.stop();
    const both = pressed.includes("LB") && pressed.includes("RB");
    if (both && !this._both) this.engineOff();
    if (!both && this._both) this.engineOffReleased();
    this._both = both;
    const held = this.store.get("held_act");
    if (held && this._by_pad && !pressed.includes(ACTS[held].button)) {
      this._by_pad = false;
      this.letGo();
    }
    if (!focused || both) return;
    for (const name of fresh) {
      const act = name === "B" ? null : this._act("button", name);
      if (act === null) continue;
      if (!ACTS[act].held) this.press(act);
      else {
        this._by_pad = true;
        this.hold(act);
      }
    }
  }
}
