// Tiles of ground classes, without a document: the wire's header, levels, which tiles a view needs.
// Level k has cells of 5 * 2^k cm; every tile holds SIZE x SIZE of them.

export const SIZE = 128;
export const LEVELS = 5;
export const FINE_MAX = 64;
export const NOTHING = 0, PROCESSED = 1, PASSED = 2, BELOW = 3, PROVISIONAL = 4, UNKNOWN = 255;
const HEADER = 16, TILE_TYPE = 16;

// What a coarse cell shows of several fine ones: the worst, so that ground is shown as processed only where all of it is.
const WORST_LAST = [PROCESSED, PROVISIONAL, PASSED, BELOW, NOTHING, UNKNOWN];
const RANK = new Uint8Array(256).fill(WORST_LAST.indexOf(UNKNOWN));
WORST_LAST.forEach((kind, rank) => { RANK[kind] = rank; });
const CLASS = Uint8Array.from(WORST_LAST);

// {x, y, stroke, packed} of a message (ArrayBuffer), or null where it is no tile of this size.
export function parseTile(buffer) {
  if (buffer.byteLength < HEADER) return null;
  const view = new DataView(buffer);
  if (view.getUint8(0) !== TILE_TYPE || view.getUint16(2, true) !== SIZE) return null;
  return {
    x: view.getInt32(4, true), y: view.getInt32(8, true), stroke: view.getUint32(12, true),
    packed: new Uint8Array(buffer, HEADER),
  };
}

export const keyOf = (x, y) => `${x},${y}`;

// Classes of SIZE x SIZE cells -> what a coarser tile gets of it: [classes of 64 x 64, 32 x 32, ...], LEVELS - 1 of them.
export function coarser(classes) {
  const found = [];
  let ranks = Uint8Array.from(classes, (kind) => RANK[kind]);
  for (let level = 1, size = SIZE / 2; level < LEVELS; level += 1, size /= 2) {
    ranks = halved(ranks, size);
    found.push(ranks.map((rank) => CLASS[rank]));
  }
  return found;
}

function halved(ranks, size) {
  const half = new Uint8Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const at = row * 4 * size + column * 2;
      half[row * size + column] = Math.max(ranks[at], ranks[at + 1], ranks[at + 2 * size], ranks[at + 2 * size + 1]);
    }
  }
  return half;
}

// Where a fine tile lies in the tile of a level: {x, y: that tile, column, row: its first cell there, size}.
export function placeIn(level, x, y) {
  const share = 2 ** level, size = SIZE / share;
  const atX = Math.floor(x / share), atY = Math.floor(y / share);
  return { x: atX, y: atY, column: (x - atX * share) * size, row: (y - atY * share) * size, size };
}

// The level whose cells are the smallest of at least 0.7 pixels; a coarser one where more than `most` fine tiles are seen.
export function levelFor(ppm, cell, box, most = FINE_MAX) {
  let level = 0;
  while (level < LEVELS - 1 && cell * 2 ** level * ppm < 0.7) level += 1;
  return level === 0 && countIn(box, cell * SIZE) > most ? 1 : level;
}

function countIn([west, south, east, north], side) {
  const wide = Math.floor(east / side) - Math.floor(west / side) + 1;
  return wide * (Math.floor(north / side) - Math.floor(south / side) + 1);
}

// Tiles of a level that a box of the ground touches, [x, y] each.
export function tilesIn([west, south, east, north], side) {
  const found = [];
  for (let y = Math.floor(south / side); y <= Math.floor(north / side); y += 1) {
    for (let x = Math.floor(west / side); x <= Math.floor(east / side); x += 1) found.push([x, y]);
  }
  return found;
}

// Keeps what was used last: at most `most` values.
export class Recent {
  constructor(most, dropped = () => {}) {
    this.most = most;
    this.dropped = dropped;
    this.rows = new Map();
  }

  get(key) {
    const value = this.rows.get(key);
    if (value !== undefined) {
      this.rows.delete(key);
      this.rows.set(key, value);
    }
    return value;
  }

  set(key, value) {
    this.rows.delete(key);
    this.rows.set(key, value);
    for (const [old, held] of this.rows) {
      if (this.rows.size <= this.most) break;
      this.rows.delete(old);
      this.dropped(old, held);
    }
  }

  delete(key) { this.rows.delete(key); }
  clear() { this.rows.clear(); }
}
