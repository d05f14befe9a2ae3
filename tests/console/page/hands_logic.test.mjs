// Hold-to-run, row by row of its event table.
import assert from "node:assert/strict";
import { test } from "node:test";

import { MANUAL, Rig, gamepad, moves } from "./hands_rig.mjs";

const still = (reading) => assert.ok(!moves(reading) && !reading.rotor && reading.tool_mode === 0, JSON.stringify(reading));

test("hold and an arrow drive, and the stick grows as the key is held", () => {
  const rig = new Rig().driving();
  assert.equal(rig.last.hold, true);
  assert.equal(rig.last.source, 1);
  const early = rig.last.drive;
  assert.ok(early > 0 && early < 0.3);
  rig.run(800);
  assert.equal(rig.last.drive, 0.6);
  rig.up("ArrowUp");
  rig.look();
  assert.equal(rig.last.drive, 0);
  assert.equal(rig.last.hold, true);
});

test("hands that rest are told every 20 ms, whatever the devices are looked at", () => {
  const rig = new Rig().ready();
  const before = rig.readings.length;
  for (let at = 0; at < 100; at += 1) rig.look(10);
  assert.equal(rig.readings.length - before, 50);
});

test("what hands change is told by the look that sees it, and nothing is told twice", () => {
  for (const rest of [0, 1]) {
    const rig = new Rig().ready();
    rig.pads = [gamepad({ rt: 0 })];
    for (let at = 0; at < 60 + rest; at += 1) rig.look(10);
    for (const [pad, of] of [
      [{ rt: 1 }, (reading) => reading.hold],
      [{ rt: 1, axes: [0, -0.2, 0, 0] }, (reading) => reading.drive > 0],
      [{ rt: 1, axes: [0, -0.9, 0, 0] }, (reading) => reading.drive > 0.5],
      [{ rt: 1, axes: [0, 0, 0, 0] }, (reading) => reading.drive === 0],
      [{ rt: 0 }, (reading) => !reading.hold],
    ]) {
      rig.pads = [gamepad(pad)];
      const { reading } = rig.look(10);
      assert.ok(reading !== null && of(reading), JSON.stringify(pad));
      for (let at = 0; at < 4 + rest; at += 1) rig.look(10);
    }
    const numbers = rig.readings.map((reading) => reading.reading_no);
    assert.deepEqual(numbers, numbers.map((_, at) => numbers[0] + at));
  }
});

test("a thumb that trembles is told every 20 ms", () => {
  const rig = new Rig().ready();
  rig.pads = [gamepad({ rt: 0 })];
  for (let at = 0; at < 60; at += 1) rig.look(10);
  rig.pads = [gamepad({ rt: 1, axes: [0, -0.5, 0, 0] })];
  rig.look(10);
  const before = rig.readings.length;
  for (let at = 0; at < 100; at += 1) {
    rig.pads = [gamepad({ rt: 1, axes: [0, -0.5 - 0.004 * (at % 3), 0, 0] })];
    rig.look(10);
  }
  assert.equal(rig.readings.length - before, 50);
});

test("a key whose release nobody would tell of is let go, and drives again only when pressed anew", () => {
  const rig = new Rig().driving();
  rig.tell("keys_lost");
  rig.look();
  still(rig.last);
  assert.equal(rig.view.cause, "keys_lost");
  rig.run(1000);
  still(rig.last);
  rig.key("KeyF", true); // the key itself is still down, and repeats
  rig.run(100);
  still(rig.last);
  rig.up("KeyF");
  rig.run(300);
  rig.key("KeyF");
  rig.look();
  assert.equal(rig.last.hold, true);
});

test("hands that hold no key lose nothing by a menu", () => {
  const rig = new Rig().ready();
  rig.pads = [gamepad({ rt: 0 })];
  rig.run(400);
  rig.pads = [gamepad({ rt: 1 })];
  rig.look();
  rig.tell("keys_lost");
  rig.look();
  assert.equal(rig.last.hold, true);
});

test("without hold an arrow drives nothing", () => {
  const rig = new Rig().ready();
  rig.key("ArrowUp");
  rig.run(500);
  still(rig.last);
});

test("after page load the latch waits for 200 ms of clean hands, and says for what", () => {
  const rig = new Rig();
  rig.tell("socket_open");
  rig.run(180);
  assert.equal(rig.view.latch, false);
  assert.equal(rig.view.waits.key, "hands.waits.moment");
  rig.run(60);
  assert.equal(rig.view.latch, true);
});

