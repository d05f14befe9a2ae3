// The Plan view: a site drawn or imported, a plan of it looked at and compared, handed to the vehicle. It needs none.

import { make } from "./dom.js";
import { number } from "./i18n.js";
import { GroundMap } from "./map/map.js";
import { drawMachine } from "./map/machine.js";
import { selfCrossing, toScreen } from "./map/geometry.js";
import { mountLegend } from "./map/legend.js";
import { After } from "./plan/after.js";
import { AfterPanel } from "./plan/after_panel.js";
import { Refused, asking } from "./plan/asking.js";
import * as drawing from "./plan/drawing.js";
import { Editor } from "./plan/editor.js";
import * as perimeter from "./plan/perimeter_logic.js";
import { ComparePanel, HandOverPanel, MachinePanel, MakingPanel, ResultPanel } from "./plan/plan_panels.js";
import { Shelf } from "./plan/shelf.js";
import { AreaPanel, GroundPanel, ShapePanel } from "./plan/site_panels.js";
import { Steps } from "./plan/steps.js";
import { workedBy } from "./plan/walk.js";

const LEGEND = ["to_do", "keep_out", "unworkable", "safe"];
const NEAR_M = 5000; // a drawing further away than this is of another place
const NO_PROBLEM = { named: [], where: null };

class PlanView {
  constructor(element, { store, api, t, book, observations, perimeter }) {
    Object.assign(this, { element, store, t, book, observations, perimeter, server: asking(api, t), shown_here: false });
    Object.assign(this, { chosen: null, answer: null, sentence: null, drafts: [], site: null, editable: true });
    this.shelf = new Shelf(this);
    this.after = new After(this);
    this.steps = new Steps({
      make: (document) => this.server.post("/api/drafts", document),
      save: (id, at, document) => this.server.put(`/api/drafts/${id}`, { at, document }),
      move: (id, at) => this.server.post(`/api/drafts/${id}/at`, { at }),
      told: (answer) => this.judged(answer),
      failed: (error) => this.say(error.message),
    });
    this.build();
    store.subscribe(["jobs"], (jobs) => this.shelf.jobs(jobs ?? []));
    store.subscribe(["vehicle", "ground", "day", "perimeter", "server", "mission"], () => this.shown_here && this.render());
  }

  build() {
    const { t } = this;
    const [ground, top] = [make("canvas", {}), make("canvas", { tabindex: "0", "aria-label": t("plan.map") })];
    const buttons = make("div", { className: "map-buttons" }), legend = make("div", { className: "plan-legend" });
    this.box = make("div", { className: "map-box plan-map" }, [ground, top, buttons, legend]);
    this.column = make("div", { className: "plan-column" });
    this.element.classList.add("plan");
    this.element.replaceChildren(this.box, this.column);
    this.map = new GroundMap(ground, top, this.store, { t, buttons: false });
    Object.assign(this.map, { follow: false, known: true });
    this.map.fingers.buttons(buttons, t);
    mountLegend(legend, t, LEGEND);
    this.editor = new Editor(this.map, this);
    this.editor.locked = () => !this.editable;
    this.map.overlays.push((context, view, theme) => this.paint(context, view, theme));
    this.store.on("perimeter", () => this.seen());
    const panels = (host, kinds) => kinds.map((Panel) => new Panel(host, t));
    this.panels = [
      ...panels(this, [AreaPanel, ShapePanel, GroundPanel]),
      ...panels(this.shelf, [MachinePanel, MakingPanel, ResultPanel, ComparePanel, HandOverPanel]), new AfterPanel(this.after, t),
    ];
    [this.areaPanel, this.shapePanel, this.groundPanel, this.machinePanel] = this.panels;
    this.column.append(...this.panels.map(({ element }) => element));
    window.addEventListener("keydown", (event) => this.chord(event));
    this.render();
  }

  // --- the page ------------------------------------------------------------------------------------------------------
  show() {
    this.shown_here = true;
    this.map.resize();
    this.seen();
    if (!this.machinePanel.machines.length) this.server.get("/api/machines").then((rows) => { this.machinePanel.setMachines(rows); this.render(); }, (error) => this.say(error.message));
    this.list().then(() => { if (!this.steps.document && this.drafts.length) this.open(this.drafts[0].id); });
    this.render();
  }

  hide() { this.shown_here = false; }

  key(event) { return this.editor.key(event) || this.map.key(event); }

  chord(event) {
    if (!this.shown_here || !(event.ctrlKey || event.metaKey) || event.target.matches?.("input, textarea")) return;
    if (event.code === "KeyZ" && !event.shiftKey) this.steps.undo();
    else if (event.code === "KeyY" || (event.code === "KeyZ" && event.shiftKey)) this.steps.redo();
    else return;
    event.preventDefault();
  }

  say(text) { this.sentence = text; this.render(); }
  async list() { this.drafts = await this.server.get("/api/drafts").catch(() => []); this.render(); }

