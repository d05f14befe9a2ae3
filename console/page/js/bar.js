/** The top bar: mode, link, picture, position, view; on wide screens battery, rest and clock. */

import { at, make, mark, put, show } from "./dom.js";
import { STOPS, modeKey, stateOf } from "./facts.js";
import { UNKNOWN, clock, currentLanguage, number, span, t } from "./i18n.js";

const PICTURE_LATE_MS = 300;
const AMBER_MODES = ["RECOVERY", "WAIT"];
const TEMPERATURE_HIGH_C = 105;
const HOUR_S = 3600;
const CHOICE_SHOWN_MS = 6000;
export const VIEWS = ["drive", "mission", "plan", "record", "setup"];

/** What the mode cell says: {label, text, tone}. */
export function modeCell(store) {
  const vehicle = store.get("vehicle");
  const name = vehicleName(store);
  const state = stateOf(store);
  if (store.server_gone) return { label: was(store, name), text: t("mode.no_server"), tone: "red" };
  if (state === "searching") return { label: name, text: t("mode.searching", { address: store.value("link", "address") ?? UNKNOWN }), tone: "" };
  if (state === "lost") return { label: was(store, name), text: t("mode.no_link"), tone: "red" };
  const driving = vehicle.mode === "MANUAL" && store.value("hands", "hold") === true;
  const tone = STOPS.includes(vehicle.mode) ? "red" : AMBER_MODES.includes(vehicle.mode) ? "amber" : "";
  return { label: holder(store, name, vehicle), text: t(driving ? "mode.MANUAL.driving" : modeKey(store)), tone };
}

function vehicleName(store) {
  const server = store.get("server");
  const found = server?.vehicles?.find((one) => one.id === server.vehicle);
  return found?.name ?? server?.vehicle ?? t("mode.none");
}

const was = (store, vehicle) => {
  const mode = store.value("vehicle", "mode");
  return mode === null ? vehicle : t("mode.was", { vehicle, mode: t(`mode.${mode}`).toLocaleLowerCase(currentLanguage()) });
};

function holder(store, name, vehicle) {
  if (store.value("server", "steering") === "other") return t("mode.other_window", { vehicle: name });
  const person = store.get("day")?.driving?.name ?? null; // as the vehicle's record names who has control
  if (vehicle.mine) return person === null ? name : t("mode.driven_by", { vehicle: name, who: person });
  const station = vehicle.holder_name ?? vehicle.holder;
  const who = person === null || station === null || station === undefined ? station : t("mode.who_at", { who: person, station });
  return who === null || who === undefined ? t("mode.watching_free", { vehicle: name }) : t("mode.watching", { vehicle: name, holder: who });
}

class Cell {
  constructor(key, className = "", tag = "div") {
    this.label = make("span", { className: "label", text: t(key) });
    this.value = make("b", { className: "value" });
    this.element = make(tag, { className: `cell ${className}` }, [this.label, this.value]);
  }

  put(text, amber = false, old = false) {
    put(this.value, text);
    mark(this.element, "amber", amber);
    mark(this.value, "old", old && !amber);
  }
}

export class Bar {
  /** @param {{store: any, picture: any, hands: any, rest: any, turn: (view: string) => void, view: () => string}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    this.mode = at("mode");
    this.cells = {
      link: new Cell("bar.link"),
      picture: new Cell("bar.picture"),
      position: new Cell("bar.position"),
      view: new Cell("bar.view", "view", "button"),
      engine: new Cell("bar.engine", "engine"),
      fuel: new Cell("bar.fuel", "wide-only"),
      base: new Cell("bar.base", "wide-only"),
      battery: new Cell("bar.battery", "wide-only"),
      rest: new Cell("bar.rest", "wide-only"),
      clock: new Cell("bar.clock", "wide-only"),
    };
    this.cells.view.label.append(" ", make("kbd", { className: "view-keys", text: "1–5" }));
    this.base = make("span", { className: "base" });
    this.cells.position.label.append(this.base);
    at("cells").append(this._views(), ...Object.values(this.cells).map((cell) => cell.element));
  }

  /** The choice of a view, for fingers and mouse: for a moment in the place of cells, so that it covers nothing. */
  _views() {
    const buttons = VIEWS.map((name, n) => {
      const button = make("button", { type: "button", "data-view": name }, [make("span", { text: t(`view.${name}`) }), make("kbd", { text: String(n + 1) })]);
      button.addEventListener("click", () => { this.closeViews(); this.turn(name); });
      return button;
    });
    this.views = make("nav", { id: "views", "aria-label": t("bar.view"), hidden: "" }, buttons);
    this.views.addEventListener("keydown", ({ code }) => {
      if (code === "Escape") this.closeViews();
      else this.opened_ms = this.store.now_ms(); // whoever goes through it by the keyboard is not done yet
    });
    const opener = this.cells.view.element;
    for (const [name, value] of [["type", "button"], ["aria-expanded", "false"], ["aria-controls", "views"]]) opener.setAttribute(name, value);
    opener.addEventListener("click", () => (this.views.hidden ? this.openViews() : this.closeViews()));
    return this.views;
  }

