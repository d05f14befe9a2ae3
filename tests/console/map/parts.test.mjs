import assert from "node:assert/strict";
import { test } from "node:test";
import { degreesOf } from "../../../console/page/js/plan/parts.js";

test("a slope is typed in degrees with either decimal sign; what is none is refused, and nothing is level by itself", () => {
  for (const [text, wanted] of [["", null], ["0", 0], ["12", 12], ["12.5", 12.5], ["12,5°", 12.5], ["89.9", 89.9]]) assert.equal(degreesOf(text), wanted, text);
  for (const text of ["90", "-3", "steep", "12%", "1e1", "12 5", "NaN"]) assert.ok(Number.isNaN(degreesOf(text)), text);
});
