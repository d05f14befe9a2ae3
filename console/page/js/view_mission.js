/** The Mission view's column: what is processed, what is passed and not proven, below depth; time; the legend. */

import { at, make, mark, put, show, svg } from "./dom.js";
import { area, span, t } from "./i18n.js";

// in an order in which they fill the rows of a laptop's legend
const CLASSES = ["processed", "passed", "to_do", "below", "keep_out", "safe", "unknown", "unworkable", "provisional"];
const ROWS = ["passed", "below", "left", "fuel", "parking", "unworkable", "not_in_task"];

export class MissionView {
  /** @param {any} store @param {any} legend the map's module of its legend, or null */
  constructor(store, legend) {
    this.store = store;
    const element = at("progress");
    this.head = make("span", { className: "label" });
    this.total = make("b");
    this.bar = svg("svg", { viewBox: "0 0 1000 20", preserveAspectRatio: "none", "aria-hidden": "true" });
    this.rows = Object.fromEntries(ROWS.map((name) => [name, make("dd")]));
    this.names = Object.fromEntries(ROWS.map((name) => [name, make("dt", { text: t(`mission.${name}`) })]));
    const list = make("dl", { className: "rows" }, ROWS.flatMap((name) => [this.names[name], this.rows[name]]));
    this.note = make("p", { className: "small" });
    element.append(make("div", { className: "head" }, [this.head, this.total]), this.bar, list, this.note);
    legend?.mountLegend(at("legend"), t, CLASSES);
    at("legend").setAttribute("aria-label", t("record.legend"));
  }

  render() {
    const read = (name) => this.store.shown("mission", name);
    const old = this.store.old() || this.store.late("mission");
    for (const one of [this.total, ...Object.values(this.rows)]) mark(one, "old", old);
    const complete = this.store.value("ground", "complete");
    const inside = read("inside"), all = inside === null;
    const total = all ? null : read("total_m2");
    const [processed, passed, below] = ["processed_m2", "passed_m2", "below_m2"].map((name) => (all ? read(name) : inside[name]));
    put(this.head, all ? t("mission.processed_all") : t("mission.processed", { total: area(total) }));
    put(this.total, area(processed));
    put(this.rows.passed, area(passed));
    put(this.rows.below, area(below));
    show(this.note, complete === false);
    put(this.rows.left, span(read("time_left_s")));
    this._fuel();
    put(this.rows.unworkable, area(read("unworkable_m2")));
    const beyond = read("not_in_task_m2");
    for (const one of [this.names.not_in_task, this.rows.not_in_task]) show(one, beyond > 0);
    put(this.rows.not_in_task, area(beyond));
    put(this.note, complete === false ? t("mission.ground_unknown") : "");
    this._bar(total, [["processed", processed], ["passed", passed], ["below", below]]);
  }

  _fuel() {
    const [left, parking] = ["fuel_min", "parking_min"].map((name) => this.store.shown("engine", name));
    put(this.rows.fuel, span(left === null ? null : 60 * left));
    put(this.rows.parking, span(parking === null ? null : 60 * parking));
    const old = this.store.old() || this.store.late("engine");
    // what nobody measures takes no row from picture and legend: the top bar has its dash
    for (const [name, value] of [["fuel", left], ["parking", parking]]) {
      mark(this.rows[name], "amber", this.store.shown("engine", "fuel_low") === true);
      mark(this.rows[name], "old", old);
      for (const one of [this.names[name], this.rows[name]]) show(one, value !== null);
    }
  }

  _bar(total, parts) {
    const shown = JSON.stringify([total, parts]);
    if (this.bar.dataset.shown === shown) return;
    this.bar.dataset.shown = shown;
    let from = 0;
    const fields = [svg("rect", { class: "class-todo", width: 1000, height: 20 })];
    for (const [name, value] of parts) {
      if (!total || value === null) continue;
      const width = (value / total) * 1000;
      fields.push(svg("rect", { class: `class-${name}`, x: from, width, height: 20 }));
      from += width;
    }
    this.bar.replaceChildren(...fields);
  }
}
