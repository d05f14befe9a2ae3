"""Missed area by cell centres on a raster: an independent check of the exact overlay, which can fail on rare input."""

import numpy as np
import shapely

from vehicle.planning.coverage.area import parts_of

SLAB_CELLS = 2_000_000
"""The raster is made in slabs of this many cells: about 20 MB for a field of any size."""

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
    missed = np.zeros(len(sweeps))
    step = max(1, SLAB_CELLS // columns)
    for first in range(0, rows, step):
        slab = (first, min(rows, first + step), columns)
        wanted = _polygon_cells(starts, ends, slab)
        if wanted.any():
            missed += [np.count_nonzero(wanted & ~_convex_cells(one, slab)) for one in corners]
    return tuple(float(count) * cell_m * cell_m for count in missed)


def _in_cells(xy_m: np.ndarray, origin: tuple[float, float], cell_m: float) -> np.ndarray:
    """Convert to cell units, in which whole numbers are cell centres."""
    return np.asarray((xy_m - origin) / cell_m - 0.5)


def _polygon_cells(starts: np.ndarray, ends: np.ndarray, slab: Slab) -> np.ndarray:
    """Fill by the even-odd rule: each edge flips all cells to the right of its crossing with a row of centres."""
    flips = np.zeros((slab[1] - slab[0], slab[2] + 1), dtype=np.int8)
    rows, columns, _ = _crossings(starts, ends, slab)
    np.bitwise_xor.at(flips, (rows, columns), np.int8(1))
    return np.asarray(np.bitwise_xor.accumulate(flips, axis=1, out=flips)[:, :-1].view(bool))


def _crossings(start: np.ndarray, end: np.ndarray, slab: Slab) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, for each crossing of an edge with a row of centres: row in the slab, first column to its right, edge."""
    low, high = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
    first = np.clip(np.ceil(low), slab[0], slab[1]).astype(np.int64)
    count = np.clip(np.ceil(high), slab[0], slab[1]).astype(np.int64) - first
    edge = np.repeat(np.arange(len(start)), count)
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    rise = end[edge, 1] - start[edge, 1]
    x = start[edge, 0] + (rows - start[edge, 1]) / rise * (end[edge, 0] - start[edge, 0])
    return rows - slab[0], np.clip(np.ceil(x).astype(np.int64), 0, slab[2]), edge


def _convex_cells(corners: np.ndarray, slab: Slab) -> np.ndarray:
    """Return cells with their centre in at least one rectangle: count +1 at the left, -1 at the right edge of a row."""
    counts = np.zeros((slab[1] - slab[0], slab[2] + 1), dtype=np.int16)
    if len(corners):
        for corner in range(4):
            start, end = corners[:, corner], corners[:, (corner + 1) % 4]
            rows, columns, edge = _crossings(start, end, slab)
            np.add.at(counts, (rows, columns), -np.sign(end[edge, 1] - start[edge, 1]).astype(np.int16))
    return np.asarray(np.cumsum(counts, axis=1, dtype=np.int16, out=counts)[:, :-1] > 0)
