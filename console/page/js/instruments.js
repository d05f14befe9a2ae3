/** The five instruments: a number, a bar with what is required as a triangle and what limits it hatched. */

import { at, make, mark, put, svg } from "./dom.js";
import { UNKNOWN, number, span, t } from "./i18n.js";

const WIDTH = 170;
const clamped = (value) => Math.max(0, Math.min(1, value));

/** A bar from 0 to `full`; `need` and `limit` may be null. */
class Gauge {
  constructor() {
    this.fill = svg("rect", { class: "fill", x: 0, y: 10, height: 16, width: 0 });
    this.need = svg("path", { class: "need", d: "M-6 2 h12 l-6 8 z M-1 9 h2 v19 h-2 z" });
    this.hatch = svg("path", { class: "hatch" });
    this.limit = svg("g", {}, [svg("path", { class: "limit", d: "M0 6 v24" }), this.hatch]);
    this.element = svg("svg", { class: "gauge", viewBox: `0 0 ${WIDTH} 30`, preserveAspectRatio: "none", "aria-hidden": "true" }, [
      svg("rect", { class: "rest", x: 0, y: 10, width: WIDTH, height: 16 }), this.fill, this.limit, this.need,
    ]);
  }

  put(value, full, need, limit) {
    const shown = `${value} ${full} ${need} ${limit}`;
    if (shown === this.shown) return;
    this.shown = shown;
    this.fill.setAttribute("width", value === null ? 0 : clamped(value / full) * WIDTH);
    this._at(this.need, need, full);
    this._at(this.limit, limit, full);
    if (limit !== null) this.hatch.setAttribute("d", hatched(WIDTH * (1 - clamped(limit / full))));
  }

  _at(element, value, full) {
    element.style.display = value === null ? "none" : "";
    if (value !== null) element.setAttribute("transform", `translate(${clamped(value / full) * WIDTH} 0)`);
  }
}

/** Strokes that fill a field of this width from 10 to 26, and leave it nowhere. */
function hatched(width) {
  let path = "";
  for (let x = -6; x < width; x += 6) {
    const [from, to] = [Math.max(0, x), Math.min(width, x + 8)];
    if (to > from) path += `M${from} ${26 - (from - x) * 2}L${to} ${26 - (to - x) * 2}`;
  }
  return path;
}

/** Cross-track: the middle is the swath, the light field the room on each side. */
class Cross {
  constructor() {
    this.room = svg("rect", { class: "room", y: 8, height: 16 });
    this.tool = svg("path", { class: "need", d: "M0 22 l8 10 h-16 z" });
    this.element = svg("svg", { class: "gauge", viewBox: `0 0 ${WIDTH} 32`, preserveAspectRatio: "none", "aria-hidden": "true" }, [
      svg("rect", { class: "rest", x: 0, y: 8, width: WIDTH, height: 16 }), this.room,
      svg("path", { class: "centre", d: `M${WIDTH / 2 - 1} 3 h2 v26 h-2 z` }), this.tool,
    ]);
  }

  put(cross_m, room_m) {
    const shown = `${cross_m} ${room_m}`;
    if (shown === this.shown) return;
    this.shown = shown;
    const full = 2.5 * (room_m ?? 0.2);
    const half = room_m === null ? 0 : (room_m / full) * (WIDTH / 2);
    this.room.setAttribute("x", WIDTH / 2 - half);
    this.room.setAttribute("width", 2 * half);
    this.tool.style.display = cross_m === null ? "none" : "";
    // left of the swath is positive, and is drawn on the left
    if (cross_m !== null) this.tool.setAttribute("transform", `translate(${WIDTH / 2 - Math.max(-1, Math.min(1, cross_m / full)) * (WIDTH / 2)} 0)`);
  }
}

/** The machine from behind and from its side, tilted as it is. */
class Tilt {
  constructor() {
    this.roll = svg("g", {}, [svg("rect", { x: -26, y: -7, width: 52, height: 13 }), svg("rect", { class: "solid", x: -24, y: 8, width: 12, height: 7 }), svg("rect", { class: "solid", x: 12, y: 8, width: 12, height: 7 })]);
    this.pitch = svg("g", {}, [svg("rect", { x: -26, y: -7, width: 52, height: 10 }), svg("rect", { class: "solid", x: -26, y: 6, width: 52, height: 8 }), svg("rect", { class: "solid", x: 30, y: -3, width: 6, height: 10 })]);
    this.element = svg("svg", { class: "tilt", viewBox: "0 0 170 32", "aria-hidden": "true" }, [
      svg("g", { transform: "translate(45 14)" }, [this.roll]), svg("g", { transform: "translate(122 14)" }, [this.pitch]),
    ]);
  }

