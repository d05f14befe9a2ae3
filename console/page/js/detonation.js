/**
 * After a detonation: the place is marked at once, and the strip of the stop asks what it was and what the camera shows.
 * After a small shock in a mission the strip asks for one word while the mission waits.
 */

import { button } from "./plan/parts.js";
import { make, put, show } from "./dom.js";
import { said, t } from "./i18n.js";
import { READ_MS } from "./acts_logic.js";
import { CLASSES, HAMMERS, KINDS, NAMES, PICTURE_GOOD, open, placeNow, question, wordAsked } from "./marks.js";
import { whoOf } from "./observations.js";

const NAME = "detonation";
/** Reports come four times a second: after so long without one nobody knows that the machine did not move. */
const UNSEEN_MS = 1000;
/** A word sooner than this after the card came is that of nobody who looked; the vehicle would not take it either. */
const LOOK_MS = 2000;

export class Detonation {
  /** @param {{store: any, book: import("./mark_book.js").MarkBook, observations: import("./observations.js").Observations}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    this.asked = null;
    this.waits = null;
    this.sending = false;
    this.title = make("legend");
    this.answers = make("div", { className: "acts" });
    this.told = make("p", { className: "small", role: "status" });
    this.element = make("fieldset", { className: "question" }, [this.title, this.answers, this.told]);
    this.by = make("p", { className: "small" });
    this.element.append(this.by);
    this.asked_ms = null;
    this.shown = this.shown_ms = null;
    this.good = button(said("word.good"), () => this.say("ap", PICTURE_GOOD));
    this.more = button(said("word.more"), () => this.say("unclear", "unclear, in a WAIT"));
    for (const one of [this.good, this.more]) one.classList.add("act");
    this.said = "";
    this.word = make("span", { className: "word" }, [this.good, this.more]);
    this.word.setAttribute("role", "group");
    this.word.setAttribute("aria-label", said("word.title"));
    this.store.subscribe(["vehicle", "site"], () => this.look());
  }

  marks() {
    return this.book.marks();
  }

  /** What was answered so far, where it is of the vehicle that is steered. */
  _asked() {
    return this.asked?.vehicle === this.book.vehicle ? this.asked : null;
  }

  /** Something went off and nobody has said yet what it was. */
  open() {
    return open(this.marks()) !== null;
  }

  /** A detonation that the vehicle has begun to tell is marked, once. */
  look() {
    const told = this.store.value("vehicle", "reasons");
    const codes = (this.store.get("reasons") ?? []).filter((row) => NAMES.includes(row.name)).map((row) => row.code);
    if (told === null || codes.length === 0 || !this.book.settled()) return;
    const place = placeNow(this.store);
    this._placed(place);
    if (!this.book.told(codes.some((code) => told.includes(code)), place)) return;
    const mark = this.book.mark(place);
    if (place === null && this._stands()) this.waits = { vehicle: mark.vehicle, n: mark.n, seen_ms: this.store.now_ms() };
  }

  /** A mark without a place gets it as soon as it is known, if the machine was seen to stand from then until now. */
  _placed(place) {
    if (this.waits === null) return;
    const { vehicle, n, seen_ms } = this.waits, now_ms = this.store.now_ms();
    const still = vehicle === this.book.vehicle && this._stands() && now_ms - seen_ms <= UNSEEN_MS;
    if (still && place !== null) this.book.change(vehicle, n, place);
    this.waits = still && place === null ? { vehicle, n, seen_ms: now_ms } : null;
  }

  _stands() {
    return this.store.value("vehicle", "standing") === true;
  }

  /** A button of a question that stands there: of this one, and for long enough to be read. */
  pressed(key, name) {
    if (this._key() === key && this._read()) this.answer(name);
  }

  _key() {
    const now = question(this.marks(), this._asked());
    return now === null ? null : `${this.book.vehicle} ${now.n} ${now.question}`;
  }

