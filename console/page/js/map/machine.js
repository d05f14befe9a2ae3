// What moves on the map: the machine to scale, the planned line ahead of it, marks, scale bar, compass.

import { scaleBar, toScreen } from "./geometry.js";

export const FONT = "'IBM Plex Sans', sans-serif";
const AMBER = "#FFB000"; // in every theme: limited, or old
const SMALL_PX = 26; // shorter on the screen than this, the machine gets a circle

// Half-axes of the machine in metres of its own frame (x ahead, y left), from what the site says of it.
export function outlineOf(machine) {
  const length = machine.length_m ?? 3, width = machine.width_m ?? machine.track_outer_width_m ?? 1.6;
  return {
    front: machine.body_front_m ?? length / 2, rear: machine.body_rear_m ?? length / 2, half: width / 2,
    track: (machine.track_length_m ?? length * 0.8) / 2, trackHalf: (machine.track_outer_width_m ?? width) / 2,
    toolAhead: machine.tool_ahead_m ?? length / 2 + 0.5, toolHalf: (machine.tool_width_m ?? width) / 2,
    toolLong: (machine.tool_length_m ?? 0.5) / 2,
  };
}

// Draws in CSS pixels; `pose` {e, n, heading_deg}; `old`: this is the last known place, nothing newer is known.
export function drawMachine(context, view, theme, machine, pose, { old = false } = {}) {
  const shape = outlineOf(machine), [x, y] = toScreen(view, pose.e, pose.n), k = view.ppm;
  context.save();
  context.translate(x, y);
  context.rotate((pose.heading_deg * Math.PI) / 180 - view.turn);
  const box = (ahead, behind, half) => context.rect(-half * k, -ahead * k, 2 * half * k, (ahead + behind) * k);
  context.lineWidth = 2;
  context.strokeStyle = theme.ink;
  if (old) context.setLineDash([5, 4]);
  context.fillStyle = theme.machine;
  context.beginPath();
  box(shape.front, shape.rear, shape.half);
  if (!old) context.fill();
  context.stroke();
  context.fillStyle = old ? "transparent" : theme.ink;
  context.beginPath();
  const wide = Math.max(shape.trackHalf * 0.3 * k, 1);
  for (const side of [-1, 1]) {
    context.rect(side * shape.trackHalf * k - (side > 0 ? wide : 0), -shape.track * k, wide, 2 * shape.track * k);
  }
  context.rect(
    -shape.toolHalf * k, -(shape.toolAhead + shape.toolLong) * k, 2 * shape.toolHalf * k,
    Math.max(2 * shape.toolLong * k, 2),
  );
  context.fill();
  context.stroke();
  context.restore();
  const long = (shape.toolAhead + shape.toolLong + shape.rear) * k;
  if (long < SMALL_PX) {
    context.beginPath();
    context.arc(x, y, 22, 0, 2 * Math.PI);
    context.lineWidth = 2.5;
    context.setLineDash(old ? [5, 4] : []);
    context.strokeStyle = theme.ink;
    context.stroke();
    context.setLineDash([]);
  }
}

// The exclusion ring of the task round the machine: nobody is inside while the tool turns. `radius_m` null: nobody said.
export function drawRing(context, view, theme, radius_m, pose) {
  if (radius_m === null) return;
  context.beginPath();
  context.arc(...toScreen(view, pose.e, pose.n), radius_m * view.ppm, 0, 2 * Math.PI);
  context.lineWidth = 2;
  context.strokeStyle = theme.ink;
  context.setLineDash([2, 6]);
  context.stroke();
  context.setLineDash([]);
}