test("hold that was pressed before the latch was set drives nothing until it is released and pressed anew", () => {
  const rig = new Rig();
  rig.tell("socket_open");
  rig.key("KeyF");
  rig.run(2000);
  still(rig.last);
  assert.equal(rig.view.waits.key, "hands.waits.release_keyboard");
  rig.up("KeyF");
  rig.run(300);
  rig.key("KeyF");
  rig.look();
  assert.equal(rig.last.hold, true);
});

test("a clean moment is made of looks, not of time that the page slept through", () => {
  const rig = new Rig();
  rig.tell("socket_open");
  rig.look();
  rig.look();
  rig.look(250);
  assert.equal(rig.view.latch, false);
});

test("a release is neutral with the next reading, and readings go on", () => {
  const rig = new Rig().driving();
  rig.up("KeyF");
  rig.look();
  still(rig.last);
  const before = rig.readings.length;
  rig.run(200);
  assert.equal(rig.readings.length, before + 10);
});

test("after a release with the arrow still down, hold drives nothing until the arrow is up", () => {
  const rig = new Rig().driving();
  rig.up("KeyF");
  rig.look();
  rig.key("KeyF");
  rig.run(500);
  still(rig.last);
});

test("the operating system's repeats of hold are no press", () => {
  const rig = new Rig().ready();
  rig.key("KeyF", true);
  rig.look();
  still(rig.last);
});

test("a reading's number rises by one with each look, and its tick is the newest the page had", () => {
  const rig = new Rig().ready();
  rig.run(100);
  const numbers = rig.readings.map((reading) => reading.reading_no);
  assert.deepEqual(numbers, numbers.map((_, at) => numbers[0] + at));
  assert.equal(rig.last.vehicle_tick, rig.vehicle.tick);
});

test("blur: hold released, keys forgotten, latch cleared, readings go on; the arrow's repeats drive nothing", () => {
  const rig = new Rig().driving();
  rig.tell("blur");
  rig.look();
  still(rig.last);
  assert.equal(rig.last.focused, false);
  assert.equal(rig.view.waits.key, "hands.waits.focus");
  rig.tell("focus");
  rig.key("ArrowUp", true);
  rig.key("KeyF");
  rig.run(1000);
  still(rig.last);
  assert.equal(rig.view.latch, false);
});

test("hidden: one neutral reading, then the drive socket is closed, and nothing follows", () => {
  const rig = new Rig().driving();
  const count = rig.readings.length;
  const result = rig.tell("hidden");
  still(result.reading);
  assert.deepEqual(result.effects, ["close_drive"]);
  rig.run(500);
  rig.tell("hidden");
  assert.equal(rig.readings.length, count + 1);
});

test("shown again with the stick deflected and hold held: no motion, and the axis is named", () => {
  const rig = new Rig();
  rig.pads = [gamepad()];
  rig.ready();
  rig.pads = [gamepad({ rt: 1, axes: [0, -0.8, 0, 0] })];
  rig.run(100);
  assert.equal(rig.last.hold, true);
  rig.tell("hidden");
  rig.tell("shown");
  rig.tell("socket_open");
  rig.run(1000);
  still(rig.last);
  rig.pads = [gamepad({ axes: [0, -0.8, 0, 0] })];
  rig.run(500);
  assert.deepEqual(rig.view.waits, { key: "hands.waits.axis_1", params: { value: -0.8 } });
});

for (const [name, gone] of [
  ["is missing from the list", (rig) => { rig.pads = []; }],
  ["is a null in the list", (rig) => { rig.pads = [null]; }],
  ["says that it is not connected", (rig) => { rig.pads = [{ ...rig.pads[0], connected: false }]; }],
  ["is told to be disconnected", (rig) => { rig.tell("pad_disconnected", { index: 0 }); rig.pads = []; }],
]) {
  test(`a gamepad that ${name} sends STOP once and releases`, () => {
    const rig = new Rig();
    rig.pads = [gamepad()];
    rig.ready();
    rig.pads = [gamepad({ rt: 1, axes: [0, -1, 0, 0] })];
    rig.run(100);
    assert.equal(rig.last.hold, true);
    gone(rig);
    rig.look();
    still(rig.last);
    rig.run(200);
    assert.deepEqual(rig.effects, ["stop"]);
    assert.equal(rig.view.cause, "pad_gone");
  });
}

