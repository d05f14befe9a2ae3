import assert from "node:assert/strict";
import { test } from "node:test";
import * as drawing from "../../../console/page/js/plan/drawing.js";
import { areaOf, selfCrossing } from "../../../console/page/js/map/geometry.js";
import * as perimeter from "../../../console/page/js/plan/perimeter_logic.js";

const ORIGIN = { lat_deg: 40, lon_deg: 47 };
const fact = (east, north, more = {}) => {
  const [lat, lon] = drawing.toDegrees([east, north], ORIGIN);
  return { vehicle: "a", fix: "rtk_fixed", sigma_m: 0.01, heading_deg: 0, speed_mps: 0.4, lat, lon, ...more };
};

/** Places each `step` metres along corners, with the heading of the way; the machine turns where it stands. */
function* along(corners, step = 0.05, more = {}) {
  let before = null;
  for (let n = 1; n < corners.length; n += 1) {
    const [[x0, y0], [x1, y1]] = [corners[n - 1], corners[n]], long = Math.hypot(x1 - x0, y1 - y0);
    const heading_deg = (Math.atan2(x1 - x0, y1 - y0) * 180) / Math.PI;
    const turn = before === null ? 0 : ((heading_deg - before + 540) % 360) - 180;
    for (let part = 0; part < 1; part += 0.05) yield fact(x0, y0, { heading_deg: heading_deg - turn * (1 - part), speed_mps: 0, ...more });
    before = heading_deg;
    for (let at = 0; at <= long; at += step) yield fact(x0 + ((x1 - x0) * at) / long, y0 + ((y1 - y0) * at) / long, { heading_deg, ...more });
  }
}

const driven = (facts, record = perimeter.begun("a", 0)) => [...facts].reduce(perimeter.looked, record);
const SQUARE = [[0, 0], [20, 0], [20, 10], [0, 10], [0, 0.2]];

test("degrees and metres are each other's way back", () => {
  for (const at of [[0, 0], [812.5, -640.25], [-33, 950]]) {
    const back = drawing.toMetres(drawing.toDegrees(at, ORIGIN), ORIGIN);
    assert.ok(Math.hypot(back[0] - at[0], back[1] - at[1]) < 2e-4, String(back));
  }
});

test("an outline that is driven is the area, with few corners, in metres of any datum", () => {
  const record = driven(along(SQUARE));
  assert.equal(record.waits, null);
  assert.ok(record.corners.length > 200);
  const corners = perimeter.outline(record, ORIGIN);
  assert.ok(corners.length <= 6, String(corners.length));
  assert.ok(Math.abs(areaOf([corners]) - 200) < 3, String(areaOf([corners])));
  const far = perimeter.outline(record, { lat_deg: 40.004, lon_deg: 47.003 });
  assert.ok(Math.abs(areaOf([far]) - areaOf([corners])) < 0.05);
  assert.ok(perimeter.open_m(record) < 0.5 && Math.abs(perimeter.length_m(record) - 59.8) < 0.5);
});

test("the line lies to the left or the right of the machine's middle", () => {
  for (const [offset_m, wanted] of [[1, 18 * 8], [1.6, 16.8 * 6.8], [-1, 22 * 12 - (4 - Math.PI) * 0.75]]) {
    const corners = perimeter.outline(driven(along(SQUARE), perimeter.begun("a", offset_m)), ORIGIN);
    assert.equal(selfCrossing(corners), null);
    assert.ok(Math.abs(areaOf([corners]) - wanted) < 2.5, `${offset_m}: ${areaOf([corners])}`);
  }
});

test("nothing is recorded without RTK fixed, beyond its uncertainty, unheard, or of another vehicle", () => {
  const record = driven(along([[0, 0], [5, 0]]));
  for (const [seen, waits] of [
    [fact(5.4, 0, { fix: "rtk_float" }), "not_fixed"], [fact(5.4, 0, { fix: null }), "not_fixed"],
    [fact(5.4, 0, { sigma_m: 0.06 }), "not_fixed"], [null, "no_place"], [fact(5.4, 0, { vehicle: "b" }), "other_vehicle"],
  ]) {
    const after = perimeter.looked(record, seen);
    assert.deepEqual([after.waits, after.corners.length], [waits, record.corners.length]);
    assert.equal(perimeter.looked(after, fact(5.4, 0)).waits, null); // near enough to go on by itself
  }
});

test("a gap is closed by nobody but the operator: back to the last corner, or a straight line on purpose", () => {
  const lost = driven(along([[5, 0], [9, 0]], 0.05, { fix: "rtk_float" }), driven(along([[0, 0], [5, 0]])));
  const away = perimeter.looked(lost, fact(9, 0));
  assert.deepEqual([away.waits, Math.round(away.away_m)], ["away", 4]);
  assert.equal(perimeter.outline(away, ORIGIN), null); // a straight line is no area
  const back = perimeter.looked(perimeter.looked(away, fact(7, 0)), fact(5.1, 0));
  assert.deepEqual([back.waits, back.bridged_m], [null, []]);
  const straight = perimeter.bridged(away);
  assert.deepEqual([straight.waits, straight.corners.length], [null, away.corners.length + 1]);
  assert.ok(Math.abs(straight.bridged_m[0] - away.away_m) < 1e-9);
  assert.equal(perimeter.bridged(back), back, "there is no gap to close");
});

test("a jump without any loss is a gap too: a page that stood still, a wrong fix", () => {
  const record = driven(along([[0, 0], [5, 0]]));
  assert.equal(perimeter.looked(record, fact(7, 0)).waits, "away");
});

