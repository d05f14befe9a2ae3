/**
 * The panel "Checks" of the Record view: what is due, and a form for each measurement of a shift. The server judges what
 * was typed, by the rules of the command line; the vehicle answers what it records and what it refuses.
 */

import { make, mark, put, show } from "../dom.js";
import { armed } from "../facts.js";
import { clock, number, span } from "../i18n.js";
import { placeNow, siteNow } from "../marks.js";
import { toDegrees } from "../plan/drawing.js";
import { panel } from "../plan/parts.js";
import { GROUPS, POINTS, dueOf, markAt, meanOf, measuredAt, numberOf, placeText } from "./checks_logic.js";
import { Line, OneOf, Points, button } from "./checks_form.js";
import { SiteMarks } from "./site_marks.js";

const WHERE = ["arm", "strip", "behind"];

/** A group's form: `kinds` are its measurements, one button each; what was typed stays until the vehicle recorded it. */
class Form {
  constructor(host, group) {
    Object.assign(this, { host, group, t: host.t, typed_ms: null, sending: false, of: null });
    const { t } = this, changed = () => this.typed();
    this.who = new Line(t("checks.who"), { maxlength: "20" });
    this.when = new Line(t("checks.when"), { placeholder: t("checks.when_now"), changed: () => this.render() });
    this.fields = this.measured(changed);
    this.send = new Map(GROUPS[group].kinds.map((kind) => [kind, button(t(`checks.send.${kind}`), () => this.tell(kind))]));
    this.asks = make("p", { className: "problem", lang: "en" });
    this.meant = button(t("checks.meant"), () => this.tell("hammers", true));
    this.not_meant = button(t("checks.not_meant"), () => this.ask(""));
    this.question = make("div", { role: "alert", hidden: "" }, [this.asks, make("div", { className: "buttons" }, [this.meant, this.not_meant])]);
    this.told = make("p", { role: "status" });
    this.locked = make("p", { className: "soft" });
    this.state = make("span", { className: "due" });
    this.age = make("span", { className: "soft" });
    this.why = make("p", {});
    this.element = make("details", { name: "checks" }, [
      make("summary", {}, [make("b", { text: t(`checks.${group}`) }), this.state, this.age]),
      this.why, make("p", { className: "soft", text: t(`checks.how.${group}`) }),
      ...Object.values(this.fields).map(({ element }) => element),
      ...(this.timed ? [this.when.element] : []), this.who.element,
      make("div", { className: "buttons" }, [...this.send.values()]), this.question, this.locked, this.told,
    ]);
    this.element.addEventListener("toggle", () => this.element.open && this.opened());
    for (const name of ["input", "change"]) this.element.addEventListener(name, () => this.written());
  }

  /** The vehicle measures its own place and heading itself, while it stands there: there is no other time than now. */
  get timed() { return this.group !== "machine" && this.group !== "mark"; }

  measured(changed) {
    const { t } = this;
    const metres = (name) => new Line(t(`checks.field.${name}`), { inputmode: "decimal", changed });
    const off = () => ({ value: metres("off"), height: metres("height"), sigma: metres("sigma") });
    if (this.group === "base") return { text: new Line(t("checks.field.point"), { changed, maxlength: "50" }), ...off() };
    if (this.group === "mark") return { text: new Line(t("checks.field.mark"), { changed, maxlength: "42" }), place: this.placedByMark(), ...off() };
    if (this.group === "hammers") return { value: new Line(t("checks.field.there"), { inputmode: "numeric", changed }), missing: new Line(t("checks.field.missing"), { changed }) };
    if (this.group === "machine") return {};
    const place = new Line(t("checks.field.place"), { changed: () => this.host.placed() }), here = button(t("checks.here"), () => this.here());
    place.element.append(make("div", { className: "buttons" }, [this.pickButton(), here]));
    return {
      points: new Points(t("checks.field.points"), POINTS, (n) => t("checks.field.reading", { n }), changed),
      where: new OneOf(t("checks.field.where"), WHERE.map((one) => [one, t(`checks.where.${one}`)])), place,
    };
  }

  pickButton() {
    this.pick = button(this.t("checks.pick"), () => this.host.pick(this));
    this.pick.setAttribute("aria-pressed", "false");
    return this.pick;
  }

  /** The place of a mark is typed, or that of a mark of the site; never where the machine believes to be. */
  placedByMark() {
    const place = new Line(this.t("checks.field.mark_place"), { changed: () => this.host.placed() });
    this.marks = new SiteMarks(this.t, (one) => this.on(one));
    place.element.append(this.marks.element, make("div", { className: "buttons" }, [this.pickButton()]));
    return place;
  }

  on(one) {
    if (armed(this.host.store)) return;
    this.fields.text.text = one.name;
    this.fields.text.say("");
    this.at(one.place);
  }