test("a gamepad that stands still while it drives is a hint after 20 s and released after 30 s", () => {
  const rig = new Rig();
  rig.pads = [gamepad()];
  rig.ready();
  rig.pads = [gamepad({ rt: 1, axes: [0, -1, 0, 0] })];
  rig.run(19_900);
  assert.deepEqual(rig.view.notes, []);
  rig.run(200);
  assert.deepEqual(rig.view.notes, ["hands.note.move_stick"]);
  assert.equal(rig.last.hold, true);
  rig.run(10_000);
  still(rig.last);
  assert.equal(rig.view.cause, "pad_still");
});

test("a gamepad with centred sticks may be held for long, but not with the rotor on", () => {
  const rig = new Rig();
  rig.pads = [gamepad()];
  rig.ready();
  rig.pads = [gamepad({ rt: 1 })];
  rig.run(40_000);
  assert.equal(rig.last.hold, true);
  rig.pads = [gamepad({ rt: 1, down: [5] })];
  rig.look();
  rig.pads = [gamepad({ rt: 1 })];
  rig.run(29_000);
  assert.equal(rig.last.rotor, true);
  rig.run(1200);
  still(rig.last);
});

test("a gamepad that is told to be connected while another is held releases", () => {
  const rig = new Rig();
  rig.pads = [gamepad()];
  rig.ready();
  rig.pads = [gamepad({ rt: 1, axes: [0, -1, 0, 0] })];
  rig.run(100);
  rig.tell("pad_connected", { index: 0 });
  rig.look();
  still(rig.last);
  assert.equal(rig.view.cause, "pad_connected");
});

test("a stall is counted; a late reading carries the time it was due, so that the server can drop it", () => {
  const rig = new Rig().driving();
  const due_ms = rig.now_ms + 20;
  rig.look(150);
  assert.equal(rig.last.page_time, due_ms);
  assert.equal(rig.view.stalls, 1);
  assert.equal(rig.last.hold, true);
  rig.look();
  assert.equal(rig.last.page_time, rig.now_ms);
});

test("a stall of more than 300 ms clears the latch", () => {
  const rig = new Rig().driving();
  rig.look(320);
  still(rig.last);
  rig.run(1000);
  still(rig.last);
  assert.equal(rig.view.cause, "page_stalled");
});

test("a closed drive socket makes no readings, and clears the latch for when it is back", () => {
  const rig = new Rig().driving();
  const count = rig.readings.length;
  rig.tell("socket_closed");
  rig.run(500);
  assert.equal(rig.readings.length, count);
  assert.equal(rig.view.latch, false);
  assert.equal(rig.view.cause, "server_gone");
  rig.tell("socket_open");
  rig.run(500);
  still(rig.last);
});

test("a server that tells nothing for 500 ms is a lost link", () => {
  const rig = new Rig().driving();
  rig.vehicle.age_ms = 501;
  rig.look();
  still(rig.last);
  assert.equal(rig.view.cause, "link_lost");
  rig.vehicle.age_ms = 20;
  rig.run(1000);
  still(rig.last);
});

test("an age that is unknown is a lost link", () => {
  const rig = new Rig().driving();
  rig.vehicle.age_ms = null;
  rig.look();
  still(rig.last);
});

test("connected with a deflected stick: no motion, ever, until it was centred and hold pressed anew", () => {
  const rig = new Rig();
  rig.pads = [gamepad({ rt: 1, axes: [0.3, 0, 0, 0] })];
  rig.tell("socket_open");
  rig.run(3000);
  still(rig.last);
  rig.pads = [gamepad({ rt: 0, axes: [0.3, 0, 0, 0] })];
  rig.run(3000);
  assert.deepEqual(rig.view.waits, { key: "hands.waits.axis_0", params: { value: 0.3 } });
  rig.pads = [gamepad({ rt: 1, axes: [0.3, 0, 0, 0] })];
  rig.run(1000);
  assert.ok(rig.readings.every((reading) => !moves(reading)));
});

for (const [what, change, cause] of [
  ["the session", (vehicle) => { vehicle.session = 8; }, "session"],
  ["the count of ticks, backwards", (vehicle) => { vehicle.tick = 3; }, "session"],
  ["the holder", (vehicle) => { vehicle.mine = false; }, "take"],
  ["the mode", (vehicle) => { vehicle.mode = "STOPPING"; }, "mode"],
  ["ATTENTION, missed", (vehicle) => { vehicle.attention_missed = true; }, "attention"],
]) {
  test(`what changes ${what} clears the latch, and changing back does not set it`, () => {
    const rig = new Rig().driving();
    const was = { ...rig.vehicle };
    change(rig.vehicle);
    rig.look();
    still(rig.last);
    assert.equal(rig.view.cause, cause);
    rig.vehicle = { ...was, tick: rig.vehicle.tick };
    rig.run(1000);
    still(rig.last);
  });
}

