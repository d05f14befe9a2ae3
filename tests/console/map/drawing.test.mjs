import assert from "node:assert/strict";
import { test } from "node:test";
import * as drawing from "../../../console/page/js/plan/drawing.js";
import { areaOf } from "../../../console/page/js/map/geometry.js";

const SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10]], HOLE = [[4, 4], [6, 4], [5, 6]];
const DATUM = { lat_deg: 40, lon_deg: 47 };
const start = () => drawing.withPolygon(drawing.blank("x", DATUM), SQUARE, "work_area");

test("a polygon needs three corners, and nothing is changed in place", () => {
  const empty = drawing.blank("x", DATUM);
  assert.equal(drawing.withPolygon(empty, SQUARE.slice(0, 2)), null);
  const one = drawing.withPolygon(empty, SQUARE);
  assert.deepEqual([empty.shapes.length, one.shapes.length, one.shapes[0].role], [0, 1, null]);
  assert.deepEqual([one.outside, one.tripwires], [null, null]);
});

test("ids stay unique after shapes are gone", () => {
  const two = drawing.withPolygon(start(), SQUARE), less = drawing.without(two, 1);
  assert.deepEqual(drawing.withPolygon(less, SQUARE).shapes.map(({ id }) => id), [2, 3]);
});

test("a benchmark is a point and nothing else is", () => {
  assert.equal(drawing.withRole(start(), 1, "benchmark"), null);
  const pin = drawing.withPoint(start(), [3, 3]);
  assert.equal(drawing.withRole(pin, 2, "keep_out"), null);
  assert.equal(drawing.shapeOf(drawing.withRole(pin, 1, "access"), 1).role, "access");
});

test("corners move, come and go; a shell keeps three", () => {
  const at = { id: 1, ring: 0, index: 1 };
  assert.deepEqual(drawing.withCorner(start(), at, [12, 1]).shapes[0].rings[0][1], [12, 1]);
  assert.deepEqual(drawing.withCornerBehind(start(), at, [11, 5]).shapes[0].rings[0][2], [11, 5]);
  const three = drawing.withoutCorner(start(), at);
  assert.equal(three.shapes[0].rings[0].length, 3);
  assert.equal(drawing.withoutCorner(three, at), null);
  assert.equal(start().shapes[0].rings[0].length, 4);
});

test("a hole with too few corners goes as a whole", () => {
  const document = start();
  document.shapes[0].rings.push(HOLE);
  assert.equal(drawing.withoutCorner(document, { id: 1, ring: 1, index: 0 }).shapes[0].rings.length, 1);
});

test("a moved shape keeps its form, holes with it", () => {
  const document = start();
  document.shapes[0].rings.push(HOLE);
  const [shape] = drawing.moved(document, 1, 5, -2).shapes;
  assert.deepEqual(shape.rings[1][0], [9, 2]);
  assert.equal(areaOf(shape.rings), areaOf(document.shapes[0].rings));
});

test("a crater's keep-out holds the whole circle", () => {
  const crater = drawing.withCrater(start(), [20, 5], 1.5, "detonation 2").shapes[1];
  assert.deepEqual([crater.role, crater.name], ["keep_out", "detonation 2"]);
  const [ring] = crater.rings;
  for (const [n, [x0, y0]] of ring.entries()) {
    const [x1, y1] = ring[(n + 1) % 8];
    assert.ok(Math.hypot((x0 + x1) / 2 - 20, (y0 + y1) / 2 - 5) >= 1.5 - 1e-3);
  }
});

test("pasted corners are metres of the datum; a line that is none is named", () => {
  const { corners } = drawing.pasted("40.000900, 47.0000\n40.0009;47.0012\n\n40 47.0012 12.5", DATUM);
  assert.equal(corners.length, 3);
  assert.ok(Math.abs(corners[0][1] - 99.93) < 0.02 && Math.abs(corners[2][0] - 102.47) < 0.02, String(corners));
  assert.deepEqual(drawing.pasted("40, 47\nnorth field", DATUM), { error: 2 });
  assert.deepEqual(drawing.pasted("140, 47", DATUM), { error: 1 });
});
