"""The raster: sparse copy-on-write tiles of flags and depth, anchored at the ENU origin.

Cell (i, j) covers east [i, i+1) and north [j, j+1) times the cell size. Two levels of dict keep the cost of a new
version independent of the site: one block (102 m square at 5 cm) and one tile are copied, never the whole map.
Tiles that the tool has left are packed: 100 ha of 5 cm cells would be 800 MB otherwise.
"""

import zlib
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from vehicle.control.state import LedgerState

TILE = 128
"""Cells along a tile: 6.4 m at 5 cm, so that a tool line lies in one to four; 131 kB unpacked, copied in 5 us."""
PLANES: Final = 8
"""Of a tile: flags, depth [cm], the number of the stroke that made the claim (four bytes, lowest first), where across
the tool the cell lay then, and marks of later knowledge. A cell's claim rests on one stroke alone: the first that made
a claim of its kind; so a withdrawal of other strokes leaves it, and one of its own takes all of it."""
FLAGS, DEPTH, NUMBER, ACROSS, MARKS = 0, 1, 2, 6, 7
_BLOCK_BITS: Final = 4
BLOCK = 1 << _BLOCK_BITS
"""Tiles along a block."""
SETTLED_LEVEL: Final = 6
_SETTLED: Final = b"\x01"
"""How a settled tile begins; zlib itself begins with another byte."""
_IN_ROWS: Final = [NUMBER, ACROSS]
_IN_COLUMNS: Final = [FLAGS, NUMBER + 1, NUMBER + 2]
"""Planes of a settled tile that hold differences, along rows and along columns; the others are as they are."""
WARM_MAX = 24
"""Unpacked tiles: what a machine 8 m long can touch from where it stands, and then some."""

Tile = npt.NDArray[np.uint8]
Key = tuple[int, int]
Blocks = dict[Key, dict[Key, Tile | bytes]]
_EMPTY: Final = np.zeros((PLANES, TILE, TILE), np.uint8)


# Bits of a cell. The first three are claims; the others are marks that say why a claim is missing. Plain integers:
# an IntFlag costs a microsecond for every `|`, and these are set 50 times a second.
SWEPT: Final = 1
CREDITED: Final = 2
BELOW: Final = 4
SHALLOW: Final = 8
ROTOR_SLOW: Final = 16
TOO_FAST: Final = 32
UNPROVEN: Final = 64
OTHER: Final = 128
WITHDRAWN: Final = 256
"""In the plane of marks: claimed once, and withdrawn by a later record. It stays when the ground is worked again."""
CLAIMS: Final = CREDITED | BELOW

RANK: Final = np.array(
    [3 if flags & CREDITED else 2 if flags & BELOW else 1 if flags & SWEPT else 0 for flags in range(256)], np.uint8
)
"""Of flags: a claim replaces what ranks below it."""
ACROSS_STEP_M, ACROSS_MAX_M = 0.02, 2.56
"""Across the tool in steps of 2 cm from 2.56 m right of its middle: wider than any tool known."""


def unpacked(tile: Tile | bytes) -> Tile:
    """(PLANES, TILE, TILE); rows north, columns east. Read-only where it was packed.

    Raises:
        zlib.error, ValueError: The bytes are no packed tile.
    """
    if not isinstance(tile, bytes):
        return tile
    small = tile[:1] == _SETTLED
    whole = np.frombuffer(zlib.decompress(tile[1:] if small else tile), np.uint8).reshape(PLANES, TILE, TILE)
    return _summed(whole) if small else whole


def marks(tile: Tile) -> npt.NDArray[np.uint16]:
    """Flags (low byte) and marks of later knowledge (high byte) of a tile (PLANES, TILE, TILE), as (TILE, TILE)."""
    return np.asarray(tile[FLAGS] | tile[MARKS].astype(np.uint16) << 8)


def numbers(tile: Tile) -> npt.NDArray[np.uint32]:
    """Number of the stroke on which each cell's claim rests, (TILE, TILE), 0 = none; of a tile (PLANES, TILE, TILE)."""
    low, second, third, high = (tile[NUMBER + place].astype(np.uint32) for place in range(4))
    return np.asarray(low | second << 8 | third << 16 | high << 24)


def step_of(across_m: float) -> float:
    """A distance left of the tool's middle [m], in the plane's steps from `ACROSS_MAX_M` right of it; not rounded."""
    return (across_m + ACROSS_MAX_M) / ACROSS_STEP_M