for (const cause of ["stop", "take"]) {
  test(`${cause.toUpperCase()} clears the latch`, () => {
    const rig = new Rig().driving();
    rig.tell(cause);
    rig.look();
    still(rig.last);
    assert.equal(rig.view.cause, cause);
  });
}

test("arming with hold pressed all along leads to no motion: MANUAL wants a press of its own", () => {
  const rig = new Rig({ ...MANUAL, mode: "READY" }).ready();
  rig.key("KeyF");
  rig.run(300);
  still(rig.last);
  rig.vehicle.mode = "MANUAL";
  rig.key("ArrowUp");
  rig.run(1000);
  still(rig.last);
});

test("the latch is not set while the vehicle moves in another mode than MANUAL, nor while that is unknown", () => {
  for (const standing of [false, null]) {
    const rig = new Rig({ ...MANUAL, mode: "RECOVERY", standing });
    rig.tell("socket_open");
    rig.run(1000);
    assert.equal(rig.view.latch, false);
    assert.equal(rig.view.waits.key, "hands.waits.standing");
  }
});

test("two gamepads of one id are both ignored, and that is said", () => {
  const rig = new Rig();
  rig.pads = [gamepad(), gamepad({ index: 1 })];
  rig.ready();
  rig.pads = [gamepad({ rt: 1, axes: [0, -1, 0, 0] }), gamepad({ index: 1 })];
  rig.run(500);
  still(rig.last);
  assert.deepEqual(rig.view.notes, ["hands.note.twin"]);
});

test("a gamepad of an unknown layout is ignored, and that is said", () => {
  const rig = new Rig();
  rig.pads = [gamepad({ mapping: "" })];
  rig.ready();
  rig.pads = [gamepad({ mapping: "", rt: 1, axes: [0, -1, 0, 0] })];
  rig.run(500);
  still(rig.last);
  assert.deepEqual(rig.view.notes, ["hands.note.layout"]);
});

test("one source: a second device changes nothing while the first holds, and takes nothing over when it lets go", () => {
  const rig = new Rig();
  rig.pads = [gamepad()];
  rig.ready();
  rig.key("KeyF");
  rig.run(100);
  rig.pads = [gamepad({ rt: 1, axes: [-1, -1, 0, 0] })];
  rig.run(100);
  assert.equal(rig.last.hold, true);
  assert.equal(rig.last.drive, 0);
  rig.up("KeyF");
  rig.look();
  assert.equal(rig.view.latch, false, "the second device is still held: hands are not clean");
  rig.run(1000);
  still(rig.last);
});

test("a gamepad that appears in the list without an event, while a key is held, releases", () => {
  const rig = new Rig().driving();
  rig.pads = [gamepad()];
  rig.look();
  still(rig.last);
  assert.equal(rig.view.cause, "pad_connected");
});

test("another gamepad in the place of the held one is one that is gone and one that came", () => {
  const rig = new Rig();
  rig.pads = [gamepad()];
  rig.ready();
  rig.pads = [gamepad({ rt: 1, axes: [0, -1, 0, 0] })];
  rig.run(100);
  rig.pads = [gamepad({ id: "other", rt: 1, axes: [0, -1, 0, 0] })];
  rig.run(1000);
  still(rig.last);
  assert.deepEqual(rig.effects, ["stop"]);
});

test("another source than before is first released and pressed anew", () => {
  const rig = new Rig();
  rig.pads = [gamepad()];
  rig.ready();
  rig.key("KeyF");
  rig.run(100);
  rig.up("KeyF");
  rig.run(300);
  rig.pads = [gamepad({ rt: 1 })];
  rig.run(300);
  still(rig.last);
  assert.equal(rig.view.cause, "source_change");
  rig.pads = [gamepad()];
  rig.run(300);
  rig.pads = [gamepad({ rt: 1, axes: [0, -1, 0, 0] })];
  rig.look();
  assert.equal(rig.last.drive, 1);
});

