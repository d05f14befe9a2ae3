/** The strip while nothing is stopped: hands or the next act on the left, what warns, the START card. */

import { ActButtons, spoken } from "./act_buttons.js";
import { AUTO_MODES, STARTING, startHands } from "./acts_logic.js";
import { at, make, mark, property, put, show, svg } from "./dom.js";
import { linkProblem, modeKey, rulesOf, startOf, stateOf } from "./facts.js";
import { wordAsked } from "./marks.js";
import { countdown, firstClause, led, number, said, t } from "./i18n.js";
import { exerciseText } from "./training_logic.js";

const ANSWER_SHOWN_MS = 8000;
const HINT_SHOWN_MS = 20_000;
/** An armed machine that stands unused: the title counts the last seconds [s] before it disarms. */
const LAPSES_S = 15;
const CAUSES = ["pad_gone", "pad_connected", "pad_still", "source_change", "server_gone", "page_stalled", "stick_without_hold", "keys_lost"];
const MOMENT = "hands.waits.moment";
const DRIVES = ["MANUAL", "RECOVERY"];
const TOUCHED = window.matchMedia("(pointer: coarse)");
const HOLDS = [...DRIVES, "WAIT"];

/** The stick as it goes out: nothing is drawn that was not read. */
class Echo {
  constructor() {
    this.arm = svg("path", { class: "arm", "stroke-width": 4 });
    this.knob = svg("circle", { class: "knob", r: 8 });
    this.element = svg("svg", { class: "echo", viewBox: "-50 -50 100 100", "aria-hidden": "true" }, [
      svg("path", { d: "M-50 0 h100 M0 -50 v100" }), svg("circle", { r: 14, "stroke-dasharray": "4 3" }), this.arm, this.knob,
    ]);
  }

  put(drive, turn) {
    const shown = `${drive} ${turn}`;
    if (shown === this.shown) return;
    this.shown = shown;
    const [x, y] = [-turn * 40, -drive * 40];
    this.arm.setAttribute("d", `M0 0 L${x} ${y}`);
    this.knob.setAttribute("cx", x);
    this.knob.setAttribute("cy", y);
  }
}

/** The last answer to an act, for a while; null then. `from_ms`: what was answered earlier says nothing of now. */
export function answerText(store, from_ms = -Infinity) {
  const answer = store.get("answer");
  if (!answer || answer.result === "pending" || store.now_ms() - answer.at_ms > ANSWER_SHOWN_MS || answer.at_ms < from_ms) return null;
  const act = said(`act.${answer.act.toLowerCase()}`);
  const row = answer.reason === null ? null : (store.get("reasons") ?? []).find((one) => one.code === answer.reason);
  const reason = row ? t(`reason.${row.name}.cause`) : answer.reason;
  const why = answer.why ? spoken(answer.why) : (reason ?? "");
  if (answer.result === "refused" && reason !== null && answer.why) return said("act.result.reason", { act, why, reason });
  return said(`act.result.${answer.result}`, { act, why });
}

export class Strip {
  /** @param {{store: any, acts: any, hands: any, instruments: any, rest: any, detonation: any}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    const element = at("hands");
    this.title = make("span", { className: "label" });
    this.state = make("b", { className: "state" });
    this.text = make("p", { className: "text" });
    this.echo = new Echo();
    const acts = make("div", { className: "acts" });
    element.append(this.title, this.state, this.echo.element, this.text, make("div", { className: "acts" }, [this.detonation.word, acts]));
    element.setAttribute("aria-label", t("region.hands"));
    element.tabIndex = -1;
    this.element = element;
    this.narrow = window.matchMedia("(min-width: 1024px) and (max-width: 1365px)");
    this.buttons = new ActButtons(acts, this.acts, this.store);
  }

  render() {
    const offers = this.acts.offers();
    const mode = this.store.value("vehicle", "mode");
    const view = this.store.get("hands");
    const shown = this._shown(mode, view);
    this.detonation.renderWord(this.acts.facts());
    this.buttons.render(view?.hold && mode === "MANUAL" ? [] : offers, { ATTENTION: this._attention(), START: this._toStart() });
    put(this.title, shown.title);
    put(this.state, shown.state);
    mark(this.state, "old", AUTO_MODES.includes(mode) && this.store.late("mission"));
    mark(this.state, "long", shown.state.length > 18);
    mark(this.state, "amber", shown.amber === true);
    // what an operator has to do wins over the news that an act was accepted
    const answered = shown.waits && this.store.value("answer", "result") === "accepted" ? null : answerText(this.store);
    const here = this.narrow.matches ? null : answered; // on a tablet there is room for it above the strip alone
    put(this.text, here ?? shown.text);
    mark(this.text, "blue", here === null && shown.blue === true);
    mark(this.element, "with-acts", offers.length > 0);
    mark(this.element, "crowded", offers.some((one) => one.act === "ENGINE_START"));
    mark(this.element, "answers", here !== null && !view?.hold);
    show(this.echo.element, DRIVES.includes(mode) && stateOf(this.store) === "live");
    if (view) this.echo.put(view.drive, view.turn);
    this._pads(view, mode);
    this._warnings(view, this.narrow.matches ? answered : null);
  }

  /** What a mission wants to know of its operator, before anything else. */
  _asked() {
    // on a tablet the button alone says it, with the seconds that are left: there is no room for both
    return this._attention() === "" || this.narrow.matches ? { text: "" } : { text: said("text.attention"), blue: true, waits: true };
  }