// Rings of other machines and of people, as the vehicle reckons with them: amber where one is too near, dashed where it
// is not heard of any more. rings: [{name, e, n, radius_m, near, silent}].
export function drawOtherRings(context, view, theme, rings) {
  context.font = `600 14px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { name, e, n, radius_m, near, silent } of rings) {
    const [x, y] = toScreen(view, e, n);
    context.beginPath();
    context.arc(x, y, radius_m * view.ppm, 0, 2 * Math.PI);
    context.lineWidth = near || silent ? 4 : 2;
    context.strokeStyle = near || silent ? AMBER : theme.ink;
    context.setLineDash(silent ? [10, 8] : [2, 6]);
    context.stroke();
    context.setLineDash([]);
    context.lineWidth = 4;
    context.strokeStyle = theme.paper;
    context.strokeText(name, x, y);
    context.fillStyle = theme.ink;
    context.fillText(name, x, y);
  }
}

// The line that the mission drives next, dashed.
export function drawWay(context, view, theme, points) {
  if (points.length < 2) return;
  context.beginPath();
  points.forEach(([e, n], at) => context[at ? "lineTo" : "moveTo"](...toScreen(view, e, n)));
  context.lineWidth = 3;
  context.strokeStyle = theme.way;
  context.setLineDash([9, 6]);
  context.stroke();
  context.setLineDash([]);
}

// The place at a distance and a direction from the machine, in degrees to the left of straight ahead.
export function seenFrom({ e, n, heading_deg }, metres, leftDeg) {
  const bearing = ((heading_deg - leftDeg) * Math.PI) / 180;
  return [e + metres * Math.sin(bearing), n + metres * Math.cos(bearing)];
}

// Where the machine is to be driven: a ring with a dot, which keeps its size.
export function drawGoal(context, view, theme, [e, n]) {
  const [x, y] = toScreen(view, e, n);
  for (const [radius, fill] of [[13, theme.paper], [5, theme.ink]]) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = fill;
    context.fill();
    context.lineWidth = 3;
    context.strokeStyle = theme.ink;
    context.stroke();
  }
}

// Detonations and other numbered places: a diamond with its number. marks: [{n, e, north}]; chosen: the number of one.
export function drawMarks(context, view, theme, marks, chosen = null) {
  context.font = `600 14px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const { n, e, north } of marks) {
    const [x, y] = toScreen(view, e, north);
    context.beginPath();
    for (const [dx, dy] of [[0, -13], [13, 0], [0, 13], [-13, 0]]) context.lineTo(x + dx, y + dy);
    context.closePath();
    context.fillStyle = theme.paper;
    context.strokeStyle = theme.ink;
    context.lineWidth = n === chosen ? 4 : 2;
    context.fill();
    context.stroke();
    context.fillStyle = theme.ink;
    context.fillText(String(n), x, y + 1);
  }
}

// Ground that people left out: a dashed outline with the number of its swath. `skips`: {swath, ring}.
export function drawSkips(context, view, theme, skips) {
  context.font = `600 14px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.setLineDash([8, 5]);
  context.strokeStyle = theme.ink;
  context.lineWidth = 2;
  for (const { ring } of skips) {
    const corners = ring.map(([east, north]) => toScreen(view, east, north));
    context.beginPath();
    corners.forEach(([x, y], n) => (n ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.moveTo(...corners[0]);
    context.lineTo(...corners[2]);
    context.stroke();
  }
  context.setLineDash([]);
  for (const { swath, ring } of skips) {
    const [x, y] = toScreen(view, (ring[0][0] + ring[2][0]) / 2, (ring[0][1] + ring[2][1]) / 2);
    context.fillStyle = theme.paper;
    context.fillRect(x - 16, y - 11, 32, 22);
    context.strokeRect(x - 16, y - 11, 32, 22);
    context.fillStyle = theme.ink;
    context.fillText(String(swath), x, y + 1);
  }
}

export function lengthText(length) {
  return length >= 1 ? `${length} m` : `${Math.round(length * 100)} cm`;
}

export function drawScale(context, view, theme, left = 12) {
  const { length, pixels } = scaleBar(view.ppm), bottom = view.height - 12;
  context.fillStyle = theme.paper;
  context.globalAlpha = 0.85;
  context.fillRect(left - 4, bottom - 34, pixels + 24, 40);
  context.globalAlpha = 1;
  context.fillStyle = theme.ink;
  context.font = `600 16px ${FONT}`;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.fillText(lengthText(length), left + 8, bottom - 14);
  context.beginPath();
  context.moveTo(left + 8, bottom - 9);
  context.lineTo(left + 8, bottom - 3);
  context.lineTo(left + 8 + pixels, bottom - 3);
  context.lineTo(left + 8 + pixels, bottom - 9);
  context.lineWidth = 2;
  context.strokeStyle = theme.ink;
  context.stroke();
}

export function drawCompass(context, view, theme, top = 32) {
  const x = view.width - 32;
  context.save();
  context.translate(x, top);
  context.beginPath();
  context.arc(0, 0, 19, 0, 2 * Math.PI);
  context.fillStyle = theme.paper;
  context.strokeStyle = theme.ink;
  context.lineWidth = 1.5;
  context.fill();
  context.stroke();
  context.rotate(-view.turn);
  context.beginPath();
  context.moveTo(0, -15);
  context.lineTo(6, 2);
  context.lineTo(-6, 2);
  context.closePath();
  context.fillStyle = theme.ink;
  context.fill();
  context.font = `600 12px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText("N", 0, 10);
  context.restore();
}

// A line of words in a box, top middle: what the map does not know.
export function drawNote(context, view, theme, text) {
  context.font = `600 16px ${FONT}`;
  const wide = context.measureText(text).width + 24, x = (view.width - wide) / 2;
  context.fillStyle = theme.paper;
  context.fillRect(x, 12, wide, 32);
  context.strokeStyle = theme.ink;
  context.lineWidth = 1.5;
  context.strokeRect(x, 12, wide, 32);
  context.fillStyle = theme.ink;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, view.width / 2, 29);
}