  /** Somebody pointed at the map: at any place for a depth, at a mark of the site for a mark. */
  pointed(east_north, datum) {
    if (!this.marks) return this.at(toDegrees(east_north, datum));
    const one = markAt(this.marks.marks, east_north);
    return one === null ? this.fields.place.say(this.t("checks.no_mark_there")) : this.on(one);
  }

  opened() {
    if (this.who.text === "") this.who.text = this.host.name;
    if (this.group === "hammers") this.host.hammers().then((text) => this.fields.value.says(text), () => {});
  }

  /** Whoever types a figure has measured it: the time of the first one counts, and begins anew with an empty form. */
  typed() {
    this.ask("");
    put(this.told, "");
    const empty = this.figures().every((text) => text.trim() === "");
    this.typed_ms = empty ? null : (this.typed_ms ?? this.host.now_ms());
    this.render();
  }

  /** What stands in a form is of the vehicle that was steered when somebody began to write it, until the form is empty. */
  written() {
    const said = Object.values(this.fields).flatMap((field) => field.texts ?? [field.text ?? field.value ?? ""]);
    this.of = said.every((text) => text.trim() === "") ? null : (this.of ?? this.host.vehicle);
    this.render();
  }

  /** Of another vehicle than the one that is steered now: it is kept, and goes nowhere. */
  get strange() { return this.of !== null && this.of !== this.host.vehicle; }

  figures() {
    const { points, value, height, sigma, missing } = this.fields;
    return [...(points?.texts ?? []), ...[value, height, sigma, missing].filter(Boolean).map(({ text }) => text)];
  }

  at(place) {
    this.fields.place.text = placeText(place);
    this.fields.place.say("");
    this.written();
    this.host.placed();
  }

  here() {
    const place = placeNow(this.host.store);
    if (place === null) return this.fields.place.say(this.t("checks.no_here"));
    this.at(toDegrees([place.e, place.north], place.datum));
  }

  body(kind, meant) {
    const { points, where, place, value, height, sigma, missing, text } = this.fields;
    const written = { value, height, sigma, missing, text, place };
    const typed = Object.fromEntries(Object.entries(written).filter(([, field]) => field).map(([name, field]) => [name, field.text]));
    return {
      kind, ...typed, who: this.who.text, ...(points ? { points: points.texts, where: where.value } : {}), ...(meant ? { meant } : {}),
    };
  }

  ask(text) {
    put(this.asks, text);
    show(this.question, text !== "");
  }

  /** Nothing is sent while a field is wrong; what the server refuses stands at the field that it names. */
  async tell(kind, meant = false) {
    if (this.sending || this.strange || armed(this.host.store)) return;
    const now_ms = this.host.now_ms(), back = this.timed ? this.when.text : "";
    const measured_ms = measuredAt({ back, typed_ms: this.timed ? this.typed_ms : this.pressed_ms ?? null }, now_ms);
    if (measured_ms === null) return this.when.say(this.t("checks.why.no_time"));
    if (!this.timed) this.pressed_ms = measured_ms;
    this.sending = true;
    this.ask("");
    this.say(this.t("checks.sending"), false);
    try {
      this.answered(kind, await this.host.measure({ ...this.body(kind, meant), measured_ms }), measured_ms);
    } catch (error) {
      this.failed(error);
    } finally {
      this.sending = false;
      this.render();
    }
  }

  answered(kind, told, measured_ms) {
    if (told.asks) {
      this.say("", false);
      this.ask(told.asks);
      this.not_meant.focus();
      return;
    }
    this.pressed_ms = null;
    const { t } = this;
    if (!told.recorded) return this.say(t("checks.refused", { why: told.text }), true);
    const what = t(`checks.what.${kind}`, { value: number(told.value, kind === "hammers" ? 0 : 3), sigma: number(told.sigma, 3) });
    this.host.name = this.who.text;
    this.clear();
    this.say(t(this.timed ? "checks.recorded" : "checks.recorded_now", { what, time: clock(new Date(measured_ms)) }), false);
  }

  failed(error) {
    const { field, why, words } = error.body ?? {}, { t } = this;
    const { points, missing } = this.fields, here = { value: points, text: missing, ...this.fields, who: this.who, when: this.when };
    const place = here[field];
    if (field) this.pressed_ms = null; // nothing was sent: the next press is another moment
    if (!place) return this.say(why && why !== "impossible" ? t(`checks.why.${why}`) : error.message, true);
    this.say("", false);
    place.say(why === "impossible" ? words : t(`checks.why.${why}`));
  }

  say(text, problem) {
    put(this.told, text);
    mark(this.told, "problem", problem);
    if (text !== "") this.told.scrollIntoView({ block: "nearest" });
  }

  clear() {
    for (const field of Object.values(this.fields)) field.clear();
    this.when.clear();
    this.typed_ms = this.of = null;
    this.host.placed();
  }

