// Panels 4 to 7 of the Plan view: machine and depth, the plan in the making, its figures, comparison, hand-over.

import { make, put, show } from "../dom.js";
import { area, number, span } from "../i18n.js";
import { bound, button, choice, field, metresOf, panel, rowsOf } from "./parts.js";
import { best, planTime, timesByKind } from "./walk.js";

export const PLANS_MAX = 3;
const COMPARED = ["time_s", "swaths", "overlap_m2", "unworkable_m2", "turns"];
const cm = (metres, t) => t("unit.cm", { value: number(metres * 100) });

export class MachinePanel {
  constructor(host, t) {
    Object.assign(this, { host, t, machines: [] });
    this.machine = choice(t("plan.machine"), [], (name) => { host.wish({ machine: name, tool: null }); });
    this.tool = choice(t("plan.tool"), [], (name) => host.wish({ tool: name || null }));
    this.depth = field(t("plan.depth"), (text) => this.metres("depth_m", text), { inputmode: "decimal" });
    this.overlap = field(t("plan.overlap"), (text) => this.metres("overlap_m", text), { inputmode: "decimal" });
    this.least = make("p", { className: "soft" });
    this.limit = choice(t("plan.limit"), [["30", "30 s"], ["120", "2 min"], ["600", "10 min"], ["3600", "60 min"]], (value) => host.wish({ limit_s: Number(value) }));
    this.limit.select.value = "120";
    this.element = panel(t("plan.machine_panel"), [
      this.machine.element, this.tool.element, this.depth.element, this.overlap.element, this.least, this.limit.element,
    ]);
  }

  metres(key, text) {
    const value = metresOf(text);
    if (Number.isNaN(value)) { this.host.say(this.t("plan.no_number", { text })); return; }
    this.host.wish({ [key]: value });
  }

  setMachines(machines) {
    this.machines = machines;
    this.machine.fill([["", this.t("plan.choose")], ...machines.map(({ name, title }) => [name, title])], this.host.wishes.machine);
  }

  render({ document, wishes }) {
    show(this.element, document !== null);
    const found = this.machines.find(({ name }) => name === wishes.machine);
    show(this.tool.element, Boolean(found?.tools.length));
    if (found && this.of !== found.name) {
      this.of = found.name;
      this.tool.fill([["", this.t("plan.own_tool")], ...found.tools.map((name) => [name, name])], wishes.tool ?? "");
    }
    const said = document?.required_depth_m;
    this.depth.input.placeholder = said ? this.t("plan.depth_of_site", { depth: number(said * 100) }) : number((found?.depth_default_m ?? 0.15) * 100);
    this.overlap.input.placeholder = found ? this.t("plan.reckoned") : "";
    put(this.least, found ? this.t("plan.least", {
      overlap: cm(found.overlap_least_m, this.t), width: this.t("unit.m", { value: number(found.tool_width_m, 2) }), depth: cm(found.depth_max_m, this.t),
    }) : "");
  }
}

export class MakingPanel {
  constructor(host, t) {
    Object.assign(this, { host, t });
    this.plan = button(t("plan.plan"), () => host.plan(), { className: "plain next" });
    this.cancel = button(t("plan.cancel"), () => host.cancel());
    this.bar = make("progress", { max: "1", value: "0", "aria-label": t("plan.progress") });
    this.text = make("p", { role: "status" });
    this.element = panel(t("plan.preview"), [make("div", { className: "buttons" }, [this.plan, this.cancel]), this.bar, this.text]);
  }

  render({ document, job, planError, plans }) {
    show(this.element, document !== null);
    const running = job !== null && !job.done;
    show(this.cancel, running);
    show(this.bar, running);
    this.plan.disabled = running;
    this.bar.value = job?.progress ?? 0;
    const full = plans.length >= PLANS_MAX ? this.t("plan.oldest_goes") : "";
    put(this.text, planError ?? (running ? wordsOf(job.text, this.t) : full));
    this.text.classList.toggle("problem", planError !== null);
  }
}

const wordsOf = (text, t) => (/^job\.\w+$/.test(text) ? t(`plan.${text}`) : text);

export class ResultPanel {
  constructor(host, t) {
    Object.assign(this, { host, t });
    this.figures = make("div", {});
    this.time = make("input", { type: "range", min: "0", step: "1", value: "0", "aria-label": t("plan.time") });
    this.time.addEventListener("input", () => host.walk(Number(this.time.value)));
    this.now = make("output", {});
    this.places = make("ol", { className: "lines places" });
    this.proof = make("p", {});
    this.stale = make("p", { className: "amber", hidden: "" });
    this.element = panel(t("plan.result"), [
      this.stale, this.figures, this.proof,
      make("div", { className: "walk" }, [
        button("−", () => host.walkBy(-1), { className: "plain small-button" }), this.time, button("+", () => host.walkBy(+1), { className: "plain small-button" }),
      ]),
      this.now, make("h3", { text: t("plan.places") }), this.places,
    ]);
  }

  render({ shown, time, pose, isStale }) {
    show(this.element, shown !== null);
    if (shown === null) return;
    show(this.stale, isStale);
    put(this.stale, this.t("plan.stale"));
    if (this.of !== shown.hash) this.fill(shown);
    if (Number(this.time.value) !== Math.round(time)) this.time.value = String(Math.round(time));
    const kind = pose ? this.t(`plan.kind.${pose.kind}`) : "";
    put(this.now, pose ? this.t(pose.swath ? "plan.now_swath" : "plan.now", { time: span(time), kind, swath: pose.swath ?? "", swaths: shown.swaths }) : "");
  }

