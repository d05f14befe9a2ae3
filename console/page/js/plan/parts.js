// Pieces of the right column: panels, buttons, fields, choices without a default.

import { make } from "../dom.js";

export function panel(title, children) {
  return make("section", { className: "panel plan-panel" }, [make("h2", { text: title }), ...children]);
}

export function button(text, act, { key = null, className = "plain" } = {}) {
  const children = key === null ? [] : [make("kbd", { text: key })];
  const element = make("button", { type: "button", className, text }, []);
  element.append(...children);
  element.addEventListener("click", act);
  return element;
}

// A press counts only while the element is about what it was about when the finger came down.
export function bound(element, about) {
  let meant = null;
  element.addEventListener("pointerdown", () => { meant = about(); });
  element.addEventListener("click", (event) => { if (event.detail > 0 && meant !== about()) event.stopImmediatePropagation(); }, { capture: true });
  return element;
}

// A text or number field; `changed` is called with its text when it is left or Enter is pressed.
export function field(label, changed, attributes = {}) {
  const input = make("input", { type: "text", autocomplete: "off", spellcheck: "false", ...attributes });
  input.addEventListener("change", () => changed(input.value.trim()));
  return { element: make("label", { className: "field" }, [make("span", { text: label }), input]), input };
}

export function choice(label, options, changed) {
  const select = make("select", {});
  select.addEventListener("change", () => changed(select.value));
  // a list that somebody has open stays as it is while it says the same
  let listed = null;
  const fill = (rows, value) => {
    const of = JSON.stringify(rows);
    if (of !== listed) select.replaceChildren(...rows.map(([key, text]) => make("option", { value: key, text })));
    listed = of;
    if (select.value !== (value ?? "")) select.value = value ?? "";
  };
  fill(options, null);
  return { element: make("label", { className: "field" }, [make("span", { text: label }), select]), select, fill };
}

let groups = 0;

// Radio buttons of which none is chosen at first: somebody has to choose.
export function chooseOne(legend, options, changed) {
  groups += 1;
  const name = `choice-${groups}`, inputs = new Map();
  const rows = options.map(([value, text]) => {
    const input = make("input", { type: "radio", name, value });
    input.addEventListener("change", () => changed(value));
    inputs.set(value, input);
    return make("label", { className: "choice" }, [input, make("span", { text })]);
  });
  const open = make("span", { className: "amber must", hidden: "" });
  const element = make("fieldset", {}, [make("legend", { text: legend }), ...rows, open]);
  return {
    element,
    open,
    set(value) { for (const [key, input] of inputs) input.checked = key === value; },
  };
}

export function rowsOf(pairs) {
  return make("dl", { className: "rows" }, pairs.flatMap(([name, value]) => [make("dt", { text: name }), make("dd", { text: value })]));
}

// Centimetres typed by a person, with either decimal sign, as metres; null for nothing, NaN for what is no number.
export function metresOf(text) {
  if (text === "") return null;
  return /^[+-]?\d+([.,]\d+)?$/.test(text) ? Number(text.replace(",", ".")) / 100 : NaN;
}

// Degrees of a slope typed by a person, with either decimal sign; null for nothing, NaN for what is none.
export function degreesOf(text) {
  if (text === "") return null;
  const value = /^\d+([.,]\d+)?\s*°?$/.test(text) ? Number(text.replace(",", ".").replace("°", "")) : NaN;
  return value < 90 ? value : NaN;
}
