// Geometry of the map, without a document: views, polygons, hit tests. Lengths in metres, angles in radians.
// A view maps the local plane (east, north) to CSS pixels: {east, north, ppm, turn, width, height, anchorY}.
// `turn` is the compass heading that points up (0: north up); (east, north) lies at (width / 2, anchorY * height).

export function toScreen(view, east, north) {
  const x = east - view.east, y = north - view.north;
  const cos = Math.cos(view.turn), sin = Math.sin(view.turn);
  return [
    view.width / 2 + view.ppm * (x * cos - y * sin),
    view.height * view.anchorY - view.ppm * (x * sin + y * cos),
  ];
}

export function toGround(view, x, y) {
  const right = (x - view.width / 2) / view.ppm, up = (view.height * view.anchorY - y) / view.ppm;
  const cos = Math.cos(view.turn), sin = Math.sin(view.turn);
  return [view.east + right * cos + up * sin, view.north - right * sin + up * cos];
}

// The six numbers of CanvasRenderingContext2D.setTransform that let a context draw in ground metres.
export function groundTransform(view, ratio = 1) {
  const cos = Math.cos(view.turn) * view.ppm * ratio, sin = Math.sin(view.turn) * view.ppm * ratio;
  const [x, y] = toScreen(view, 0, 0);
  return [cos, -sin, -sin, -cos, x * ratio, y * ratio];
}

// Smallest box of the ground that holds all of the view: [west, south, east, north].
export function seenBox(view) {
  const corners = [[0, 0], [view.width, 0], [0, view.height], [view.width, view.height]];
  return boxOf(corners.map(([x, y]) => toGround(view, x, y)));
}

export function boxOf(points) {
  let west = Infinity, south = Infinity, east = -Infinity, north = -Infinity;
  for (const [x, y] of points) {
    west = Math.min(west, x); east = Math.max(east, x);
    south = Math.min(south, y); north = Math.max(north, y);
  }
  return [west, south, east, north];
}

export const isBox = (box) => box !== null && box.every(Number.isFinite);

// A view with the box inside it and `margin` of the shorter side free; north up.
export function fitted(box, width, height, { margin = 0.06, ppmMax = 40 } = {}) {
  const [west, south, east, north] = box;
  const free = 1 - 2 * margin;
  const ppm = Math.min((width * free) / Math.max(east - west, 1), (height * free) / Math.max(north - south, 1), ppmMax);
  return { east: (west + east) / 2, north: (south + north) / 2, ppm, turn: 0, width, height, anchorY: 0.5 };
}

// The view zoomed by a factor so that what lies at (x, y) stays there.
export function zoomed(view, factor, x, y, { ppmMin = 0.2, ppmMax = 200 } = {}) {
  const ppm = Math.min(Math.max(view.ppm * factor, ppmMin), ppmMax);
  const held = toGround(view, x, y);
  const next = { ...view, ppm };
  const now = toGround(next, x, y);
  return { ...next, east: view.east + held[0] - now[0], north: view.north + held[1] - now[1] };
}

// The view dragged by (dx, dy) pixels: the ground follows the finger.
export function dragged(view, dx, dy) {
  const from = toGround(view, 0, 0), to = toGround(view, dx, dy);
  return { ...view, east: view.east - (to[0] - from[0]), north: view.north - (to[1] - from[1]) };
}

// Twice the signed area; above 0 where the ring runs anticlockwise.
function doubled(ring) {
  let sum = 0;
  for (let n = 0, last = ring.length - 1; n < ring.length; last = n, n += 1) {
    sum += ring[last][0] * ring[n][1] - ring[n][0] * ring[last][1];
  }
  return sum;
}

export const areaOf = (rings) =>
  rings.reduce((sum, ring, n) => sum + (n === 0 ? 1 : -1) * Math.abs(doubled(ring)) / 2, 0);

