/** Buttons of acts: the next one blue, what waits greyed with its reason in words, key or gamepad button on it. */

import { ACTS } from "./acts_logic.js";
import { make, mark, put, show } from "./dom.js";
import { countdown, led, number, said, t } from "./i18n.js";

const KEYS = { KeyT: "T", KeyM: "M", KeyD: "D", KeyR: "R", KeyK: "K", KeyN: "N", KeyP: "P", KeyA: "A", KeyB: "B", KeyE: "E", KeyJ: "J" };
const PAD = { View: "View", Start: "Start", LB: "LB", A: "A", X: "X", Y: "Y" };

/** Parameters as the language writes them: a stick's reading with its sign, metres, a side, the cause of a reason. */
export function spoken(why) {
  const params = { ...why.params };
  for (const name of ["value", "rpm", "angle"]) {
    if (typeof params[name] === "number") {
      const text = number(params[name], name === "value" ? 2 : 0);
      params[name] = name === "value" && params[name] > 0 ? `+${text}` : text;
    }
  }
  if (typeof params.metres === "number") params.distance = t("unit.m", { value: number(params.metres, params.metres < 10 ? 1 : 0) });
  if (params.side) params.side = t(`side.${params.side}`);
  if (params.rule) params.cause = led(`reason.${params.rule}.cause`).first.replace(/\.$/, "");
  if (typeof params.left_s === "number") params.time = countdown(params.left_s);
  return said(why.key, params);
}

/** How an act is pressed: "M" or, while a gamepad steers, "Start". */
export function keyOf(act, by_pad) {
  const { key, button } = ACTS[act];
  return (by_pad && button ? PAD[button] : KEYS[key]) ?? "";
}

export class ActButtons {
  /** @param {HTMLElement} element @param {any} acts @param {any} store */
  constructor(element, acts, store) {
    Object.assign(this, { element, acts, store });
    this._buttons = new Map();
  }

  /** @param {{act: string, enabled: boolean, next: boolean, why: any}[]} offers @param {Record<string, string>} [more] text after an act's name */
  render(offers, more = {}) {
    const names = offers.map((one) => one.act);
    for (const [name, button] of this._buttons) {
      if (names.includes(name)) continue;
      const focused = button === document.activeElement;
      button.remove();
      if (focused) this.element.closest("section")?.focus({ preventScroll: true }); // never on to another act
      this._buttons.delete(name);
    }
    for (const one of offers) this._put(this._button(one.act), one, more[one.act] ?? "");
    this._sort(names);
  }

  /** Each act has its place, whichever was offered first; what has the focus keeps it. */
  _sort(names) {
    const wanted = names.map((name) => this._buttons.get(name));
    if (wanted.every((button, at) => this.element.children[at] === button) || this.element.contains(document.activeElement)) return;
    this.element.append(...wanted);
  }

  _button(act) {
    if (this._buttons.has(act)) return this._buttons.get(act);
    const button = make("button", { className: "act", type: "button" }, [make("span"), make("kbd"), make("small"), make("i", { "aria-hidden": "true" })]);
    wire(button, act, this.acts);
    this._buttons.set(act, button);
    this.element.append(button);
    return button;
  }

  _put(button, one, more) {
    const [text, key, translated] = button.children;
    const { first, small } = led(`act.${one.act.toLowerCase()}`);
    put(text, first + (more ? ` ${more}` : ""));
    put(translated, small ?? "");
    put(key, keyOf(one.act, String(this.store.value("hands", "source") ?? "").startsWith("pad")));
    show(key, key.textContent !== "");
    mark(button, "next", one.next);
    mark(button, "pending", this.acts.pending?.act === one.act);
    mark(button, "held", this.store.get("held_act") === one.act);
    attribute(button, "aria-disabled", String(!one.enabled));
    attribute(button, "title", one.why ? spoken(one.why) : null);
  }
}

function attribute(element, name, value) {
  if (element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

/** What a button does: one press, or a second of holding. */
export function wire(button, act, acts) {
  if (!ACTS[act].held) {
    button.addEventListener("click", () => acts.press(act));
    return;
  }
  button.addEventListener("pointerdown", (event) => event.isPrimary && event.button === 0 && acts.hold(act, button));
  for (const name of ["pointerup", "pointercancel", "pointerleave", "blur"]) button.addEventListener(name, () => acts.letGo());
  button.addEventListener("keydown", (event) => event.code === "Enter" && !event.repeat && acts.hold(act, button));
  button.addEventListener("keyup", (event) => event.code === "Enter" && acts.letGo());
}