test("the trigger has hysteresis", () => {
  const rig = new Rig();
  rig.pads = [gamepad()];
  rig.ready();
  for (const [rt, hold] of [[0.54, false], [0.55, true], [0.36, true], [0.35, false], [0.54, false]]) {
    rig.pads = [gamepad({ rt })];
    rig.look();
    assert.equal(rig.last.hold, hold, `at ${rt}`);
  }
});

test("rotor: pressed anew after each release, and never without hold", () => {
  const rig = new Rig().ready();
  rig.key("KeyV");
  rig.up("KeyV");
  rig.look();
  rig.key("KeyF");
  rig.run(100);
  assert.equal(rig.last.rotor, false);
  rig.key("KeyV");
  rig.look();
  assert.equal(rig.last.rotor, true);
  rig.run(1000);
  assert.equal(rig.last.rotor, true);
  rig.up("KeyF");
  rig.look();
  assert.equal(rig.last.rotor, false);
  rig.key("KeyF");
  rig.run(200);
  assert.equal(rig.last.hold, true);
  assert.equal(rig.last.rotor, false);
});

test("the rotor's button with LB is ENGINE OFF, no rotor", () => {
  const rig = new Rig();
  rig.pads = [gamepad()];
  rig.ready();
  rig.pads = [gamepad({ rt: 1 })];
  rig.look();
  rig.pads = [gamepad({ rt: 1, down: [4, 5] })];
  rig.look();
  assert.equal(rig.last.rotor, false);
  assert.deepEqual(rig.pad.pressed, ["LB", "RB"]);
});

test("tool: moves while its key is held, from where it was measured; into the ground as a depth", () => {
  const rig = new Rig().ready();
  rig.key("KeyF");
  rig.look();
  assert.equal(rig.last.tool_mode, 0);
  rig.key("PageUp");
  rig.run(200);
  assert.equal(rig.last.tool_mode, 1);
  assert.ok(rig.last.tool_m > 0.4 && rig.last.tool_m < 0.5);
  rig.up("PageUp");
  rig.vehicle.tool_m = 0.01;
  rig.key("PageDown");
  rig.run(4000);
  assert.equal(rig.last.tool_mode, 2);
  assert.ok(rig.last.tool_m > 0);
  rig.up("KeyF");
  rig.look();
  assert.equal(rig.last.tool_mode, 0);
});

test("a tool whose height is unknown is not moved", () => {
  const rig = new Rig({ ...MANUAL, tool_m: null }).ready();
  rig.key("KeyF");
  rig.key("PageDown");
  rig.run(200);
  assert.equal(rig.last.tool_mode, 0);
});

test("fine mode drives at three tenths", () => {
  const rig = new Rig().driving();
  rig.run(1000);
  rig.key("KeyC");
  rig.look();
  assert.ok(Math.abs(rig.last.drive - 0.18) < 1e-9);
});

// --- touch ---------------------------------------------------------------------------------------------------------------
function touching() {
  const rig = new Rig().ready();
  rig.tell("pointer_down", { id: 1, pad: "hold" });
  rig.look();
  rig.tell("pointer_down", { id: 2, pad: "stick", x: 0, y: 0 });
  rig.tell("pointer_move", { id: 2, pad: "stick", x: 0, y: 1, off_px: 0 });
  rig.look();
  return rig;
}

test("touch: one pointer holds, a second drives", () => {
  const rig = touching();
  assert.equal(rig.last.source, 3);
  assert.equal(rig.last.drive, 1);
});

for (const [how, event, more] of [
  ["lifting the hold finger", "pointer_up", { id: 1 }],
  ["leaving the hold pad by more than 24 px", "pointer_move", { id: 1, pad: "hold", x: 0, y: 0, off_px: 25 }],
  ["a cancelled pointer", "pointer_cancel", { id: 2 }],
  ["a third pointer", "pointer_down", { id: 3, pad: null }],
]) {
  test(`touch: ${how} releases, and nothing but a new press holds again`, () => {
    const rig = touching();
    rig.tell(event, more);
    rig.look();
    still(rig.last);
    rig.tell("pointer_move", { id: 1, pad: "hold", x: 0, y: 0, off_px: 0 });
    rig.run(1000);
    still(rig.last);
  });
}

test("touch: the hold pad may be left by 24 px", () => {
  const rig = touching();
  rig.tell("pointer_move", { id: 1, pad: "hold", x: 0, y: 0, off_px: 24 });
  rig.look();
  assert.equal(rig.last.hold, true);
});