// Even-odd over all rings: a place in a hole is outside.
export function isInside(rings, east, north) {
  let inside = false;
  for (const ring of rings) {
    for (let n = 0, last = ring.length - 1; n < ring.length; last = n, n += 1) {
      const [x0, y0] = ring[last], [x1, y1] = ring[n];
      if ((y0 > north) !== (y1 > north) && east < ((x1 - x0) * (north - y0)) / (y1 - y0) + x0) inside = !inside;
    }
  }
  return inside;
}

// Distance to a piece of a line, and how far along it the nearest place lies (0 to 1).
export function toPiece([x0, y0], [x1, y1], east, north) {
  const dx = x1 - x0, dy = y1 - y0, length2 = dx * dx + dy * dy;
  const share = length2 > 0 ? Math.min(1, Math.max(0, ((east - x0) * dx + (north - y0) * dy) / length2)) : 0;
  return { distance: Math.hypot(east - x0 - share * dx, north - y0 - share * dy), share };
}

const openRing = (ring) => {
  const first = ring[0], last = ring[ring.length - 1];
  return ring.length > 1 && first[0] === last[0] && first[1] === last[1] ? ring.slice(0, -1) : ring;
};

export const openRings = (rings) => rings.map(openRing);

// What lies under a pointer: a corner before an edge before a face, the shape on top (the last) first, `reach` metres
// around. Shapes: {id, rings} with open rings, or {id, point}. -> {id, kind, ring, index} or null.
export function hit(shapes, east, north, reach) {
  for (const kind of ["corner", "edge", "face"]) {
    for (let n = shapes.length - 1; n >= 0; n -= 1) {
      const found = hitOne(shapes[n], kind, east, north, reach);
      if (found) return { id: shapes[n].id, kind, ...found };
    }
  }
  return null;
}

function hitOne(shape, kind, east, north, reach) {
  if (shape.point) {
    const near = Math.hypot(shape.point[0] - east, shape.point[1] - north) <= reach;
    return kind === "corner" && near ? { ring: -1, index: 0 } : null;
  }
  if (kind === "face") return isInside(shape.rings, east, north) ? { ring: -1, index: -1 } : null;
  let best = null, least = reach;
  shape.rings.forEach((ring, r) => ring.forEach((point, n) => {
    const next = ring[(n + 1) % ring.length];
    const distance = kind === "corner"
      ? Math.hypot(point[0] - east, point[1] - north)
      : toPiece(point, next, east, north).distance;
    if (distance <= least) { least = distance; best = { ring: r, index: n }; }
  }));
  return best;
}

// Whether two edges of an open ring cross: [east, north] of the first crossing found, or null.
export function selfCrossing(ring) {
  for (let a = 0; a < ring.length; a += 1) {
    for (let b = a + 2; b < ring.length; b += 1) {
      if (a === 0 && b === ring.length - 1) continue;
      const at = crossing(ring[a], ring[a + 1], ring[b], ring[(b + 1) % ring.length]);
      if (at) return at;
    }
  }
  return null;
}

// Where two straight lines cross between their ends; null where they do not. `ends`: lines that meet at an end cross too.
export function crossing([x0, y0], [x1, y1], [x2, y2], [x3, y3], { ends = false } = {}) {
  const det = (x1 - x0) * (y3 - y2) - (y1 - y0) * (x3 - x2);
  if (det === 0) return null;
  const s = ((x2 - x0) * (y3 - y2) - (y2 - y0) * (x3 - x2)) / det;
  const t = ((x2 - x0) * (y1 - y0) - (y2 - y0) * (x1 - x0)) / det;
  const from = ends ? -1e-9 : 0, to = 1 - from;
  return s > from && s < to && t > from && t < to ? [x0 + s * (x1 - x0), y0 + s * (y1 - y0)] : null;
}

// The longest round length of at most `most` pixels: {length (metres), pixels}.
export function scaleBar(ppm, most = 120) {
  const want = most / ppm, power = 10 ** Math.floor(Math.log10(want));
  const length = [5, 2, 1].map((step) => step * power).find((step) => step <= want) ?? power;
  return { length, pixels: length * ppm };
}

const DEGREE = Math.PI / 180;

// Compass heading in degrees to the `turn` of a view.
export const turnOf = (headingDeg) => headingDeg * DEGREE;
