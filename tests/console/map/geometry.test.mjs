import assert from "node:assert/strict";
import { test } from "node:test";
import * as geometry from "../../../console/page/js/map/geometry.js";
import { seenFrom } from "../../../console/page/js/map/machine.js";

const VIEW = { east: 10, north: 20, ppm: 5, turn: 0.7, width: 800, height: 600, anchorY: 0.62 };
const SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10]];
const HOLE = [[4, 4], [6, 4], [6, 6], [4, 6]];
const near = (a, b, by = 1e-9) => a.forEach((value, n) => assert.ok(Math.abs(value - b[n]) <= by, `${a} is not ${b}`));

test("a place seen from the machine: metres, degrees to the left of straight ahead", () => {
  const pose = { e: 5, n: -2, heading_deg: 90 }; // it points east
  near(seenFrom(pose, 10, 0), [15, -2], 1e-9);
  near(seenFrom(pose, 10, 90), [5, 8], 1e-9);
  near(seenFrom(pose, 10, -90), [5, -12], 1e-9);
});

test("ground to screen and back is the same place in a turned view", () => {
  near(geometry.toGround(VIEW, ...geometry.toScreen(VIEW, -3.25, 44.5)), [-3.25, 44.5]);
});

test("the heading points up: ten metres ahead of the machine lie straight above it", () => {
  const turn = Math.PI / 2; // east
  const view = { ...VIEW, turn };
  const [x, y] = geometry.toScreen(view, view.east, view.north);
  near(geometry.toScreen(view, view.east + 10, view.north), [x, y - 50]);
  near(geometry.toScreen(view, view.east, view.north - 10), [x + 50, y]); // south is on the right
});

test("the canvas transform puts ground where toScreen puts it", () => {
  const [a, b, c, d, e, f] = geometry.groundTransform(VIEW, 2);
  const place = [7.5, -2.25], [x, y] = geometry.toScreen(VIEW, ...place);
  near([a * place[0] + c * place[1] + e, b * place[0] + d * place[1] + f], [2 * x, 2 * y]);
});

test("zooming keeps what lies under the finger", () => {
  const held = geometry.toGround(VIEW, 100, 450);
  const next = geometry.zoomed(VIEW, 3, 100, 450);
  assert.equal(next.ppm, 15);
  near(geometry.toGround(next, 100, 450), held);
});

test("dragging moves the ground with the finger", () => {
  const held = geometry.toGround(VIEW, 100, 450);
  near(geometry.toGround(geometry.dragged(VIEW, 30, -12), 130, 438), held);
});

test("a fitted field lies in the view with its margin", () => {
  const view = geometry.fitted([-40, -28, 43, 33], 938, 504);
  const [west, south, east, north] = geometry.seenBox(view);
  assert.ok(west < -40 && south < -28 && east > 43 && north > 33);
  assert.ok(Math.min(-40 - west, 43) > 0 && view.ppm > 6);
});

test("a hole is outside, and its area does not count", () => {
  assert.equal(geometry.isInside([SQUARE, HOLE], 1, 1), true);
  assert.equal(geometry.isInside([SQUARE, HOLE], 5, 5), false);
  assert.equal(geometry.isInside([SQUARE, HOLE], 11, 5), false);
  assert.equal(geometry.areaOf([SQUARE, HOLE]), 96);
});

test("a corner is hit before an edge before a face, and the shape on top before the one below", () => {
  const shapes = [{ id: "low", rings: [SQUARE] }, { id: "top", rings: [HOLE] }, { id: "pin", point: [20, 0] }];
  assert.deepEqual(geometry.hit(shapes, 0.2, 0.1, 0.5), { id: "low", kind: "corner", ring: 0, index: 0 });
  assert.deepEqual(geometry.hit(shapes, 5, 0.2, 0.5), { id: "low", kind: "edge", ring: 0, index: 0 });
  assert.deepEqual(geometry.hit(shapes, 5, 5, 0.5), { id: "top", kind: "face", ring: -1, index: -1 });
  assert.deepEqual(geometry.hit(shapes, 20.1, 0, 0.5), { id: "pin", kind: "corner", ring: -1, index: 0 });
  assert.equal(geometry.hit(shapes, 30, 30, 0.5), null);
});

test("an edge that crosses another is found where it crosses, neighbours that meet are none", () => {
  near(geometry.selfCrossing([[0, 0], [10, 10], [10, 0], [0, 10]]), [5, 5]);
  assert.equal(geometry.selfCrossing(SQUARE), null);
  assert.equal(geometry.selfCrossing([[0, 0], [10, 0], [10, 10], [5, 2], [0, 10]]), null); // inward, not across
  assert.equal(geometry.selfCrossing([[5, 2], [0, 10], [0, 0], [10, 0], [10, 10]]), null);
});

test("the scale bar is the longest round length that fits", () => {
  assert.deepEqual(geometry.scaleBar(24), { length: 5, pixels: 120 });
  assert.equal(geometry.scaleBar(7).length, 10);
  assert.equal(geometry.scaleBar(0.9).length, 100);
});
