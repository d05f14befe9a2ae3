/**
 * The marks of each vehicle, kept by the browser beside the page: a reload forgets none, and the section `marks` of the
 * store holds those of the steered vehicle alone.
 */

import { changed, marked } from "./marks.js";
import * as storage from "./storage.js";

const PREFIX = "flail-marks";
/** How long nobody may have looked, and what is told is still the detonation that was marked. */
const AWAY_MS = 10_000;
const WRITE_MS = 1000;
const SAME_M = 1;
/** For so long after a change of vehicle a message may still hold figures of the one before. */
export const TURNING_MS = 500;
const BLANK = { marks: [], is: false, at_ms: 0 };

export class MarkBook {
  /**
   * `lasting`, `passing`: where marks of vehicles are kept, and those of a simulation, which end with it (`secret`).
   * @param {{store: any, secret?: string, lasting?: Storage, passing?: Storage, clock_ms?: () => number}} parts
   */
  constructor({ store, secret = "", lasting = storage.lasting, passing = storage.passing, clock_ms = () => Date.now() }) {
    Object.assign(this, { store, secret, lasting, passing, clock_ms, vehicle: null, turned_ms: 0, books: {} });
    store.subscribe(["server"], () => this.turn());
    globalThis.addEventListener?.("storage", ({ key }) => { if (this.vehicle !== null && key === this._key(this.vehicle)) this._show(); });
    this.turn();
  }

  /** Another vehicle is steered: its marks are shown. */
  turn() {
    const vehicle = this.store.value("server", "vehicle");
    if (vehicle === this.vehicle) return;
    Object.assign(this, { vehicle, turned_ms: this.store.now_ms() });
    this._show();
  }

  /** All that is told is of the steered vehicle. */
  settled() {
    return this.vehicle !== null && this.store.now_ms() - this.turned_ms >= TURNING_MS;
  }

  marks() {
    return this.store.get("marks") ?? [];
  }

  /** One more mark of the steered vehicle, which is returned. */
  mark(place) {
    const book = this._read(this.vehicle);
    const marks = marked(book.marks, place, this.vehicle);
    this._write(this.vehicle, { ...book, marks });
    return marks.at(-1);
  }

  change(vehicle, n, change) {
    const book = this._read(vehicle);
    this._write(vehicle, { ...book, marks: changed(book.marks, n, change) });
  }

  /**
   * The steered vehicle tells of a detonation, or of none.
   * @returns {boolean} it is one that has no mark yet
   */
  told(is, place) {
    const book = this._read(this.vehicle), at_ms = this.clock_ms();
    const watched = book.is && at_ms - book.at_ms <= AWAY_MS;
    if (is !== book.is || (is && at_ms - book.at_ms >= WRITE_MS)) this._write(this.vehicle, { ...book, is, at_ms }, false);
    return is && !watched && !(book.is && isAt(book.marks.at(-1), place));
  }

  // --- the browser's storage -------------------------------------------------------------------------------------------
  _simulated() {
    return this.store.value("server", "simulation") === true;
  }

  _key(vehicle) {
    return this._simulated() ? `${PREFIX} ${vehicle} ${this.secret}` : `${PREFIX} ${vehicle}`;
  }

  _read(vehicle) {
    try {
      const kept = JSON.parse((this._simulated() ? this.passing : this.lasting).getItem(this._key(vehicle)) ?? "null");
      if (Array.isArray(kept?.marks)) return kept;
    } catch { /* what cannot be read is as this page remembers it */ }
    return this.books[vehicle] ?? BLANK;
  }

  _write(vehicle, book, shows = true) {
    this.books[vehicle] = book;
    try {
      (this._simulated() ? this.passing : this.lasting).setItem(this._key(vehicle), JSON.stringify(book));
    } catch { /* a full or forbidden storage: this page remembers it still */ }
    if (shows && vehicle === this.vehicle) this._show();
  }

  _show() {
    this.store.set("marks", this.vehicle === null ? [] : this._read(this.vehicle).marks);
  }
}

const isAt = (mark, place) =>
  Boolean(mark && place && mark.e !== null && mark.datum.lat_deg === place.datum.lat_deg && mark.datum.lon_deg === place.datum.lon_deg) &&
  Math.hypot(mark.e - place.e, mark.north - place.north) < SAME_M;
