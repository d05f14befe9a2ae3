/** Sign-in at TAKE and hand-over: the vehicle's record gets who it is. A name gives no control, and stops no STOP. */

import { at, make, put, show } from "./dom.js";
import { armed } from "./facts.js";
import { t } from "./i18n.js";
import { whoOf } from "./observations.js";
import { ROLES, asked, isSaid, isWhole, readNote } from "./people_logic.js";
import { bound, button, choice, field } from "./plan/parts.js";

/** So long TAKE waits for the sign-in to be recorded; then it goes out without. */
const SIGN_IN_MS = 1500;

export class People {
  /** @param {{store: any, observations: import("./observations.js").Observations, send: (act: string) => void, now_ms: () => number}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    Object.assign(this, { me: { name: "", role: "", said_ms: null }, wanted: null, closed: null, text: "", sending: false });
  }

  /** The vehicle keeps such a record; one of an earlier program, or one that is not known yet, is asked nothing. */
  kept() { return this.store.get("day") !== null; }

  get hand_over() { return this.store.get("day")?.hand_over ?? null; }

  /** TAKE may go: nobody keeps names here, or somebody said of late who it is. A simulation has nobody to ask. */
  ready() {
    return !this.kept() || this.store.value("server", "simulation") === true || isSaid(this.me, this.now_ms());
  }

  open(wanted) { this.wanted = wanted; this.text = ""; }

  close() {
    this.closed = this.hand_over?.mark ?? null;
    this.wanted = null;
  }

  said(name, role) {
    this.me = { name: whoOf(name), role, said_ms: this.now_ms() };
    if (this.wanted === "who") this.wanted = null;
  }

  /** Who takes control is told before it is taken. Whatever comes of it, TAKE goes out. */
  async signIn() {
    if (!this.kept()) return false;
    const simulated = this.store.value("server", "simulation") === true && !isWhole(this.me);
    const who = simulated ? whoOf(this.store.value("server", "console_name") ?? "console") : this.me.name;
    const note = ROLES[simulated ? "operator" : this.me.role];
    const late = new Promise((done) => { setTimeout(() => done(false), SIGN_IN_MS); });
    return Promise.race([this.tell({ kind: "sign_in", who, note }), late]);
  }

  /** @returns {Promise<boolean>} whether it stands in the record; `text` says why not */
  async tell(seen) {
    this.sending = true;
    const told = await this.observations.send(seen).catch((error) => ({ recorded: false, text: error.message }));
    this.sending = false;
    this.text = told.recorded ? "" : t("plan.not_recorded", { why: told.text });
    return told.recorded;
  }

  // --- hand-over -------------------------------------------------------------------------------------------------------
  offer() { return this.tell({ kind: "hand_over_offer", who: this.driver() }); }

  driver() { return this.store.get("day")?.driving?.name ?? this.me.name; }

  read(name, role) {
    if (this.hand_over === null || !isWhole({ name, role })) { this.text = t("people.incomplete"); return; }
    this.said(name, role);
    this.tell({ kind: "hand_over_read", who: this.me.name, note: readNote(this.hand_over.mark, role) });
  }

  /** The second signature; then control is given up by the same act, and the other person takes it. */
  async sign() {
    const { hand_over } = this, vehicle = this.store.value("server", "vehicle");
    if (hand_over === null) return;
    const is_told = await this.tell({ kind: "hand_over_sign", who: hand_over.giver.name, note: hand_over.mark });
    if (is_told && vehicle === this.store.value("server", "vehicle")) this.giveUp();
  }

  giveUp() { this.wanted = null; this.send("RELEASE"); }
}

/** The card: opened by TAKE, by giving up control, and by a hand-over at any console; never while the machine is armed. */
export class PeopleCard {
  /** @param {{store: any, people: People}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    const { people } = this;
    this.element = at("people");
    this.element.tabIndex = -1;
    this.part = null;
    this.title = make("h2");
    this.words = make("p");
    this.name = field(t("people.name"), () => {}, { maxlength: "40" });
    this.role = choice(t("people.role"), [["", t("plan.choose")], ...Object.keys(ROLES).map((key) => [key, t(`people.role.${key}`)])], () => {});
    this.items = make("ol");
    this.told = make("p", { role: "status" });
    const named = (then) => () => {
      const [name, role] = [this.name.input.value, this.role.select.value];
      if (!isWhole({ name, role })) people.text = t("people.incomplete");
      else then(name, role);
    };
    this.buttons = {
      who: [button(t("people.this_is_me"), named((name, role) => this.itIsMe(name, role)))],
      give: [button(t("people.offer"), () => people.offer()), button(t("people.without"), () => people.giveUp())],
      // what is signed is the list that stood there when the finger came down
      read: [bound(button(t("people.read"), named((name, role) => people.read(name, role))), () => people.hand_over?.mark)],
      sign: [bound(button(t("people.sign"), () => people.sign()), () => this.signed())],
      wait: [],
    };
    this.acts = make("div", { className: "buttons" }, [...Object.values(this.buttons).flat(), button(t("people.close"), () => people.close())]);
    this.element.append(this.title, this.words, this.items, this.name.element, this.role.element, this.acts, this.told);
  }

  /** Whoever has control already and never said who it is signs in at once; else the sign-in goes with TAKE. */
  itIsMe(name, role) {
    this.people.said(name, role);
    this.people.text = "";
    if (this.store.value("vehicle", "mine") === true) this.people.signIn();
  }

  render() {
    const { people, store } = this;
    const hand_over = people.hand_over;
    const mine = store.value("vehicle", "mine") === true;
    const part = asked({ armed: armed(store), mine, wanted: people.wanted, hand_over, closed: people.closed });
    show(this.element, part !== null);
    if (part === null) { this.part = null; return; }
    if (part !== this.part) this.turned(part);
    put(this.title, t(`people.title.${part}`));
    put(this.words, this.wordsOf(part, hand_over));
    this.list(part === "who" || part === "give" ? [] : (hand_over?.items ?? []));
    // whoever has control and never said a name may do so before they hand over, and need not to give up
    const nameless = part === "give" && (store.get("day")?.driving ?? null) === null;
    const typed = part === "who" || part === "read" || nameless;
    show(this.name.element, typed);
    show(this.role.element, typed);
    for (const [name, buttons] of Object.entries(this.buttons)) {
      for (const one of buttons) { show(one, name === part || (nameless && name === "who")); one.disabled = people.sending; }
    }
    put(this.told, people.text);
  }

  /** The list and who has read it. */
  signed() {
    const { mark, taker } = this.people.hand_over ?? {};
    return `${mark} ${taker?.name} ${taker?.role}`;
  }

  turned(part) {
    // who opened it here goes on in it; a list that comes from elsewhere takes the focus from nobody
    if (this.people.wanted !== null && this.part === null) this.element.focus();
    this.part = part;
    const { name, role } = part === "who" ? this.people.me : { name: "", role: "" }; // who takes over is somebody else
    this.name.input.value = name;
    this.role.select.value = role;
  }

  wordsOf(part, hand_over) {
    if (part === "who") return t("people.who_why");
    if (part === "give") return t("people.give_why", { who: this.people.driver() || t("people.nobody") });
    const who = { giver: hand_over.giver.name, taker: hand_over.taker?.name ?? t("people.nobody"), role: hand_over.taker?.role ?? "" };
    return t(`people.${part}_why`, who);
  }

  list(items) {
    const of = items.join("\n");
    if (this.listed === of) return;
    this.listed = of;
    this.items.replaceChildren(...items.map((text) => make("li", { text })));
  }
}
