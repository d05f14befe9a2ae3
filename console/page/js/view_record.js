// The Record view: what was processed and what was not and why, hours, depths, files for others. It decides nothing.

import { placedIn, siteNow } from "./marks.js";
import { datumOf, toMetres } from "./plan/drawing.js";
import { make, put, show } from "./dom.js";
import { clock, number, span } from "./i18n.js";
import { toScreen } from "./map/geometry.js";
import { mountLegend } from "./map/legend.js";
import { GroundMap } from "./map/map.js";
import { loadPalette } from "./map/palette.js";
import { asking } from "./plan/asking.js";
import { button, field, panel, rowsOf } from "./plan/parts.js";
import { draw } from "./record/chart.js";
import { Checks } from "./record/checks.js";
import { placeOf } from "./record/checks_logic.js";
import { balance, squareMetres, standing } from "./record/figures.js";

const KINDS = ["report", "map", "gpkg", "geojson", "csv"];
const NAMES = { report: "report.html", map: "map.png", gpkg: "ledger.gpkg", geojson: "ledger.geojson", csv: "ledger.csv" };
const WHO = ["organisation", "operator", "task_id"];
const NOT_REACHED = "not_swept";
const TIMES = 40; // events shown, newest first

class RecordView {
  constructor(element, { store, api, t, map = null, observations }) {
    Object.assign(this, { element, store, api, t, observations, server: asking(api, t), main: map, record: null, error: null, gapColours: {}, busy: false });
    this.build();
    loadPalette().then((palette) => { this.gapColours = palette.report.gaps; this.map.touch(); }, () => {});
    store.subscribe(["site"], (site) => this.map.setSite(site ?? { hash: null }));
    store.subscribe(["ground", "mission", "server"], () => this.isShown && this.render());
    store.subscribe(["checks", "vehicle", "link", "server", "site", "mission"], () => this.isShown && this.checks.render());
  }

  build() {
    const { t } = this;
    const [ground, top] = [make("canvas", {}), make("canvas", { tabindex: "0", "aria-label": t("record.map") })];
    const buttons = make("div", { className: "map-buttons" }), legend = make("div", {});
    const box = make("div", { className: "map-box plan-map" }, [ground, top, buttons]);
    this.map = new GroundMap(ground, top, this.store, { t, buttons: false, ground: this.main?.ground ?? null });
    this.map.fingers.buttons(buttons, t);
    this.map.overlays.push((context, view, theme) => this.paint(context, view, theme));
    mountLegend(legend, t);
    this.checks = new Checks({ store: this.store, t, server: this.server, observations: this.observations, map: this.map });
    this.map.editor = (kind, x, y) => kind === "down" && this.checks.pointed(this.map.toGround(x, y), datumOf(siteNow(this.store)));
    this.told = make("p", { role: "status" });
    this.made_at = make("p", {});
    this.statement = make("p", { className: "statement" });
    this.totals = make("div", {});
    this.gaps = make("table", { className: "compare" });
    this.hours = make("table", { className: "compare" });
    this.chart = make("div", { className: "chart", role: "img", "aria-label": t("record.depths") });
    this.depths = make("table", { className: "compare" });
    this.events = make("ol", { className: "lines" });
    this.facts = make("table", { className: "compare" });
    this.who = new Map(WHO.map((key) => [key, field(t(`record.${key}`), () => {})]));
    this.column = make("div", { className: "plan-column" }, [
      this.checks.element,
      panel(t("record.title"), [button(t("record.refresh"), () => this.refresh()), this.told, this.made_at, this.statement, this.totals]),
      panel(t("record.legend"), [legend]),
      panel(t("record.gaps"), [this.gaps]),
      panel(t("record.hours"), [this.hours, make("p", { className: "soft", text: t("record.hours_seen") })]),
      panel(t("record.depths"), [this.chart, make("details", {}, [make("summary", { text: t("record.as_table") }), this.depths])]),
      panel(t("record.events"), [this.events]),
      panel(t("record.files"), [
        ...[...this.who.values()].map(({ element }) => element),
        make("div", { className: "buttons" }, KINDS.map((kind) => button(t(`record.file.${kind}`), () => this.download(kind)))),
        make("p", { className: "soft", text: t("record.files_say") }),
      ]),
      panel(t("record.facts"), [this.facts]),
    ]);
    this.element.classList.add("plan");
    this.element.replaceChildren(box, this.column);
  }