  _attention() {
    const left_s = this.store.value("due", "attention_s");
    return left_s === null ? "" : countdown(left_s);
  }

  /** How far it still is to where the mission begins; "" where it would begin here. */
  _toStart() {
    const { block, distance_m } = startOf(this.store);
    return (block === "away" || block === "past") && distance_m !== null ? t("unit.m", { value: number(distance_m, distance_m < 10 ? 1 : 0) }) : "";
  }

  /** Title, state, text of the left panel. */
  _shown(mode, view) {
    const state = stateOf(this.store);
    if (state === "searching") return { title: t("mode.none"), state: t("title.searching"), text: this._linkText() };
    if (!this.store.value("vehicle", "mine")) return { title: t("title.watching"), state: t(`mode.${mode}`), text: said("text.watching") };
    if (AUTO_MODES.includes(mode)) return { title: missionTitle(this.store), state: nextStep(this.store), ...this._asked() };
    if (mode === "WAIT") return this._waiting(view);
    if (mode === "BOOT") return { title: t("mode.BOOT"), state: t("mode.BOOT"), text: said("text.boot") };
    if (starts(this.store)) return this._starting(view);
    if (mode === "DISARMED" || mode === "READY") {
      const why = this.acts.offers().find((one) => one.why)?.why ?? null;
      return { title: t(`title.${mode}`), state: t(modeKey(this.store)), waits: why !== null, text: why ? spoken(why) : said(mode === "READY" ? "text.ready" : "text.disarmed") };
    }
    return this._driving(mode, view);
  }

  _linkText() {
    const state = this.store.value("link", "state") ?? "searching";
    const problem = linkProblem(this.store);
    if (problem) return t(problem.key, problem.params);
    return state === "searching" ? t("mode.searching", { address: this.store.value("link", "address") ?? "–" }) : t(`link.${state}`, { address: this.store.value("link", "address") ?? "–" });
  }

  /** A WAIT: its cause, the time left, and what goes on. */
  _waiting(view) {
    const { wait, ...facts } = this.acts.facts();
    const cause = wait?.cause ?? null;
    const hold = said(`hands.key.${kindOf(view)}`);
    const left_s = this.store.value("due", "arm_unused_s");
    const why = startHands(facts);
    const text = wordAsked(facts) ? this.detonation.said || said("word.title") : wait?.over === false ? said("text.wait_there") : why ? said("text.wait_how", { hold }) : said("text.wait_press");
    return {
      title: cause === null ? said("text.wait_paused") : led(`reason.${cause.name}.cause`).first,
      state: left_s === null ? t("mode.WAIT") : t("wait.left", { time: countdown(left_s) }),
      text, amber: true, blue: wait?.over !== false, waits: true,
    };
  }

  /** An engine start: its step, what is left of it, and that letting go ends it. */
  _starting(view) {
    const step = this.store.value("engine", "start");
    const time = countdown(this.store.value("engine", "start_left_s"));
    return {
      title: said("act.engine_start"), state: t(`engine_start.${step}`, { time }),
      text: said(step === "asked" ? "engine_start.how" : "engine_start.keep", { hold: said(`hands.key.${kindOf(view)}`) }), amber: true, blue: step === "asked", waits: true,
    };
  }

  _driving(mode, view) {
    const title = mode === "RECOVERY" ? said("text.recovery") : said("hands.title");
    if (!view) return { title, state: said("hands.locked"), text: "" };
    const kind = kindOf(view);
    const hold = said(`hands.key.${kind}`);
    if (view.hold) {
      const lines = [said("hands.held_for", { hold, time: countdown(view.held_ms / 1000) })];
      if (mode === "MANUAL") lines.push(view.rotor ? said("hands.rotor_on") : said("hands.rotor_off", { rotor: kind === "gamepad" ? "RB" : "V" }));
      if (view.tool_m !== null) lines.push(said("hands.tool", { value: number(view.tool_m * 100) }));
      if (view.fine) lines.push(said("hands.fine"));
      return { title, state: said("hands.held"), text: lines.join(" ") };
    }
    if (view.latch) {
      const left_s = this.store.value("due", "arm_unused_s");
      const how = said("hands.how", { hold, stick: said(`hands.stick.${kind}`) });
      const lapses = left_s !== null && left_s <= LAPSES_S;
      return { title: lapses ? said("hands.lapses", { time: countdown(left_s) }) : title, state: said("hands.released"), text: how, blue: true, waits: true };
    }
    const cause = CAUSES.includes(view.cause) ? said(`hands.cause.${view.cause}`) : null;
    // what is over in a moment needs no words beside its cause
    const text = cause === null ? spoken(view.waits) : view.waits?.key === MOMENT ? cause : `${cause}. ${spoken(view.waits)}`;
    return { title, state: said("hands.locked"), text, waits: true };
  }