  /** A second tap on the answer before must not answer the next question. */
  _read() {
    return this.shown === this._key() && this.store.now_ms() - this.shown_ms >= READ_MS;
  }

  async answer(name) {
    const mark = open(this.marks());
    if (mark === null || this.sending) return;
    const { vehicle, n } = mark, asked = this._asked();
    if (asked?.n !== n || asked.kind === null) {
      this.asked = { vehicle, n, kind: name, text: "" };
      return;
    }
    this.sending = true;
    const { kind } = asked;
    this.asked = { ...asked, text: t("plan.sending") };
    const seen = { kind: NAME, value: CLASSES[kind], who: this._who(), note: `${kind}; hammers by camera: ${name}` };
    const told = await this.observations.send(seen, mark).catch((error) => ({ recorded: false, text: error.message }));
    this.sending = false;
    this.asked = { ...asked, text: told.recorded ? "" : t("plan.not_recorded", { why: told.text }) };
    if (told.recorded) this.book.change(vehicle, n, { kind, hammers: name });
  }

  /** The word on a small shock goes to the vehicle's record, of the newest mark; as long as the vehicle asks, again. */
  async say(kind, note) {
    if (this.sending || !this.maySpeak()) return;
    const mark = this.marks().at(-1) ?? null;
    this.sending = true;
    this.said = t("plan.sending");
    const seen = { kind: NAME, value: CLASSES[kind], who: this._who(), note };
    const told = await this.observations.send(seen, mark).catch((error) => ({ recorded: false, text: error.message }));
    this.sending = false;
    this.said = told.recorded ? "" : t("plan.not_recorded", { why: told.text });
    if (told.recorded && mark !== null) this.book.change(mark.vehicle, mark.n, { kind, hammers: kind === "ap" ? "there" : "unseen" });
  }

  /** The card has been on the screen for long enough to look at the picture. */
  maySpeak() {
    return this.asked_ms !== null && this.store.now_ms() - this.asked_ms >= LOOK_MS;
  }

  /** The card of the word, in the strip while a mission waits. */
  renderWord(facts) {
    const asked = wordAsked(facts);
    if (!asked) this.said = "";
    this.asked_ms = asked ? (this.asked_ms ?? this.store.now_ms()) : null;
    show(this.word, asked);
    for (const one of [this.good, this.more]) one.setAttribute("aria-disabled", String(!this.maySpeak()));
  }

  /** Whoever signed the checklist of this shift, else this console. */
  _who() {
    return this.store.get("checklist")?.operator || this.store.value("server", "console_name") || "console";
  }

  /** No stop is shown: what is asked then comes anew. */
  away() { this.shown = null; }

  render() {
    const asked = this._asked(), now = question(this.marks(), asked);
    show(this.element, now !== null);
    if (now === null) { this.shown = null; return; }
    if (this.shown !== this._key()) this._ask(now);
    for (const one of this.buttons) one.setAttribute("aria-disabled", String(!this._read()));
    put(this.told, asked?.n === now.n ? asked.text : "");
    const who = this._who();
    put(this.by, whoOf(who) === who.trim() ? "" : t("plan.who_sent", { who: whoOf(who) }));
  }

  /** Another question, with its own buttons; whoever answers by the keyboard stays at them. */
  _ask(now) {
    const key = this._key(), focused = this.answers.contains(document.activeElement);
    [this.shown, this.shown_ms] = [key, this.store.now_ms()];
    put(this.title, said(`step.detonation.${now.question}`, { n: String(now.n) }));
    const names = now.question === "kind" ? KINDS : HAMMERS;
    this.buttons = names.map((name) => button(said(`step.detonation.${now.question}.${name}`), () => this.pressed(key, name)));
    for (const one of this.buttons) one.classList.add("act");
    this.answers.replaceChildren(...this.buttons);
    if (focused) this.buttons[0].focus();
  }
}
