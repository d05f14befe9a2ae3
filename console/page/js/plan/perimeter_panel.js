// Of panel 1: the outline of an area driven with the machine.

import { make, put, show } from "../dom.js";
import { number } from "../i18n.js";
import { button, chooseOne, field, metresOf } from "./parts.js";

const SIDES = { left: 1, middle: 0, right: -1 };
const SURE_MS = 5000;

// `host`: the Plan view: {perimeter, store, say(text), render(), closePerimeter(), halfWidth_m()}.
export class PerimeterPart {
  constructor(host, t) {
    Object.assign(this, { host, t, side: null, off_m: null, sure_ms: -Infinity });
    const options = Object.keys(SIDES).map((side) => [side, t(`plan.perimeter.${side}`)]);
    this.sides = chooseOne(t("plan.perimeter.side"), options, (side) => { this.side = side; host.render(); });
    this.off = field(t("plan.perimeter.off"), (text) => this.typed(text), { inputmode: "decimal" });
    this.begin = button(t("plan.perimeter.begin"), () => this.begun());
    this.close = button(t("plan.perimeter.close"), () => host.closePerimeter(), { className: "plain next" });
    this.straight = button(t("plan.perimeter.straight"), () => host.perimeter.bridge());
    this.drop = button(t("plan.perimeter.drop"), () => this.dropped());
    this.told = make("p", {});
    this.spoken = make("p", { className: "unseen", role: "status" }); // once per change: the metres go on
    this.choices = make("div", {}, [this.sides.element, this.off.element]);
    this.element = make("details", {}, [
      make("summary", { text: t("plan.perimeter") }), make("p", { className: "soft", text: t("plan.perimeter.how") }),
      this.choices, this.told, this.spoken, make("div", { className: "buttons" }, [this.begin, this.close, this.straight, this.drop]),
    ]);
  }

  typed(text) {
    const metres = metresOf(text);
    if (Number.isNaN(metres)) this.host.say(this.t("plan.no_number", { text }));
    else this.off_m = metres;
  }

  // Metres from the machine's middle to the line, left positive; null while nobody said it.
  offset_m() {
    const half_m = this.off_m ?? this.host.halfWidth_m();
    if (this.side === null) return null;
    return this.side === "middle" ? 0 : half_m === null ? null : SIDES[this.side] * half_m;
  }

  begun() {
    const offset_m = this.offset_m();
    if (offset_m === null) { this.host.say(this.t(this.side === null ? "plan.perimeter.choose" : "plan.perimeter.off_first")); return; }
    this.host.say(null);
    this.host.perimeter.begin(offset_m);
  }

  // A quarter of an hour of driving is not lost by one wrong press.
  dropped() {
    const now_ms = performance.now(), sure = now_ms - this.sure_ms < SURE_MS;
    this.sure_ms = sure ? -Infinity : now_ms;
    if (sure) { this.host.say(null); this.host.perimeter.end(); } else this.host.say(this.t("plan.perimeter.sure"));
  }

  render() {
    const { t, host } = this, record = host.store.get("perimeter"), runs = record !== null, half_m = host.halfWidth_m();
    if (runs) this.element.open = true;
    show(this.choices, !runs);
    show(this.off.element, this.side === "left" || this.side === "right");
    this.sides.set(this.side);
    this.off.input.placeholder = half_m === null ? "" : number(half_m * 100);
    show(this.begin, !runs);
    for (const one of [this.close, this.drop]) show(one, runs);
    show(this.straight, record?.waits === "away");
    put(this.told, runs ? perimeterText(record, t) : "");
    const state = runs ? String(record.waits) : "none";
    if (state !== this.state) [this.state, this.spoken.textContent] = [state, this.told.textContent];
    this.told.classList.toggle("problem", runs && record.waits !== null);
  }
}

const metres = (value, t) => t("unit.m", { value: number(value, 1) });

// In words: why nothing is recorded now, or how long the outline is and what would close it.
export function perimeterText(record, t) {
  if (record.waits !== null) return t(`perimeter.waits.${record.waits}`, { metres: metres(record.away_m, t) });
  return t("plan.perimeter.is", { length: metres(record.length_m, t), open: metres(record.open_m, t) });
}