test("backed over its own corners, the record gives them up, and no spike stays", () => {
  const backed = driven(along([[8, 0], [4, 0]], 0.05, { heading_deg: 90, speed_mps: -0.3 }), driven(along([[0, 0], [8, 0]])));
  assert.ok(backed.corners.at(-1)[0] < 4.3, String(backed.corners.at(-1)));
  const on = driven(along([[4, 0], [4, 6], [0, 6]]), backed);
  const corners = perimeter.outline(on, ORIGIN);
  assert.ok(Math.abs(areaOf([corners]) - 24) < 2, String(areaOf([corners])));
  assert.ok(Math.max(...corners.map(([east]) => east)) < 4.3);
});

test("a whole outline may be driven backwards", () => {
  const corners = perimeter.outline(driven(along(SQUARE, 0.05, { speed_mps: -0.3 })), ORIGIN);
  assert.ok(Math.abs(areaOf([corners]) - 200) < 3);
});

test("what is left out lies within two centimetres of what stays", () => {
  let seed = 7;
  const noise = () => { seed = (seed * 16807) % 2147483647; return (seed / 2147483647 - 0.5) * 0.06; };
  const trail = [...along(SQUARE, 0.25)].map(({ lat, lon }) => drawing.toMetres([lat, lon], ORIGIN)).map(([x, y]) => [x + noise(), y + noise()]);
  const kept = perimeter.straightened(trail, perimeter.STRAIGHT_M);
  assert.ok(kept.length < trail.length);
  for (const at of trail) {
    const off = Math.min(...kept.slice(1).map((to, n) => {
      const [x0, y0] = kept[n], [dx, dy] = [to[0] - x0, to[1] - y0], long = dx * dx + dy * dy || 1;
      const s = Math.max(0, Math.min(1, ((at[0] - x0) * dx + (at[1] - y0) * dy) / long));
      return Math.hypot(at[0] - x0 - s * dx, at[1] - y0 - s * dy);
    }));
    assert.ok(off <= perimeter.STRAIGHT_M + 1e-9, String(off));
  }
});

test("what was kept over a reload goes on where it was; what is no record is none", () => {
  const record = driven(along([[0, 0], [5, 0]]));
  const again = perimeter.restored(JSON.stringify(record));
  assert.deepEqual([again.corners, again.waits], [record.corners, "no_place"]);
  assert.equal(perimeter.looked(again, fact(5.2, 0)).waits, null);
  for (const text of [null, "", "{", "[]", "{}", '{"vehicle":"a","offset_m":0,"bridged_m":[],"corners":[[1]]}', JSON.stringify({ ...record, origin: null })]) {
    assert.equal(perimeter.restored(text), null, String(text));
  }
});

test("driven on beyond its beginning, an outline ends where it began", () => {
  const record = driven(along([...SQUARE.slice(0, 4), [0, 0], [3, 0.03]]));
  const corners = perimeter.outline(record, ORIGIN);
  assert.ok(Math.abs(areaOf([corners]) - 200) < 2, String(areaOf([corners])));
  assert.ok(perimeter.open_m(record) < 0.5);
  assert.equal(selfCrossing(corners), null);
});

test("an outline that really crosses itself stays as it was driven", () => {
  const eight = [[0, 0], [20, 0], [20, 20], [10, 20], [10, -20], [0, -20], [0, -0.2]];
  for (const offset_m of [0, 1]) {
    const corners = perimeter.outline(driven(along(eight), perimeter.begun("a", offset_m)), ORIGIN);
    assert.notEqual(selfCrossing(corners), null);
  }
});

test("rectangles anywhere, either way round, with either side, noise of the wire, and driven on too far, are areas of their own", () => {
  let seed = 11;
  const draw = () => { seed = (seed * 16807) % 2147483647; return seed / 2147483647; };
  for (let n = 0; n < 60; n += 1) {
    const [long, wide, turn, offset_m] = [12 + 30 * draw(), 8 + 20 * draw(), 2 * Math.PI * draw(), [-1.1, 0, 1.1][n % 3]];
    const clockwise = draw() < 0.5, beyond = 2 * draw(), first = [0, clockwise ? beyond : 0];
    const path = clockwise ? [[0, 0], [0, wide], [long, wide], [long, 0], [0, 0], first] : [[0, 0], [long, 0], [long, wide], [0, wide], [0, 0], [beyond, 0]];
    const placed = path.map(([x, y]) => [x * Math.cos(turn) - y * Math.sin(turn), x * Math.sin(turn) + y * Math.cos(turn)]);
    const noisy = [...along(placed, 0.05)].map((one) => ({ ...one, lat: one.lat + 1e-7 * (draw() - 0.5), lon: one.lon + 1e-7 * (draw() - 0.5) }));
    const record = driven(noisy, perimeter.begun("a", offset_m)), corners = perimeter.outline(record, ORIGIN);
    assert.deepEqual([record.waits, record.bridged_m], [null, []]);
    assert.equal(selfCrossing(corners), null, `${n}: ${JSON.stringify(corners)}`);
    const grown = clockwise ? offset_m : -offset_m, wanted = (long + 2 * grown) * (wide + 2 * grown);
    assert.ok(Math.abs(areaOf([corners]) - wanted) < 0.03 * 2 * (long + wide) + 2.5, `${n}: ${areaOf([corners])} for ${wanted}`);
  }
});
