import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Gate, HEAD_SIZE, Trips, cameraAfter, cameraWanted, edgesOf, fitted, packAck, parseFrame, pixelOf, stateOf,
} from "../../../console/page/js/video_logic.js";

const FRONT = {
  id: 0, name: "front", width: 640, height: 360, fx: 330, fy: 330, cx: 320, cy: 180, ahead_m: -0.7, height_m: 2.5,
  pitch_rad: 0.3, backward: false, tool_width_m: 1.7, tool_ahead_m: 2.2,
};
const REAR = { ...FRONT, id: 1, name: "rear", ahead_m: -1.7, backward: true };

function packed({ camera = 0, number = 7, machine = [1, 2, 3, 4, 5, 6, 7, 8], captured = 1000.5, jpeg = [255, 216] } = {}) {
  const bytes = new Uint8Array(HEAD_SIZE + jpeg.length), view = new DataView(bytes.buffer);
  view.setUint8(0, 32);
  view.setUint8(1, camera);
  view.setUint16(2, 640, true);
  view.setUint16(4, 360, true);
  view.setUint32(8, number, true);
  view.setFloat64(12, captured, true);
  bytes.set(machine, 20);
  view.setFloat64(28, 2000.25, true);
  view.setFloat64(36, 2001.25, true);
  view.setFloat64(44, 90.5, true);
  bytes.set(jpeg, HEAD_SIZE);
  return bytes.buffer;
}

test("a frame is read as it was packed", () => {
  const { jpeg, ...head } = parseFrame(packed());
  assert.deepEqual(head, {
    camera: 0, width: 640, height: 360, number: 7, capture_ms: 1000.5, machine_id: "0102030405060708",
    heard_ms: 2000.25, sent_ms: 2001.25, asked_ms: 90.5,
  });
  assert.deepEqual([...jpeg], [255, 216]);
});

test("what is no frame is none", () => {
  assert.equal(parseFrame(new ArrayBuffer(10)), null);
  const other = packed();
  new DataView(other).setUint8(0, 16);
  assert.equal(parseFrame(other), null);
});

test("the answer names camera, number and the page's time", () => {
  const view = new DataView(packAck(1, 12, 345.5));
  assert.deepEqual([view.byteLength, view.getUint8(0), view.getUint8(1)], [16, 33, 1]);
  assert.deepEqual([view.getUint32(4, true), view.getFloat64(8, true)], [12, 345.5]);
});

test("a picture of another machine or an older one is dropped and counted", () => {
  const gate = new Gate();
  const frame = (number, machine_id = "aa", camera = 0) => ({ number, machine_id, camera });
  assert.equal(gate.refusal(frame(1)), "machine"); // nobody said yet whose picture it is
  gate.opened("aa");
  assert.deepEqual([3, 4, 4, 2, 5].map((number) => gate.refusal(frame(number))), ["", "", "order", "order", ""]);
  assert.equal(gate.refusal(frame(6, "bb")), "machine");
  assert.equal(gate.refusal(frame(1, "aa", 1)), ""); // another camera counts by itself
  assert.deepEqual(gate.dropped, { machine: 2, order: 2 });
  gate.opened("aa");
  assert.equal(gate.refusal(frame(1)), "");
  assert.deepEqual([frame(2), frame(2)].map((one, n) => gate.refusal(one, ["bb", "aa"][n])), ["machine", ""]); // whose the steered one is
});

test("the age is late from 300 ms on and old from 500 ms on", () => {
  assert.deepEqual([null, 0, 299, 300, 499, 500, 9e9].map(stateOf), ["none", "live", "live", "late", "late", "old", "old"]);
});

test("the quickest trip maps the server's time", () => {
  const trips = new Trips();
  assert.equal(trips.ours_ms(5), null);
  trips.add(0, 5090, 5091, 92);
  trips.add(100, 5102, 5105, 107);
  assert.equal(trips.ours_ms(5105), 105);
  for (let count = 0; count < 50; count += 1) trips.add(1000, 6010, 6010, 1020);
  assert.equal(trips.ours_ms(6010), 1010);
  trips.add(2000, 0, 900, 2010); // faster than nothing: a clock was set
  assert.equal(trips.ours_ms(6010), 1010);
});

test("a point straight ahead of the lens lies in the middle", () => {
  const [column, row] = pixelOf(FRONT, FRONT.ahead_m + Math.cos(0.3) * 4, 0, FRONT.height_m - Math.sin(0.3) * 4);
  assert.ok(Math.abs(column - 320) < 1e-9 && Math.abs(row - 180) < 1e-9);
  assert.equal(pixelOf(FRONT, -5, 0, 0), null);
  assert.ok(pixelOf(FRONT, 5, 1, 0)[0] < 320);
  assert.ok(pixelOf(REAR, -5, 1, 0)[0] > 320);
});

test("the tool's edges meet far away, and a metre far off is shorter", () => {
  const { lines, marks } = edgesOf(FRONT);
  const [left, middle, right] = lines;
  assert.deepEqual(lines.map((line) => line.dashed), [false, true, false]);
  assert.ok(left.from[0] < middle.from[0] && middle.from[0] < right.from[0]);
  assert.ok(right.to[0] - left.to[0] < right.from[0] - left.from[0]);
  assert.ok(left.to[1] < left.from[1]);
  assert.deepEqual(marks.map((mark) => mark.metres), [5, 10]);
  assert.ok(marks[1].from[1] < marks[0].from[1]);
  const width = (mark) => Math.abs(mark.to[0] - mark.from[0]);
  assert.ok(width(marks[1]) < width(marks[0]));
  assert.equal(edgesOf(REAR).lines.length, 3);
  assert.deepEqual(edgesOf({ ...FRONT, tool_width_m: 0 }), { lines: [], marks: [] });
});

test("in reverse the rear camera comes by itself, and what was chosen comes back", () => {
  const cameras = [FRONT, REAR];
  assert.equal(cameraWanted(cameras, 0, false), 0);
  assert.equal(cameraWanted(cameras, 0, true), 1);
  assert.equal(cameraWanted(cameras, 1, false), 1);
  assert.equal(cameraWanted([FRONT], 0, true), 0);
  assert.equal(cameraWanted([], 3, true), 0);
  assert.deepEqual([cameraAfter(cameras, 0), cameraAfter(cameras, 1), cameraAfter([], 0)], [1, 0, 0]);
});

test("a picture is shown whole", () => {
  assert.deepEqual(fitted(640, 360, 640, 480), { scale: 1, x: 0, y: 60, w: 640, h: 360 });
  assert.deepEqual(fitted(640, 360, 1280, 360), { scale: 1, x: 320, y: 0, w: 640, h: 360 });
});
