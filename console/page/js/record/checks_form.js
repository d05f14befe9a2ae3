/** Fields of the panel "Checks": each can say in one line what is wrong with it. */

import { make, put, show } from "../dom.js";
import { button, chooseOne } from "../plan/parts.js";
import { numberOf } from "./checks_logic.js";

let lines = 0;

/** What is wrong, under its field, and in sight. */
function shown(fault, text, input) {
  put(fault, text);
  show(fault, text !== "");
  if (text === "") return;
  input.focus();
  fault.scrollIntoView({ block: "nearest" });
}

/** One line of text; `say` shows what is wrong under it, "" for nothing. */
export class Line {
  constructor(label, { changed = () => {}, hint = "", ...attributes } = {}) {
    lines += 1;
    const id = `check-${lines}`;
    this.input = make("input", { type: "text", autocomplete: "off", spellcheck: "false", "aria-describedby": `${id}-hint ${id}-fault`, ...attributes });
    this.hint = make("p", { className: "soft", id: `${id}-hint`, text: hint });
    this.fault = make("p", { className: "problem", id: `${id}-fault`, hidden: "" });
    this.input.addEventListener("input", () => { this.say(""); changed(); });
    this.element = make("div", { className: "line" }, [
      make("label", { className: "field" }, [make("span", { text: label }), this.input]), this.hint, this.fault,
    ]);
    show(this.hint, hint !== "");
  }

  get text() { return this.input.value; }
  set text(text) { this.input.value = text; }

  says(text) {
    put(this.hint, text);
    show(this.hint, text !== "");
  }

  say(text) {
    this.input.setAttribute("aria-invalid", String(text !== ""));
    shown(this.fault, text, this.input);
  }

  lock(on) { this.input.readOnly = on; }
  clear() { this.text = ""; this.say(""); }
}

/** Several readings in one row. */
export class Points {
  constructor(legend, count, named, changed) {
    lines += 1;
    const id = `check-${lines}`;
    this.inputs = Array.from({ length: count }, (_, n) => make("input", { type: "text", inputmode: "decimal", autocomplete: "off", "aria-label": named(n + 1), "aria-describedby": `${id}-fault` }));
    this.hint = make("p", { className: "soft", text: "" });
    this.fault = make("p", { className: "problem", id: `${id}-fault`, hidden: "" });
    for (const input of this.inputs) input.addEventListener("input", () => { this.say(""); changed(); });
    this.element = make("fieldset", {}, [make("legend", { text: legend }), make("div", { className: "points" }, this.inputs), this.hint, this.fault]);
  }

  get texts() { return this.inputs.map((one) => one.value); }
  says(text) { put(this.hint, text); }

  say(text) {
    const wrong = this.inputs.find((one) => numberOf(one.value) === null) ?? this.inputs[0];
    for (const input of this.inputs) input.setAttribute("aria-invalid", String(text !== "" && input === wrong));
    shown(this.fault, text, wrong);
  }

  lock(on) { for (const input of this.inputs) input.readOnly = on; }

  clear() {
    for (const input of this.inputs) input.value = "";
    this.say("");
  }
}

/** One of several, none at first. */
export class OneOf {
  constructor(legend, options) {
    this.value = null;
    this.choice = chooseOne(legend, options, (value) => { this.value = value; this.say(""); });
    this.element = this.choice.element;
    this.inputs = [...this.element.querySelectorAll("input")];
    this.fault = make("p", { className: "problem", hidden: "" });
    this.element.append(this.fault);
  }

  say(text) { shown(this.fault, text, this.inputs[0]); }

  lock(on) { for (const input of this.inputs) input.disabled = on; }

  clear() {
    this.value = null;
    this.choice.set(null);
    this.say("");
  }
}

export { button };
