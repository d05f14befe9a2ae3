import assert from "node:assert/strict";
import { test } from "node:test";
import { firstClause, use } from "../../../console/page/js/i18n.js";
import { balance, bars, squareMetres, standing } from "../../../console/page/js/record/figures.js";
import { CLASSES } from "../../../console/page/js/marks.js";
import { TEXT_BYTES, cut } from "../../../console/page/js/observations.js";
import { skipNote } from "../../../console/page/js/plan/after_panel.js";
import { metresOf } from "../../../console/page/js/plan/parts.js";

use("en", { "unit.m2": "{value} m2", "unit.ha": "{value} ha", "record.under": "less than {value} m2" });
const { t } = await import("../../../console/page/js/i18n.js");

test("no centimetre is left out between the required depth and the deepest", () => {
  const found = bars([{ depth_cm: 16, area_m2: 3 }, { depth_cm: 19, area_m2: 1 }], 15);
  assert.deepEqual(found, { depths: [14, 15, 16, 17, 18, 19, 20], areas: [0, 0, 3, 0, 0, 1, 0] });
  assert.deepEqual(bars([], 15), { depths: [], areas: [] });
});

test("what is missed is never rounded to nothing", () => {
  assert.deepEqual([0, 0.0004, 0.014, 9.5, 144.4, 20_000].map((value) => squareMetres(value, t)),
    ["0.00 m2", "less than 0.01 m2", "0.01 m2", "9.50 m2", "144 m2", "2.00 ha"]);
});

test("the balance of a record adds up, and ground that is not in the task stands in it", () => {
  const totals = { area_m2: 23_040.5, processed_m2: 12_000.25, listed_m2: 40.125, not_in_task_m2: 11_000.004, missed_m2: 0.121, provisional_m2: 0.004, passed_m2: 3, below_depth_m2: 0, withdrawn_m2: 0 };
  const rows = balance(totals, t);
  assert.deepEqual(rows.slice(0, 5).map(([key]) => key), ["area_m2", "processed_m2", "listed_m2", "not_in_task_m2", "missed_m2"]);
  const figure = ([, text]) => Number(text.replaceAll(",", "").replace(" m2", ""));
  const [whole, ...parts] = rows.slice(0, 5).map(figure);
  assert.ok(Math.abs(whole - parts.reduce((sum, part) => sum + part, 0)) <= 0.02, rows.join(" "));
  assert.deepEqual(rows[5], ["provisional_m2", "less than 0.01 m2"]);
  assert.ok(balance({ ...totals, not_in_task_m2: 0 }, t).every(([key]) => key !== "not_in_task_m2"));
});

test("figures hold for the ground that they were made of, and never for another vehicle or plan", () => {
  const made = { vehicle: "a", plan: "p1", stroke: 40 };
  assert.equal(standing(made, { ...made }), "present");
  assert.equal(standing(made, { ...made, stroke: 41 }), "older");
  assert.equal(standing(made, { ...made, stroke: null }), "older");
  assert.equal(standing(made, { ...made, vehicle: "b" }), "other");
  assert.equal(standing(made, { ...made, plan: "p2" }), "other");
  assert.equal(standing(made, { vehicle: null, plan: null, stroke: 40 }), "present");
});

test("a swath is skipped with a number, a reason of the list, and words; never without", () => {
  assert.equal(skipNote("0123456789ab", 4, "wet", " standing water "), "012345 wet: standing water");
  for (const [swath, reason, words] of [[0, "wet", "x"], [1.5, "wet", "x"], [NaN, "wet", "x"], [4, "", "x"], [4, "tired", "x"], [4, "wet", "  "]]) {
    assert.equal(skipNote("0123456789ab", swath, reason, words), null);
  }
  assert.equal(skipNote("", 4, "wet", "x"), null);
});

test("a note fits the wire, and no letter is cut in two", () => {
  const note = skipNote("0123456789ab", 12, "obstacle", "коренева система дерева посеред смуги, глибока");
  const bytes = new TextEncoder().encode(note);
  assert.ok(bytes.length <= TEXT_BYTES && bytes.length > TEXT_BYTES - 4);
  assert.ok(!note.includes("\ufffd"));
  assert.equal(cut("short"), "short");
});

test("what is unclear counts as heavy enough for the machine to be checked", () => {
  assert.ok(CLASSES.unclear >= 3 && CLASSES.at >= 3 && CLASSES.ap < 3);
});

test("centimetres are typed with either decimal sign; what is no number is none", () => {
  assert.deepEqual([metresOf("15"), metresOf("30,5"), metresOf(""), metresOf("-2")], [0.15, 0.305, null, -0.02]);
  for (const text of ["15 cm", "1e3", "0x10", "fifteen", "."]) assert.ok(Number.isNaN(metresOf(text)), text);
});

test("a warning without room is its first clause: never half a sentence, and no figure is cut in two", () => {
  for (const [text, first] of [
    ["Hammer count is due: drive to parking first.", "Hammer count is due"], ["Does somebody watch? Press ATTENTION.", "Does somebody watch?"],
    ["Picture older than 0.5 s. Stop.", "Picture older than 0.5 s"], ["Slope above 80 % of the limit.", "Slope above 80 % of the limit"], ["plain", "plain"], ["", ""],
  ]) assert.equal(firstClause(text), first);
});
