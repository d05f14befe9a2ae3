// Panels 1 to 3 of the Plan view: the area, the chosen shape and its role, the ground.

import { make, put, show } from "../dom.js";
import { area, number } from "../i18n.js";
import { ROLES, shapeOf } from "./drawing.js";
import { areaOf } from "../map/geometry.js";
import { button, chooseOne, choice, degreesOf, field, panel } from "./parts.js";
import { PerimeterPart } from "./perimeter_panel.js";

const SAID = ["said_by", "basis", "said_on"];
const ASSURED = ["safe_ground", "access"];

// `host`: the Plan view; its methods are called by name.
export class AreaPanel {
  constructor(host, t) {
    Object.assign(this, { host, t });
    this.file = make("input", { type: "file", className: "unseen", tabindex: "-1", "aria-label": t("plan.import") });
    this.file.addEventListener("change", () => this.picked());
    this.drafts = choice(t("plan.drawings"), [], (id) => id && host.open(id));
    this.undo = button(t("plan.undo"), () => host.steps.undo(), { key: "Ctrl Z" });
    this.redo = button(t("plan.redo"), () => host.steps.redo(), { key: "Ctrl Y" });
    this.paste = make("textarea", { rows: "4", placeholder: t("plan.paste_hint"), "aria-label": t("plan.paste") });
    this.place = field(t("plan.place"), (text) => host.placed(text), { placeholder: "39.990012, 46.930034" });
    this.driven = new PerimeterPart(host, t);
    this.told = make("p", { className: "told", role: "status" });
    this.error = make("p", { className: "problem", role: "alert", hidden: "" });
    this.site = make("p", { className: "site" });
    this.warnings = make("ul", { className: "lines" });
    this.element = panel(t("plan.area"), [
      make("div", { className: "buttons" }, [
        button(t("plan.import"), () => this.file.click()), this.file,
        button(t("plan.draw"), () => host.draw("polygon"), { key: "B" }),
        button(t("plan.pin"), () => host.draw("point")),
        button(t("plan.new"), () => host.fresh()),
        this.undo, this.redo,
      ]),
      this.told, this.error, this.site, this.warnings, this.drafts.element, this.place.element,
      this.driven.element,
      make("details", {}, [
        make("summary", { text: t("plan.paste") }), this.paste,
        button(t("plan.paste_take"), () => host.pasted(this.paste.value)),
      ]),
    ]);
  }

  picked() {
    const [file] = this.file.files;
    this.file.value = "";
    if (file) this.host.imported(file);
  }

  render({ document, steps, answer, sentence, drafts }) {
    this.undo.disabled = !steps.canUndo;
    this.redo.disabled = !steps.canRedo;
    this.driven.render();
    show(this.place.element, !document);
    show(this.error, Boolean(answer?.error));
    put(this.error, answer?.error ?? "");
    put(this.told, sentence ?? "");
    const site = answer?.site;
    put(this.site, site ? this.t("plan.site_is", { area: area(site.area_m2), name: document?.name ?? site.name }) : "");
    fill(this.warnings, [...(site?.warnings ?? []), ...(site?.repairs ?? []).map((line) => this.t("plan.repaired", { line }))]);
    show(this.drafts.element, drafts.length > 1);
    this.drafts.fill([["", this.t("plan.choose")], ...drafts.map(({ id, name, shapes }) => [id, `${name} (${shapes})`])], steps.id ?? "");
  }
}

function fill(list, lines) {
  if (list.dataset.lines === String(lines)) return;
  list.dataset.lines = String(lines);
  list.replaceChildren(...lines.map((text) => make("li", { text })));
}

