// Painted ground: tiles of classes as canvases of five levels, painted in slices so that nothing else waits for it.

import { cellPixels, painted } from "./patterns.js";
import { FINE_MAX, LEVELS, Recent, SIZE, coarser, keyOf, levelFor, parseTile, placeIn, tilesIn } from "./tiles.js";

const SLICE_MS = 4, BREAK_MS = 4;
const AT_ONCE = 4; // tiles that are unpacked together: each begins a stream, and a record has hundreds

// Work in order, at most SLICE_MS at a time.
export class Slices {
  constructor(slice = SLICE_MS, pause = BREAK_MS) {
    this.slice = slice;
    this.pause = pause;
    this.work = [];
    this.running = false;
    this.longest = 0;
  }

  push(step) {
    this.work.push(step);
    if (!this.running) {
      this.running = true;
      setTimeout(() => this.run(), 0);
    }
  }

  run() {
    const start = performance.now();
    while (this.work.length && performance.now() - start < this.slice) this.work.shift()();
    this.longest = Math.max(this.longest, performance.now() - start);
    if (this.work.length) setTimeout(() => this.run(), this.pause);
    else this.running = false;
  }

  clear() { this.work.length = 0; }
}

async function inflated(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export class Ground {
  constructor() {
    this.views = []; // called when something new can be drawn
    this.cell = 0.05;
    this.tiles = new Map(); // key -> {x, y, stroke, packed}: small, kept for all of the ground
    this.coarse = Array.from({ length: LEVELS }, () => new Map());
    this.fine = new Recent(FINE_MAX);
    this.asked = new Set(); // fine tiles on their way
    this.slices = new Slices();
    this.waiting = []; // [tile, then]: to be unpacked
    this.unpacking = 0;
    this.table = null;
    this.scratch = new Uint32Array(SIZE * SIZE);
    this.broken = 0; // tiles that could not be read
    this.painted = new Set(); // tiles that are on the canvases
    this.begun = false; // all that there was when it began is painted
  }

  onChange(view) { this.views.push(view); }
  changed() { for (const view of this.views) view(); }

  // A message of the server; false where it is none.
  put(buffer) {
    const tile = parseTile(buffer);
    if (tile === null) return false;
    const key = keyOf(tile.x, tile.y);
    this.tiles.set(key, tile);
    this.read(tile, (classes) => this.paint(tile, classes, this.fine.get(key) !== undefined || this.asked.has(key)));
    return true;
  }

  clear() {
    this.tiles.clear();
    this.painted.clear();
    this.begun = false;
    this.asked.clear();
    this.slices.clear();
    this.waiting.length = 0;
    this.fine.clear();
    for (const level of this.coarse) level.clear();
    this.changed();
  }

  // Colours changed: everything is painted anew from what was received.
  colour(theme) {
    this.table = cellPixels(theme);
    this.fine.clear();
    this.asked.clear();
    for (const tile of this.tiles.values()) this.read(tile, (classes) => this.paint(tile, classes, false));
  }

  read(tile, then) {
    this.waiting.push([tile, then]);
    this.unpack();
  }

  isNewest(tile) { return this.tiles.get(keyOf(tile.x, tile.y)) === tile; }

  unpack() {
    while (this.unpacking < AT_ONCE && this.waiting.length) {
      const [tile, then] = this.waiting.shift();
      if (!this.isNewest(tile)) continue; // the newer one waits as well, and does what this one was to do
      this.unpacking += 1;
      inflated(tile.packed).then((classes) => {
        if (classes.length !== SIZE * SIZE) throw new Error("tile of another size");
        this.slices.push(() => { if (this.isNewest(tile) && this.table) then(classes); });
      }).catch(() => { this.broken += 1; this.changed(); }).finally(() => { this.unpacking -= 1; this.unpack(); });
    }
  }

  paint(tile, classes, alsoFine) {
    coarser(classes).forEach((part, n) => this.paintInto(n + 1, tile, part));
    if (alsoFine) this.paintFine(tile, classes);
    this.painted.add(keyOf(tile.x, tile.y));
    this.changed();
  }

  paintInto(level, tile, classes) {
    const place = placeIn(level, tile.x, tile.y), key = keyOf(place.x, place.y);
    let held = this.coarse[level].get(key);
    if (!held) {
      held = new OffscreenCanvas(SIZE, SIZE).getContext("2d");
      this.coarse[level].set(key, held);
    }
    held.putImageData(this.imageOf(classes, place.size), place.column, place.row);
  }

  paintFine(tile, classes) {
    const key = keyOf(tile.x, tile.y);
    const held = this.fine.get(key) ?? new OffscreenCanvas(SIZE, SIZE).getContext("2d");
    held.putImageData(this.imageOf(classes, SIZE), 0, 0);
    this.fine.set(key, held);
    this.asked.delete(key);
  }

  imageOf(classes, size) {
    const image = new ImageData(size, size);
    painted(classes, size, this.table, new Uint32Array(image.data.buffer));
    return image;
  }

  get side() { return this.cell * SIZE; }

  // Draw what a box of the ground shows; the context draws in ground metres.
  draw(context, box, ppm) {
    const { side } = this, level = levelFor(ppm, this.cell, box);
    context.imageSmoothingEnabled = false;
    const hair = 0.3 / ppm;
    for (const [x, y] of tilesIn(box, side * 2 ** level)) {
      const held = level === 0 ? this.fineAt(x, y) : this.coarse[level].get(keyOf(x, y));
      const wide = side * 2 ** level;
      if (held) context.drawImage(held.canvas, x * wide - hair, y * wide - hair, wide + 2 * hair, wide + 2 * hair);
      else if (level === 0) this.drawStandIn(context, x, y, side);
    }
  }

  fineAt(x, y) {
    const key = keyOf(x, y), held = this.fine.get(key), tile = this.tiles.get(key);
    if (!held && tile && !this.asked.has(key)) {
      this.asked.add(key);
      this.read(tile, (classes) => { this.paintFine(tile, classes); this.changed(); });
    }
    return held;
  }

  // The tile of 10 cm cells while the fine one is on its way.
  drawStandIn(context, x, y, side) {
    const place = placeIn(1, x, y), held = this.coarse[1].get(keyOf(place.x, place.y));
    if (!held || !this.tiles.has(keyOf(x, y))) return;
    context.drawImage(held.canvas, place.column, place.row, place.size, place.size, x * side, y * side, side, side);
  }

  // Whether all is painted that the server told before it said that it was all; one tile more later changes nothing.
  allPainted() {
    this.begun ||= this.painted.size === this.tiles.size;
    return this.begun;
  }

  // Squares of ground that is painted: what has no colour there is to do.
  drawKnown(context, [west, south, east, north], side, colour, hair = 0) {
    context.fillStyle = colour;
    for (const key of this.painted) {
      const tile = this.tiles.get(key), x = tile.x * side, y = tile.y * side;
      if (x < east && x + side > west && y < north && y + side > south) context.fillRect(x - hair, y - hair, side + 2 * hair, side + 2 * hair);
    }
  }

  // Box of all that was received, or null.
  get box() {
    if (!this.tiles.size) return null;
    let west = Infinity, south = Infinity, east = -Infinity, north = -Infinity;
    for (const { x, y } of this.tiles.values()) {
      west = Math.min(west, x); east = Math.max(east, x + 1);
      south = Math.min(south, y); north = Math.max(north, y + 1);
    }
    const side = this.cell * SIZE;
    return [west * side, south * side, east * side, north * side];
  }
}
