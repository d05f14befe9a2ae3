// A drawing as values: every change makes a new document, the one before stays as it is. Without a document tree.
// Document: {name, datum, shapes: [{id, role, name, place, rings, line, point, kept}], outside, tripwires, ...}.

export const ROLES = ["work_area", "keep_out", "safe_ground", "access", "benchmark", "slope"];
const POINT_ROLE = "benchmark";
const CORNERS_LEAST = 3;

export function blank(name, datum) {
  return { name, datum, shapes: [], outside: null, tripwires: null, required_depth_m: null, slope_deg: null, kept: {} };
}

const spliced = (list, at, gone, ...come) => [...list.slice(0, at), ...come, ...list.slice(at + gone)];
export const shapeOf = (document, id) => document.shapes.find((shape) => shape.id === id) ?? null;
const nextId = (document) => document.shapes.reduce((most, { id }) => Math.max(most, id), 0) + 1;

function changed(document, id, change) {
  return { ...document, shapes: document.shapes.map((shape) => (shape.id === id ? { ...shape, ...change(shape) } : shape)) };
}

// A polygon of the corners drawn; null where it has too few corners.
export function withPolygon(document, corners, role = null) {
  if (corners.length < CORNERS_LEAST) return null;
  const shape = { id: nextId(document), role, name: "", place: "", rings: [corners], line: [], point: null, kept: {} };
  return { ...document, shapes: [...document.shapes, shape] };
}

export function withPoint(document, at, role = POINT_ROLE) {
  const shape = { id: nextId(document), role, name: "", place: "", rings: [], line: [], point: at, kept: {} };
  return { ...document, shapes: [...document.shapes, shape] };
}

// A role fits a shape where it is drawn as the role wants it: a benchmark is a point, all others are polygons.
export function takesRole(shape, role) {
  return (role === POINT_ROLE) === (shape.point !== null && shape.point !== undefined);
}

export function withRole(document, id, role) {
  const shape = shapeOf(document, id);
  return shape && takesRole(shape, role) ? changed(document, id, () => ({ role })) : null;
}

export const withName = (document, id, name) => changed(document, id, () => ({ name }));
export const withKept = (document, id, fields) => changed(document, id, ({ kept }) => ({ kept: { ...kept, ...fields } }));
export const without = (document, id) => ({ ...document, shapes: document.shapes.filter((shape) => shape.id !== id) });

export function withCorner(document, { id, ring, index }, at) {
  if (ring < 0) return changed(document, id, () => ({ point: at }));
  return changed(document, id, ({ rings }) => ({
    rings: rings.map((corners, r) => (r === ring ? corners.map((corner, n) => (n === index ? at : corner)) : corners)),
  }));
}

// A new corner behind corner `index` of a ring.
export function withCornerBehind(document, { id, ring, index }, at) {
  return changed(document, id, ({ rings }) => ({
    rings: rings.map((corners, r) => (r === ring ? spliced(corners, index + 1, 0, at) : corners)),
  }));
}

// Without a corner; a hole that keeps too few goes, a shell that would keep too few stays: null.
export function withoutCorner(document, { id, ring, index }) {
  const shape = shapeOf(document, id);
  if (!shape || ring < 0) return null;
  if (shape.rings[ring].length > CORNERS_LEAST) {
    return changed(document, id, ({ rings }) => ({
      rings: rings.map((corners, r) => (r === ring ? spliced(corners, index, 1) : corners)),
    }));
  }
  return ring === 0 ? null : changed(document, id, ({ rings }) => ({ rings: spliced(rings, ring, 1) }));
}

export function moved(document, id, east, north) {
  const by = ([x, y]) => [x + east, y + north];
  return changed(document, id, ({ rings, line, point }) => ({
    rings: rings.map((corners) => corners.map(by)), line: line.map(by), point: point ? by(point) : null,
  }));
}

// A crater with a rim: a keep-out of eight corners round a place.
export function withCrater(document, [east, north], radius, name) {
  const corners = Array.from({ length: 8 }, (_, n) => {
    const turn = ((n + 0.5) * Math.PI) / 4, reach = radius / Math.cos(Math.PI / 8);
    return [round(east + reach * Math.cos(turn)), round(north + reach * Math.sin(turn))];
  });
  const next = withPolygon(document, corners, "keep_out");
  return withName(next, nextId(document), name);
}

// The datum of the vehicle's site ([latitude, longitude, height]) as a drawing has it, or null.
export function datumOf(site) {
  if (!site?.datum) return null;
  const [lat_deg, lon_deg, alt_m = 0] = site.datum;
  return { lat_deg, lon_deg, alt_m };
}

export const isSameDatum = (one, other) => one.lat_deg === other.lat_deg && one.lon_deg === other.lon_deg;

export const round = (metres) => Math.round(metres * 1e4) / 1e4;

// Corners of pasted text, one "latitude, longitude" a line, as metres near a datum; {corners} or {error: line number}.
// Near enough to draw by: the readers reckon with the ellipsoid, and the server returns what they found.
export function pasted(text, datum) {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
  const corners = [];
  for (const [n, line] of lines.entries()) {
    const numbers = line.split(/[\s,;]+/).filter(Boolean).map(Number);
    if (numbers.length < 2 || !numbers.slice(0, 2).every(Number.isFinite)) return { error: n + 1 };
    const [latitude, longitude] = numbers;
    if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return { error: n + 1 };
    corners.push([latitude, longitude]);
  }
  return { corners: corners.map((at) => (datum ? toMetres(at, datum) : at)) };
}

// Metres of a degree of longitude and of latitude (series of the WGS 84 ellipsoid).
function metresOfDegree(latitude) {
  const at = (latitude * Math.PI) / 180;
  return [
    111_412.84 * Math.cos(at) - 93.5 * Math.cos(3 * at) + 0.118 * Math.cos(5 * at),
    111_132.954 - 559.822 * Math.cos(2 * at) + 1.175 * Math.cos(4 * at),
  ];
}

// Metres of a place near a datum, to a centimetre at a kilometre.
export function toMetres([latitude, longitude], { lat_deg, lon_deg }) {
  const [east, north] = metresOfDegree((latitude + lat_deg) / 2);
  return [round((longitude - lon_deg) * east), round((latitude - lat_deg) * north)];
}

// The other way round: [latitude, longitude] of metres near a datum.
export function toDegrees([east_m, north_m], { lat_deg, lon_deg }) {
  let latitude = lat_deg;
  for (let n = 0; n < 3; n += 1) latitude = lat_deg + north_m / metresOfDegree((latitude + lat_deg) / 2)[1];
  return [latitude, lon_deg + east_m / metresOfDegree((latitude + lat_deg) / 2)[0]];
}
