// The map: two canvases over each other. Ground is drawn when it changed, what moves on it each frame.

import { Camera } from "./camera.js";
import { Fingers } from "./fingers.js";
import { groundTransform, seenBox, toGround } from "./geometry.js";
import { placedIn, siteNow } from "../marks.js";
import { datumOf } from "../plan/drawing.js";
import { Ground } from "./ground.js";
import {
  drawCompass, drawGoal, drawMachine, drawMarks, drawNote, drawOtherRings, drawRing, drawScale, drawSkips, drawWay, seenFrom,
} from "./machine.js";
import { loadPalette, themeName, themeOf } from "./palette.js";
import { SitePainter, SiteShapes, drawGrid } from "./site_shapes.js";

const OLD_MS = 500;
const THERE_M = 1; // a mission starts as near as this
const SAME_PX = 0.25, SAME_TURN = 0.002;
const EMPTY = new SiteShapes({ areas: [] });

// `store`: get(section) and on(section, callback); sections pose, link, ground, mission are read.
export class GroundMap {
  constructor(canvasGround, canvasTop, store, { t = (key) => key, now = () => performance.now(), buttons = true, ground = null } = {}) {
    Object.assign(this, { canvasGround, canvasTop, store, t, now });
    this.shared = ground !== null; // another map's ground, shown here too
    this.ground = ground ?? new Ground();
    this.ground.onChange(() => { this.groundChanged = true; });
    this.camera = new Camera();
    this.fingers = new Fingers(canvasTop, this.camera, {
      now, moved: () => { this.topChanged = true; }, editor: (...args) => this.editor?.(...args) ?? false,
    });
    this.site = null;
    this.shapes = EMPTY;
    this.marks = [];
    this.overlays = []; // functions (context, view, theme, map) drawn on top each time
    this.editor = null; // (kind, [east, north], event) -> true where it uses the pointer
    this.follow = true; // draw the vehicle
    this.known = null; // true: all ground without a tile is to do, whatever the vehicle says
    this.longest = 0; // longest drawing [ms]
    this.theme = null;
    this.failed = false;
    this.drawn = null;
    if (buttons) this.ownButtons();
    this.watch();
    this.resize();
  }

  // All that drag and wheel do, and which way is up, as buttons beside the canvases.
  ownButtons() {
    const box = document.createElement("div"), up = document.createElement("button");
    box.className = "map-buttons map-side";
    this.fingers.buttons(box, this.t);
    Object.assign(up, { type: "button", className: "map-button map-up", title: this.t("map.toggle") });
    up.addEventListener("click", () => this.toggle());
    this.upButton = up;
    this.canvasTop.after(box, up);
    this.sayUp();
  }

  sayUp() { if (this.upButton) this.upButton.textContent = this.t(this.mode === "heading-up" ? "map.heading_up" : "map.north_up"); }

  watch() {
    for (const section of ["pose", "link", "mission", "ground", "tool", "day", "rings"]) {
      this.store?.on?.(section, () => { this.topChanged = true; this.groundChanged ||= section === "ground"; });
    }
    for (const section of ["marks", "site", "server", "mission"]) this.store?.on?.(section, () => this.setMarks(placedIn(this.store.get("marks") ?? [], datumOf(siteNow(this.store)))));
    const colour = () => loadPalette().then((palette) => this.colour(themeOf(palette, themeName())), () => { this.failed = true; });
    colour();
    this.themes = new MutationObserver(colour);
    this.themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const frame = () => {
      if (this.ended) return;
      requestAnimationFrame(frame); // first: one drawing that fails must not be the last
      this.frame();
    };
    requestAnimationFrame(frame);
  }

  end() { this.ended = true; this.themes.disconnect(); }

  colour(theme) {
    this.theme = theme;
    this.painter = new SitePainter(theme, this.ratio);
    if (!this.shared) this.ground.colour(theme);
    this.touch();
  }

  touch() { this.groundChanged = true; this.topChanged = true; }

  get mode() { return this.camera.mode; }

  set mode(mode) {
    this.camera.mode = mode;
    this.camera.home();
    this.sayUp();
    this.touch();
  }

  toggle() { this.mode = this.mode === "heading-up" ? "north-up" : "heading-up"; }

  setSite(site) {
    this.site = site?.hash === null ? null : site;
    this.shapes = this.site ? new SiteShapes(this.site) : EMPTY;
    if (this.site?.cell_m) this.ground.cell = this.site.cell_m;
    this.camera.field = this.shapes.box;
    this.touch();
  }

  putTile(buffer) { return this.ground.put(buffer); }
  clear() { this.ground.clear(); }
  setMarks(marks) { this.marks = marks; this.topChanged = true; }
  key(event) { return this.fingers.key(event); }

  resize() {
    this.ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
    const { clientWidth: width, clientHeight: height } = this.canvasTop;
    this.camera.width = Math.max(width, 1);
    this.camera.height = Math.max(height, 1);
    for (const canvas of [this.canvasGround, this.canvasTop]) {
      canvas.width = Math.max(1, Math.round(width * this.ratio));
      canvas.height = Math.max(1, Math.round(height * this.ratio));
    }
    if (this.theme) this.painter = new SitePainter(this.theme, this.ratio);
    this.touch();
  }