export class ShapePanel {
  constructor(host, t) {
    Object.assign(this, { host, t });
    this.roles = new Map(ROLES.map((role, n) => [role, button(t(`plan.role.${role}`), () => host.editor.role(role), { key: String(n + 1) })]));
    this.name = field(t("plan.name"), (name) => host.named(name));
    this.said = new Map(SAID.map((key) => [key, field(t(`plan.${key}`), (text) => host.said(key, text), key === "said_on" ? { placeholder: "2026-11-30" } : {})]));
    this.assured = make("div", {}, [make("p", { className: "soft", text: t("plan.assured") }), ...[...this.said.values()].map(({ element }) => element)]);
    this.what = make("p", { className: "what" });
    this.slope = field(t("plan.slope_here"), (text) => withDegrees(host, t, text, (slope_deg) => host.kept({ slope_deg })), { inputmode: "decimal" });
    this.element = panel(t("plan.shape"), [
      this.what, make("div", { className: "buttons" }, [...this.roles.values()]), this.name.element, this.slope.element, this.assured,
      button(t("plan.remove"), () => host.editor.remove(), { key: "⌫" }),
    ]);
  }

  render({ document, selected }) {
    const shape = document && selected !== null ? shapeOf(document, selected) : null;
    show(this.element, shape !== null);
    if (shape === null) return;
    const drawn = shape.rings.length ? area(areaOf(shape.rings)) : this.t("plan.a_point");
    put(this.what, this.t("plan.shape_is", { role: shape.role ? this.roleText(shape.role) : this.t("plan.role.none"), drawn, place: shape.place }));
    for (const [role, element] of this.roles) element.setAttribute("aria-pressed", String(role === shape.role));
    if (globalThis.document.activeElement !== this.name.input) this.name.input.value = shape.name;
    show(this.slope.element, shape.role === "slope");
    if (globalThis.document.activeElement !== this.slope.input) this.slope.input.value = shape.kept?.slope_deg ?? "";
    show(this.assured, ASSURED.includes(shape.role));
    for (const [key, { input }] of this.said) if (globalThis.document.activeElement !== input) input.value = shape.kept?.[key] ?? "";
  }

  roleText(role) { return ROLES.includes(role) ? this.t(`plan.role.${role}`) : role; }
}

// Typed degrees are handed on; what is no slope is said, and changes nothing.
function withDegrees(host, t, text, taken) {
  const value = degreesOf(text);
  if (Number.isNaN(value)) host.say(t("plan.slope_wrong", { text }));
  else { host.say(null); taken(value); }
}

export class GroundPanel {
  constructor(host, t) {
    Object.assign(this, { host, t });
    this.slope = field(t("plan.slope"), (text) => withDegrees(host, t, text, (slope_deg) => host.ground({ slope_deg })), { inputmode: "decimal" });
    this.planned = make("p", {});
    this.outside = chooseOne(t("plan.outside"), [["safe", t("plan.outside.safe")], ["unknown", t("plan.outside.unknown")]], (value) => host.ground({ outside: value }));
    this.tripwires = chooseOne(t("plan.tripwires"), [["possible", t("plan.tripwires.possible")], ["none", t("plan.tripwires.none")]], (value) => host.ground({ tripwires: value }));
    this.element = panel(t("plan.ground"), [this.outside.element, this.tripwires.element, this.slope.element, this.planned]);
  }

  render({ document }) {
    show(this.element, document !== null);
    for (const key of ["outside", "tripwires"]) {
      const value = document?.[key] ?? null;
      this[key].set(value);
      show(this[key].open, value === null);
      put(this[key].open, this.t("plan.must_choose"));
    }
    this.renderSlope(document?.slope_deg ?? null);
  }

  renderSlope(slope_deg) {
    if (globalThis.document.activeElement !== this.slope.input) this.slope.input.value = slope_deg ?? "";
    const limit_deg = this.host.machine()?.slope_max_deg ?? null, steep = slope_deg !== null && limit_deg !== null && slope_deg > limit_deg;
    const said = slope_deg === null ? this.t("plan.slope_unsaid") : steep ? this.t("plan.slope_steep") : "";
    put(this.planned, [said, limit_deg === null ? "" : this.t("plan.slope_limit", { limit: number(limit_deg) })].filter(Boolean).join(" "));
    this.planned.className = steep ? "problem" : "soft";
  }
}
