"""Missed area by cell centres on a raster: a second opinion on the exact overlay, which can fail on odd coordinates."""

from typing import Any

import numpy as np
import shapely

from vehicle.coverage.area import parts_of


def missed_by_bitmap_m2(asked: Any, sweeps: tuple[np.ndarray, ...], cell_m: float) -> tuple[float, ...]:
    """For each sweep, (n, 4, 2) convex anticlockwise rectangles: area of cells with their centre in none of them."""
    if asked.is_empty:
        return (0.0,) * len(sweeps)
    x0, y0, x1, y1 = asked.bounds
    shape = (int((y1 - y0) / cell_m) + 2, int((x1 - x0) / cell_m) + 2)
    wanted = _polygon_cells(asked, (x0, y0), cell_m, shape)
    missed = (wanted & ~_convex_cells(rectangles, (x0, y0), cell_m, shape) for rectangles in sweeps)
    return tuple(float(np.count_nonzero(cells)) * cell_m * cell_m for cells in missed)


def _polygon_cells(polygon: Any, origin: tuple[float, float], cell_m: float, shape: tuple[int, int]) -> np.ndarray:
    """Even-odd filling: each edge flips all cells to the right of where it crosses a row of centres."""
    flips = np.zeros((shape[0], shape[1] + 1), dtype=np.int8)
    for ring in shapely.get_rings(parts_of(polygon)):
        xy = (shapely.get_coordinates(ring) - origin) / cell_m - 0.5
        rows, columns = _crossings(xy[:-1], xy[1:])
        keep = (rows >= 0) & (rows < shape[0])
        np.bitwise_xor.at(flips, (rows[keep], np.clip(columns[keep], 0, shape[1])), np.int8(1))
    return np.asarray(np.bitwise_xor.accumulate(flips, axis=1)[:, :-1].astype(bool))


def _crossings(start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and first column right of each crossing of edges with rows of cell centres."""
    low, high = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
    first, last = np.ceil(low).astype(np.int64), np.ceil(high).astype(np.int64)
    count = last - first
    edge = np.repeat(np.arange(len(start)), count)
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    rise = end[edge, 1] - start[edge, 1]
    x = start[edge, 0] + (rows - start[edge, 1]) / rise * (end[edge, 0] - start[edge, 0])
    return rows, np.ceil(x).astype(np.int64)


def _convex_cells(
    rectangles: np.ndarray, origin: tuple[float, float], cell_m: float, shape: tuple[int, int]
) -> np.ndarray:
    """Cells whose centre is in at least one rectangle, by counting +1 at the left and -1 at the right edge of a row."""
    counts = np.zeros((shape[0], shape[1] + 1), dtype=np.int16)
    if len(rectangles):
        xy = (rectangles - origin) / cell_m - 0.5
        for corner in range(4):
            start, end = xy[:, corner], xy[:, (corner + 1) % 4]
            rows, columns = _crossings(start, end)
            up = np.sign(end[:, 1] - start[:, 1])
            weight = -np.repeat(up, _row_count(start, end)).astype(np.int16)
            keep = (rows >= 0) & (rows < shape[0])
            np.add.at(counts, (rows[keep], np.clip(columns[keep], 0, shape[1])), weight[keep])
    return np.asarray(np.cumsum(counts, axis=1, dtype=np.int16)[:, :-1] > 0)


def _row_count(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    low, high = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
    return np.asarray(np.ceil(high).astype(np.int64) - np.ceil(low).astype(np.int64))
