// The panel "Checks": what is due, when a measurement counts as made, what was typed.
import assert from "node:assert/strict";
import { test } from "node:test";

import { GROUPS, REACH_M, dueOf, markAt, meanOf, measuredAt, momentOf, numberOf, placeOf, placeText } from "../../../console/page/js/record/checks_logic.js";

const NOON = new Date(2026, 5, 1, 12, 0, 30).getTime();
const MIN = 60_000, DAY = 1440 * MIN;

test("what the vehicle tells as due stands in a group, and what it does not tell is not known", () => {
  const told = ["base", "check", "depth", "hammers", "depth_contradicts"];
  const shown = Object.keys(GROUPS).flatMap((group) => dueOf(group, told));
  assert.deepEqual([...new Set(shown)].toSorted(), told.toSorted());
  assert.deepEqual(Object.keys(GROUPS).filter((group) => dueOf(group, ["check"]).length), ["mark", "machine"], "either may show the place");
  assert.deepEqual(dueOf("base", []), []);
  assert.equal(dueOf("base", null), null);
});

test("each time of the wall is the newest that has been, and never one to come", () => {
  for (let minute = 0; minute < 1440; minute += 7) {
    const text = `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}`;
    const at = momentOf(text, NOON), when = new Date(at);
    assert.ok(at <= NOON && at > NOON - DAY, text);
    assert.deepEqual([when.getHours(), when.getMinutes(), when.getSeconds()], [Math.floor(minute / 60), minute % 60, 0]);
  }
  assert.equal(momentOf("12:01", NOON), NOON - 30_000 - DAY + MIN);
});

test("what is no time is none", () => {
  for (const text of ["", "25:00", "12:60", "12", "noon", "12:5", "-1:00", "12:00:00"]) assert.equal(momentOf(text, NOON), null, text);
});

test("the time is that of the first figure, unless somebody set it back", () => {
  assert.equal(measuredAt({ back: "", typed_ms: null }, NOON), NOON);
  assert.equal(measuredAt({ back: " ", typed_ms: NOON - MIN }, NOON), NOON - MIN);
  assert.equal(measuredAt({ back: "11:00", typed_ms: NOON - MIN }, NOON), NOON - 60 * MIN - 30_000);
  assert.equal(measuredAt({ back: "11", typed_ms: NOON }, NOON), null);
});

test("a mean is told of all readings or of none", () => {
  assert.equal(meanOf(["0.1", "0,3"]), 0.2);
  assert.equal(meanOf(["0.1", ""]), null);
  assert.equal(numberOf("1e3"), null);
  assert.equal(numberOf("0x1"), null);
});

test("a place is said back as it was, to a centimetre", () => {
  const [lat, lon] = placeOf(placeText([39.990012345, -46.93003449]));
  assert.ok(Math.abs(lat - 39.990012345) < 1e-7 && Math.abs(lon + 46.93003449) < 1e-7);
  assert.equal(placeOf("39.9"), null);
});

const MARKS = [{ name: "BM 7", point: [10, 20] }, { name: "2", point: [40, 0] }];

test("who points at the ground means the nearest mark within reach, and never one further away", () => {
  assert.equal(markAt(MARKS, [10.4, 20.3]).name, "BM 7");
  assert.equal(markAt(MARKS, [40, REACH_M]).name, "2");
  assert.equal(markAt(MARKS, [40, REACH_M + 0.01]), null);
  assert.equal(markAt([], [0, 0]), null);
});
