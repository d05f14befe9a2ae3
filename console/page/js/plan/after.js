// During and after the task: detonations marked and classified, swaths skipped on record, what is left planned again.

import { changed, marked, placeOfTool, placed } from "../marks.js";
import { datumOf } from "./drawing.js";

// `host`: {server, store, t, shelf, render()}.
export class After {
  constructor(host) { Object.assign(this, { host, skips: [], afterText: null }); }

  get marks() { return this.host.store.get("marks") ?? []; }

  render() { this.host.render(); }

  markHere() {
    const { store } = this.host;
    const place = store.late("pose") ? null : placeOfTool(store.get("site"), store.get("pose"));
    if (place === null) { this.afterText = this.host.t("plan.mark_no_place"); this.host.render(); return; }
    store.set("marks", marked(this.marks, place));
    this.host.render();
  }

  classifiedMark(n, kind) { this.host.store.set("marks", changed(this.marks, n, { kind })); }
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
    const craters = placed(this.marks).map(({ e, north }) => [e, north]);
    this.host.shelf.begun({ skipped: this.skips.map(({ swath }) => swath), craters, limit_s: this.host.shelf.wishes.limit_s }, "/api/replans");
  }
}
