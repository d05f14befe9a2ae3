import assert from "node:assert/strict";
import { test } from "node:test";
import { cellPixels, painted, pixelOf } from "../../../console/page/js/map/patterns.js";
import * as tiles from "../../../console/page/js/map/tiles.js";

const { SIZE, PROCESSED, PASSED, BELOW, NOTHING, UNKNOWN } = tiles;

function message({ type = 16, size = SIZE, x = -3, y = 5, stroke = 77, tail = [1, 2, 3] } = {}) {
  const bytes = new Uint8Array(16 + tail.length), view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint16(2, size, true);
  view.setInt32(4, x, true);
  view.setInt32(8, y, true);
  view.setUint32(12, stroke, true);
  bytes.set(tail, 16);
  return bytes.buffer;
}

test("a tile's header is read as the server writes it", () => {
  const { x, y, stroke, packed } = tiles.parseTile(message());
  assert.deepEqual([x, y, stroke, ...packed], [-3, 5, 77, 1, 2, 3]);
});

test("what is no tile of this size is refused", () => {
  assert.equal(tiles.parseTile(message({ type: 17 })), null);
  assert.equal(tiles.parseTile(message({ size: 64 })), null);
  assert.equal(tiles.parseTile(new ArrayBuffer(15)), null);
});

test("one cell that is not processed is seen at every level, and nothing of the rest is lost", () => {
  for (const worse of [PASSED, BELOW, NOTHING, UNKNOWN]) {
    const classes = new Uint8Array(SIZE * SIZE).fill(PROCESSED);
    classes[37 * SIZE + 90] = worse;
    tiles.coarser(classes).forEach((part, n) => {
      const share = 2 ** (n + 1), size = SIZE / share;
      assert.equal(part.length, size * size);
      assert.equal(part[Math.floor(37 / share) * size + Math.floor(90 / share)], worse);
      assert.equal(part.filter((kind) => kind === PROCESSED).length, size * size - 1);
    });
  }
});

test("no coarse cell is processed where one of its fine cells is not", () => {
  const classes = Uint8Array.from({ length: SIZE * SIZE }, (_, n) => [PROCESSED, PASSED, NOTHING][(n * 7919) % 97 % 3]);
  const [half] = tiles.coarser(classes);
  half.forEach((kind, n) => {
    const row = 2 * Math.floor(n / 64), column = 2 * (n % 64);
    const four = [0, 1, SIZE, SIZE + 1].map((by) => classes[row * SIZE + column + by]);
    assert.equal(kind === PROCESSED, four.every((fine) => fine === PROCESSED));
  });
});

test("of what is not processed, ground that nothing reached hides the rest, and unknown ground hides all", () => {
  const mixed = (a, b) => tiles.coarser(new Uint8Array(SIZE * SIZE).fill(a).fill(b, 0, 1))[0][0];
  assert.equal(mixed(PASSED, BELOW), BELOW);
  assert.equal(mixed(BELOW, NOTHING), NOTHING);
  assert.equal(mixed(NOTHING, UNKNOWN), UNKNOWN);
});

test("a class of tomorrow claims nothing", () => {
  const classes = new Uint8Array(SIZE * SIZE).fill(9);
  assert.ok(tiles.coarser(classes).every((part) => part.every((kind) => kind === UNKNOWN)));
});

test("every fine tile has its own place in the tile above it, west and south of the datum too", () => {
  assert.deepEqual(tiles.placeIn(1, -1, 2), { x: -1, y: 1, column: 64, row: 0, size: 64 });
  assert.deepEqual(tiles.placeIn(4, 17, -17), { x: 1, y: -2, column: 8, row: 120, size: 8 });
  const seen = new Set();
  for (let x = -4; x < 4; x += 1) for (let y = -4; y < 4; y += 1) seen.add(JSON.stringify(tiles.placeIn(2, x, y)));
  assert.equal(seen.size, 64);
});

test("the level follows the scale, and a wide fine view falls back to ten centimetres", () => {
  const small = [0, 0, 20, 20], wide = [0, 0, 70, 40];
  assert.equal(tiles.levelFor(24, 0.05, small), 0);
  assert.equal(tiles.levelFor(20, 0.05, wide), 1);
  assert.equal(tiles.levelFor(10, 0.05, small), 1);
  assert.equal(tiles.levelFor(1, 0.05, wide), 4);
});

test("tiles of a box are those that it touches", () => {
  assert.deepEqual(tiles.tilesIn([-0.1, 0.1, 6.5, 6.3], 6.4), [[-1, 0], [0, 0], [1, 0]]);
});

test("the least recently used goes first", () => {
  const gone = [];
  const recent = new tiles.Recent(2, (key) => gone.push(key));
  recent.set("a", 1);
  recent.set("b", 2);
  recent.get("a");
  recent.set("c", 3);
  assert.deepEqual(gone, ["b"]);
  assert.equal(recent.get("a"), 1);
});

test("pixels are the theme's colours, red first; nothing is seen through; passed is hatched", () => {
  const map = { processed: "#4A88BD", passed: "#F2A900", below: "#A64932", unknown: "#9AA1A8", provisional: "#A9CBE8" };
  const table = cellPixels({ map, marks: { passed: "#241A00", below: "#FFFFFF", unknown: "#3A4147", provisional: "#2F6EA5" } });
  const row = (kind) => new Set(painted(new Uint8Array(64).fill(kind), 8, table, new Uint32Array(64)));
  assert.equal(pixelOf("#4A88BD"), 0xffbd884a);
  assert.deepEqual([...row(PROCESSED)], [0xffbd884a]);
  assert.deepEqual([...row(NOTHING)], [0]);
  assert.deepEqual(row(PASSED), new Set([pixelOf("#F2A900"), pixelOf("#241A00")]));
  assert.deepEqual(row(9), row(UNKNOWN));
});
