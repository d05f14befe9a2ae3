"""Sums many strokes into the masks at once; every cell equals the result of `vehicle/control/ledger/strokes.py`.

A batch holds no withdrawal, so the order matters only for claims: a cell's claim belongs to the first stroke with the
highest claim. Bits are joined in any order. Claims are written from the last stroke to the first, lower ranks before
higher ones.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import zstandard
from msgspec.structs import replace

from vehicle.contracts.ledger_types import LedgerStroke
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState
from vehicle.records.stroke_table import Doubles, Ints, StrokeTable

BATCH: Final = 96
"""Strokes in a batch: 10 m of driving, about 5 tiles; arrays that the allocator keeps from batch to batch."""
HOT_MAX: Final = 96
"""Number of unpacked tiles in memory (13 MB); beyond it, the half that was unused longest is packed lightly."""
LOOSE_MAX: Final = 1_024
"""Number of lightly packed tiles (8 MB): what the swaths beside will touch again, up to a kilometre long. Beyond it,
the half that was unused longest is packed as it stays."""
TILE_BITS: Final = 7
SPREAD_MAX: Final = 1 << 16
"""If the tiles of a batch are further apart than this, they are sorted instead of counted."""
LEAST_LEAN: Final = 1e-9
"""Of a side against the rows: a band that runs along them is bounded by its other sides."""
CELLS: Final = raster.TILE * raster.TILE
_LIGHT: Final = zstandard.ZstdCompressor(level=-3)
Bytes = npt.NDArray[np.uint8]


class Sum:
    """Masks while they are summed. `state` returns them; a caller that changes them returns them with `take`."""

    def __init__(self, cell_m: float, state: LedgerState | None = None) -> None:
        self._cell_m = cell_m
        self._state = state or LedgerState()
        self._hot: dict[raster.Key, raster.Tile] = {}
        self._loose: dict[raster.Key, bytes] = {}
        self._swept = self._credited = 0

    def add(self, table: StrokeTable, newest: LedgerStroke) -> None:
        """Add the next strokes; `newest` is the last of them."""
        for start in range(0, len(table), BATCH):
            self._batch(table, start, min(start + BATCH, len(table)))
        state, cell_m = self._state, self._cell_m
        swept, credited = state.swept_cells + self._swept, state.credited_cells + self._credited
        self._state = replace(
            state,
            swept_cells=swept,
            credited_cells=credited,
            swept_m2=swept * cell_m * cell_m,
            credited_m2=credited * cell_m * cell_m,
            provisional_cells=state.provisional_cells + self._credited,
            stroke=newest,
        )
        self._swept = self._credited = 0

    def state(self) -> LedgerState:
        """Return the masks so far; tiles in memory are not packed."""
        self._place({key: raster.packed(_unpacked(tile)) for key, tile in self._loose.items()})
        self._loose.clear()
        return replace(self._state, tiles=self._with(self._hot), warm=tuple(self._hot)) if self._hot else self._state

    def take(self, state: LedgerState) -> None:
        """Continue from these masks."""
        self._state = state
        self._hot = {key: raster.find(state.tiles, key) for key in state.warm}
        self._loose.clear()

    def packed(self) -> LedgerState:
        """Return the masks with every tile packed, the form for ground where no tool is working."""
        self._place({key: raster.packed(tile) for key, tile in self._hot.items()})
        self._hot.clear()
        return replace(self.state(), warm=())

    def settled(self) -> LedgerState:
        """Return the masks with every tile packed as small as it stays: for a whole site."""
        self._place({key: raster.settled(tile) for key, tile in self._hot.items()})
        self._hot.clear()
        self._settle(len(self._loose))
        for block in self._state.tiles.values():
            others = {key: tile for key, tile in block.items() if not raster.is_settled(tile)}
            self._place({key: raster.settled(raster.unpacked(tile)) for key, tile in others.items()})
        return replace(self._state, warm=())

    def _batch(self, table: StrokeTable, start: int, end: int) -> None:
        cells = _cells(table, start, end, self._cell_m)
        if cells is None:
            return
        columns, rows, marks, depths_cm, across, numbers = cells
        keys, which = _tiles(columns >> TILE_BITS, rows >> TILE_BITS)
        whole = np.concatenate([self._found(key).reshape(1, -1) for key in keys])
        inside = ((rows & (raster.TILE - 1)) << TILE_BITS) + (columns & (raster.TILE - 1))
        places = which * whole.shape[1] + inside
        flags_before = whole.reshape(len(keys), raster.PLANES, CELLS)[:, raster.FLAGS].copy()
        _add(whole.reshape(-1), places, marks, depths_cm, across, numbers)
        flags = whole.reshape(len(keys), raster.PLANES, CELLS)[:, raster.FLAGS]
        fresh = flags & ~flags_before
        self._swept += int(np.count_nonzero(fresh & raster.SWEPT))
        self._credited += int(np.count_nonzero(fresh & raster.CREDITED))
        for place, key in enumerate(keys):
            self._hot.pop(key, None)
            self._hot[key] = whole[place].reshape(raster.PLANES, raster.TILE, raster.TILE).copy()
        if len(self._hot) > HOT_MAX:
            for key in list(self._hot)[: HOT_MAX // 2]:
                self._loose[key] = _light(self._hot.pop(key))
        if len(self._loose) > LOOSE_MAX:
            self._settle(LOOSE_MAX // 2)

    def _found(self, key: raster.Key) -> raster.Tile:
        found = self._hot.get(key)
        if found is not None:
            return found
        loose = self._loose.pop(key, None)
        return raster.find(self._state.tiles, key) if loose is None else _unpacked(loose)

    def _settle(self, number: int) -> None:
        """Pack as they stay the lightly packed tiles that were unused longest."""
        keys = list(self._loose)[:number]
        self._place({key: raster.settled(_unpacked(self._loose.pop(key))) for key in keys})

    def _place(self, tiles: Mapping[raster.Key, bytes]) -> None:
        if tiles:
            self._state = replace(self._state, tiles=self._with(tiles), warm=())

    def _with(self, tiles: Mapping[raster.Key, raster.Tile | bytes]) -> raster.Blocks:
        """Return the map with these tiles added."""
        blocks = dict(self._state.tiles)
        copied: set[raster.Key] = set()
        for key, tile in tiles.items():
            block = (key[0] // raster.BLOCK, key[1] // raster.BLOCK)
            if block not in copied:
                blocks[block] = dict(blocks.get(block, {}))
                copied.add(block)
            blocks[block][key] = tile
        return blocks


def _light(tile: raster.Tile) -> bytes:
    """Pack a tile for a short time. Copied, since what comes back occupies the room of the unpacked tile."""
    return bytes(memoryview(_LIGHT.compress(tile.tobytes())))


def _unpacked(loose: bytes) -> raster.Tile:
    whole = np.frombuffer(zstandard.ZstdDecompressor().decompress(loose), np.uint8)
    return whole.reshape(raster.PLANES, raster.TILE, raster.TILE)


def _tiles(columns: Ints, rows: Ints) -> tuple[list[raster.Key], Ints]:
    """Return the tiles that hold the entries (k,), and for each entry the index of its tile."""
    west, south = int(columns.min()), int(rows.min())
    wide, high = int(columns.max()) + 1 - west, int(rows.max()) + 1 - south
    code = (rows - south) * wide + columns - west
    if wide * high > SPREAD_MAX:
        order, which = np.unique(code, return_inverse=True)
    else:
        there = np.bincount(code, minlength=wide * high) > 0
        order, which = np.flatnonzero(there), (np.cumsum(there) - 1)[code]
    return [(west + number % wide, south + number // wide) for number in order.tolist()], which


def _add(whole: Bytes, places: Ints, marks: Bytes, depths_cm: Bytes, across: Bytes, numbers: Ints) -> None:
    """Add entries to consecutive flat tiles; the entries are in the order of their strokes."""
    rank_before = raster.RANK[whole[places]]
    for value in np.flatnonzero(np.bincount(marks)).tolist():
        chosen = places[marks == value]
        whole[chosen] |= np.uint8(value)
    rank = raster.RANK[marks]
    for level in (1, 2, 3):
        risen = np.flatnonzero((rank == level) & (rank > rank_before))[::-1]
        if not len(risen):
            continue
        at = places[risen]
        whole[at + raster.DEPTH * CELLS] = depths_cm[risen]
        whole[at + raster.ACROSS * CELLS] = across[risen]
        number = numbers[risen]
        for byte in range(4):
            whole[at + (raster.NUMBER + byte) * CELLS] = (number >> 8 * byte & 0xFF).astype(np.uint8)


def _cells(
    table: StrokeTable, start: int, end: int, cell_m: float
) -> tuple[Ints, Ints, Bytes, Bytes, Bytes, Ints] | None:
    """Return column, row, flags to add, depth, lateral place and stroke number of every marked cell, (k,) each."""
    if table.first[start] == table.first[end]:
        return None
    frames, outlines = table.frames[start:end].T, _outlines(table, start, end)
    side = _side(frames)
    east_m, _, forward_east, forward_north, _ = frames[:, :, None, None]
    side_east, side_north = side[:, :, None, None]
    half_a_m = 0.5 * cell_m * (abs(forward_east) + abs(forward_north))
    half_w_m = 0.5 * cell_m * (abs(side_east) + abs(side_north))
    row, to_north_m = _rows(frames, outlines, cell_m)
    column, columns = _columns(frames, side, outlines, to_north_m, cell_m)
    to_north_m = to_north_m[:, :, None]
    to_east_m = (np.arange(columns) + column[:, :, None] + 0.5) * cell_m - east_m
    a_m = forward_east * to_east_m + forward_north * to_north_m
    w_m = side_east * to_east_m + side_north * to_north_m
    marks = np.zeros(a_m.shape, np.uint8)
    depths_cm = np.zeros(a_m.shape, np.uint8)
    for sides, flags, depth_cm in _slots(table, start, end):
        inside = a_m >= sides[0] + half_a_m
        inside &= a_m <= sides[1] - half_a_m
        inside &= w_m >= sides[2] + half_w_m
        inside &= w_m <= sides[3] - half_w_m
        cells = inside.view(np.uint8)
        marks |= cells * flags
        if depth_cm.any():
            np.maximum(depths_cm, cells * depth_cm, out=depths_cm)
    chosen = np.flatnonzero(marks)
    if not len(chosen):
        return None
    which, down, right = np.unravel_index(chosen, marks.shape)
    across = np.clip(np.rint((w_m.reshape(-1)[chosen] + raster.ACROSS_MAX_M) / raster.ACROSS_STEP_M), 0.0, 255.0)
    return (
        column[which, down] + right,
        row[which] + down,
        marks.reshape(-1)[chosen],
        depths_cm.reshape(-1)[chosen],
        across.astype(np.uint8),
        table.numbers[start:end][which],
    )


def _slots(table: StrokeTable, start: int, end: int) -> Iterator[tuple[Any, Bytes, Bytes]]:
    """Yield the first band of every stroke, then the second, and so on; a stroke with fewer bands marks nothing."""
    first, last = table.first[start:end], table.first[start + 1 : end + 1]
    for number in range(int((last - first).max())):
        there = first + number < last
        band = np.where(there, first + number, 0)
        sides = np.where(there[:, None], table.sides[band], np.array([np.inf, -np.inf, 0.0, 0.0]))
        flags, depth_cm = (np.where(there, table.marks[band, part], 0).astype(np.uint8) for part in (0, 1))
        yield sides.T[:, :, None, None], flags[:, None, None], depth_cm[:, None, None]


def _rows(frames: Doubles, outlines: Doubles, cell_m: float) -> tuple[Ints, Doubles]:
    """Return the first row of each stroke (n,), and how far north of its place its rows' middles lie [m] (n, k).

    `frames` (5, n) as of a table, `outlines` (4, n) as below.
    """
    rear_m, front_m, right_m, left_m = outlines
    _, north_m, forward_east, forward_north, slope = frames
    norths_m = [
        north_m + forward_north * a_m + forward_east * (w_m + slope * a_m)
        for a_m in (rear_m, front_m)
        for w_m in (right_m, left_m)
    ]
    row = np.floor(np.min(norths_m, axis=0) / cell_m).astype(np.int64)
    rows = int((np.floor(np.max(norths_m, axis=0) / cell_m).astype(np.int64) + 1 - row).max())
    return row, (np.arange(rows) + row[:, None] + 0.5) * cell_m - north_m[:, None]


def _columns(frames: Doubles, side: Doubles, outlines: Doubles, to_north_m: Doubles, cell_m: float) -> tuple[Ints, int]:
    """Return the first column to look at in each row of each stroke (n, k), and the number of columns.

    A stroke is long and narrow and mostly lies askew: the box round it holds six times as many cells as it marks. What
    is left out has its middle less than half a cell inside all of a stroke's bands, or outside them.
    """
    rear_m, front_m, right_m, left_m = outlines
    east_m, _, forward_east, forward_north, _ = frames
    low_m, high_m = np.full(to_north_m.shape, -np.inf), np.full(to_north_m.shape, np.inf)
    for (by_east, by_north), from_m, to_m in (
        ((forward_east, forward_north), rear_m, front_m),
        (side, right_m, left_m),
    ):
        leans = np.where(abs(by_east) < LEAST_LEAN, LEAST_LEAN, by_east)[:, None]
        one_m, other_m = ((edge_m[:, None] - by_north[:, None] * to_north_m) / leans for edge_m in (from_m, to_m))
        np.maximum(low_m, np.minimum(one_m, other_m), out=low_m)
        np.minimum(high_m, np.maximum(one_m, other_m), out=high_m)
    # a marked cell has its middle half a cell inside
    column = np.floor((low_m + east_m[:, None]) / cell_m).astype(np.int64)
    wide = np.floor((high_m + east_m[:, None]) / cell_m).astype(np.int64) + 1 - column
    return column, max(1, int(wide.max()))


def _side(frames: Doubles) -> Doubles:
    """Return what a metre east and a metre north add to the lateral place, (2, n), by the frames (5, n) of strokes."""
    _, _, forward_east, forward_north, slope = frames
    return np.array((-forward_north - slope * forward_east, forward_east - slope * forward_north))


def _outlines(table: StrokeTable, start: int, end: int) -> Doubles:
    """Return the outermost rear, front, right and left side of each stroke's bands [m], (4, n); 0 without a band."""
    found = np.zeros((4, end - start))
    first, last = table.first[start:end], table.first[start + 1 : end + 1]
    there = last > first
    for part, join in enumerate((np.minimum, np.maximum, np.minimum, np.maximum)):
        found[part, there] = join.reduceat(table.sides[first[0] : last[-1], part], (first - first[0])[there])
    return found
