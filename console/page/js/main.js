/** The page begins here: sockets, hands, acts, regions; one timer paints what changed. */

import { Acts } from "./acts.js";
import { Bar, VIEWS } from "./bar.js";
import { Detonation } from "./detonation.js";
import { at, make, mark, put, show } from "./dom.js";
import { armed, rulesOf, stateOf } from "./facts.js";
import { Hands, touchPads } from "./hands.js";
import { load, t } from "./i18n.js";
import { Instruments } from "./instruments.js";
import { Keys } from "./keys.js";
import { MarkBook } from "./mark_book.js";
import { Observations } from "./observations.js";
import { asking } from "./plan/asking.js";
import { datumOf } from "./plan/drawing.js";
import { Perimeter } from "./plan/perimeter.js";
import { People, PeopleCard } from "./people.js";
import { Rest } from "./rest.js";
import { Ring } from "./ring.js";
import { Sounds, askedSound, soundsOf } from "./sounds.js";
import { STEERED_ELSEWHERE, DriveSocket, StateSocket, apiOf, openSocket } from "./sockets.js";
import { stateWords, summary, tell } from "./spoken.js";
import { Stopped } from "./stopped.js";
import { Store } from "./store.js";
import { StartCard } from "./start_card.js";
import { Strip, answerText, nextStep } from "./strip.js";
import { token } from "./token.js";
import { forgetAtTurn } from "./turn.js";
import { MissionView } from "./view_mission.js";
import { Settings, SetupView } from "./view_setup.js";

const PAINT_MS = 50;
const SITE_AGAIN_MS = 2000;
const STOP_SEEN_MS = 5000;
const NO_PICTURE = { age_ms: () => null, visible: () => false, nextCamera: () => {}, rear: () => {} };

/** A module of another room; the page runs without it and says what is missing. */
async function optional(path) {
  try {
    return await import(path);
  } catch (error) {
    console.warn(`${path}: ${error.message}`);
    return null;
  }
}

class Page {
  constructor() {
    this.now_ms = () => performance.now();
    this.store = new Store(this.now_ms);
    this.settings = new Settings();
    this.secret = token();
    this.api = apiOf(this.secret);
    this.picture = NO_PICTURE;
    this.map = null;
    this.view = "drive";
    this.others = {};
    this.too_small = window.matchMedia("(max-width: 1023px), (max-height: 599px), (orientation: portrait)");
  }

  async start() {
    this._look();
    await load(this.settings.get("language"), (language) => this._json(`/api/catalogue/${language}`));
    document.documentElement.lang = this.settings.get("language");
    this.store.set("reasons", await this._json("/api/reasons").catch(() => []));
    this._parts();
    this._regions();
    await this._rooms();
    this._sockets();
    this.hands.start();
    this.keys.start();
    this.turn("drive");
    setInterval(() => this.paint(), PAINT_MS);
    this.paint();
    this.ready = true;
  }

  async _json(path) {
    const response = await this.api(path);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.json();
  }

  _parts() {
    const { store, now_ms } = this;
    this.sounds = new Sounds(this.settings.get("sounds") === "on");
    this.hands = new Hands({
      store, now_ms,
      drive: () => this.drive,
      picture: { age_ms: () => this.picture.age_ms(), visible: () => this.picture.visible?.() ?? true },
      settings: this.settings.values,
      stop: () => this.acts.stop(),
      pad: (pad) => this.acts.pad(pad, document.hasFocus()),
    });
    this.hands.reopen = () => this.drive.open();
    this.acts = new Acts({
      store, now_ms,
      drive: () => this.drive,
      state: () => this.state,
      hands: () => this.hands,
      page: () => ({
        shown_ms: this.stopped.shown_ms(),
        video_age_ms: this.picture.age_ms(),
        detonation_open: this.detonation.open(),
        ring_told: this.ring.told(),
        checklist_due: store.value("server", "checklist_due") === true,
      }),
    });
    this.book = new MarkBook({ store, secret: this.secret });
    this.observations = new Observations({ store, post: asking(this.api, t).post, book: this.book });
    this.detonation = new Detonation({ store, book: this.book, observations: this.observations });
    this.ring = new Ring({ store, observations: this.observations });
    this.perimeter = new Perimeter({ store });
    this.people = new People({ store, now_ms, observations: this.observations, send: (act) => this.acts._send(act) });
    this.acts.people = this.people;
    forgetAtTurn(store, () => this.acts.turned());
    this.keys = new Keys({ acts: this.acts, ring: this.ring, hands: this.hands, store, turn: (view) => this.turn(view), page: this });
  }

