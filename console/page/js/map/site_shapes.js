// The site on the ground canvas: areas by role, swaths, places that are not workable. Paths are made once per site.

import { boxOf } from "./geometry.js";
import { fills } from "./patterns.js";

const SAFE_ROLES = new Set(["safe_ground", "access", "parking"]);
const BORDER_PX = 2.5;

function pathOf(polygons) {
  const path = new Path2D();
  for (const rings of polygons) {
    for (const ring of rings) {
      ring.forEach(([x, y], n) => (n ? path.lineTo(x, y) : path.moveTo(x, y)));
      path.closePath();
    }
  }
  return path;
}

function linesOf(swaths) {
  const path = new Path2D();
  for (const { from, to } of swaths) { path.moveTo(...from); path.lineTo(...to); }
  return path;
}

// Site of GET /api/site, ready to be drawn.
export class SiteShapes {
  constructor(site) {
    const areas = site.areas ?? [];
    const polygons = (wanted) => areas.filter((area) => area.rings?.length && wanted(area.role)).map((area) => area.rings);
    this.work = pathOf(polygons((role) => role === "work_area"));
    this.safe = pathOf(polygons((role) => SAFE_ROLES.has(role)));
    this.keepOut = pathOf(polygons((role) => role === "keep_out"));
    this.other = pathOf(polygons((role) => !SAFE_ROLES.has(role) && role !== "work_area" && role !== "keep_out"));
    this.unworkable = pathOf((site.unworkable ?? []).map((place) => place.rings));
    this.swaths = linesOf((site.swaths ?? []).filter(({ kind }) => kind === undefined || kind === "swath"));
    this.points = areas.filter((area) => area.point && area.role !== "parking").map((area) => area.point);
    this.parkings = areas.filter((area) => area.point && area.role === "parking").map((area) => area.point);
    const ends = (site.swaths ?? []).flatMap(({ from, to }) => [from, to]);
    const places = [...areas.flatMap((area) => (area.rings ? area.rings.flat() : [area.point])), ...ends];
    this.box = places.length ? boxOf(places) : null;
    this.present = {
      keepOut: areas.some(({ role }) => role === "keep_out"),
      safe: areas.some(({ role }) => SAFE_ROLES.has(role)),
      unworkable: (site.unworkable ?? []).length > 0,
    };
  }
}

export class SitePainter {
  constructor(theme, ratio) {
    this.theme = theme;
    this.ratio = ratio;
    this.patterns = null;
  }

  pattern(context, name, transform) {
    this.patterns ??= fills(context, this.theme, this.ratio);
    const [a, b, c, d, e, f] = transform;
    this.patterns[name].setTransform(new DOMMatrix([a, b, c, d, e, f]).inverse());
    return this.patterns[name];
  }

  // Below the tiles: safe ground, work area, planned swaths. `complete` false: ground without a tile is not known yet.
  below(context, shapes, ppm, { complete, transform }) {
    const { theme } = this, px = 1 / ppm;
    context.fillStyle = theme.map.safe;
    context.fill(shapes.safe, "evenodd");
    context.fillStyle = complete ? theme.map.to_do : this.pattern(context, "unknown", transform);
    context.fill(shapes.work, "evenodd");
    context.lineWidth = px;
    context.strokeStyle = theme.ink;
    context.stroke(shapes.safe);
  }

  swaths(context, shapes, ppm) {
    context.lineWidth = 1 / ppm;
    context.strokeStyle = this.theme.ink;
    context.globalAlpha = 0.45;
    context.stroke(shapes.swaths);
    context.globalAlpha = 1;
  }

  // Above the tiles: what the machine does not work, and borders.
  above(context, shapes, ppm, { transform }) {
    const px = 1 / ppm;
    context.strokeStyle = this.theme.ink;
    context.fillStyle = this.pattern(context, "unworkable", transform);
    context.fill(shapes.unworkable, "evenodd");
    context.lineWidth = 1.5 * px;
    context.stroke(shapes.unworkable);
    context.fillStyle = this.pattern(context, "keepOut", transform);
    context.fill(shapes.keepOut, "evenodd");
    context.lineWidth = BORDER_PX * px;
    context.lineJoin = "round";
    context.stroke(shapes.keepOut);
    context.stroke(shapes.work);
    context.setLineDash([6 * px, 4 * px]);
    context.lineWidth = 1.5 * px;
    context.stroke(shapes.other);
    context.setLineDash([]);
    for (const [x, y] of shapes.points) this.benchmark(context, x, y, px);
    for (const [x, y] of shapes.parkings) this.parking(context, x, y, px);
  }

  // A boxed P, drawn with lines: text would stand on its head where north points up.
  parking(context, x, y, px) {
    context.fillStyle = this.theme.paper;
    context.fillRect(x - 9 * px, y - 9 * px, 18 * px, 18 * px);
    context.lineWidth = 2 * px;
    context.strokeRect(x - 9 * px, y - 9 * px, 18 * px, 18 * px);
    context.beginPath();
    context.moveTo(x - 3 * px, y - 6 * px);
    context.lineTo(x - 3 * px, y + 6 * px);
    context.lineTo(x + 3 * px, y + 6 * px);
    context.lineTo(x + 3 * px, y);
    context.lineTo(x - 3 * px, y);
    context.stroke();
  }

  benchmark(context, x, y, px) {
    context.beginPath();
    context.moveTo(x - 7 * px, y - 5 * px);
    context.lineTo(x + 7 * px, y - 5 * px);
    context.lineTo(x, y + 8 * px);
    context.closePath();
    context.fillStyle = this.theme.paper;
    context.fill();
    context.lineWidth = 2 * px;
    context.stroke();
  }
}

// Metric grid with a line each 10 m, or each 50 m where those would be nearer than 12 px.
export function drawGrid(context, theme, [west, south, east, north], ppm) {
  const step = 10 * ppm >= 12 ? 10 : 50 * ppm >= 12 ? 50 : 250;
  context.beginPath();
  for (let x = Math.ceil(west / step) * step; x <= east; x += step) { context.moveTo(x, south); context.lineTo(x, north); }
  for (let y = Math.ceil(south / step) * step; y <= north; y += step) { context.moveTo(west, y); context.lineTo(east, y); }
  context.lineWidth = 1 / ppm;
  context.strokeStyle = theme.grid;
  context.stroke();
}