  show() {
    this.isShown = true;
    this.map.resize();
    const site = this.store.get("site");
    if (site) this.map.setSite(site);
    this.checks.render();
    this.refresh();
  }

  hide() { this.isShown = false; }
  key(event) { return this.checks.key(event) || this.map.key(event); }

  async refresh() {
    if (this.busy) return;
    this.busy = true;
    this.render();
    const made = { ...this.now(), at: new Date() };
    [this.record, this.error] = await this.server.get("/api/record").then((found) => [found, null], (error) => [this.record, error.message]);
    this.busy = false;
    if (this.error === null) this.made = { ...made, plan: this.record.plan_hash };
    this.map.touch();
    this.render();
    const { record } = this;
    if (record) draw(this.chart, record.depths, record.required_depth_m * 100, { t: this.t, width: this.chart.clientWidth || 380, isWanted: () => record === this.record }).catch((error) => put(this.chart, error.message));
  }

  // What figures are of: vehicle, its plan, the newest stroke of its record; null where that is not known.
  now() {
    const read = (section, name) => this.store.value(section, name);
    return { vehicle: read("server", "vehicle"), plan: read("mission", "plan_hash"), stroke: read("ground", "stroke") };
  }

  // Figures of another vehicle or plan are not shown; those of ground that has changed since say so.
  renderAge() {
    const state = this.record === null ? null : standing(this.made, this.now());
    if (state === "other") {
      this.record = null;
      this.map.touch();
    }
    put(this.made_at, this.record === null ? "" : this.t(`record.made_${state}`, { time: clock(this.made.at, true) }));
    this.made_at.classList.toggle("problem", state === "older");
  }

  // --- what is shown ---------------------------------------------------------------------------------------------------
  render() {
    this.renderAge();
    const { t, record } = this;
    put(this.told, this.busy ? t("record.reading") : this.error ?? (record?.simulated ? t("record.simulated") : ""));
    this.told.classList.toggle("problem", this.error !== null && !this.busy);
    put(this.statement, record?.statement ?? t("record.decided"));
    for (const one of [this.totals, this.gaps, this.hours, this.chart, this.depths, this.events]) show(one, record !== null);
    this.renderFacts();
    if (record === null || this.of === record) return;
    this.of = record;
    this.totals.replaceChildren(
      rowsOf(balance(record.totals, t).map(([key, text]) => [t(`record.total.${key}`), text])),
      make("p", { className: "soft", text: `${t("record.plan")} ${record.plan_hash}` }),
    );
    this.fillTable(this.gaps, [t("record.reason"), t("record.area"), t("record.pieces")], record.gaps.map(({ reason, area_m2, pieces }) => [t(`record.gap.${reason}`), squareMetres(area_m2, t), number(pieces)]), t("record.no_gaps"));
    this.fillTable(this.hours, [t("record.what"), t("record.time")], Object.entries(record.hours).map(([kind, seconds]) => [t(`record.hour.${kind}`), span(seconds)]), t("record.no_hours"));
    this.fillTable(this.depths, [t("record.depth_cm"), t("record.area")], record.depths.map(({ depth_cm, area_m2 }) => [number(depth_cm), t("unit.m2", { value: number(area_m2, 1) })]), t("record.no_depths"));
    this.events.replaceChildren(...record.events.slice(-TIMES).reverse().map(({ t_s, text }) => make("li", { text: `${span(t_s)}: ${text}` })));
  }

  fillTable(table, heads, rows, none) {
    if (!rows.length) { table.replaceChildren(make("tr", {}, [make("td", { text: none })])); return; }
    table.replaceChildren(
      make("tr", {}, heads.map((text) => make("th", { scope: "col", text }))),
      ...rows.map((cells) => make("tr", {}, cells.map((text, n) => make(n ? "td" : "th", n ? { text } : { text, scope: "row" })))),
    );
  }