  _regions() {
    const { store, acts, hands } = this;
    const instruments = new Instruments(at("instruments"), store);
    this.rest = new Rest(store);
    this.bar = new Bar({ store, hands, rest: this.rest, picture: { age_ms: () => this.picture.age_ms(), hidden: () => this.picture.hidden?.() ?? false }, turn: (view) => this.turn(view), view: () => this.view });
    this.stopped = new Stopped({ store, acts, detonation: this.detonation });
    this.strip = new Strip({ store, acts, hands, instruments, rest: this.rest, detonation: this.detonation });
    this.card = new StartCard({ store, acts, ring: this.ring });
    this._was_open = false;
    this.regions = [this.bar, this.strip, instruments, this.stopped, this.card, new PeopleCard({ store, people: this.people })];
    at("people").setAttribute("aria-label", t("people.title.who"));
    touchPads(at("pad-hold"), at("pad-stick"), hands);
    for (const name of ["map", "picture"]) at(name).setAttribute("aria-label", t(`region.${name}`));
    put(at("engine-off").firstElementChild, t("engine_off"));
    at("engine-off").title = t("engine_off.title");
    put(at("steer-here"), t("steer_here"));
    at("steer-here").addEventListener("click", () => this.steerHere());
  }

  /** Map, picture, Plan and Record, which other rooms bring. */
  async _rooms() {
    const [map, video, plan, record, legend] = await Promise.all(
      ["./map/map.js", "./video.js", "./view_plan.js", "./view_record.js", "./map/legend.js"].map(optional),
    );
    if (map) this.map = new map.GroundMap(at("map-ground"), at("map-top"), this.store, { t });
    else at("map").append(make("p", { className: "missing", text: t("map.missing") }));
    if (!video) at("picture").append(make("p", { className: "missing", text: t("picture.missing") }));
    else {
      this.picture = new video.Picture(at("picture"), this.store);
      this.picture.start?.(() => openSocket("/video", this.secret));
    }
    this.map?.overlays.push((context, view, theme) => this.perimeter.paint(context, view, theme, datumOf(this.map.site)));
    const parts = { store: this.store, api: this.api, t, map: this.map, book: this.book, observations: this.observations, perimeter: this.perimeter };
    if (plan) this.others.plan = plan.mount(at("view-plan"), parts);
    if (record) this.others.record = record.mount(at("view-record"), parts);
    this.mission = new MissionView(this.store, legend);
    this.regions.push(this.mission);
    this.store.subscribe(["server", "mission"], () => this._site());
  }

  /** The site of the plan that the vehicle has, fetched when that changes. */
  async _site() {
    const vehicle = this.store.value("server", "vehicle");
    const wanted = `${vehicle} ${this.store.shown("mission", "plan_hash")}`;
    if (vehicle === null || wanted === this._site_of) return;
    this._site_of = wanted;
    if (this._site_vehicle !== vehicle) {
      this._site_vehicle = vehicle;
      this.store.set("site", null);
      this.map?.setSite({ hash: null });
    }
    try {
      const site = await this._json("/api/site");
      if (wanted !== this._site_of) return; // another vehicle or plan since: its own request is under way
      this.store.set("site", site);
      this.map?.setSite(site);
      if (site.hash === null || site.vehicle !== vehicle) this._siteAgain(wanted);
    } catch {
      this._siteAgain(wanted);
    }
  }

  /** Nobody knows the site yet: asked again until somebody does. */
  _siteAgain(wanted) {
    setTimeout(() => {
      if (wanted !== this._site_of) return;
      this._site_of = undefined;
      this._site();
    }, SITE_AGAIN_MS);
  }

  _sockets() {
    this.drive = new DriveSocket(this.secret, {
      opened: () => { this.hands.tell("socket_open"); this.elsewhere = false; },
      closed: (code) => { this.hands.tell("socket_closed"); this.elsewhere = code === STEERED_ELSEWHERE; },
      echo: (echo) => {
        this.store.set("echo", { ...echo, session: this.store.value("vehicle", "session") });
        if (echo.verdict === "too_old") this.store.set("dropped", (this.store.get("dropped") ?? 0) + 1);
      },
      tick: (vehicle_tick) => this.store.set("tick", { vehicle_tick, session: this.store.value("vehicle", "session") }),
      answer: (message) => this.acts.answer(message),
    });
    this.state = new StateSocket(this.secret, this.store, {
      opened: () => { this.store.server_gone = this.store.other_start = false; },
      closed: () => { this.store.server_gone = true; this.map?.clear(); this._whyGone(); },
      tile: (buffer) => this.map?.putTile(buffer),
      clear: () => this.map?.clear(),
    });
    this.state.open();
    if (!document.hidden) this.drive.open();
  }

  /** A server that answers and refuses this page was started anew: it has another token, and the page another address. */
  async _whyGone() {
    const status = await this.api("/api/catalogue/en").then((answer) => answer.status, () => null);
    this.store.other_start = this.store.server_gone && status === 403;
  }

  steerHere() {
    this.drive.open();
  }

  /** Another view; what the hands do is not touched by it. */
  turn(view) {
    if (!VIEWS.includes(view)) return;
    this.others[this.view]?.hide?.();
    this.view = view;
    document.body.dataset.view = view;
    for (const name of ["plan", "record", "setup"]) show(at(`view-${name}`), name === view);
    if (view === "setup" && !this.setup) {
      this.setup = new SetupView({ store: this.store, observations: this.observations, settings: this.settings, api: this.api, hands: this.hands, drive: () => this.drive, apply: (name) => this._apply(name) });
    }
    this.others[view]?.show?.();
    if (this.map) {
      this.map.mode = view === "mission" ? "north-up" : "heading-up";
      this.map.resize();
    }
  }