  put(roll_deg, pitch_deg) {
    const shown = `${roll_deg} ${pitch_deg}`;
    if (shown === this.shown) return;
    this.shown = shown;
    // a machine drawn level says that it is level
    this.roll.style.display = roll_deg === null ? "none" : "";
    this.pitch.style.display = pitch_deg === null ? "none" : "";
    this.roll.setAttribute("transform", `rotate(${roll_deg ?? 0})`);
    this.pitch.setAttribute("transform", `rotate(${-(pitch_deg ?? 0)})`);
  }
}

class Instrument {
  constructor(key, figure) {
    this.figure = figure;
    this.label = make("span", { className: "label", text: t(key) });
    this.value = make("output", { className: "value", "aria-live": "off" }); // read when asked for, not ten times a second
    this.number = make("span");
    this.unit = make("small");
    this.extra = make("small", { className: "extra" });
    this.value.append(this.number, this.unit, this.extra);
    this.detail = make("span", { className: "detail" });
    this.foot = make("span", { className: "foot" });
    this.element = make("div", { className: "instrument", role: "group", "aria-label": t(key) }, [this.label, this.value, this.detail, figure.element, this.foot]);
  }

  put(value, unit, detail, foot, amber = false, amber_foot = false, extra = "") {
    put(this.extra, extra);
    put(this.number, value);
    put(this.unit, unit);
    put(this.detail, detail);
    put(this.foot, foot);
    mark(this.detail, "amber", amber);
    mark(this.foot, "amber", amber_foot);
  }
}

const cm = (metres, decimals = 0) => number(metres === null ? null : metres * 100, decimals);
const rounded = (value) => (value === null ? null : Math.max(value * 1.25, 1));

export class Instruments {
  /** @param {HTMLElement} element @param {import("./store.js").Store} store */
  constructor(element, store) {
    this.store = store;
    this.rotor = new Instrument("inst.rotor", new Gauge());
    this.depth = new Instrument("inst.depth", new Gauge());
    this.speed = new Instrument("inst.speed", new Gauge());
    this.cross = new Instrument("inst.cross", new Cross());
    this.tilt = new Instrument("inst.tilt", new Tilt());
    this.all = [this.rotor, this.depth, this.speed, this.cross, this.tilt];
    this.made_of = [[this.rotor, "tool", "checks"], [this.depth, "tool", "checks"], [this.speed, "pose", "limits"], [this.cross, "mission", "near"], [this.tilt, "pose"]];
    this.warnings = make("ul", { className: "warnings" });
    element.append(this.warnings, ...this.all.map((one) => one.element));
    element.setAttribute("aria-label", t("region.instruments"));
  }

  render() {
    const read = (section, name) => this.store.shown(section, name);
    const old = this.store.old();
    for (const [one, ...made_of] of this.made_of) one.element.classList.toggle("old", old || made_of.some((section) => this.store.late(section)));
    this._rotor(read("tool", "rotor_rpm"), read("tool", "rotor_required_rpm"), read);
    this._depth(read);
    this._speed(read);
    this._cross(read);
    this._tilt(read);
  }

  _rotor(rpm, need, read) {
    this.rotor.figure.put(rpm, rounded(Math.max(need ?? 0, rpm ?? 0, 400)), need, null);
    const [detail, due] = checked(read("checks", "hammers_age_s"), "hammers", read("checks", "due"), "inst.hammers");
    this.rotor.put(number(rpm), t("unit.rpm"), detail, t("inst.needs_rpm", { value: number(need) }), due);
  }

  _depth(read) {
    const [depth, need, sigma, height] = ["depth_m", "depth_required_m", "depth_sigma_m", "height_m"].map((name) => read("tool", name));
    this.depth.figure.put(depth !== null && depth > 0 ? depth : null, Math.max(0.3, 1.25 * (need ?? 0)), need, null);
    const [detail, due] = checked(read("checks", "depth_age_s"), "depth", read("checks", "due"), "inst.depth_check");
    const above = depth === null || depth <= 0 ? height : null;
    const foot = t("inst.needs_cm", { value: cm(need) });
    this.depth.put(
      cm(above === null ? depth : null), sigma === null || depth === null || above !== null ? "cm" : t("inst.plus_minus", { value: cm(sigma) }),
      above === null || due ? detail : t("inst.height", { value: cm(above) }), foot, due,
    );
  }

