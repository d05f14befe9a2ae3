import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as walk from "../../../console/page/js/plan/walk.js";

const SEGMENTS = [
  { kind: "swath", swath: 1, points: [[0, 0], [10, 0]], yaw_rad: 0, turn_rad: 0, start_s: 0, takes_s: 113, wait_s: 12, settle_s: 1 },
  { kind: "turn", swath: null, points: [[10, 0], [10, 0]], yaw_rad: 0, turn_rad: Math.PI / 2, start_s: 113, takes_s: 7, wait_s: 0, settle_s: 1 },
  { kind: "reverse", swath: null, points: [[10, 0], [10, -4]], yaw_rad: Math.PI / 2, turn_rad: 0, start_s: 120, takes_s: 5, wait_s: 0, settle_s: 1 },
];
const near = (pose, e, n, heading) => {
  assert.ok(Math.hypot(pose.e - e, pose.n - n) < 1e-9, JSON.stringify(pose));
  assert.ok(Math.abs(pose.heading_deg - heading) < 1e-9, JSON.stringify(pose));
};

test("the machine waits before a swath, drives it, settles after it", () => {
  near(walk.poseAt(SEGMENTS, 11.9), 0, 0, 90);
  near(walk.poseAt(SEGMENTS, 62), 5, 0, 90);
  near(walk.poseAt(SEGMENTS, 112.5), 10, 0, 90);
});

test("it turns on the spot to the left, and points north while it backs south", () => {
  near(walk.poseAt(SEGMENTS, 116), 10, 0, 45);
  near(walk.poseAt(SEGMENTS, 122), 10, -2, 0);
});

test("before the beginning and after the end it stands at them", () => {
  near(walk.poseAt(SEGMENTS, -5), 0, 0, 90);
  near(walk.poseAt(SEGMENTS, 1e6), 10, -4, 0);
  assert.equal(walk.poseAt([], 3), null);
  assert.equal(walk.planTime(SEGMENTS), 125);
});

test("worked swaths end where the machine is", () => {
  assert.deepEqual(walk.workedBy(SEGMENTS, 12), []);
  assert.deepEqual(walk.workedBy(SEGMENTS, 62), [[[0, 0], [5, 0]]]);
  assert.deepEqual(walk.workedBy(SEGMENTS, 1e6), [[[0, 0], [10, 0]]]);
});

test("times add up, and the best plan of each figure is marked unless all are alike", () => {
  assert.deepEqual(walk.timesByKind(SEGMENTS), { swath: 113, turn: 7, reverse: 5 });
  const rows = [{ time_s: 5, turns: 2 }, { time_s: 4, turns: 2 }];
  assert.deepEqual(walk.best(rows, ["time_s", "turns"]), { time_s: [1], turns: [] });
});

// The planner's own poses of a plan, written by the test that runs this file.
const path = process.env.PLAN_POSES;
test("the machine walks where the planner says", { skip: path === undefined }, () => {
  const { segments, poses } = JSON.parse(readFileSync(path, "utf8"));
  for (const [time, e, n, yaw] of poses) {
    const pose = walk.poseAt(segments, time);
    assert.ok(Math.hypot(pose.e - e, pose.n - n) < 0.02, `${time}: ${JSON.stringify(pose)} is not ${e}, ${n}`);
    const off = ((((90 - (yaw * 180) / Math.PI - pose.heading_deg) % 360) + 540) % 360) - 180;
    assert.ok(Math.abs(off) < 0.5, `${time}: heading off by ${off}`);
  }
});
