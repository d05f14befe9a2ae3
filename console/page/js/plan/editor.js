// Drawing on the map by clicks and keys: corners, whole shapes, what the readers found wrong.

import { hit, isInside, toScreen, selfCrossing } from "../map/geometry.js";
import { FONT } from "../map/machine.js";
import * as drawing from "./drawing.js";

const REACH_PX = 12, CLICK_PX = 4;

// `map`: a GroundMap of the Plan view. `host`: {document(), change(document), selected(), select(id), told(key, params), problem()}.
export class Editor {
  constructor(map, host) {
    Object.assign(this, { map, host, corners: null, kind: "polygon", pointer: null, drag: null, locked: () => false });
    map.editor = (kind, x, y, event) => this.pointed(kind, x, y, event);
    map.overlays.push((context, view, theme) => this.paint(context, view, theme));
  }

  get drawing() { return this.corners !== null; }

  begin(kind = "polygon") {
    this.corners = [];
    this.kind = kind;
    this.host.select(null);
    this.host.told(kind === "point" ? "plan.draw.point" : "plan.draw.begin");
    this.map.touch();
  }

  cancel() { this.corners = null; this.host.told(null); this.map.touch(); }

  close() {
    const next = drawing.withPolygon(this.host.document(), this.corners);
    if (next === null) { this.host.told("plan.draw.three"); return; }
    const crossed = selfCrossing(this.corners);
    this.corners = null;
    this.host.change(next);
    this.host.select(next.shapes[next.shapes.length - 1].id);
    this.host.told(crossed ? "plan.draw.crosses" : "plan.draw.role");
  }

  // --- pointers ---------------------------------------------------------------------------------------------------
  pointed(kind, x, y, event) {
    if (this.locked() || !this.host.isDrawn) return false;
    const at = this.map.toGround(x, y).map(drawing.round);
    this.pointer = at;
    if (kind === "down") return this.pressed(at, x, y, event);
    if (kind === "hover") return this.drawing;
    if (kind === "drag") return this.dragged(at, x, y);
    if (kind === "up") return this.released();
    this.drag = null;
    return true;
  }

  pressed(at, x, y, event) {
    if (event.button > 0) return false;
    if (this.drawing) { this.drawn(at); return true; }
    const found = hit(this.shapes(), ...at, REACH_PX / this.map.view().ppm);
    if (!found) { this.host.select(null); return false; }
    const mine = found.id === this.host.selected();
    if (!mine && found.kind !== "face") found.kind = "face";
    this.host.select(found.id);
    if (!mine) return true; // the first click chooses, only the next one moves
    this.drag = { found, from: at, x, y, base: this.host.document(), preview: null };
    return true;
  }

  drawn(at) {
    if (this.kind === "point") {
      this.corners = null;
      const next = drawing.withPoint(this.host.document(), at);
      this.host.change(next);
      this.host.select(next.shapes[next.shapes.length - 1].id);
      this.host.told(null);
      return;
    }
    const [first] = this.corners, reach = REACH_PX / this.map.view().ppm;
    if (this.corners.length >= 3 && Math.hypot(first[0] - at[0], first[1] - at[1]) <= reach) this.close();
    else this.corners = [...this.corners, at];
  }

  dragged(at, x, y) {
    if (!this.drag) return true;
    const { found, from, base } = this.drag;
    if (Math.hypot(x - this.drag.x, y - this.drag.y) < CLICK_PX && !this.drag.preview) return true;
    if (found.kind === "corner") this.drag.preview = drawing.withCorner(base, found, at);
    else if (found.kind === "edge") this.drag.preview = drawing.withCornerBehind(base, found, at);
    else this.drag.preview = drawing.moved(base, found.id, drawing.round(at[0] - from[0]), drawing.round(at[1] - from[1]));
    return true;
  }

  released() {
    const done = this.drag;
    this.drag = null;
    if (done?.preview) this.host.change(done.preview);
    else if (done?.found.kind === "corner") this.corner = done.found;
    return true;
  }

  shapes() { return this.document().shapes.filter(({ rings, point }) => point || rings.length); }
  document() { return this.drag?.preview ?? this.host.document(); }

  // --- keys ---------------------------------------------------------------------------------------------------------
  key(event) {
    if (this.drawing) return this.drawingKey(event);
    const id = this.host.selected(), digit = /^Digit([1-6])$/.exec(event.code);
    if (event.code === "KeyB") { this.begin(); return true; }
    if (id === null) return false;
    if (digit) { this.role(drawing.ROLES[Number(digit[1]) - 1]); return true; }
    if (event.code === "Backspace") { this.remove(); return true; }
    if (event.code === "Escape") { this.host.select(null); return true; }
    return false;
  }

  drawingKey(event) {
    if (event.code === "Enter" || event.code === "NumpadEnter") this.close();
    else if (event.code === "Escape") this.cancel();
    else if (event.code === "Backspace") {
      if (!this.corners.length) { this.cancel(); return true; }
      this.corners = this.corners.slice(0, -1);
    } else return false;
    this.map.touch();
    return true;
  }

  role(role) {
    const next = drawing.withRole(this.host.document(), this.host.selected(), role);
    if (next === null) this.host.told("plan.role.wrong_form");
    else { this.host.change(next); this.host.told(null); }
  }