  openViews() {
    this.opened_ms = this.store.now_ms();
    this._showViews(true);
    for (const button of this.views.children) button.setAttribute("aria-current", button.dataset.view === this.view() ? "page" : "false");
  }

  closeViews() { this._showViews(false); }

  _showViews(on) {
    const focused = this.views.contains(document.activeElement);
    show(this.views, on);
    mark(at("cells"), "choosing", on);
    this.cells.view.element.setAttribute("aria-expanded", String(on));
    if (focused && !on) this.cells.view.element.focus();
  }

  render() {
    if (!this.views.hidden && this.store.now_ms() - this.opened_ms > CHOICE_SHOWN_MS) this.closeViews();
    const { label, text, tone } = modeCell(this.store);
    put(this.mode.querySelector(".label"), label);
    if (this.mode.title !== label) this.mode.title = label;
    put(this.mode.querySelector(".value"), text);
    for (const name of ["red", "amber"]) mark(this.mode, name, tone === name);
    this._link();
    this._picture();
    this._position();
    this._engine();
    this._rest();
    this.cells.view.put(t(`view.${this.view()}`));
    const server = this.store.get("server");
    show(at("simulation"), server?.simulation === true);
    if (server?.simulation) put(at("simulation"), server.speed && server.speed !== 1 ? t("simulation.speed", { speed: number(server.speed, server.speed < 1 ? 2 : server.speed % 1 ? 1 : 0) }) : t("simulation"));
  }

  _link() {
    const age_ms = this.store.age_ms();
    const old = this.store.old();
    if (age_ms === null) return this.cells.link.put(t("link.searching"));
    const word = old ? "lost" : (this.store.value("link", "quality") ?? "slow");
    this.cells.link.put(t("link.age", { word: t(`link.${word}`), age: number(age_ms / 1000, age_ms < 10_000 ? 1 : 0) }), word !== "good");
  }

  _picture() {
    const age_ms = this.picture.age_ms();
    if (age_ms === null) {
      const sight = this.store.value("server", "by_sight") === true;
      return this.cells.picture.put(t(this.picture.hidden() ? "picture.hidden" : sight ? "picture.by_sight" : "picture.none"));
    }
    this.cells.picture.put(t("unit.s", { value: number(age_ms / 1000, age_ms < 10_000 ? 2 : 0) }), age_ms >= PICTURE_LATE_MS);
  }

  _position() {
    const [fix, sigma] = [this.store.shown("gnss", "fix"), this.store.shown("pose", "sigma_m")];
    const age_ms = this.store.age_ms();
    if (this.store.old() && age_ms !== null && (fix !== null || sigma !== null)) {
      return this.cells.position.put(t("position.old", { age: number(age_ms / 1000, 1) }), true);
    }
    if (fix === null && sigma === null) return this.cells.position.put(t("position.unknown"));
    const word = fix === null ? UNKNOWN : t(`fix.${fix}`);
    this.cells.position.put(t("position.sigma", { fix: word, sigma: number(sigma === null ? null : sigma * 100) }), fix !== null && fix !== "rtk_fixed", this.store.late("pose") || this.store.late("gnss"));
  }

  _engine() {
    const [oil, water, fuel, left, parking] = ["oil_c", "coolant_c", "fuel_ratio", "fuel_min", "parking_min"].map((name) => this.store.shown("engine", name));
    const [low, old] = [this.store.shown("engine", "fuel_low") === true, this.store.old() || this.store.late("engine")];
    const degrees = (value) => (value === null ? UNKNOWN : `${number(value)}°`);
    const text = `${degrees(oil)} · ${degrees(water)} · ${fuel === null ? UNKNOWN : `${number(fuel * 100)} %`}`;
    this.cells.engine.put(text, low || (oil ?? 0) > TEMPERATURE_HIGH_C || (water ?? 0) > TEMPERATURE_HIGH_C, old);
    const minutes = (value) => (value === null ? UNKNOWN : span(60 * value));
    this.cells.fuel.put(t("bar.fuel_left", { left: minutes(left), parking: minutes(parking) }), low, old);
  }

  /** The last check of the base: a cell of its own where there is room, else beside the position that rests on it. */
  _base() {
    const base_s = this.store.shown("checks", "base_age_s"), due = this.store.shown("checks", "due");
    const is_due = Array.isArray(due) && due.some((one) => String(one).includes("base"));
    this.cells.base.put(base_s === null ? UNKNOWN : span(base_s), is_due, this.store.old() || this.store.late("checks"));
    const age = base_s === null ? UNKNOWN : base_s < HOUR_S ? span(base_s) : t("unit.h", { value: number(base_s / HOUR_S, 1) });
    put(this.base, ` · ${t("bar.base_short", { age })}`);
    mark(this.base, "amber", is_due);
  }

  _rest() {
    this._base();
    const battery = this.hands.battery();
    this.cells.battery.put(battery === null ? UNKNOWN : `${number(battery * 100)} %`, battery !== null && battery < 0.2);
    const left_s = this.rest.left_s();
    this.cells.rest.put(left_s === null ? UNKNOWN : left_s > 0 ? span(left_s) : t("bar.rest_now"));
    mark(this.cells.rest.element, "blue", this.rest.due());
    this.cells.clock.put(clock(new Date()));
  }
}