  _apply(name) {
    if (name === "language") return location.reload();
    if (name === "mapping") this.hands.tell("mapping", { mapping: this.settings.get("mapping") });
    if (name === "sounds") this.sounds.on = this.settings.get("sounds") === "on";
    this._look();
    this.map?.resize();
  }

  _look() {
    document.documentElement.dataset.theme = this.settings.get("theme");
    document.documentElement.dataset.text = this.settings.get("text");
  }

  /** Each region writes what changed. */
  paint() {
    const state = stateOf(this.store);
    const stopped = state === "lost" || state === "stopped" || this.store.server_gone;
    if (document.body.dataset.state !== (stopped ? "stopped" : "live")) {
      document.body.dataset.state = stopped ? "stopped" : "live";
      this.map?.resize();
    }
    this.rest.look();
    const failed = [...this.regions, ...(this.view === "setup" ? [this.setup] : [])].filter((region) => !this._rendered(region));
    document.body.dataset.broken = String(failed.length > 0);
    this._stopButton(state);
    this._small();
    this._speak();
    this._sound(state, stopped);
    this._rear();
  }

  /** One region that fails keeps none of the others from being written; the page says that it cannot be trusted. */
  _rendered(region) {
    try {
      region.render();
      return true;
    } catch (error) {
      console.error(error);
      return false;
    }
  }

  _stopButton(state) {
    const stop = this.store.get("stop");
    const sending = stop !== null && stop.outcome === null;
    mark(at("stop"), "sending", sending);
    const ago_ms = stop === null ? Infinity : this.now_ms() - stop.began_ms;
    const quiet = stop?.outcome === "no_answer" && ago_ms < 15_000;
    const seen = stop?.outcome === "seen" && ago_ms < STOP_SEEN_MS;
    const key = sending ? "stop.sending" : quiet ? "stop.no_answer" : seen ? "stop.seen" : state === "lost" || this.store.server_gone ? "stop.no_link" : "stop.how";
    put(at("stop").querySelector("small"), t(key));
    mark(at("engine-off"), "held", this.store.get("engine_off_held") === true);
  }

  _small() {
    const small = this.too_small.matches;
    const text = document.body.dataset.broken === "true" ? t("page.broken") : small ? t("small.screen") : this.elsewhere ? t("steered_elsewhere") : "";
    show(at("small"), text !== "");
    put(at("small").firstElementChild, text);
    show(at("steer-here"), this.elsewhere === true && !small);
  }

  /** Mode and worst reason are spoken once per change. */
  _speak() {
    put(at("said"), stateWords(this.store));
    this._opened();
    const answer = this.store.get("answer");
    if (answer === this._spoken || answer === null || answer.result === "pending") return;
    this._spoken = answer;
    tell(at("told"), answerText(this.store) ?? "");
  }

  /** The card of START has come: what it is about, and what it waits for. */
  _opened() {
    const open = this.acts.start_open;
    if (open && !this._was_open) tell(at("told"), this.card.words());
    this._was_open = open;
  }

  /** What `I` reads. */
  summary() {
    tell(at("told"), summary(this.store, nextStep(this.store)));
  }

  _sound(state, stopped) {
    const heard = { stopped, lost: state === "lost" || this.store.server_gone === true, codes: state === "live" ? rulesOf(this.store).map(({ code }) => code) : [] };
    for (const name of soundsOf(this._sounded, heard)) this.sounds.play(name);
    this._sounded = heard;
    const waits = this.store.value("vehicle", "mode") === "WAIT";
    const left_s = this.store.value("due", waits ? "arm_unused_s" : "attention_s");
    const now_ms = this.now_ms();
    const asked = state === "live" ? askedSound(left_s, now_ms - (this._asked_ms ?? -Infinity)) : null;
    if (asked) {
      this._asked_ms = now_ms;
      this.sounds.play(asked);
    }
  }

  /** In reverse the rear camera comes by itself. */
  _rear() {
    const speed = this.store.shown("pose", "speed_mps");
    const asked = this.store.value("hands", "hold") === true ? (this.store.value("hands", "drive") ?? 0) : 0;
    const rear = (speed !== null && speed < -0.05) || asked < -0.1;
    if (rear === this._is_rear) return;
    this._is_rear = rear;
    this.picture.rear?.(rear);
  }

  armed() {
    return armed(this.store);
  }
}

/** Nothing can be shown without the server's texts: then this says what to do, in the one language that is sure. */
function failed(error) {
  const why = /: 40[13]$/.test(error.message) ? "Open the address that the console printed when it was started: it carries the key of this start." : `The console server does not answer (${error.message}). Start it again, then load this page anew.`;
  document.body.dataset.state = "failed";
  show(at("small"), true);
  put(at("small").firstElementChild, why);
  put(at("mode").querySelector(".value"), "Not connected");
}

const page = new Page();
globalThis.flail = page;
page.start().catch((error) => {
  failed(error);
  throw error;
});