def packed(tile: Tile) -> bytes:
    """What the tool left behind: strips of equal cells, 1 to 2 % of their size. Level 1: 26 us."""
    return zlib.compress(tile.tobytes(), 1)


def settled(tile: Tile) -> bytes:
    """What stays as it is, packed a third smaller in 2 ms: the differences in each plane from cell to cell.

    A number of a stroke, and the place across the tool, change by little along a row, and flags along a column. Each
    plane gets codes of its own. (PLANES, TILE, TILE) in, as `unpacked` takes it.
    """
    differences = tile.copy()
    differences[_IN_ROWS, :, 1:] -= tile[_IN_ROWS, :, :-1]
    differences[_IN_COLUMNS, 1:] -= tile[_IN_COLUMNS, :-1]
    packer = zlib.compressobj(SETTLED_LEVEL, memLevel=9)
    parts = [_SETTLED]
    for plane in differences:
        parts += [packer.compress(plane.tobytes()), packer.flush(zlib.Z_BLOCK)]
    return b"".join((*parts, packer.flush()))


def is_settled(tile: Tile | bytes) -> bool:
    """Whether `settled` made it."""
    return isinstance(tile, bytes) and tile[:1] == _SETTLED


def _summed(differences: Tile) -> Tile:
    """(PLANES, TILE, TILE), read-only, of the differences that `settled` packs."""
    tile = differences.copy()
    tile[_IN_ROWS] = np.add.accumulate(differences[_IN_ROWS], axis=2, dtype=np.uint8)
    tile[_IN_COLUMNS] = np.add.accumulate(differences[_IN_COLUMNS], axis=1, dtype=np.uint8)
    tile.flags.writeable = False
    return tile


def find(blocks: Blocks, key: Key) -> Tile:
    """The tile, all zero where nothing was ever marked."""
    tile = blocks.get((key[0] >> _BLOCK_BITS, key[1] >> _BLOCK_BITS), {}).get(key)
    return _EMPTY if tile is None else unpacked(tile)


def stored(blocks: Blocks, warm: tuple[Key, ...], fresh: dict[Key, Tile]) -> tuple[Blocks, tuple[Key, ...]]:
    """A new version with `fresh` put in; the tile that was left longest is packed (one at a time: it costs)."""
    blocks = dict(blocks)
    warm = (*fresh, *(key for key in warm if key not in fresh))
    changed: dict[Key, Tile | bytes] = dict(fresh)
    if len(warm) > WARM_MAX:
        changed[warm[-1]] = packed(find(blocks, warm[-1]))
        warm = warm[:-1]
    copied: set[Key] = set()
    for key, tile in changed.items():
        block = (key[0] >> _BLOCK_BITS, key[1] >> _BLOCK_BITS)
        if block not in copied:
            blocks[block] = dict(blocks.get(block, {}))
            copied.add(block)
        blocks[block][key] = tile
    return blocks, warm


def replaced(blocks: Blocks, key: Key, tile: Tile, *, warm: bool) -> Blocks:
    """A new version with one tile changed, packed again where the tool has left it."""
    block = (key[0] >> _BLOCK_BITS, key[1] >> _BLOCK_BITS)
    return {**blocks, block: {**blocks.get(block, {}), key: tile if warm else packed(tile)}}


def each(blocks: Blocks) -> Iterator[tuple[int, int, Tile]]:
    """(first column, first row, tile) of every tile, in a fixed order."""
    for key in sorted(key for block in blocks.values() for key in block):
        yield key[0] * TILE, key[1] * TILE, find(blocks, key)


def marked(state: LedgerState, places_m: npt.NDArray[np.float64], cell_m: float, flags: int) -> npt.NDArray[np.bool_]:
    """Which of the places (n, 2), at least one, lie in cells that carry one of `flags`."""
    columns, rows = np.floor_divide(places_m.T, cell_m).astype(np.int64)
    found = np.zeros(len(columns), dtype=bool)
    for tile_column in range(columns.min() // TILE, columns.max() // TILE + 1):
        for tile_row in range(rows.min() // TILE, rows.max() // TILE + 1):
            tile = find(state.tiles, (tile_column, tile_row))[0]
            column, row = columns - tile_column * TILE, rows - tile_row * TILE
            here = (column >= 0) & (column < TILE) & (row >= 0) & (row < TILE)
            found[here] = tile[row[here], column[here]] & flags != 0
    return found