  // --- the drawing (the editor's host) ---------------------------------------------------------------------------------
  document() { return this.steps.document ?? drawing.blank("site", this.datum() ?? { lat_deg: 0, lon_deg: 0 }); }
  selected() { return this.chosen; }
  select(id) { this.chosen = id; this.editor.corner = null; this.map.touch(); this.render(); }
  told(key, params) { this.say(key === null ? null : this.t(key, params)); }
  // A plan that counts from another datum than the drawing is shown alone: the two would not lie on each other.
  get isDrawn() { return this.shelf.shown === null || this.steps.document === null || drawing.isSameDatum(this.shelf.shown.site.datum, this.steps.document.datum); }
  problem() { return this.answer?.error ? { named: this.answer.named ?? [], where: this.answer.where } : NO_PROBLEM; }

  change(document) {
    this.site = null;
    this.steps.change(document);
    this.render();
  }

  judged(answer) {
    this.answer = answer;
    if (answer.site) this.map.setSite({ ...answer.site, swaths: [], unworkable: [] });
    else this.map.setSite({ areas: [] });
    if (this.shelf.current) this.showPlan();
    if (!this.map.camera.held && this.map.shapes.box === null) this.map.camera.field = boxOfShapes(this.steps.document);
    this.map.touch();
    this.render();
  }

  // Where a new drawing begins: the vehicle's datum, else the place that was typed.
  datum() { return this.steps.document?.datum ?? drawing.datumOf(this.store.get("site")) ?? this.typed ?? null; }

  placed(text) {
    const { corners, error } = drawing.pasted(text, null);
    if (error || corners.length !== 1) { this.say(this.t("plan.place_wrong")); return; }
    this.typed = { lat_deg: corners[0][0], lon_deg: corners[0][1], alt_m: 0 };
    this.fresh();
  }

  fresh() {
    const datum = drawing.datumOf(this.store.get("site")) ?? this.typed;
    if (!datum) { this.steps.document = null; this.answer = null; this.say(this.t("plan.place_first")); return; }
    this.begin(drawing.blank(this.t("plan.new_name"), datum));
  }

  begin(document) {
    Object.assign(this, { chosen: null, site: null, editable: true, answer: null });
    this.map.camera.home();
    return this.steps.begin(document).then(() => this.list());
  }

  draw(kind) {
    if (!this.steps.document && !this.datum()) { this.say(this.t("plan.place_first")); return; }
    if (!this.steps.document) this.begin(drawing.blank(this.t("plan.new_name"), this.datum()));
    this.editor.begin(kind);
  }

  pasted(text) {
    const lines = drawing.pasted(text, null);
    if (lines.error) { this.say(this.t("plan.paste_wrong", { line: lines.error })); return; }
    if (lines.corners.length < 3) { this.say(this.t("plan.draw.three")); return; }
    const datum = this.datum() ?? { lat_deg: lines.corners[0][0], lon_deg: lines.corners[0][1], alt_m: 0 };
    const base = this.steps.document ?? drawing.blank(this.t("plan.new_name"), datum);
    const next = drawing.withPolygon(base, drawing.pasted(text, datum).corners);
    this.change(next);
    this.select(next.shapes[next.shapes.length - 1].id);
  }

  // The driven outline becomes a polygon without a role; what was not driven of it is said.
  closePerimeter() {
    const { record } = this.perimeter, told = this.store.get("perimeter");
    const base = this.drawingNear(record), corners = base && perimeter.outline(record, base.datum);
    if (!corners) { this.say(this.t("plan.draw.three")); return; }
    const next = drawing.withPolygon(base, corners), { id } = next.shapes[next.shapes.length - 1];
    const bridged = told.bridged_m.map((metres) => Math.round(metres * 10) / 10);
    this.editable = true;
    this.change(bridged.length ? drawing.withKept(next, id, { bridged_m: bridged }) : next);
    this.perimeter.end();
    this.select(id);
    const words = { open: this.metres(told.open_m), count: bridged.length, longest: this.metres(Math.max(0, ...bridged)) };
    this.say(`${this.t("plan.perimeter.closed", words)} ${this.t(selfCrossing(corners) ? "plan.draw.crosses" : "plan.draw.role")}`);
  }

  // While nothing else is drawn the map shows all of the outline that is being driven.
  seen() {
    const datum = this.datum() ?? this.perimeter.record?.origin ?? null;
    if (this.shown_here && datum !== null && !this.map.camera.held && this.map.shapes.box === null) this.map.camera.field = this.perimeter.box(datum);
    this.map.touch();
  }

  metres(value) { return this.t("unit.m", { value: number(value, 1) }); }

  // The drawing that the outline belongs to: the one that is open, unless it is of another place or cannot be edited.
  drawingNear({ origin }) {
    if (origin === null) return null;
    const { document } = this.steps;
    if (document !== null && this.editable && Math.hypot(...drawing.toMetres([origin.lat_deg, origin.lon_deg], document.datum)) < NEAR_M) return document;
    return drawing.blank(this.t("plan.new_name"), drawing.datumOf(this.store.get("site")) ?? { ...origin, alt_m: 0 });
  }

