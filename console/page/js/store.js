/**
 * All that the page knows: one object of sections as /state sends them, and the page's own. What was never told is
 * null. Views subscribe by section and are told once per change.
 */

export const OLD_MS = 500;
/** Messages by which the server's clock is compared with this page's: five seconds of them. */
const COMPARED = 50;

/**
 * How late a message is handled: by the smallest difference of the two clocks in the newest messages. Messages can only
 * be late, and one that waited while the page stood still is.
 */
export class Lateness {
  constructor() {
    this._apart_ms = [];
  }

  /** @param {number} made_ms by the server's clock @param {number} now_ms by this page's @returns {number} ms */
  of(made_ms, now_ms) {
    this._apart_ms = [...this._apart_ms.slice(1 - COMPARED), now_ms - made_ms];
    return now_ms - made_ms - Math.min(...this._apart_ms);
  }
}

export class Store {
  /** @param {() => number} now_ms a monotonic clock */
  constructor(now_ms) {
    this.now_ms = now_ms;
    /** @type {Record<string, any>} */
    this.state = {};
    /** When the newest message of /state was made, by this page's clock. */
    this.heard_ms = null;
    this._lateness = new Lateness();
    this._views = new Map();
  }

  /** @param {string} section @returns {any} the section, or null */
  get(section) {
    return this.state[section] ?? null;
  }

  /** A value of a section as it is now, for what decides; null where section or value is unknown, or the report late. */
  value(section, name) {
    return this.late(section) ? null : (this.state[section]?.[name] ?? null);
  }

  /** The same for what only shows: of a late report too, which has to look old then. */
  shown(section, name) {
    return this.state[section]?.[name] ?? null;
  }

  /** The report that this section is made of is late, while others come: what it says is not of now. */
  late(section) {
    return this.state[section]?.old === true;
  }

  set(section, value) {
    this._told([[section, value]]);
  }

  /** Every view is told, also behind one that fails; the first failure is thrown when all were. */
  _told(sections) {
    const failures = [];
    for (const [section, value] of sections) {
      this.state[section] = value;
      for (const view of this._views.get(section) ?? []) {
        try {
          view(value);
        } catch (error) {
          failures.push(error);
        }
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** @param {string[]} sections @param {(value: any) => void} view */
  subscribe(sections, view) {
    for (const section of sections) {
      if (!this._views.has(section)) this._views.set(section, new Set());
      this._views.get(section).add(view);
    }
  }

  /** The same for one section. */
  on(section, view) {
    this.subscribe([section], view);
  }

  /** A message of /state: a snapshot replaces all that came from the server, a delta the sections it holds. */
  heard(message) {
    const { type, seq: _, made_ms = null, ...sections } = message;
    if (type === "snapshot") this._lateness = new Lateness();
    this.heard_ms = this.now_ms() - (made_ms === null ? 0 : this._lateness.of(made_ms, this.now_ms()));
    if (type === "snapshot") {
      for (const name of SECTIONS) if (!(name in sections) && name in this.state) sections[name] = null;
    }
    // what one message holds belongs together: no view is told of one section while another is still the one before
    Object.assign(this.state, sections);
    this._told(Object.entries(sections));
  }

  /** The server is gone: nothing it said is forgotten, all of it is old. */
  serverAge_ms() {
    return this.heard_ms === null ? null : this.now_ms() - this.heard_ms;
  }

  /** Age of the newest report of the vehicle, as far as this page can know it; null: never heard. */
  age_ms() {
    const age_ms = this.value("link", "age_ms");
    return age_ms === null || this.heard_ms === null ? null : age_ms + this.serverAge_ms();
  }

  /** No report for half a second: no value may look live. */
  old() {
    const age_ms = this.age_ms();
    return age_ms === null || age_ms > OLD_MS;
  }

  /** The link stands, and the page hears the server. */
  open() {
    return this.value("link", "state") === "open" && !this.old();
  }
}

export const SECTIONS = [
  "server", "link", "vehicle", "pose", "tool", "limits", "mission", "due", "gnss", "engine", "checks", "near", "jobs",
  "texts", "ground", "training",
];
