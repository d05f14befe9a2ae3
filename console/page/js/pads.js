/**
 * What gamepads say, as plain values: which count, which are ignored and why, hold with hysteresis, edges of buttons.
 * Pure; `pads` are objects like the browser's Gamepad ({index, id, connected, mapping, axes, buttons: [{value}]}).
 */

export const HOLD_PRESS = 0.55;
export const HOLD_RELEASE = 0.35;
const BUTTON_PRESSED = 0.5;
const RT = 7;

/** Names of the buttons that mean something, by their index in the standard mapping. */
export const BUTTONS = { A: 0, B: 1, X: 2, Y: 3, LB: 4, RB: 5, View: 8, Start: 9, Up: 12, Down: 13 };

/** @typedef {{index: number, id: string, hold: boolean, pressed: string[], fresh: string[], axes: number[],
 *   signature: string, still_ms: number, ignored: "twin"|"layout"|null}} Pad */

const value = (pad, index) => {
  const button = pad.buttons[index];
  const read = typeof button === "number" ? button : button?.value;
  return Number.isFinite(read) ? read : 0;
};

/**
 * Names of the pressed buttons of one gamepad.
 * @returns {string[]}
 */
export function pressed(pad) {
  return Object.keys(BUTTONS).filter((name) => value(pad, BUTTONS[name]) > BUTTON_PRESSED);
}

/** Hold-to-run of a trigger: it presses late and releases early. */
export function holds(pad, was) {
  return value(pad, RT) >= (was ? HOLD_RELEASE + Number.EPSILON : HOLD_PRESS);
}

function ignored(pad, all) {
  if (all.some((other) => other !== pad && other.id === pad.id)) return "twin";
  return pad.mapping === "standard" ? null : "layout";
}

/**
 * The gamepads that are there now, compared with those of the reading before.
 * @param {readonly Pad[]} before @param {readonly any[]} found @param {number} now_ms
 * @returns {{pads: Pad[], gone: Pad[], came: Pad[]}}
 */
export function compared(before, found, now_ms) {
  const there = found.filter((pad) => pad && pad.connected !== false);
  const pads = there.map((pad) => {
    const known = before.find((old) => old.index === pad.index && old.id === pad.id);
    const down = pressed(pad);
    const axes = Array.from(pad.axes, (axis) => (Number.isFinite(axis) ? axis : 1));
    const signature = JSON.stringify([axes, Array.from(pad.buttons, (_, index) => value(pad, index))]);
    return {
      index: pad.index,
      id: pad.id,
      hold: holds(pad, known?.hold ?? false),
      pressed: down,
      // a button that was down when the gamepad came is no press of it
      fresh: known ? down.filter((name) => !known.pressed.includes(name)) : [],
      axes,
      signature,
      still_ms: known && known.signature === signature ? known.still_ms : now_ms,
      ignored: ignored(pad, there),
    };
  });
  const same = (a, b) => a.index === b.index && a.id === b.id;
  return {
    pads,
    gone: before.filter((old) => !pads.some((pad) => same(pad, old))),
    came: pads.filter((pad) => !before.some((old) => same(pad, old))),
  };
}
