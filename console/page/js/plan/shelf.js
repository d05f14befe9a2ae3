// Plans in the making and made: up to three are kept, one is shown and walked, and handed to the vehicle.

import { PLANS_MAX } from "./plan_panels.js";
import { planTime, poseAt } from "./walk.js";

const WALK_STEP_S = 10;

// `host`: {server, store, steps, source(), document(), showPlan(), render(), say(text), touch(), lookAt(place)}.
export class Shelf {
  constructor(host) {
    Object.assign(this, { host, plans: [], current: null, job: null, planError: null, time: 0, handed: null, of: null });
    this.wishes = { machine: "", tool: null, depth_m: null, overlap_m: null, limit_s: 120 };
  }

  say(text) { this.host.say(text); }
  lookAt(place) { this.host.lookAt(place); }
  get shown() { return this.current?.shown ?? null; }
  get pose() { return this.shown ? poseAt(this.shown.segments, this.time) : null; }

  // The drawing was changed since the shown plan was made.
  get isStale() {
    const { id, at } = this.host.steps;
    return this.current !== null && (this.current.of.draft !== id || this.current.of.at !== at);
  }

  wish(changed) { Object.assign(this.wishes, changed); this.host.say(null); }

  async plan() {
    await this.host.steps.turn;
    const { outside, tripwires } = this.host.document();
    const { machine, ...rest } = this.wishes;
    const source = this.host.source();
    this.begun({ ...rest, ...source, machine: machine || null, outside, tripwires }, "/api/plans");
  }

  async begun(asked, path) {
    this.planError = null;
    const body = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== null));
    try {
      const { id } = await this.host.server.post(path, body);
      this.job = { id, progress: 0, text: "job.waiting", done: false, error: null };
      this.of = { draft: this.host.steps.id, at: this.host.steps.at };
      this.jobs(this.host.store.get("jobs") ?? []);
    } catch (error) {
      this.planError = error.message;
    }
    this.host.render();
  }

  cancel() { if (this.job) this.host.server.remove(`/api/plans/${this.job.id}`).catch((error) => this.host.say(error.message)); }

  jobs(rows) {
    const row = rows.find(({ id }) => id === this.job?.id);
    if (!row) return;
    const isNew = row.done && !this.job.done;
    this.job = row;
    if (isNew && row.error) this.planError = row.error;
    else if (isNew && row.text === "job.done") this.finished(row.id);
    this.host.render();
  }

  async finished(id) {
    try {
      const shown = { id, ...(await this.host.server.get(`/api/plans/${id}`)) };
      // the work that the machine leaves for a way is handed over again after it, also by a page that was loaded anew
      if (shown.work && !this.plans.some((plan) => plan.id === shown.work)) await this.finished(shown.work);
      const label = shown.to ? this.host.t(`plan.way.${shown.to}`) : shown.machine.name;
      this.plans = [...this.plans, { id, label, shown, of: this.of }].slice(-PLANS_MAX);
      this.choosePlan(id);
    } catch (error) {
      this.host.say(error.message);
    }
  }

  choosePlan(id) {
    this.current = this.plans.find((plan) => plan.id === id) ?? null;
    this.time = this.current ? planTime(this.current.shown.segments) : 0;
    this.host.showPlan();
  }

  dropPlan(id) {
    this.plans = this.plans.filter((plan) => plan.id !== id);
    if (this.current?.id === id) this.choosePlan(this.plans[this.plans.length - 1]?.id ?? null);
    this.host.render();
  }

  walk(time) { this.time = time; this.host.touch(); this.host.render(); }
  walkBy(steps) { this.walk(Math.min(planTime(this.shown.segments), Math.max(0, this.time + steps * WALK_STEP_S))); }

  async handOver() {
    const { id } = this.current, vehicle = this.host.store.value("server", "vehicle"), of = { id, vehicle };
    this.handed = { ...of, sending: true };
    this.host.render();
    this.handed = await this.host.server.post(`/api/plans/${id}/hand_over`, { vehicle }).then((told) => ({ ...of, ...told }), (error) => ({ ...of, error: error.message }));
    this.host.render();
  }

  // The steered vehicle, and the plan that it is seen to hold: what was handed to it may be gone since.
  get held() {
    const { store } = this.host, held = { vehicle: store.value("server", "vehicle"), plan: store.shown("mission", "plan_hash") };
    if (this.handed?.vehicle === held.vehicle && held.plan !== null && held.plan === this.handed.hash_vehicle) this.handed.seen = true;
    return held;
  }
}