  view() { return this.camera.view(this.now()); }
  toGround(x, y) { return toGround(this.view(), x, y); }
  section(name) { return this.store?.get?.(name) ?? null; }

  // What is shown is older than OLD_MS, or the vehicle is not heard.
  get old() {
    const link = this.section("link");
    return !link || link.state !== "open" || (link.age_ms ?? 0) > OLD_MS || this.store?.old?.() === true || this.section("pose")?.old === true;
  }

  // Ground without a tile is to do: all of it was told, and is painted.
  get complete() { return this.known ?? (this.section("ground")?.complete === true && this.ground.allPainted()); }

  frame() {
    const { clientWidth, clientHeight } = this.canvasTop;
    if (!clientWidth || !clientHeight) return; // not on the screen
    if (clientWidth !== this.camera.width || clientHeight !== this.camera.height) this.resize();
    const pose = this.follow ? this.section("pose") : null;
    this.camera.pose = pose && Number.isFinite(pose.e) && Number.isFinite(pose.heading_deg) ? pose : null;
    const view = this.view(), old = this.old;
    this.topChanged ||= old !== this.wasOld;
    this.wasOld = old;
    const moved = !isSame(view, this.drawn);
    if (this.failed && !this.theme) this.drawFailure();
    if (!this.theme || !(this.groundChanged || this.topChanged || moved)) return;
    const start = performance.now();
    if (this.groundChanged || moved) this.drawGround(view);
    this.drawTop(view, old);
    this.groundChanged = this.topChanged = false;
    this.longest = Math.max(this.longest, performance.now() - start);
  }

  // Without colours nothing of the ground can be told apart: nothing is drawn, and that is said.
  drawFailure() {
    const context = this.canvasTop.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    drawNote(context, this.view(), { paper: "#FFFFFF", ink: "#000000" }, this.t("map.no_colours"));
  }

  drawGround(view) {
    const context = this.canvasGround.getContext("2d", { alpha: false }), { theme, shapes, painter } = this;
    const transform = groundTransform(view, this.ratio), box = seenBox(view), complete = this.complete;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = theme.outside;
    context.fillRect(0, 0, this.canvasGround.width, this.canvasGround.height);
    context.setTransform(...transform);
    drawGrid(context, theme, box, view.ppm);
    painter.below(context, shapes, view.ppm, { complete, transform });
    if (!complete) {
      context.save();
      context.clip(shapes.work, "evenodd");
      this.ground.drawKnown(context, box, this.ground.side, theme.map.to_do, 0.5 / view.ppm);
      context.restore();
    }
    painter.swaths(context, shapes, view.ppm);
    this.ground.draw(context, box, view.ppm);
    painter.above(context, shapes, view.ppm, { transform });
    this.drawn = view;
  }

  drawTop(view, old) {
    const context = this.canvasTop.getContext("2d"), { theme } = this, pose = this.camera.pose;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    const goal = pose && !old ? this.goal(pose) : null;
    if (pose && !old) drawWay(context, view, theme, goal ? [[pose.e, pose.n], goal] : this.way(pose));
    if (goal) drawGoal(context, view, theme, goal);
    const skips = this.follow ? (this.section("day")?.skips ?? []) : [];
    if (skips.length && siteNow(this.store)) drawSkips(context, view, theme, skips);
    drawMarks(context, view, theme, this.marks);
    drawOtherRings(context, view, theme, this.follow ? (this.section("rings") ?? []) : []);
    if (pose) drawRing(context, view, theme, this.site?.ring_m ?? null, pose);
    if (pose) drawMachine(context, view, theme, this.site?.machine ?? {}, pose, { old });
    for (const overlay of this.overlays) overlay(context, view, theme, this);
    drawScale(context, view, theme);
    drawCompass(context, view, theme);
    if (this.follow && pose && old) drawNote(context, view, theme, this.t("map.last_known"));
    else if (this.ground.broken) drawNote(context, view, theme, this.t("map.broken_tiles", { count: this.ground.broken }));
  }

  // Where a mission that waits begins or goes on, as the vehicle tells it; null where the machine is there, or none waits.
  goal(pose) {
    const { start_m: metres = null, start_left_deg: left = null, old = false } = this.section("mission") ?? {};
    return metres === null || left === null || old || metres < THERE_M ? null : seenFrom(pose, metres, left);
  }

  // From the machine to the end of the segment that it drives.
  way(pose) {
    const number = this.section("mission")?.segment;
    const segment = (this.site?.swaths ?? []).find(({ n }) => n === number);
    return segment ? [[pose.e, pose.n], segment.to] : [];
  }
}

function isSame(view, before) {
  if (!before || view.width !== before.width || view.height !== before.height || view.ppm !== before.ppm) return false;
  const away = Math.hypot(view.east - before.east, view.north - before.north) * view.ppm;
  return away < SAME_PX && Math.abs(view.turn - before.turn) < SAME_TURN && view.anchorY === before.anchorY;
}
