/** Keys of the whole window, before anything else sees them: STOP first, then hands, views, acts. */

import { armed } from "./facts.js";
import { STEERING_KEYS } from "./hands_logic.js";
import { at } from "./dom.js";

const DIGITS = { Digit1: "drive", Digit2: "mission", Digit3: "plan", Digit4: "record", Digit5: "setup" };
/** While one of these is down, macOS tells of no other key's release. */
const SILENCING = ["MetaLeft", "MetaRight", "OSLeft", "OSRight"];
/** What takes the keyboard for itself once it is open. */
const CHOICES = "select, input[type=file], input[type=date], input[type=color]";
const TYPING = "input[type=text], input:not([type]), input[type=number], input[type=search], textarea, [contenteditable]";

/** Someone writes: only while nothing is armed; armed, text fields are locked and every key is the console's. */
export function typing(target, is_armed) {
  return !is_armed && target instanceof Element && target.matches(TYPING) && !target.readOnly && !target.disabled;
}

export class Keys {
  /** @param {{acts: any, ring: any, hands: any, store: any, turn: (view: string) => void, page: any}} parts */
  constructor(parts) {
    Object.assign(this, parts);
  }

  start() {
    window.addEventListener("keydown", (event) => this.down(event), { capture: true });
    window.addEventListener("keyup", (event) => this.up(event), { capture: true });
    const stop = at("stop");
    stop.addEventListener("pointerdown", () => this.acts.stop());
    stop.addEventListener("click", (event) => event.detail === 0 && this.acts.stop());
    const off = at("engine-off");
    off.addEventListener("pointerdown", () => this.acts.engineOff());
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) off.addEventListener(name, () => this.acts.engineOffReleased());
    for (const name of ["pointerdown", "wheel"]) {
      window.addEventListener(name, (event) => event.isTrusted && handled(event) && this.acts.attend(), { capture: true, passive: true });
    }
    window.addEventListener("contextmenu", (event) => this._menu(event), { capture: true });
    window.addEventListener("dragstart", (event) => event.preventDefault(), { capture: true });
    for (const name of ["focusin", "pointerdown"]) window.addEventListener(name, (event) => isChoice(event.target) && this._keysLost(), { capture: true });
    for (const [target, name] of [[window, "blur"], [window, "pagehide"], [document, "visibilitychange"], [document, "freeze"]]) {
      target.addEventListener(name, () => this._letGo());
    }
  }

  /** Whoever looked away begins anew: nothing is held, and the card of START is closed. */
  _letGo() {
    this.acts.closeStart();
    this.acts.engineOffReleased();
    this.acts.letGo();
  }

  /** From now on a release may not be told: what is held by a key counts as let go. */
  _keysLost() {
    this.hands.tell("keys_lost");
    this.acts.engineOffReleased();
    this.acts.letGo();
  }

  /** A menu of the browser takes the keyboard; while the machine is armed none opens. A finger that stays asks for one too. */
  _menu(event) {
    if (armed(this.store)) event.preventDefault();
    else if (event.pointerType !== "touch") this._keysLost();
  }

  down(event) {
    if (SILENCING.includes(event.code)) this._keysLost();
    if (typing(event.target, armed(this.store))) {
      if (event.code === "Escape") event.target.blur();
      return;
    }
    if (event.code === "Space") {
      take(event);
      if (!event.repeat) this.acts.stop();
      return;
    }
    if (event.code === "Delete") {
      take(event);
      if (!event.repeat) this.acts.engineOff();
      return;
    }
    if (event.code === "Enter" && document.activeElement === at("engine-off")) {
      take(event);
      if (!event.repeat) this.acts.engineOff();
      return;
    }
    if (event.code === "Enter" && event.repeat) return take(event);
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    this._plain(event);
  }

  _plain(event) {
    // letters choose in a list that has the focus, arrows on a slider, among choices and in what scrolls; armed, every key is the console's
    if ((isChoice(event.target) || chooses(event)) && !armed(this.store)) return;
    const view = this.page.others[this.page.view];
    if (view?.key && !armed(this.store) && view.key(event)) return take(event);
    if (STEERING_KEYS.includes(event.code)) {
      take(event);
      this.hands.key(event);
      return;
    }
    if (event.repeat) return;
    if (this._looks(event.code)) this.acts.attend();
    else if (event.code === "Escape") this.acts.closeStart();
    else if (event.code === "KeyG" && this.acts.start_open) this.ring.tell();
    else if (this.acts.key(event.code)) event.preventDefault();
  }

  /** A key that shows something else, or the same otherwise: whoever presses it is there. @returns {boolean} whether it is one */
  _looks(code) {
    if (code in DIGITS) this.turn(DIGITS[code]);
    else if (code === "KeyI") this.page.summary();
    else if (code === "KeyO") this.page.map?.toggle?.();
    else if (code === "KeyL") this.page.picture.nextCamera?.();
    else return false;
    return true;
  }

  up(event) {
    if (event.code === "Space" && !typing(event.target, armed(this.store))) take(event);
    if (event.code === "Delete" || event.code === "Enter") this.acts.engineOffReleased();
    this.acts.keyUp(event.code);
    this.hands.key(event);
  }
}

function take(event) {
  event.preventDefault();
  event.stopPropagation();
}

const isChoice = (target) => target instanceof Element && target.matches(CHOICES);

/** A finger, mouse or wheel on what shows the work; a button of an act says by itself that somebody is there. */
const handled = ({ target }) => target instanceof Element && target.closest("#map, #picture, button") !== null && target.closest(".acts, #stop, #engine-off") === null;

const MOVES = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "PageUp", "PageDown", "Home", "End"];
const chooses = (event) => MOVES.includes(event.code) && event.target instanceof Element && event.target.matches("input[type=radio], input[type=range], #why, #legend");
