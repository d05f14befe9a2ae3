/** What is told of a swath that is left out (vehicle/contracts/skipped.py reads it). */
import assert from "node:assert/strict";
import { test } from "node:test";

const element = () => ({ append() {}, addEventListener() {}, replaceChildren() {}, setAttribute() {}, value: "" });
globalThis.document ??= { createElement: element };

const { AfterPanel, SKIP_REASONS, skipNote } = await import("../../../console/page/js/plan/after_panel.js");

const PLAN = "1a2b3c4d5e6f";

test("a skip names its plan, a reason of the list, and words", () => {
  assert.equal(skipNote(PLAN, 12, "wet", " water in the ruts "), "1a2b3c wet: water in the ruts");
  for (const reason of SKIP_REASONS) assert.ok(skipNote(PLAN, 1, reason, "x").startsWith(`1a2b3c ${reason}: `));
});

test("without a plan, a number, a reason or words nothing is told", () => {
  for (const [plan, swath, reason, words] of [[null, 1, "wet", "x"], [PLAN, 0, "wet", "x"], [PLAN, 1.5, "wet", "x"], [PLAN, 1, "", "x"], [PLAN, 1, "again", "x"], [PLAN, 1, "wet", "  "]]) {
    assert.equal(skipNote(plan, swath, reason, words), null);
  }
});

test("what is told fits into the record, whole letters", () => {
  const note = skipNote(PLAN, 12, "explosive", "дуже мокро біля каменя, далі ні");
  assert.ok(new TextEncoder().encode(note).length <= 50);
  assert.ok(note.startsWith("1a2b3c explosive: дуже"));
});

test("a number of a swath that was written for another plan or vehicle skips nothing", () => {
  const sent = [], said = [], host = { vehicle: "a", planHash: PLAN, marks: [], observe: (seen) => sent.push(seen), render() {} };
  Object.defineProperty(host, "afterText", { set: (text) => said.push(text) });
  const panel = new AfterPanel(host, (key) => key);
  for (const [what, value] of [["planHash", "6f5e4d3c2b1a"], ["vehicle", "b"]]) {
    panel.skipped.input.value = "7";
    panel.writtenFor();
    Object.assign(panel.reason.select, { value: "wet" });
    Object.assign(panel.words.input, { value: "water" });
    const before = host[what];
    host[what] = value;
    panel.skip();
    assert.deepEqual([sent, said.at(-1), panel.skipped.input.value], [[], "plan.skip_other_plan", ""]);
    host[what] = before;
  }
  panel.skipped.input.value = "7";
  panel.writtenFor();
  panel.skip();
  assert.deepEqual(sent.map(({ value, note }) => [value, note]), [[7, "1a2b3c wet: water"]]);
});
