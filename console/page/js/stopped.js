/** The strip of a stop: why, since when, what else; and the steps to drive again, ticked by what is measured. */

import { keyOf, spoken, wire } from "./act_buttons.js";
import { ACTS } from "./acts_logic.js";
import { at, make, mark, put, show } from "./dom.js";
import { linkProblem, rulesOf, stateOf } from "./facts.js";
import { led, number, said, span, t } from "./i18n.js";
import { UNWATCHED, watched } from "./stop_logic.js";
import { compact, steps } from "./steps_logic.js";
import { answerText } from "./strip.js";

const NEW_MS = 5000;
const STATES = ["done", "next", "later", "unknown"];

export class Stopped {
  /** @param {{store: any, acts: any, detonation: any}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    this.watch = UNWATCHED;
    this.worst = null;
    this.worst_ms = null;
    this.why = at("why");
    this.head = make("span", { className: "label" });
    this.title = make("h1");
    this.small = make("p", { className: "small" });
    this.body = make("p");
    this.now = make("p", { className: "now" });
    this.now_text = make("b");
    this.now.append(this.now_text);
    this.others = make("ul", { className: "others" });
    this.why.append(this.head, this.title, this.now, this.detonation.element, this.small, this.body, this.others);
    this.why.setAttribute("aria-label", t("region.why"));
    this.steps = at("steps");
    this.list = make("ol");
    this.answer = make("p", { className: "small" });
    this.steps.append(make("span", { className: "label", text: t("steps.title") }), this.list, this.answer);
    this.steps.setAttribute("aria-label", t("region.steps"));
    this.steps.tabIndex = -1; // whose act is done stays here, and is not put on to the next one
  }

  /** How long the worst reason has been on the screen. */
  shown_ms() {
    return this.worst_ms === null ? 0 : this.store.now_ms() - this.worst_ms;
  }

  render() {
    const state = stateOf(this.store);
    const on = state === "lost" || state === "stopped" || this.store.server_gone;
    show(this.why, on);
    show(this.steps, on);
    const now_ms = this.store.now_ms();
    this.watch = watched(this.watch, { vehicle: this.store.value("server", "vehicle"), on, live: state === "live" }, now_ms);
    const worst = on ? `${state} ${this.store.value("vehicle", "worst")}` : null;
    if (worst !== this.worst) [this.worst, this.worst_ms] = [worst, worst === null ? null : now_ms];
    if (!on) return this.detonation.away();
    this.detonation.render();
    mark(this.why, "new", now_ms - this.watch.since_ms < NEW_MS);
    if (this.store.server_gone || state === "lost") this._lost();
    else this._reason();
    this._steps();
  }

  _lost() {
    const gone = this.store.server_gone;
    const age_ms = this.store.age_ms();
    put(this.head, age_ms === null ? t("why.never") : t("why.no_link", { time: span(age_ms / 1000) }));
    const what = !gone ? "no_link" : this.store.other_start ? "other_start" : "no_server";
    put(this.title, t(`why.${what}.title`));
    const problem = gone ? null : linkProblem(this.store);
    put(this.small, problem ? t(problem.key, problem.params) : "");
    put(this.body, t(`why.${what}.text`));
    const speed = this.store.shown("pose", "speed_mps");
    put(this.now_text, t("why.last_seen", { rpm: number(this.store.shown("tool", "rotor_rpm")), speed: number(speed, 2) }));
    this._others([]);
  }

  _reason() {
    const mode = this.store.value("vehicle", "mode");
    const [worst, ...others] = rulesOf(this.store);
    const time = span((this.store.now_ms() - this.watch.since_ms) / 1000);
    put(this.head, t(this.watch.witnessed ? "why.stopped_for" : "why.stopped", { time, code: worst ? `${worst.code}, ${worst.name}` : "–" }));
    const cause = worst ? led(`reason.${worst.name}.cause`) : { first: t("why.none"), small: null };
    const what = worst ? led(`reason.${worst.name}.steps`) : { first: "", small: null };
    put(this.title, cause.first.replace(/\.$/, ""));
    put(this.body, what.first);
    put(this.small, [cause.small, what.small].filter(Boolean).join(" "));
    const params = { rpm: number(this.store.value("tool", "rotor_rpm")), speed: number(this.store.value("pose", "speed_mps"), 2) };
    put(this.now_text, t(`why.now.${mode}`, params));
    this._others(others);
  }

  _others(rules) {
    const texts = rules.map((rule) => led(`reason.${rule.name}.cause`).first);
    if (this.others.dataset.shown === texts.join("|")) return;
    this.others.dataset.shown = texts.join("|");
    this.others.replaceChildren(...texts.map((text) => make("li", { text: `${t("why.also")} ${text}` })));
  }

  _steps() {
    const facts = this.acts.facts();
    const offers = this.acts.offers();
    const found = compact(steps(facts)).map((step, index) => this._row(step, index, offers));
    // a button stays the same element under a finger: only what it says changes
    const shape = JSON.stringify(found.map((row) => row.act));
    if (this.list.dataset.shape !== shape) {
      const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.act : null;
      this.list.dataset.shape = shape;
      if (this.list.contains(this.acts.held_by)) this.acts.letGo();
      this.list.replaceChildren(...found.map((row) => this._element(row)));
      if (focused) (this.list.querySelector(`[data-act="${focused}"]`) ?? this.steps).focus({ preventScroll: true });
    }
    found.forEach((row, index) => fill(this.list.children[index], row));
    const next = found.findIndex((row) => row.state === "next");
    if (next !== this.next && next >= 0) this.list.children[next].scrollIntoView({ block: "nearest" });
    this.next = next;
    for (const button of this.list.querySelectorAll("[data-act]")) mark(button.parentElement, "held", this.store.get("held_act") === button.dataset.act);
    put(this.answer, answerText(this.store, this.watch.since_ms) ?? "");
  }

  _row(step, index, offers) {
    const offer = offers.find((one) => one.act === step.act) ?? null;
    const by_pad = String(this.store.value("hands", "source") ?? "").startsWith("pad");
    const waits = step.waits && step.state !== "done" ? spoken(step.waits) : null;
    const why = offer?.why && step.state === "next" ? spoken(offer.why) : null;
    const fact = waits ?? why ?? (step.fact ? spoken({ key: step.fact, params: step.params ?? {} }) : step.act ? keyOf(step.act, by_pad) : "");
    return {
      number: step.state === "done" ? "✓" : String(index + 1),
      text: step.joined ? said(step.key, { steps: step.joined.map((key) => said(key)).join(", ") }) : said(step.key),
      fact,
      state: step.state,
      act: offer && step.state !== "done" ? step.act : null,
      enabled: offer?.enabled ?? false,
    };
  }

  _element(row) {
    const what = row.act === null
      ? make("span", { className: "what" })
      : make("button", { className: "what", type: "button", "data-act": row.act });
    if (row.act !== null) wire(what, row.act, this.acts);
    const item = make("li", {}, [make("span", { className: "number" }), what, make("span", { className: "fact" })]);
    if (row.act !== null && ACTS[row.act].held) item.append(make("span", { className: "fact", text: said("act.hold_one_second") }));
    return item;
  }
}

/** What the line of a step says now. */
function fill(item, row) {
  const [number, what, fact] = item.children;
  for (const state of STATES) mark(item, state, row.state === state);
  mark(item, "press", row.act !== null);
  put(number, row.number);
  put(what, row.text);
  put(fact, row.fact);
  const disabled = String(!row.enabled);
  if (row.act !== null && what.getAttribute("aria-disabled") !== disabled) what.setAttribute("aria-disabled", disabled);
}