// --- missions ------------------------------------------------------------------------------------------------------------
test("in a mission nothing holds; a stick that moves after it was centred is told, so that the vehicle stops for it", () => {
  const rig = new Rig({ ...MANUAL, mode: "AUTO_WORK", standing: false });
  rig.pads = [gamepad()];
  rig.ready();
  still(rig.last);
  rig.pads = [gamepad({ rt: 1, axes: [0, -1, 0, 0] })];
  rig.look();
  assert.equal(rig.last.hold, false);
  assert.equal(rig.last.drive, 1);
});

test("a mission that stands is left by a stick as well as one that moves", () => {
  const rig = new Rig({ ...MANUAL, mode: "AUTO_MOVE" });
  rig.pads = [gamepad()];
  rig.ready();
  assert.equal(rig.view.latch, true);
  rig.pads = [gamepad({ axes: [0, -1, 0, 0] })];
  rig.look();
  assert.equal(rig.last.drive, 1);
});

test("in a mission a stick that was deflected when the page connected is no act", () => {
  const rig = new Rig({ ...MANUAL, mode: "AUTO_WORK", standing: false });
  rig.pads = [gamepad({ axes: [0, -1, 0, 0] })];
  rig.ready();
  still(rig.last);
});

// --- WAIT ----------------------------------------------------------------------------------------------------------------
test("in a WAIT hold passes after a press of its own, with neither rotor nor tool, and lets go when the mission goes on", () => {
  const rig = new Rig({ ...MANUAL, mode: "AUTO_WORK", standing: false }).ready();
  rig.key("KeyF");
  Object.assign(rig.vehicle, { mode: "WAIT", standing: true });
  rig.run(400);
  assert.equal(rig.last.hold, false, "pressed before the machine waited");
  rig.up("KeyF");
  rig.run(400);
  rig.key("KeyF");
  rig.key("KeyV");
  rig.key("PageUp");
  rig.look();
  assert.equal(rig.last.hold, true);
  assert.equal(rig.last.rotor, false);
  assert.equal(rig.last.tool_mode, 0);
  rig.vehicle.mode = "AUTO_WORK";
  rig.look();
  still(rig.last);
});

test("while an engine is started hold passes in DISARMED, with neither rotor nor tool, and at no other time", () => {
  const rig = new Rig({ ...MANUAL, mode: "DISARMED", standing: true }).ready();
  rig.key("KeyF");
  rig.look();
  still(rig.last);
  rig.up("KeyF");
  rig.run(400);
  rig.vehicle.starts_engine = true;
  rig.key("KeyF");
  rig.key("KeyV");
  rig.key("PageUp");
  rig.look();
  assert.equal(rig.last.hold, true);
  assert.equal(rig.last.rotor, false);
  assert.equal(rig.last.tool_mode, 0);
  rig.vehicle.starts_engine = false;
  rig.look();
  still(rig.last);
});

test("a WAIT wants clean hands at a stand, and a stick that moves in it is told, so that the vehicle stops for it", () => {
  const rig = new Rig({ ...MANUAL, mode: "WAIT", standing: false }).ready();
  assert.equal(rig.view.latch, false);
  rig.vehicle.standing = true;
  rig.pads = [gamepad()];
  rig.run(400);
  assert.equal(rig.view.latch, true);
  rig.pads = [gamepad({ axes: [0, -1, 0, 0] })];
  rig.look();
  assert.equal(rig.last.hold, false);
  assert.equal(rig.last.drive, 1);
});

// --- buttons -------------------------------------------------------------------------------------------------------------
test("a button that was down when the gamepad came is no press, but STOP is", () => {
  const rig = new Rig();
  rig.tell("socket_open");
  rig.pads = [gamepad({ down: [9, 1] })];
  rig.look();
  assert.deepEqual(rig.pad.fresh, ["B"]);
  rig.look();
  assert.deepEqual(rig.pad.fresh, []);
  rig.pads = [gamepad()];
  rig.look();
  rig.pads = [gamepad({ down: [9] })];
  rig.look();
  assert.deepEqual(rig.pad.fresh, ["Start"]);
});

test("STOP counts from a gamepad that is ignored", () => {
  const rig = new Rig();
  rig.pads = [gamepad({ mapping: "" })];
  rig.ready();
  rig.pads = [gamepad({ mapping: "", down: [1, 9] })];
  rig.look();
  assert.deepEqual(rig.pad.fresh, ["B"]);
});
