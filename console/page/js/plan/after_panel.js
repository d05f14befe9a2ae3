// Panel 8 of the Plan view: after and during the task. Detonations classified, swaths skipped with a reason, what is
// left planned again with craters kept out.

import { make, put, show } from "../dom.js";
import { CLASSES, KINDS } from "../marks.js";
import { cut, whoOf } from "../observations.js";
import { button, choice, field, panel } from "./parts.js";

export const SKIP_REASONS = ["wet", "obstacle", "explosive", "slope", "other"];
const PLAN_DIGITS = 6;
const AGAIN = "again";

// What is told of a swath, or null while its reason is not whole: one of the list, and words. The plan is named by its
// first digits, as the vehicle wants it (vehicle/contracts/skipped.py).
export function skipNote(plan, swath, reason, words) {
  if (!plan || !Number.isInteger(swath) || swath < 1 || !SKIP_REASONS.includes(reason) || !words.trim()) return null;
  return cut(`${plan.slice(0, PLAN_DIGITS)} ${reason}: ${words.trim()}`);
}

export class AfterPanel {
  constructor(host, t) {
    Object.assign(this, { host, t, mark: null, written_of: null });
    this.who = field(t("plan.who"), () => {});
    this.whoSent = make("p", { className: "soft" });
    this.who.input.addEventListener("input", () => this.sayWho());
    this.marks = choice(t("plan.mark"), [], (n) => { this.mark = n === "" ? null : Number(n); });
    this.kind = choice(t("plan.mark_kind"), KINDS.map((kind) => [kind, t(`plan.mark.${kind}`)]), () => {});
    this.kind.select.value = "unclear";
    this.skipped = field(t("plan.skip_swath"), () => {}, { inputmode: "numeric" });
    this.skipped.input.addEventListener("input", () => this.writtenFor());
    this.reason = choice(t("plan.skip_reason"), [["", t("plan.choose")], ...SKIP_REASONS.map((key) => [key, t(`plan.skip.${key}`)])], () => {});
    this.words = field(t("plan.skip_words"), () => {}, { maxlength: "40" });
    this.skippedList = make("ul", { className: "skips" });
    this.told = make("p", { role: "status" });
    this.replan = button(t("plan.replan"), () => host.replan());
    this.replanWhy = make("p", { className: "soft" });
    this.ways = ["parking", "work"].map((to) => button(t(`plan.way.${to}`), () => host.way(to)));
    this.element = panel(t("plan.after"), [
      this.who.element, this.whoSent,
      make("h3", { text: t("plan.detonations") }),
      make("div", { className: "buttons" }, [button(t("plan.mark_here"), () => host.markHere())]),
      this.marks.element, this.kind.element, button(t("plan.mark_send"), () => this.classified()),
      make("h3", { text: t("plan.skip") }),
      this.skipped.element, this.reason.element, this.words.element, button(t("plan.skip_send"), () => this.skip()), this.skippedList,
      make("h3", { text: t("plan.ways") }), make("div", { className: "buttons" }, this.ways), make("p", { className: "soft", text: t("plan.ways_what") }),
      make("h3", { text: t("plan.rest") }), this.replan, this.replanWhy, this.told,
    ]);
  }

  classified() {
    const mark = this.host.marks.find(({ n }) => n === this.mark), kind = this.kind.select.value;
    if (!mark) { this.say("plan.mark_none"); return; }
    this.host.observe({ kind: "detonation", value: CLASSES[kind], who: this.who.input.value, note: kind }, mark, () => this.host.classifiedMark(mark, kind));
  }

  // A number of a swath is that of the plan, and of the vehicle, that whoever wrote it had on the screen.
  writtenFor() { this.written_of = this.present; }
  get present() { return `${this.host.vehicle} ${this.host.planHash}`; }

  skip() {
    const swath = Number(this.skipped.input.value), note = skipNote(this.host.planHash, swath, this.reason.select.value, this.words.input.value);
    if (note === null) { this.say("plan.skip_incomplete"); return; }
    if (this.written_of !== this.present) {
      this.skipped.input.value = "";
      this.say("plan.skip_other_plan");
      return;
    }
    this.tellSwath(swath, note);
  }

  // The same swath is to be worked after all.
  again({ swath, plan }) { this.tellSwath(swath, cut(`${plan.slice(0, PLAN_DIGITS)} ${AGAIN}: ${this.t("plan.skip_again")}`)); }

  tellSwath(swath, note) {
    this.host.observe({ kind: "skip_swath", value: swath, who: this.who.input.value, note }, null, () => {});
  }

  // Each with its reason and who said it; one of the present plan can be taken back.
  listSkips(skips, plan) {
    const of = JSON.stringify([skips, plan]);
    if (this.listed === of) return;
    this.listed = of;
    this.skippedList.replaceChildren(...(skips ?? []).map((skip) => {
      const text = this.t("plan.skip_is", { swath: skip.swath, plan: skip.plan.slice(0, PLAN_DIGITS), reason: this.t(`plan.skip.${skip.reason}`), words: skip.words, by: skip.by });
      return make("li", {}, [make("span", { text }), ...(skip.plan === plan ? [button(this.t("plan.skip_again"), () => this.again(skip))] : [])]);
    }));
  }

  say(key) { this.host.afterText = this.t(key); this.host.render(); }

  // The name as it goes out, where the record does not hold all of it.
  sayWho() {
    const name = this.who.input.value.trim(), sent = whoOf(name);
    put(this.whoSent, name === sent ? "" : this.t("plan.who_sent", { who: sent }));
  }

  render({ marks, afterText, recordKnown, vehicle }) {
    this.listSkips(this.host.skips, this.host.planHash);
    show(this.element, vehicle !== null || marks.length > 0);
    const rows = [["", this.t("plan.choose")], ...marks.map(({ n, kind }) => [String(n), kind ? `${n}: ${this.t(`plan.mark.${kind}`)}` : `${n}: ${this.t("plan.mark.open")}`])];
    const of = `${marks[0]?.vehicle} ${rows}`;
    if (this.turnedTo !== marks[0]?.vehicle) { this.turnedTo = marks[0]?.vehicle; this.mark = null; }
    if (this.of !== of) { this.of = of; this.marks.fill(rows, this.mark === null ? "" : String(this.mark)); }
    put(this.told, afterText ?? "");
    for (const one of [this.replan, ...this.ways]) one.disabled = !recordKnown;
    put(this.replanWhy, recordKnown ? this.t("plan.replan_what") : this.t("plan.replan_unknown"));
  }
}