  render() {
    const { t } = this, { store } = this.host;
    const due = dueOf(this.group, store.value("checks", "due"));
    put(this.state, due === null ? t("checks.unknown") : due.length ? t("checks.is_due") : "");
    mark(this.state, "amber", due !== null && due.length > 0);
    const age = GROUPS[this.group].age, age_s = age === null ? null : store.value("checks", age);
    put(this.age, age === null || due === null ? "" : age_s === null ? t("checks.never") : t("checks.ago", { time: span(age_s) }));
    put(this.why, due === null ? "" : due.length ? due.map((name) => t(`checks.due.${name}`)).join(" ") : t("checks.not_due"));
    this.echo();
    const locked = armed(store);
    this.marks?.render(siteNow(store));
    this.marks?.lock(locked);
    for (const field of [...Object.values(this.fields), this.who, this.when]) field.lock(locked);
    for (const one of [...this.send.values(), this.meant]) one.setAttribute("aria-disabled", String(locked || this.strange || this.sending));
    put(this.locked, locked ? t("checks.locked") : this.strange ? t("checks.other_vehicle", { name: this.host.named(this.of) }) : "");
    mark(this.locked, "problem", !locked && this.strange);
  }

  /** What was typed, said back in centimetres, and when it counts as measured. */
  echo() {
    const { t } = this, { points, value, height, sigma } = this.fields;
    const said = (text) => (numberOf(text) === null ? "" : t("checks.echo", { cm: number(numberOf(text) * 100, 1) }));
    if (height) for (const field of [value, height, sigma]) field.says(said(field.text));
    if (points) {
      const mean = meanOf(points.texts);
      points.says(mean === null ? "" : t("checks.mean", { value: number(mean, 3), cm: number(mean * 100, 1) }));
    }
    if (!this.timed) return;
    const now_ms = this.host.now_ms(), at_ms = measuredAt({ back: this.when.text, typed_ms: this.typed_ms }, now_ms);
    const ago_s = at_ms === null ? 0 : (now_ms - at_ms) / 1000;
    this.when.says(at_ms === null ? "" : t(ago_s < 60 ? "checks.counts_now" : "checks.counts", { time: clock(new Date(at_ms)), ago: span(ago_s) }));
  }
}

export class Checks {
  /** @param {{store: any, t: any, server: any, observations: any, map: any, now_ms?: () => number}} parts */
  constructor({ store, t, server, observations, map, now_ms = () => Date.now() }) {
    Object.assign(this, { store, t, server, observations, map, now_ms, name: "", picking: null });
    this.summary = make("p", { className: "checks-due" });
    this.forms = Object.keys(GROUPS).map((group) => new Form(this, group));
    this.element = panel(t("checks.title"), [this.summary, make("p", { className: "soft", text: t("checks.proves") }), ...this.forms.map(({ element }) => element)]);
  }

  measure(body) { return this.observations.measure(body); }

  get vehicle() { return this.store.value("server", "vehicle"); }
  named(vehicle) { return (this.store.value("server", "vehicles") ?? []).find(({ id }) => id === vehicle)?.name ?? vehicle; }

  async hammers() {
    const { count, tracks } = await this.server.get("/api/hammers");
    return count === null ? this.t("checks.hammers_unknown") : this.t("checks.hammers_known", { count: number(count), tracks: number(tracks) });
  }

  /** The next place that is pointed at on the map is that of the reading; pressed again, or Escape: none. */
  pick(form) {
    this.picking = this.picking === form ? null : form;
    form.pick.setAttribute("aria-pressed", String(this.picking !== null));
  }

  /** @returns {boolean} whether the key ended the choice of a place */
  key(event) {
    if (event.code !== "Escape" || this.picking === null) return false;
    this.pick(this.picking);
    return true;
  }

  /** @returns {boolean} whether the place was asked for */
  pointed(east_north, datum) {
    if (this.picking === null || datum === null) return false;
    const form = this.picking;
    this.pick(form);
    form.pointed(east_north, datum);
    return true;
  }

  placed() { this.map.touch(); }

  /** The place of the mark or of the depth reading as it is typed, or ""; that of the open form first. */
  get place() {
    const placed = this.forms.filter(({ fields }) => fields.place?.text).toSorted((one, other) => Number(other.element.open) - Number(one.element.open));
    return placed[0]?.fields.place.text ?? "";
  }

  render() {
    const { t } = this, due = this.store.value("checks", "due");
    const names = this.forms.filter(({ group }) => dueOf(group, due)?.length).map(({ group }) => t(`checks.${group}`));
    put(this.summary, !Array.isArray(due) ? t("checks.unheard") : names.length ? t("checks.due_now", { names: names.join(", ") }) : t("checks.none_due"));
    for (const form of this.forms) form.render();
  }
}
