/** After a detonation: the place is marked at once, and the strip of the stop asks what it was and what the camera shows. */

import { button } from "./plan/parts.js";
import { datumOf } from "./plan/drawing.js";
import { make, put, show } from "./dom.js";
import { said, t } from "./i18n.js";
import { CLASSES, HAMMERS, KINDS, changed, marked, open, placeOfTool, question } from "./marks.js";

const NAME = "detonation";

export class Detonation {
  /** @param {{store: any, post: (path: string, body: any) => Promise<any>}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    this.was = false;
    this.asked = null;
    this.sending = false;
    this.title = make("legend");
    this.answers = make("div", { className: "acts" });
    this.told = make("p", { className: "small", role: "status" });
    this.element = make("fieldset", { className: "question" }, [this.title, this.answers, this.told]);
    this.store.subscribe(["vehicle"], () => this.look());
  }

  marks() {
    return this.store.get("marks") ?? [];
  }

  /** Something went off and nobody has said yet what it was. */
  open() {
    return open(this.marks()) !== null;
  }

  /** A detonation that the vehicle has begun to tell is marked, once. */
  look() {
    const told = this.store.value("vehicle", "reasons");
    const code = (this.store.get("reasons") ?? []).find((row) => row.name === NAME)?.code;
    if (told === null || code === undefined) return;
    const is = told.includes(code);
    if (is && !this.was) this.store.set("marks", marked(this.marks(), placeOfTool(this.store.get("site"), this.store.get("pose"))));
    this.was = is;
  }

  async answer(name) {
    const mark = open(this.marks());
    if (mark === null || this.sending) return;
    if (this.asked?.n !== mark.n || this.asked.kind === null) {
      this.asked = { n: mark.n, kind: name, text: "" };
      return;
    }
    this.sending = true;
    const { kind } = this.asked;
    this.asked = { ...this.asked, text: t("plan.sending") };
    const place = mark.e === null ? {} : { e: mark.e, n: mark.north, datum: datumOf(this.store.get("site")) };
    const body = { kind: NAME, value: CLASSES[kind], who: this._who(), note: `${kind}; hammers by camera: ${name}`, ...place };
    const told = await this.post("/api/observations", body).catch((error) => ({ recorded: false, text: error.message }));
    this.sending = false;
    this.asked = { ...this.asked, text: told.recorded ? "" : t("plan.not_recorded", { why: told.text }) };
    if (told.recorded) this.store.set("marks", changed(this.marks(), mark.n, { kind, hammers: name }));
  }

  /** Whoever signed the checklist of this shift, else this console. */
  _who() {
    return this.store.get("checklist")?.operator || this.store.value("server", "console_name") || "console";
  }

  render() {
    const now = question(this.marks(), this.asked);
    show(this.element, now !== null);
    if (now === null) return;
    const key = `${now.n} ${now.question}`;
    if (this.shown !== key) {
      this.shown = key;
      put(this.title, said(`step.detonation.${now.question}`, { n: String(now.n) }));
      const names = now.question === "kind" ? KINDS : HAMMERS;
      this.answers.replaceChildren(...names.map((name) => {
        const one = button(said(`step.detonation.${now.question}.${name}`), () => this.answer(name));
        one.classList.add("act");
        return one;
      }));
    }
    put(this.told, this.asked?.n === now.n ? this.asked.text : "");
  }
}
