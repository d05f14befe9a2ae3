/** The card of START: which field, plan and machine, where it begins; the ring; then hold, sticks centred, START. */

import { spoken, wire } from "./act_buttons.js";
import { FAR_M, shiftWhy, startHands } from "./acts_logic.js";
import { at, make, mark, put, show } from "./dom.js";
import { startOf } from "./facts.js";
import { area, number, said, t, UNKNOWN } from "./i18n.js";

const ROWS = ["site", "plan", "machine", "area", "segments", "first", "leader", "ring"];

/** Where the mission begins or goes on, as the vehicle tells it: {distance_m, left_deg}; null where that is not known. */
function firstPoint(store) {
  const { distance_m, left_deg } = startOf(store);
  return distance_m === null || left_deg === null ? null : { distance_m, left_deg };
}

/** A start far away, or from a point that is not known, wants the team leader's name, given in Setup before ARM. */
export function farWhy(first, leader) {
  if (leader.trim() !== "" || (first !== null && first.distance_m <= FAR_M)) return null;
  if (first === null) return { key: "act.why.far_unknown", params: {} };
  return { key: "act.why.far", params: { distance: t("unit.m", { value: number(first.distance_m) }) } };
}

export class StartCard {
  /** @param {{store: any, acts: any, ring: import("./ring.js").Ring}} parts */
  constructor(parts) {
    Object.assign(this, parts);
    this.element = at("start-card");
    this.values = Object.fromEntries(ROWS.map((name) => [name, make("dd")]));
    this.waits = make("p");
    this.button = make("button", { className: "act next", type: "button" }, [make("span", { text: said("act.start") }), make("kbd", { text: "N" })]);
    const close = make("button", { className: "act", type: "button", text: said("start.close") });
    close.addEventListener("click", () => this.acts.closeStart());
    wire(this.button, "START", this.acts);
    this.ask_words = make("span");
    this.ask = make("button", { className: "act", type: "button" }, [this.ask_words, make("kbd", { text: "G" })]);
    this.ask.addEventListener("click", () => this.ring.tell());
    this.element.append(
      make("h2", { text: said("start.title") }),
      make("dl", { className: "rows" }, ROWS.flatMap((name) => [make("dt", { text: said(`start.${name}`) }), this.values[name]])),
      this.waits, make("div", { className: "acts" }, [this.ask, close, this.button]),
    );
    this.element.setAttribute("aria-label", said("start.title"));
    this.acts.farWhy = () => this.farWhy();
  }

  farWhy() {
    return farWhy(firstPoint(this.store), String(this.store.get("leader") ?? ""));
  }

  /** What is spoken when the card comes. */
  words() {
    const { site, machine, first } = this.values;
    return [said("start.title"), ...[site, machine, first].map(({ textContent }) => textContent), this.waits.textContent].filter(Boolean).join(". ");
  }

  render() {
    this.acts.keepStart();
    const open = this.acts.start_open;
    show(this.element, open);
    document.body.dataset.start = open ? "open" : "closed";
    if (!open) return;
    const site = this.store.get("site");
    const first = firstPoint(this.store);
    const hash = this.store.shown("mission", "plan_hash");
    put(this.values.site, site?.name ?? UNKNOWN);
    put(this.values.plan, hash === null ? UNKNOWN : String(hash).slice(0, 12));
    put(this.values.machine, site?.machine?.name ?? UNKNOWN);
    put(this.values.area, area(this.store.shown("mission", "total_m2")));
    put(this.values.segments, number(this.store.shown("mission", "segments")));
    put(this.values.first, first === null ? UNKNOWN : said("start.first_at", {
      distance: t("unit.m", { value: number(first.distance_m, first.distance_m < 10 ? 1 : 0) }), angle: number(Math.abs(first.left_deg)), side: t(first.left_deg >= 0 ? "inst.left" : "inst.right"),
    }));
    put(this.values.leader, this.store.get("leader") || UNKNOWN);
    this._ring(site?.ring_m ?? null);
    const facts = this.acts.facts();
    const why = shiftWhy(facts) ?? startHands(facts) ?? this.farWhy();
    put(this.waits, this.ring.text || (why ? spoken(why) : ""));
    mark(this.button, "next", why === null);
    this.button.setAttribute("aria-disabled", String(why !== null));
  }

  /** Its radius, who said that it is clear, and the button by which it is said. */
  _ring(radius_m) {
    const wide = radius_m === null ? UNKNOWN : t("unit.m", { value: number(radius_m) });
    put(this.values.ring, this.ring.told() ? said("start.ring_said", { radius: wide, who: this.ring.said.who }) : wide);
    show(this.ask, this.ring.used() && !this.ring.told());
    put(this.ask_words, said("start.ring_clear", { who: this.ring.who() }));
    mark(this.ask, "next", !this.ring.sending);
  }
}
