// What is spoken and sounds: of now, or said to be old; once per change, and anew where somebody asks anew.
import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document ??= { createElement: () => ({ append() {}, setAttribute() {}, textContent: "" }) };

const { use } = await import("../../../console/page/js/i18n.js");
const { soundsOf } = await import("../../../console/page/js/sounds.js");
const { stateWords, summary, tell } = await import("../../../console/page/js/spoken.js");
const { Store } = await import("../../../console/page/js/store.js");

use("en", {
  summary: "{mode}, {speed} m/s, {rpm}, {depth}, {next}", "summary.lost": "No link, last: {words}", "mode.MANUAL": "Stick", "mode.none": "none",
  "mode.no_link": "No link", "reason.hot.cause": "Hot.",
});

function told(age_ms) {
  const store = new Store(() => 0);
  store.set("reasons", [{ code: 66, name: "hot", level: 2 }]);
  store.heard({ type: "snapshot", link: { state: "open", age_ms }, vehicle: { mode: "MANUAL", worst: 66, reasons: [66] }, pose: { speed_mps: 0.3 }, tool: { rotor_rpm: 600, depth_m: 0.15 } });
  return store;
}

test("the summary of a vehicle that is not heard begins with that", () => {
  assert.equal(summary(told(40), "done"), "Stick, 0.30 m/s, 600, 15, done");
  assert.equal(summary(told(2000), "done"), "No link, last: Stick, 0.30 m/s, 600, 15, done");
});

test("mode and worst reason are of now, or it is said that nothing is heard", () => {
  assert.equal(stateWords(told(40)), "Stick. Hot.");
  assert.equal(stateWords(told(2000)), "No link");
});

test("what is said again is said anew", () => {
  const heard = [], region = { replaceChildren: (...children) => heard.push(children.length) };
  for (const text of ["ARM: refused", "ARM: refused", ""]) tell(region, text);
  assert.deepEqual(heard, [1, 1, 0]);
});

const live = (...codes) => ({ stopped: false, lost: false, codes });
const STOPPED = { stopped: true, lost: false, codes: [] }, LOST = { stopped: true, lost: true, codes: [] };
for (const [what, before, now, sounds] of [
  ["the first look, stopped", null, STOPPED, []],
  ["a stop", live(), STOPPED, ["stop"]],
  ["a stop that lasts", STOPPED, STOPPED, []],
  ["the link is lost", live(), LOST, ["stop"]],
  ["the link is back, the machine has stopped", LOST, STOPPED, ["link_back"]],
  ["the link is back, the machine goes on", LOST, live(), ["link_back"]],
  ["a warning", live(), live(66), ["tick"]],
  ["another warning instead of the first", live(66), live(71), ["tick"]],
  ["a warning that ends", live(66, 71), live(66), []],
]) {
  test(`sounds of: ${what}`, () => assert.deepEqual(soundsOf(before, now), sounds));
}