  _pads(view, mode) {
    const held = view?.hold && view.source === "touch";
    mark(at("pad-hold"), "held", held);
    const holds = HOLDS.includes(mode) || starts(this.store);
    const ready = view?.latch && holds;
    const waits = mode === "WAIT" ? said("hands.pad.wait") : starts(this.store) ? said("hands.pad.engine") : null;
    put(at("pad-hold").firstElementChild, ready || held ? (waits ?? said(held ? "hands.pad.held" : "hands.pad")) : view?.waits && holds ? spoken(view.waits) : said("hands.off"));
    property(at("pad-stick"), "--x", String(view ? -view.turn : 0));
    property(at("pad-stick"), "--y", String(view ? view.drive : 0));
  }

  /** What is abnormal and does not stop: amber, in words; before it the answer to an act where it has no other place. */
  _warnings(view, answer) {
    const rules = stateOf(this.store) === "live" ? rulesOf(this.store) : [];
    const notes = view?.notes ?? [];
    const found = [...notes.map((key) => said(key)), ...rules.map((rule) => led(`reason.${rule.name}.cause`).first)];
    const list = this.instruments.warnings;
    const hint = this._hint();
    const rest = this.rest.due() ? said("hands.rest") : null;
    const outline = this._outline();
    if (outline?.waits) found.push(outline.text);
    const shown = [innerWidth, document.documentElement.dataset.text, answer ?? "", rest ?? "", hint ?? "", outline?.text ?? "", ...found].join("|");
    if (list.dataset.shown === shown) return;
    list.dataset.shown = shown;
    list.replaceChildren(...(answer ? [make("li", { className: "hint answer", text: answer })] : []), ...(rest ? [make("li", { className: "hint blue", text: rest })] : []), ...(hint ? [make("li", { className: "hint", text: hint })] : []), ...(outline && !outline.waits ? [make("li", { className: "hint", text: outline.text })] : []), ...found.map((text) => make("li", { text })));
    shorten([...list.children].slice(1));
  }

  /** Of the outline that is being driven: how long it is, or why nothing of it is recorded now; null where none is. */
  _outline() {
    const record = this.store.get("perimeter");
    if (record === null) return null;
    const waits = this.store.open() ? record.waits : "no_place";
    const metres = (value) => t("unit.m", { value: number(value) });
    return { waits, text: waits === null ? t("perimeter.on", { metres: metres(record.length_m) }) : t(`perimeter.waits.${waits}`, { metres: metres(record.away_m) }) };
  }

  /** What an exercise says, for a while: as its simulator tells this console, else as the vehicle's texts do. */
  _hint() {
    const exercise = exerciseText(this.store.get("training") ?? null);
    if (exercise !== null) {
      const now_ms = this.store.now_ms();
      if (exercise !== this.exercise) [this.exercise, this.exercise_ms] = [exercise, now_ms];
      return exercise !== "" && now_ms - this.exercise_ms < HINT_SHOWN_MS ? exercise : null;
    }
    const texts = this.store.get("texts") ?? [];
    const newest = texts.findLast((one) => /^(exercise|hint)\b/i.test(one.text)) ?? null;
    const now_ms = this.store.now_ms();
    if (newest?.text !== this.hint?.text || newest?.t_ms !== this.hint?.t_ms) [this.hint, this.hint_ms] = [newest, now_ms];
    return newest !== null && now_ms - this.hint_ms < HINT_SHOWN_MS ? newest.text : null;
  }
}

/** What does not fit is said in its first clause, the last one first: half a sentence says less than that. */
function shorten(warnings) {
  for (const one of warnings.reverse()) {
    if (warnings.every(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth + 1)) return;
    one.textContent = firstClause(one.textContent);
  }
}

/** An engine start of this console is under way. */
const starts = (store) => store.value("vehicle", "mode") === "DISARMED" && STARTING.includes(store.value("engine", "start"));

/** Name of the source that steers, or would: "keyboard", "gamepad" or "touch". */
function kindOf(view) {
  const source = view?.source?.split(":")[0] ?? (view?.pads.some((pad) => !pad.ignored) ? "gamepad" : TOUCHED.matches ? "touch" : "keyboard");
  return source === "pad" ? "gamepad" : source;
}

function missionTitle(store) {
  const [n, m] = [store.shown("mission", "segment"), store.shown("mission", "segments")];
  return n === null || m === null ? t("mission.next") : `${t("mission.next")} · ${t("mission.segment_of", { n: number(Math.min(n + 1, m)), m: number(m) })}`;
}

/** The mission's next step in words. */
export function nextStep(store) {
  const [next, next_m] = [store.shown("mission", "next"), store.shown("mission", "next_m")];
  if (next === null) return t("mission.next_unknown");
  const words = t(`next.${String(next).toLowerCase()}`);
  return next_m === null ? words : t("next.m", { distance: t("unit.m", { value: number(next_m) }), next: words });
}
