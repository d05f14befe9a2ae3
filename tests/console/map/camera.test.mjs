import assert from "node:assert/strict";
import { test } from "node:test";
import { Camera, RETURN_MS } from "../../../console/page/js/map/camera.js";

function camera({ speed_mps = 0.2, mode = "heading-up" } = {}) {
  const made = new Camera();
  Object.assign(made, { width: 488, height: 456, field: [-40, -28, 43, 33], mode });
  made.pose = { e: 12, n: 3, heading_deg: 90, speed_mps };
  return made;
}

test("heading-up looks at the machine, with its heading up", () => {
  const view = camera().view(0);
  assert.deepEqual([view.east, view.north, view.ppm], [12, 3, 23]);
  assert.ok(Math.abs(view.turn - Math.PI / 2) < 1e-12);
});

test("a pan comes back ten seconds after the last touch while the machine moves", () => {
  const made = camera();
  made.drag(100, 0, 1000);
  made.drag(10, 0, 5000);
  assert.ok(Math.abs(made.view(5000 + RETURN_MS - 1).north - 3) > 1);
  assert.equal(made.view(5000 + RETURN_MS).north, 3);
});

test("a pan stays while the machine stands", () => {
  const made = camera({ speed_mps: 0 });
  made.drag(100, 0, 1000);
  assert.notEqual(made.view(1000 + 100 * RETURN_MS).north, 3);
});

test("zooming heading-up stays on the machine within its limits, and is a pan beyond them", () => {
  const made = camera();
  made.zoom(1.1, 10, 10, 0);
  assert.equal(made.held, null);
  assert.ok(Math.abs(made.view(0).ppm - 25.3) < 1e-9);
  made.zoom(1.25, 10, 10, 0);
  assert.notEqual(made.held, null);
});

test("O changes to the whole field north-up and gives a pan up", () => {
  const made = camera();
  made.drag(100, 0, 0);
  made.toggle();
  const view = made.view(0);
  assert.equal(view.turn, 0);
  assert.ok(Math.abs(view.east - 1.5) < 1e-9);
});

test("without a pose heading-up shows the field", () => {
  const made = camera();
  made.pose = null;
  assert.equal(made.view(0).turn, 0);
});
