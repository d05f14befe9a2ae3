// During and after the task: detonations marked and classified, swaths skipped on record, what is left planned again.

import { datumOf } from "./drawing.js";

// `host`: {server, store, t, shelf, render()}.
export class After {
  constructor(host) { Object.assign(this, { host, marks: [], skips: [], afterText: null }); }

  render() { this.host.render(); }

  markHere() {
    const pose = this.host.store.get("pose");
    if (!pose || !Number.isFinite(pose.e)) { this.afterText = this.host.t("plan.mark_no_place"); this.host.render(); return; }
    this.marks = [...this.marks, { n: this.marks.length + 1, e: pose.e, north: pose.n, kind: null }];
    this.host.store.set("marks", this.marks);
    this.host.render();
  }

  classifiedMark(n, kind) { this.marks = this.marks.map((mark) => (mark.n === n ? { ...mark, kind } : mark)); this.host.store.set("marks", this.marks); }
  skippedSwath(swath, note) { this.skips = [...this.skips, { swath, note }]; }

  async observe(seen, recorded) {
    const datum = datumOf(this.host.store.get("site"));
    this.afterText = this.host.t("plan.sending");
    this.host.render();
    try {
      const told = await this.host.server.post("/api/observations", { ...seen, ...(seen.e === undefined ? {} : { datum }) });
      if (told.recorded) recorded();
      this.afterText = told.recorded ? this.host.t("plan.recorded") : this.host.t("plan.not_recorded", { why: told.text });
    } catch (error) {
      this.afterText = error.message;
    }
    this.host.render();
  }

  replan() {
    const craters = this.marks.map(({ e, north }) => [e, north]);
    this.host.shelf.begun({ skipped: this.skips.map(({ swath }) => swath), craters, limit_s: this.host.shelf.wishes.limit_s }, "/api/replans");
  }
}