  fill(shown) {
    this.of = shown.hash;
    const { t } = this, times = timesByKind(shown.segments);
    this.time.max = String(Math.ceil(planTime(shown.segments)));
    this.figures.replaceChildren(rowsOf([
      [t("plan.figure.area"), area(shown.area_m2)], [t("plan.figure.time_s"), span(shown.time_s)],
      [t("plan.figure.swaths"), number(shown.swaths)], [t("plan.figure.turns"), number(shown.turns)],
      [t("plan.figure.overlap_m2"), area(shown.overlap_m2)], [t("plan.figure.unworkable_m2"), area(shown.unworkable_m2)],
      ...(shown.not_in_task_m2 > 0 ? [[t("plan.figure.not_in_task_m2"), area(shown.not_in_task_m2)]] : []),
      [t("plan.figure.depth"), t(shown.required_depth_assumed ? "plan.depth_assumed" : "plan.depth_cm", { depth: number(shown.required_depth_m * 100) })],
      ...Object.entries(times).map(([kind, seconds]) => [t(`plan.kind.${kind}`), span(seconds)]),
      [t("plan.figure.hash"), shown.hash],
    ]));
    put(this.proof, t(shown.whole ? "plan.proof" : "plan.no_proof", { missed: number(shown.certificate.missed_nominal_m2, 1) }));
    this.proof.classList.toggle("problem", !shown.whole);
    this.places.replaceChildren(...shown.unworkable.filter(({ area_m2 }) => area_m2 >= 0.005).map((place) => {
      const go = button(t("plan.place_is", { area: t("unit.m2", { value: number(place.area_m2, 1) }), reason: t(`plan.reason.${place.reason}`) }), () => this.host.lookAt(place.at), { className: "link" });
      return make("li", {}, [go]);
    }));
  }
}

function planButton(id, text, act) {
  const found = button(text, act, { className: "link" });
  found.dataset.plan = id;
  return found;
}

export class ComparePanel {
  constructor(host, t) {
    Object.assign(this, { host, t });
    this.table = make("table", { className: "compare" });
    this.element = panel(t("plan.compare"), [this.table]);
  }

  render({ plans, shown }) {
    show(this.element, plans.length > 0);
    const key = `${plans.map(({ id }) => id)} ${shown?.hash}`;
    if (this.of === key) return;
    this.of = key;
    const focused = this.table.contains(globalThis.document.activeElement) ? globalThis.document.activeElement.dataset.plan : null;
    const { t } = this, good = best(plans.map(({ shown: one }) => one), COMPARED);
    const head = plans.map(({ id, label }, n) => make("th", { scope: "col" }, [planButton(id, `${n + 1}: ${label}`, () => this.host.choosePlan(id))]));
    const text = { time_s: span, swaths: number, overlap_m2: area, unworkable_m2: area, turns: number };
    this.table.replaceChildren(
      make("tr", {}, [make("td", {}), ...head]),
      ...COMPARED.map((name) => make("tr", {}, [
        make("th", { scope: "row", text: t(`plan.figure.${name}`) }),
        ...plans.map(({ shown: one }, n) => make("td", { text: `${text[name](one[name])}${good[name].includes(n) ? " ◂" : ""}`, className: good[name].includes(n) ? "best" : "" })),
      ])),
      make("tr", {}, [make("td", {}), ...plans.map(({ id }) => make("td", {}, [button(t("plan.drop"), () => this.host.dropPlan(id), { className: "link" })]))]),
    );
    if (focused) [...this.table.querySelectorAll("button")].find(({ dataset }) => dataset.plan === focused)?.focus();
  }
}

const HANDED = { sending: "plan.handing", done: "plan.handed", other: "plan.handed_other", gone: "plan.handed_gone" };

/**
 * What became of the hand-over of the shown plan to the steered vehicle; null where nothing is to be said.
 * @param {any} handed the vehicle's answer; `seen`: it was since seen to hold that plan
 * @param {{plan: string|null}} held the plan that the vehicle is seen to hold now, null while that is not known
 */
export function handedState(handed, { plan }) {
  if (handed?.sending) return "sending";
  if (handed?.same === false) return "other";
  if (handed?.same !== true) return null;
  return handed.seen && plan !== null && plan !== handed.hash_vehicle ? "gone" : "done";
}

export class HandOverPanel {
  constructor(host, t) {
    Object.assign(this, { host, t });
    this.about = null;
    this.send = bound(button(t("plan.hand_over"), () => host.handOver()), () => this.about);
    this.why = make("p", { className: "soft" });
    this.here = make("p", { className: "hash" });
    this.there = make("p", { className: "hash" });
    this.end = make("p", { role: "status" });
    this.element = panel(t("plan.hand_over_panel"), [this.send, this.why, this.here, this.there, this.end]);
  }

  render({ shown, isStale, vehicle, handed, held }) {
    show(this.element, shown !== null);
    this.about = `${shown?.id} ${held.vehicle}`;
    if (shown === null) return;
    const why = isStale ? "plan.why.stale" : !shown.whole ? "plan.why.not_whole" : !vehicle ? "plan.why.no_vehicle"
      : vehicle.mode !== "DISARMED" ? "plan.why.armed" : !vehicle.mine ? "plan.why.not_mine" : null;
    this.send.disabled = why !== null || handed?.sending === true;
    put(this.why, why ? this.t(why) : "");
    const mine = handed?.id === shown.id && handed.vehicle === held.vehicle ? handed : null, state = handedState(mine, held);
    put(this.here, this.t("plan.hash_here", { hash: shown.hash }));
    put(this.there, mine?.hash_vehicle ? this.t("plan.hash_vehicle", { hash: state === "gone" ? held.plan : mine.hash_vehicle }) : "");
    put(this.end, mine?.error ?? (state ? this.t(HANDED[state]) : ""));
    this.end.classList.toggle("problem", Boolean(mine?.error) || state === "other" || state === "gone");
  }
}
