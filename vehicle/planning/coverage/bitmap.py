"""Missed area by cell centres on a raster: an independent check of the exact overlay, which can fail on rare input."""

import numpy as np
import shapely

from vehicle.planning.coverage.area import parts_of

SLAB_CELLS = 20_000_000
"""The raster is looked at in slabs of this many cells, so that the crossings of a field of any size stay few."""

Slab = tuple[int, int, int]
"""First row, row after the last, columns."""


def missed_by_bitmap_m2(asked: shapely.Geometry, sweeps: tuple[np.ndarray, ...], cell_m: float) -> tuple[float, ...]:
    """Return for each sweep, (n, 4, 2) convex anticlockwise rectangles, the area of cells whose centre is in none."""
    if asked.is_empty:
        return (0.0,) * len(sweeps)
    x0, y0, x1, y1 = asked.bounds
    rows, columns = int((y1 - y0) / cell_m) + 2, int((x1 - x0) / cell_m) + 2
    rings = [_in_cells(shapely.get_coordinates(ring), (x0, y0), cell_m) for ring in shapely.get_rings(parts_of(asked))]
    starts, ends = (np.concatenate([ring[part] for ring in rings]) for part in (slice(None, -1), slice(1, None)))
    corners = [_in_cells(rectangles, (x0, y0), cell_m) for rectangles in sweeps]
    missed = np.zeros(len(sweeps), dtype=np.int64)
    step = max(1, SLAB_CELLS // columns)
    for first in range(0, rows, step):
        slab = (first, min(rows, first + step), columns)
        outline = _crossings(starts, ends, slab)[0]
        if len(outline):
            missed += [_missed_cells(outline, *_of_rectangles(one, slab)) for one in corners]
    return tuple(float(count) * cell_m * cell_m for count in missed)


def _in_cells(xy_m: np.ndarray, origin: tuple[float, float], cell_m: float) -> np.ndarray:
    """Convert to cell units, in which whole numbers are cell centres."""
    return np.asarray((xy_m - origin) / cell_m - 0.5)


def _missed_cells(outline: np.ndarray, sides: np.ndarray, steps: np.ndarray) -> int:
    """Return the number of cells inside the outline and in no rectangle, from the cells at which either changes.

    Inside is what lies behind an odd number of crossings of the `outline`. Each of `sides` begins (+1) or ends (-1) a
    rectangle (`steps`). Both are back at nothing after the last crossing of a row.
    """
    at = np.concatenate([outline, sides])
    order = np.argsort(at, kind="stable")
    inside = np.concatenate([np.ones(len(outline), np.int8), np.zeros(len(sides), np.int8)])[order]
    covered = np.concatenate([np.zeros(len(outline), np.int32), steps])[order]
    missed = (np.bitwise_xor.accumulate(inside)[:-1] == 1) & (np.cumsum(covered)[:-1] <= 0)
    return int(np.diff(at[order])[missed].sum())


def _crossings(start: np.ndarray, end: np.ndarray, slab: Slab) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each crossing of an edge with a row of centres, the first cell to its right, and the edge.

    Cells are numbered row by row; behind the last one of a row is a place for crossings beyond the raster.
    """
    low, high = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
    first = np.clip(np.ceil(low), slab[0], slab[1]).astype(np.int64)
    count = np.clip(np.ceil(high), slab[0], slab[1]).astype(np.int64) - first
    edge = np.repeat(np.arange(len(start)), count)
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    rise = end[edge, 1] - start[edge, 1]
    x = start[edge, 0] + (rows - start[edge, 1]) / rise * (end[edge, 0] - start[edge, 0])
    columns = np.clip(np.ceil(x).astype(np.int64), 0, slab[2])
    return (rows - slab[0]) * (slab[2] + 1) + columns, edge


def _of_rectangles(corners: np.ndarray, slab: Slab) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells at which rectangles (n, 4, 2) begin in a row, with +1, and those behind their ends, with -1."""
    start, end = corners.reshape(-1, 2), np.roll(corners, -1, axis=1).reshape(-1, 2)
    cells, edge = _crossings(start, end, slab)
    return cells, -np.sign(end[edge, 1] - start[edge, 1]).astype(np.int32)