  // Half of the outer width of the machine's tracks: the vehicle's own, else the chosen profile's; null where nobody knows.
  halfWidth_m() {
    const width_m = this.store.get("site")?.machine?.width_m ?? this.machine()?.width_m;
    return Number.isFinite(width_m) ? width_m / 2 : null;
  }

  // The profile that is chosen in panel 4, or null.
  machine() { return this.machinePanel?.machines.find(({ name }) => name === this.shelf.wishes.machine) ?? null; }

  named(name) { this.change(drawing.withName(this.document(), this.chosen, name)); }
  said(key, text) { this.kept({ [key]: text }); }
  kept(fields) { this.change(drawing.withKept(this.document(), this.chosen, fields)); }
  ground(chosen) { this.change({ ...this.document(), ...chosen }); }

  async imported(file) {
    this.say(this.t("plan.reading", { name: file.name }));
    const told = await this.server.ask("/api/sites", { method: "POST", body: file, headers: { "X-Name": encodeURIComponent(file.name) } })
      .catch((error) => (error instanceof Refused && error.body ? error.body : { error: error.message }));
    this.sentence = null;
    if (!told.document) { this.answer = { error: told.error, named: [], where: null, site: null }; this.render(); return; }
    await this.begin(told.document);
    if (told.site && told.editable === false) {
      Object.assign(this, { site: told.id, editable: false });
      this.say(this.t("plan.not_editable"));
    }
    if (told.error) { this.answer = { ...this.answer, error: told.error, named: told.named, where: told.where }; this.render(); }
  }

  async open(id) {
    this.steps.round += 1;
    const { round } = this.steps;
    Object.assign(this, { chosen: null, site: null, editable: true });
    this.map.camera.home();
    const answer = await this.server.get(`/api/drafts/${id}`).catch((error) => { this.say(error.message); return null; });
    if (answer !== null && round === this.steps.round) this.steps.take(answer); // no other one was begun meanwhile
  }

  // --- the plan that is shown ------------------------------------------------------------------------------------------
  source() { return this.site ? { site: this.site } : { draft: this.steps.id }; }
  touch() { this.map.touch(); }

  showPlan() {
    if (this.shelf.shown) {
      const { site, segments, unworkable, machine } = this.shelf.shown;
      const swaths = segments.filter(({ kind }) => kind === "swath").map(({ swath, points }) => ({ n: swath, kind: "swath", from: points[0], to: points[points.length - 1] }));
      this.map.setSite({ ...site, swaths, unworkable, machine });
    }
    this.map.touch();
    this.render();
  }

  lookAt([east, north]) { this.map.camera.hold({ ...this.map.view(), east, north, ppm: Math.max(this.map.view().ppm, 15) }, performance.now()); this.map.touch(); }

  // --- drawing -----------------------------------------------------------------------------------------------------------
  paint(context, view, theme) {
    const { shown, time, pose } = this.shelf;
    this.perimeter.paint(context, view, theme, this.datum() ?? this.perimeter.record?.origin ?? null);
    if (!shown) return;
    context.strokeStyle = theme.ink; // planned, not processed: never in the colour of a record
    context.lineWidth = Math.max(shown.machine.tool_width_m * view.ppm, 2);
    context.globalAlpha = 0.18;
    for (const [from, to] of workedBy(shown.segments, time)) strip(context, view, from, to, shown.machine.tool_ahead_m);
    context.globalAlpha = 1;
    if (pose) drawMachine(context, view, theme, shown.machine, pose);
  }

  render() {
    const { shelf, after } = this;
    const facts = {
      document: this.steps.document, steps: this.steps, answer: this.answer, sentence: this.sentence, drafts: this.drafts,
      selected: this.editable ? this.chosen : null, wishes: shelf.wishes, job: shelf.job, planError: shelf.planError, plans: shelf.plans,
      shown: shelf.shown, time: shelf.time, pose: shelf.pose, isStale: shelf.isStale, handed: shelf.handed, held: shelf.held,
      vehicle: this.store.get("vehicle"), marks: after.marks, afterText: after.afterText, recordKnown: this.store.value("ground", "complete") === true,
    };
    for (const panel of this.panels ?? []) panel.render(facts);
  }
}

function strip(context, view, from, to, ahead) {
  const long = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
  const by = [((to[0] - from[0]) / long) * ahead, ((to[1] - from[1]) / long) * ahead];
  context.beginPath();
  context.moveTo(...toScreen(view, from[0] + by[0], from[1] + by[1]));
  context.lineTo(...toScreen(view, to[0] + by[0], to[1] + by[1]));
  context.stroke();
}

function boxOfShapes(document) {
  const points = (document?.shapes ?? []).flatMap(({ rings, line, point }) => [...rings.flat(), ...(line ?? []), ...(point ? [point] : [])]);
  if (!points.length) return null;
  const [x, y] = [points.map(([e]) => e), points.map(([, n]) => n)];
  return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];
}

export function mount(element, parts) {
  const view = new PlanView(element, parts);
  return { show: () => view.show(), hide: () => view.hide(), key: (event) => view.key(event), view };
}
