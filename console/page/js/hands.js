/** The operator's devices, looked at every 10 ms, and what the browser tells of page and devices, into `hands_logic.js`. */

import { vehicleOf } from "./facts.js";
import { LOOK_MS, STEERING_KEYS, initial, step } from "./hands_logic.js";
import * as wire from "./wire.js";

export class Hands {
  /**
   * @param {{store: any, drive: () => any, picture: {age_ms: () => number|null, visible: () => boolean},
   *   settings: any, stop: () => void, pad: (pad: any) => void, now_ms: () => number}} parts
   */
  constructor(parts) {
    Object.assign(this, parts);
    this._state = initial({ mapping: this.settings.mapping });
    this._battery = null;
    this.view = null;
  }

  start() {
    const told = (target, name, type, more = () => ({})) => target.addEventListener(name, (event) => this.tell(type, more(event)));
    told(window, "blur", "blur");
    told(window, "focus", "focus");
    told(window, "pagehide", "hidden");
    told(document, "freeze", "hidden");
    told(window, "pageshow", "shown");
    told(document, "resume", "shown");
    told(window, "gamepadconnected", "pad_connected", (event) => ({ index: event.gamepad.index }));
    told(window, "gamepaddisconnected", "pad_disconnected", (event) => ({ index: event.gamepad.index }));
    document.addEventListener("visibilitychange", () => this.tell(document.hidden ? "hidden" : "shown"));
    if (!document.hasFocus()) this.tell("blur");
    if (document.hidden) this.tell("hidden");
    navigator.getBattery?.().then((battery) => { this._battery = battery; }, () => {});
    setInterval(() => this.sample(), LOOK_MS);
  }

  /** An event of the browser, or of the page itself. */
  tell(type, more = {}) {
    this._took(step(this._state, { type, now_ms: this.now_ms(), ...more }));
    if (type === "shown") this.reopen?.();
  }

  /** One look at the devices, at most one reading. */
  sample() {
    this._focus(document.hasFocus());
    const pads = Array.from(navigator.getGamepads?.() ?? []).filter(Boolean).map(plain);
    this._took(step(this._state, { type: "sample", now_ms: this.now_ms(), pads, vehicle: vehicleOf(this.store) }));
  }

  /** A part of the browser may take the focus without an event, and give it back without one. */
  _focus(has) {
    if (!has && this._state.focused) {
      this._unsaid = true;
      this.tell("blur");
    } else if (has && this._unsaid) {
      this._unsaid = false;
      this.tell("focus");
    }
  }

  /** @returns {boolean} whether the key steers */
  key(event) {
    if (!STEERING_KEYS.includes(event.code)) return false;
    if (event.type === "keyup") this.tell("keyup", { code: event.code });
    else this.tell("keydown", { code: event.code, repeat: event.repeat });
    return true;
  }

  battery() {
    return this._battery === null ? null : this._battery.level;
  }

  _took({ state, reading, effects, view, pad }) {
    this._state = state;
    if (reading !== null) this._send(reading);
    if (view !== null) {
      this.view = view;
      this.store.set("hands", view);
    }
    for (const effect of effects) {
      if (effect === "stop") this.stop();
      if (effect === "close_drive") this.drive().close();
    }
    if (pad.fresh.length > 0 || pad.pressed.length > 0 || this._padDown) this.pad(pad);
    this._padDown = pad.pressed.length > 0;
  }

  _send(reading) {
    const console_ = {
      video_age_ms: this.picture.age_ms(),
      battery: this.battery(),
      tilt_mrad: null,
      picture: this.picture.visible(),
    };
    this.drive().reading(wire.reading(reading, console_));
  }
}

/** A gamepad as plain values: the browser's object changes under one's hands. */
function plain(pad) {
  return {
    index: pad.index,
    id: pad.id,
    connected: pad.connected,
    mapping: pad.mapping,
    axes: Array.from(pad.axes),
    buttons: Array.from(pad.buttons, (button) => ({ value: button.value })),
  };
}

/** Pointers on the two pads of a touch screen. */
export function touchPads(hold, stick, hands) {
  const where = (event) => {
    const box = stick.getBoundingClientRect();
    const radius = Math.min(box.width, box.height) / 2 - 24;
    return { x: (event.clientX - box.left - box.width / 2) / radius, y: -(event.clientY - box.top - box.height / 2) / radius };
  };
  const off_px = (event) => {
    const box = hold.getBoundingClientRect();
    const beyond = (value, low, high) => Math.max(low - value, value - high, 0);
    return Math.max(beyond(event.clientX, box.left, box.right), beyond(event.clientY, box.top, box.bottom));
  };
  const padOf = (event) => (hold.contains(event.target) ? "hold" : stick.contains(event.target) ? "stick" : null);
  window.addEventListener("pointerdown", (event) => {
    const pad = padOf(event);
    if (pad !== null) event.preventDefault();
    if (pad === null && event.pointerType !== "touch") return;
    hands.tell("pointer_down", { id: event.pointerId, pad, ...where(event) });
  }, { capture: true });
  window.addEventListener("pointermove", (event) => {
    hands.tell("pointer_move", { id: event.pointerId, off_px: off_px(event), ...where(event) });
  });
  for (const [name, type] of [["pointerup", "pointer_up"], ["pointercancel", "pointer_cancel"]]) {
    window.addEventListener(name, (event) => hands.tell(type, { id: event.pointerId }), { capture: true });
  }
  for (const pad of [hold, stick]) pad.addEventListener("contextmenu", (event) => event.preventDefault());
}
