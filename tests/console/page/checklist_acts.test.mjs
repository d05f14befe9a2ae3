// The checklist as acts of the shift: who signs in, what was done, what was not and why; the first refusal ends it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ITEMS, actsOf, tellActs } from "../../../console/page/js/checklist_acts.js";
import { BLOCKING, CHECKS } from "../../../console/page/js/view_setup.js";

const line = (name, done = true, reason = "") => ({ name, done, reason });
const LIST = { operator: "first person", items: [line("estop"), line("ring"), line("strop"), line("hammers", false, " bolts "), line("camera"), line("brakes", false, "level ground")] };

test("the operator signs in, and each line that is an act is told in its own item", () => {
  assert.deepEqual(actsOf(LIST).map(({ kind, note }) => [kind, note]), [
    ["shift_done", "sign-in operator"], ["shift_done", "estop-standing"], ["shift_done", "ring"], ["shift_done", "strop"],
    ["shift_not_done", "machine-check bolts"],
  ]);
  assert.ok(actsOf(LIST).every(({ who }) => who === "first person"));
});

test("a line that was left out without a reason is not told: the vehicle wants one", () => {
  assert.deepEqual(actsOf({ operator: "A", items: [line("hammers", false, " ")] }).map(({ note }) => note), ["sign-in operator"]);
});

test("every line that blocks ARM is an act of the shift, and every act is a line", () => {
  assert.ok(BLOCKING.every((name) => name in ITEMS));
  assert.ok(Object.keys(ITEMS).every((name) => CHECKS.includes(name)));
});

test("they are told in order, and the first that is not recorded says why", async () => {
  const sent = [];
  const observations = (refused) => ({ send: async ({ note }) => {
    if (note === refused) throw new Error("no link");
    sent.push(note);
    return { recorded: true, text: "" };
  } });
  assert.equal(await tellActs(LIST, observations(null)), null);
  assert.equal(sent.length, 5);
  sent.length = 0;
  assert.equal(await tellActs(LIST, observations("ring")), "no link");
  assert.deepEqual(sent, ["sign-in operator", "estop-standing"]);
});