  _speed(read) {
    const [speed, cap, why] = [read("pose", "speed_mps"), read("limits", "speed_cap_mps"), read("limits", "cap_reason")];
    const size = speed === null ? null : Math.abs(speed);
    this.speed.figure.put(size, Math.max(0.3, 1.08 * (cap ?? 0), size ?? 0), null, cap);
    const words = why === null ? "" : this._reason(why);
    const foot = cap === null ? t("inst.limit_unknown") : t("inst.limit", { value: number(cap, 2) });
    this.speed.put(number(speed, 2), t("unit.mps"), words, foot, words !== "");
  }

  _reason(why) {
    const row = (this.store.get("reasons") ?? []).find((one) => one.code === why || one.name === why);
    return row ? t(`reason.${row.name}.cause`).split(":")[0] : String(why);
  }

  _cross(read) {
    const [cross, room] = [read("mission", "cross_m"), read("mission", "room_m")];
    this.cross.figure.put(cross, room);
    const side = cross === null || Math.abs(cross) < 0.005 ? "" : t(cross > 0 ? "inst.left" : "inst.right");
    const near = nearby(read);
    const extra = room === null ? "" : t("inst.off", { room: cm(room) });
    this.cross.put(cross === null ? UNKNOWN : cm(Math.abs(cross)), cross === null ? "" : `cm ${side}`, near.beside, near.keep_out, false, near.amber, extra);
  }

  _tilt(read) {
    const [roll, pitch] = [read("pose", "roll_deg"), read("pose", "pitch_deg")];
    const [roll_limit, pitch_limit] = [read("limits", "roll_deg"), read("limits", "pitch_deg")];
    this.tilt.figure.put(roll, pitch);
    const beyond = (value, limit) => value !== null && limit !== null && Math.abs(value) > 0.8 * limit;
    const degrees = (value) => `${number(value === null ? null : Math.abs(value))}°`;
    const words = [
      roll === null || Math.abs(roll) < 0.5 ? null : t(roll > 0 ? "tilt.right" : "tilt.left"),
      pitch === null || Math.abs(pitch) < 0.5 ? null : t(pitch > 0 ? "tilt.up" : "tilt.down"),
    ].filter(Boolean).join(" · ");
    const amber = beyond(roll, roll_limit) || beyond(pitch, pitch_limit);
    this.tilt.put(`${degrees(roll)} · ${degrees(pitch)}`, "", words, t("inst.tilt_limit", { roll: number(roll_limit), pitch: number(pitch_limit) }), amber);
  }
}

/** An age in one unit. */
const ago = (age_s) => (age_s < 5400 ? span(age_s) : t("unit.h", { value: number(age_s / 3600, 1) }));

/** Words for the age of a check, and whether it is due. */
function checked(age_s, name, due, key) {
  const is_due = Array.isArray(due) && due.some((one) => String(one).includes(name));
  const text = age_s === null ? t(`${key}_unknown`) : t(key, { age: ago(age_s) });
  return [is_due ? t(`inst.due.${name}`) : text, is_due];
}

/** The nearest keep-out, and unproven ground beside each track. */
function nearby(read) {
  const [keep_out, side] = [read("near", "keep_out_m"), read("near", "keep_out_side")];
  const [left, right] = [read("near", "left_unproven_m"), read("near", "right_unproven_m")];
  return {
    keep_out: keep_out === null ? t("inst.keep_out_unknown") : t("inst.keep_out", { value: number(keep_out, 1), side: side ? t(`side.${side}`) : "" }),
    beside: beside(left, right),
    amber: keep_out !== null && keep_out < 1,
  };
}

const NEAR_M = 2;

/** How far from each track the ground is not proven. */
function beside(left, right) {
  if (left === null && right === null) return t("inst.tracks_unknown");
  if (left === 0 && right === 0) return t("inst.unproven_both");
  if (left === 0 || right === 0) return t(left === 0 ? "inst.unproven_left" : "inst.unproven_right");
  if ((left ?? 0) >= NEAR_M && (right ?? 0) >= NEAR_M) return t("inst.proven_far", { value: number(NEAR_M) });
  const words = (value) => (value === null ? UNKNOWN : value >= NEAR_M ? t("inst.at_least", { value: number(NEAR_M) }) : number(value, 1));
  return t("inst.unproven_at", { left: words(left), right: words(right) });
}

/** @param {string} id */
export const mounted = (id, store) => new Instruments(at(id), store);
