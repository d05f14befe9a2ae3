import assert from "node:assert/strict";
import { test } from "node:test";
import { drawOtherRings } from "../../../console/page/js/map/machine.js";

const VIEW = { east: 0, north: 0, ppm: 2, turn: 0, width: 400, height: 300, anchorY: 0.5 };
const THEME = { ink: "ink", paper: "paper" };

// Records the circles with the style that they are stroked in, and the names.
function drawn(rings) {
  const circles = [], names = [];
  const context = {
    beginPath() { this.arcs = []; }, arc(x, y, r) { this.arcs.push(r); }, setLineDash(dash) { this.dash = dash; },
    stroke() { for (const r of this.arcs) circles.push([r, this.strokeStyle, this.dash.length > 0 && this.dash[0]]); },
    strokeText() {}, fillText(text) { names.push(text); },
  };
  drawOtherRings(context, VIEW, THEME, rings);
  return { circles, names };
}

test("each ring is drawn to scale with its name, amber where it is near or silent", () => {
  const ring = { e: 10, n: 20, radius_m: 30, people: false, near: false, silent: false };
  const { circles, names } = drawn([
    { ...ring, name: "B" }, { ...ring, name: "sentry", near: true }, { ...ring, name: "C", silent: true },
  ]);
  assert.deepEqual(names, ["B", "sentry", "C"]);
  assert.deepEqual(circles, [[60, "ink", 2], [60, "#FFB000", 2], [60, "#FFB000", 10]]);
  assert.deepEqual(drawn([]).circles, []);
});
