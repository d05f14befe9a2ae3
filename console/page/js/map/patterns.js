// How each class is drawn besides its colour. Cells of tiles carry their pattern in their pixels (a pixel of a tile is
// 0.7 to 2 of the screen's); polygons are filled with small repeating pictures in screen pixels.

import { BELOW, PASSED, PROCESSED, PROVISIONAL, UNKNOWN } from "./tiles.js";

const PERIOD = 8;

const isHatch = (x, y) => (x + y) % PERIOD < 3;
const isDot = (x, y) => x % 4 < 2 && y % 4 < 2;
const isRareDot = (x, y) => x % PERIOD < 2 && y % PERIOD < 2;
const isLine = (x, y) => (x + y) % PERIOD === 0;

// "#RRGGBB" to the four bytes of a pixel as one number (little endian: red first).
export function pixelOf(colour) {
  const value = Number.parseInt(colour.slice(1), 16);
  return (0xff000000 | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

// Pixels of 8 x 8 cells for every class: table[class][(row & 7) * 8 + (column & 7)].
export function cellPixels(theme) {
  const table = Array.from({ length: 256 }, () => new Uint32Array(PERIOD * PERIOD));
  const put = (kind, name, isMarked) => {
    const plain = pixelOf(theme.map[name]), mark = isMarked ? pixelOf(theme.marks[name]) : plain;
    for (let y = 0; y < PERIOD; y += 1) {
      for (let x = 0; x < PERIOD; x += 1) table[kind][y * PERIOD + x] = isMarked?.(x, y) ? mark : plain;
    }
  };
  for (let kind = 5; kind < 256; kind += 1) put(kind, "unknown", isRareDot); // a class of tomorrow claims nothing
  put(PROCESSED, "processed");
  put(PASSED, "passed", isHatch);
  put(BELOW, "below", isDot);
  put(PROVISIONAL, "provisional", isLine);
  put(UNKNOWN, "unknown", isRareDot);
  return table;
}

// Classes (size x size, row 0 south) as pixels of a canvas into `out` (Uint32Array of the same length).
export function painted(classes, size, table, out) {
  for (let y = 0, at = 0; y < size; y += 1) {
    const row = (y & 7) * PERIOD;
    for (let x = 0; x < size; x += 1, at += 1) out[at] = table[classes[at]][row + (x & 7)];
  }
  return out;
}

function picture(ratio, side, draw) {
  const canvas = new OffscreenCanvas(side * ratio, side * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  draw(context);
  return canvas;
}

function crossed(context, side, colour, width, base) {
  if (base) { context.fillStyle = base; context.fillRect(0, 0, side, side); }
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  for (const shift of [-side, 0, side]) {
    context.moveTo(shift, 0); context.lineTo(shift + side, side);
    context.moveTo(shift + side, 0); context.lineTo(shift, side);
  }
  context.stroke();
}

// Repeating pictures for polygons, in screen pixels whatever the view: {keepOut, unworkable, unknown}.
export function fills(context, theme, ratio) {
  const made = {
    keepOut: picture(ratio, 8, (to) => crossed(to, 8, theme.paper, 1.2, theme.map.keep_out)),
    unworkable: picture(ratio, 8, (to) => crossed(to, 8, theme.map.keep_out, 1.1, null)),
    unknown: picture(ratio, 8, (to) => {
      to.fillStyle = theme.map.unknown; to.fillRect(0, 0, 8, 8);
      to.fillStyle = theme.marks.unknown; to.fillRect(1, 1, 2, 2);
    }),
  };
  return Object.fromEntries(Object.entries(made).map(([name, canvas]) => [name, context.createPattern(canvas, "repeat")]));
}
