"""Intervals in which swaths cross polygons, by arithmetic over all edges at once; overlays would be much slower.

The part that a strip shares with a polygon is bounded by pieces of the polygon's edges and by pieces of the strip's
two sides inside the polygon. Its extent along the swath is therefore the extent of these pieces.
"""

import numpy as np
import shapely

from vehicle.planning.coverage.swath import THIN_M, Interval


def swath_intervals(
    parts: np.ndarray, y_m: np.ndarray, half_m: float, x0_m: float, x1_m: float
) -> list[list[Interval]]:
    """Return per swath the ascending merged x-intervals [m] where a strip of +-half meets the polygons.

    `parts`: polygons (n,); `y_m`: ordinates of the swaths (k,).
    """
    result: list[list[Interval]] = [[] for _ in y_m]
    if not len(parts) or not len(y_m):
        return result
    start, end, owner = _edges(parts)
    order = np.argsort(y_m, kind="stable")
    inner_m = half_m - 0.5 * THIN_M  # touching a strip, or entering it by less than this, is rounding
    edge, swath = _pairs(start[:, 1], end[:, 1], y_m[order], inner_m)
    a, b = start[edge], end[edge]
    lows, highs, swaths = [], [], []
    ends_x = []
    for side in (-inner_m, inner_m):
        line = y_m[order][swath] + side
        x = _x_at(a, b, line)
        crossing = (a[:, 1] <= line) != (b[:, 1] <= line)
        inside, at = _paired(swath[crossing], owner[edge[crossing]], x[crossing])
        lows.append(inside[:, 0])
        highs.append(inside[:, 1])
        swaths.append(at)
        ends_x.append((line, x))
    (low_y, low_x), (high_y, high_x) = ends_x
    from_x, to_x = (
        np.where(p[:, 1] < low_y, low_x, np.where(p[:, 1] > high_y, high_x, p[:, 0])) for p in (a, b)
    )  # fmt: skip
    low = np.concatenate([*lows, np.minimum(from_x, to_x)]).clip(x0_m, x1_m)
    high = np.concatenate([*highs, np.maximum(from_x, to_x)]).clip(x0_m, x1_m)
    for row, first, last in _merged(np.concatenate([*swaths, swath]), low, high, x1_m - x0_m):
        result[order[row]].append((first, last))
    return result


def _edges(parts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (n, 2) starts and ends of all edges, and the polygon of each."""
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    return xy[:-1][same], xy[1:][same], part[ring[:-1][same]]


def _pairs(y_a: np.ndarray, y_b: np.ndarray, swaths_m: np.ndarray, half_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Return (edge, swath) for each edge in the strip of a swath; swaths ascending."""
    first = np.searchsorted(swaths_m, np.minimum(y_a, y_b) - half_m, side="left")
    count = np.searchsorted(swaths_m, np.maximum(y_a, y_b) + half_m, side="right") - first
    edge = np.repeat(np.arange(len(first)), count)
    return edge, np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]


def _x_at(a: np.ndarray, b: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Return where edges meet a line; undefined for edges that do not cross it."""
    rise = b[:, 1] - a[:, 1]
    share = (line - a[:, 1]) / np.where(rise == 0.0, 1.0, rise)
    return np.asarray(a[:, 0] + share.clip(0.0, 1.0) * (b[:, 0] - a[:, 0]))


def _paired(swath: np.ndarray, owner: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, 2) stretches of a line inside a polygon, between odd and even crossings, and the swath of each."""
    order = np.lexsort((x, owner, swath))
    return x[order].reshape(-1, 2), swath[order][::2]


def _merged(swath: np.ndarray, low: np.ndarray, high: np.ndarray, width_m: float) -> list[tuple[int, float, float]]:
    """Return (swath, low, high) ascending; touching stretches are merged, thin ones dropped."""
    order = np.lexsort((low, swath))
    swath, low, high = swath[order], low[order], high[order]
    if not len(swath):
        return []
    shift = swath * (2.0 * width_m + 1.0)  # swaths are placed one after another, so that one pass handles all
    reached = np.maximum.accumulate(high + shift)
    first = np.flatnonzero(np.r_[True, low[1:] + shift[1:] > reached[:-1] + THIN_M])
    rows = swath[first], low[first], np.maximum.reduceat(high, first)
    wide = rows[2] - rows[1] > THIN_M
    return list(zip(*(column[wide].tolist() for column in rows), strict=True))