  // The map's facts for who does not see it.
  renderFacts() {
    const { t } = this, site = this.store.get("site"), pose = this.store.get("pose"), marks = this.store.get("marks") ?? [], here = placedIn(marks, datumOf(siteNow(this.store)));
    const count = (role) => (site?.areas ?? []).filter((one) => one.role === role).length;
    const place = (e, n) => t("record.place", { east: number(e, 1), north: number(n, 1) });
    const rows = site?.hash ? [
      [t("record.fact.work_areas"), number(count("work_area"))], [t("record.fact.keep_outs"), number(count("keep_out"))],
      [t("record.fact.swaths"), number((site.swaths ?? []).length)], [t("record.fact.unworkable"), number((site.unworkable ?? []).filter(({ reason }) => reason !== "not_in_task").length)],
      [t("record.fact.machine"), pose && Number.isFinite(pose.e) ? place(pose.e, pose.n) : t("record.unknown")],
      ...marks.map(({ n, kind }) => [n, kind, here.find((one) => one.n === n)]).map(([n, kind, at]) => [t("record.fact.mark", { n }), `${at ? place(at.e, at.north) : t("record.unknown")}${kind ? `, ${t(`plan.mark.${kind}`)}` : ""}`]),
      [t("record.fact.complete"), t(this.store.value("ground", "complete") === true ? "record.complete" : "record.incomplete")],
    ] : [];
    const key = JSON.stringify(rows);
    if (this.factsOf === key) return;
    this.factsOf = key;
    this.fillTable(this.facts, [t("record.what"), t("record.value")], rows, t("record.no_site"));
  }

  paint(context, view, theme) {
    this.paintPlace(context, view, theme);
    for (const { reason, rings, area_m2 } of this.record?.pieces ?? []) {
      context.beginPath();
      for (const ring of rings) {
        ring.forEach((at, n) => context[n ? "lineTo" : "moveTo"](...toScreen(view, ...at)));
        context.closePath();
      }
      if (reason === NOT_REACHED) { // to do, or left: no colour of alarm
        context.lineWidth = 2.5;
        context.setLineDash([8, 5]);
        context.strokeStyle = theme.ink;
        context.stroke();
        context.setLineDash([]);
      } else {
        context.fillStyle = this.gapColours[reason] ?? theme.ink;
        context.fill("evenodd");
      }
      if (Math.sqrt(area_m2) * view.ppm < 8) ringRound(context, view, reason === NOT_REACHED ? theme.ink : this.gapColours[reason] ?? theme.ink, rings[0][0]);
    }
  }

  // Where the depth reading of the open form was made, as it is written there.
  paintPlace(context, view, theme) {
    const place = placeOf(this.checks.place), datum = datumOf(siteNow(this.store));
    if (place === null || datum === null) return;
    const [x, y] = toScreen(view, ...toMetres(place, datum));
    ringRound(context, view, theme.ink, toMetres(place, datum));
    context.beginPath();
    for (const [dx, dy] of [[14, 0], [0, 14]]) { context.moveTo(x - dx, y - dy); context.lineTo(x + dx, y + dy); }
    context.stroke();
  }

  async download(kind) {
    const query = new URLSearchParams([...this.who].map(([key, { input }]) => [key, input.value.trim()]).filter(([, value]) => value));
    put(this.told, this.t("record.making"));
    try {
      const answer = await this.api(`/api/record/export/${kind}?${query}`, {});
      if (!answer.ok) throw new Error((await answer.json()).error);
      const link = make("a", { href: URL.createObjectURL(await answer.blob()), download: NAMES[kind] });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      put(this.told, this.t("record.made", { name: NAMES[kind] }));
    } catch (error) {
      this.error = error.message;
      this.render();
    }
  }
}

// A gap too small to be seen gets a ring about it.
function ringRound(context, view, colour, at) {
  const [x, y] = toScreen(view, ...at);
  context.beginPath();
  context.arc(x, y, 9, 0, 2 * Math.PI);
  context.lineWidth = 3;
  context.strokeStyle = colour;
  context.stroke();
}

export function mount(element, parts) {
  const view = new RecordView(element, parts);
  return { show: () => view.show(), hide: () => view.hide(), key: (event) => view.key(event), view };
}
