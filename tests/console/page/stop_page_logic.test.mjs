// What the page of a stop-only station says: the older of two answers counts, whatever came meanwhile.
import assert from "node:assert/strict";
import { test } from "node:test";

import { linkOf, modeOf, questionFrame, stopFrame, stopOf } from "../../../console/page/js/stop_page_logic.js";

const told = (changes = {}) => ({
  page_ms: 900, press: null, link: "connected", age_ms: 50, heard_ms: 10, why: "", mode: "MANUAL", stop: "none", ...changes,
});

test("before anything was told, and before a question of the page was answered, nothing is connected", () => {
  assert.equal(linkOf(null, 0, 1e6).link, "lost");
  assert.deepEqual(linkOf(told({ page_ms: null }), 1000, 1000), { link: "lost", age_ms: null, why: "page" });
});

test("connected, late from one second on, lost from two on: by the age of the vehicle's answer", () => {
  assert.deepEqual(linkOf(told(), 1000, 1000), { link: "connected", age_ms: 100, why: "" });
  assert.equal(linkOf(told({ page_ms: 1000, age_ms: 999 }), 1000, 1000).link, "connected");
  assert.equal(linkOf(told({ page_ms: 1000, age_ms: 1000 }), 1000, 1000).link, "late");
  assert.equal(linkOf(told({ page_ms: 1000, age_ms: 1999 }), 1000, 1000).link, "late");
  assert.deepEqual(linkOf(told({ page_ms: 1000, age_ms: 2000, why: "unheard" }), 1000, 1000), {
    link: "lost", age_ms: 2000, why: "unheard",
  });
});

test("a program that tells nothing more ages on the page", () => {
  assert.equal(linkOf(told(), 1000, 1899).link, "connected");
  assert.equal(linkOf(told(), 1000, 1900).link, "late");
  assert.deepEqual(linkOf(told(), 1000, 2900), { link: "lost", age_ms: 2000, why: "page" });
});

test("a vehicle that never answered is lost, and says why", () => {
  assert.deepEqual(linkOf(told({ link: "lost", age_ms: null, why: "wrong_key" }), 1000, 1000), {
    link: "lost", age_ms: null, why: "wrong_key",
  });
});

test("a mode that is not of now is not shown", () => {
  assert.equal(modeOf(told(), "connected"), "MANUAL");
  assert.equal(modeOf(told(), "late"), null);
  assert.equal(modeOf(null, "lost"), null);
});

test("a press that nobody has taken yet is being sent", () => {
  assert.equal(stopOf(told({ stop: "taken" }), true), "sending");
  assert.equal(stopOf(null, true), "sending");
  assert.equal(stopOf(told({ stop: "taken" }), false), "taken");
  assert.equal(stopOf(null, false), "none");
});

test("two frames and no others leave the page", () => {
  const bytes = (buffer) => [...new Uint8Array(buffer)];
  assert.deepEqual(bytes(questionFrame(1)), [1, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
  assert.deepEqual(bytes(stopFrame(2)), [3, 0, 0, 0, 0, 0, 0, 0, 0x40]);
});