  // The corner that was clicked last, else the whole shape.
  remove() {
    const id = this.host.selected(), corner = this.corner?.id === id ? this.corner : null;
    this.corner = null;
    const fewer = corner ? drawing.withoutCorner(this.host.document(), corner) : null;
    if (corner && fewer === null) { this.host.told("plan.draw.three"); return; }
    this.host.change(fewer ?? drawing.without(this.host.document(), id));
    if (!fewer) this.host.select(null);
  }

  // --- painting -----------------------------------------------------------------------------------------------------
  paint(context, view, theme) {
    if (!this.host.isDrawn) return;
    const problem = this.host.problem();
    for (const shape of this.document().shapes) this.paintShape(context, view, theme, shape, problem.named.includes(shape.id));
    if (this.drawing) this.paintDrawn(context, view, theme);
    if (problem.where) paintPlace(context, view, theme, problem.where);
  }

  paintShape(context, view, theme, shape, isWrong) {
    const chosen = shape.id === this.host.selected();
    context.beginPath();
    for (const ring of shape.rings) trace(context, view, ring, true);
    if (shape.line?.length) trace(context, view, shape.line, false);
    context.lineWidth = chosen ? 4 : shape.role === null ? 3 : 2;
    context.strokeStyle = chosen ? theme.way : theme.ink;
    context.setLineDash(isWrong ? [10, 6] : shape.role === null ? [3, 4] : []);
    context.stroke();
    context.setLineDash([]);
    if (shape.point) paintPin(context, view, theme, shape, chosen);
    if (chosen) for (const ring of shape.rings) for (const at of ring) paintCorner(context, view, theme, at, this.isCorner(ring, at, shape));
    if (shape.role === null && shape.rings.length) paintWord(context, view, theme, middleOf(shape), this.map.t("plan.role.none"));
    else if (shape.name && shape.rings.length) paintWord(context, view, theme, middleOf(shape), shape.name);
  }

  isCorner(ring, at, shape) {
    return this.corner?.id === shape.id && shape.rings[this.corner.ring] === ring && ring[this.corner.index] === at;
  }

  paintDrawn(context, view, theme) {
    const corners = this.pointer && this.kind === "polygon" ? [...this.corners, this.pointer] : this.corners;
    if (!corners.length) return;
    context.beginPath();
    trace(context, view, corners, corners.length > 2);
    context.lineWidth = 3;
    context.strokeStyle = theme.way;
    context.setLineDash([8, 5]);
    context.stroke();
    context.setLineDash([]);
    for (const at of this.corners) paintCorner(context, view, theme, at, false);
  }
}

function trace(context, view, points, closed) {
  points.forEach((at, n) => context[n ? "lineTo" : "moveTo"](...toScreen(view, ...at)));
  if (closed) context.closePath();
}

// A place inside the shape where its word stands.
export function middleOf({ rings: [ring, ...holes] }) {
  const mean = [0, 1].map((axis) => ring.reduce((sum, at) => sum + at[axis], 0) / ring.length);
  if (isInside([ring, ...holes], ...mean)) return mean;
  return [(ring[0][0] + ring[1][0]) / 2, (ring[0][1] + ring[1][1]) / 2];
}

function paintCorner(context, view, theme, at, chosen) {
  const [x, y] = toScreen(view, ...at), half = chosen ? 8 : 5;
  context.fillStyle = chosen ? theme.way : theme.paper;
  context.fillRect(x - half, y - half, 2 * half, 2 * half);
  context.strokeStyle = theme.ink;
  context.lineWidth = 2;
  context.strokeRect(x - half, y - half, 2 * half, 2 * half);
}

function paintPin(context, view, theme, shape, chosen) {
  const [x, y] = toScreen(view, ...shape.point);
  context.beginPath();
  context.moveTo(x - 8, y + 6);
  context.lineTo(x + 8, y + 6);
  context.lineTo(x, y - 9);
  context.closePath();
  context.fillStyle = theme.paper;
  context.fill();
  context.strokeStyle = chosen ? theme.way : theme.ink;
  context.lineWidth = chosen ? 4 : 2;
  context.stroke();
}

const WORD_BELOW_PX = 28;

// Below the middle, so that a small shape and a pin in it stay in sight.
function paintWord(context, view, theme, at, text) {
  const [x, middle] = toScreen(view, ...at), y = middle + WORD_BELOW_PX;
  context.font = `600 16px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const wide = context.measureText(text).width + 12;
  context.fillStyle = theme.paper;
  context.fillRect(x - wide / 2, y - 12, wide, 24);
  context.fillStyle = theme.ink;
  context.fillText(text, x, y + 1);
}

// The place that a sentence means: a ring and a cross, seen at any scale.
function paintPlace(context, view, theme, at) {
  const [x, y] = toScreen(view, ...at);
  for (const [width, colour] of [[7, theme.paper], [3, theme.ink]]) {
    context.beginPath();
    context.arc(x, y, 18, 0, 2 * Math.PI);
    context.moveTo(x - 28, y); context.lineTo(x - 8, y);
    context.moveTo(x + 8, y); context.lineTo(x + 28, y);
    context.moveTo(x, y - 28); context.lineTo(x, y - 8);
    context.moveTo(x, y + 8); context.lineTo(x, y + 28);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
}
