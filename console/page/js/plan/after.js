// During and after the task: detonations marked and classified, swaths skipped on record, what is left planned again.

import { placeNow, placedIn, siteNow } from "../marks.js";
import { datumOf } from "./drawing.js";

// `host`: {server, store, t, shelf, book, observations, render()}.
export class After {
  constructor(host) { Object.assign(this, { host, afterText: null }); }

  get marks() { return this.host.book.marks(); }

  // As the steered vehicle holds them, whichever console told them; null while that is not known.
  get skips() { return this.host.store.get("day")?.skips ?? null; }
  get vehicle() { return this.host.book.vehicle; }
  // The plan whose numbers of swaths count.
  get planHash() { return this.host.store.shown("mission", "plan_hash"); }

  render() { this.host.render(); }

  markHere() {
    const { store, book } = this.host;
    const place = book.settled() ? placeNow(store) : null;
    if (place === null) { this.afterText = this.host.t("plan.mark_no_place"); this.host.render(); return; }
    book.mark(place);
    this.host.render();
  }

  classifiedMark({ vehicle, n }, kind) { this.host.book.change(vehicle, n, { kind }); }

  // `recorded` is called with the vehicle that recorded it.
  async observe(seen, mark, recorded) {
    const { vehicle } = this.host.book;
    this.afterText = this.host.t("plan.sending");
    this.host.render();
    try {
      const told = await this.host.observations.send(seen, mark);
      if (told.recorded) recorded(mark?.vehicle ?? vehicle);
      this.afterText = told.recorded ? this.host.t("plan.recorded") : this.host.t("plan.not_recorded", { why: told.text });
    } catch (error) {
      this.afterText = error.message;
    }
    this.host.render();
  }

  get craters() { return placedIn(this.marks, datumOf(siteNow(this.host.store))).map(({ e, north }) => [e, north]); }

  // `to`: "parking" or "work". Nothing moves by it: the plan is handed over and started like every plan.
  way(to) { this.host.shelf.begun({ to, craters: this.craters, limit_s: this.host.shelf.wishes.limit_s }, "/api/ways"); }

  replan() {
    const { craters } = this;
    this.host.shelf.begun({ craters, limit_s: this.host.shelf.wishes.limit_s }, "/api/replans");
  }
}
