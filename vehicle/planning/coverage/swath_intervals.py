"""Intervals in which swaths cross polygons, by arithmetic over all edges at once; overlays would be much slower.

The part that a strip shares with a polygon is bounded by pieces of the polygon's edges and by pieces of the strip's
two sides inside the polygon. Its extent along the swath is therefore the extent of these pieces.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from vehicle.planning.coverage.ground import rotated
from vehicle.planning.coverage.swath import THIN_M, Interval


@dataclass(frozen=True)
class Outlines:
    """Edges of polygons in the swath frame: starts and ends (m, 2) [m], and the polygon (m,) of each."""

    start: np.ndarray
    end: np.ndarray
    owner: np.ndarray

    def bounds(self) -> tuple[float, float, float, float]:
        """Return the smallest box around all edges [m]; there must be one."""
        (x0, y0), (x1, y1) = self.start.min(axis=0), self.start.max(axis=0)
        return float(x0), float(y0), float(x1), float(y1)


def outlines_of(parts: np.ndarray, theta_rad: float = 0.0) -> Outlines:
    """Return the edges of polygons (n,) in the frame of swaths of a direction."""
    rings, part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    xy, same = rotated(xy, -theta_rad), ring[1:] == ring[:-1]
    return Outlines(xy[:-1][same], xy[1:][same], part[ring[:-1][same]])


def swath_intervals(
    outlines: Outlines, y_m: np.ndarray, half_m: float, x0_m: float, x1_m: float
) -> list[list[Interval]]:
    """Return per swath the ascending merged x-intervals [m] where a strip of +-half meets the polygons.

    `y_m`: ordinates of the swaths (k,).
    """
    return layered_intervals([(outlines, half_m)], y_m, x0_m, x1_m)[0]


def layered_intervals(
    layers: list[tuple[Outlines, float]], y_m: np.ndarray, x0_m: float, x1_m: float
) -> list[list[list[Interval]]]:
    """Return the intervals of several kinds of ground, each with the half width of its strip [m], in one computation.

    `y_m`: (n,); the result has one list for each kind, of one list for each y.
    """
    result: list[list[list[Interval]]] = [[[] for _ in y_m] for _ in layers]
    counts = [len(outlines.owner) for outlines, _ in layers]
    if not sum(counts) or not len(y_m):
        return result
    start = np.concatenate([outlines.start for outlines, _ in layers])
    end = np.concatenate([outlines.end for outlines, _ in layers])
    owner = np.concatenate([outlines.owner for outlines, _ in layers])
    layer = np.repeat(np.arange(len(layers)), counts)
    # touching a strip, or entering it by less than half of THIN_M, is rounding
    inner_m = np.array([half_m - 0.5 * THIN_M for _, half_m in layers])[layer]
    order = np.argsort(y_m, kind="stable")
    edge, swath = _pairs(start[:, 1], end[:, 1], y_m[order], inner_m)
    a, b, middle, reach_m = start[edge], end[edge], y_m[order][swath], inner_m[edge]
    row = layer[edge] * len(y_m) + swath
    lows, highs, rows = [], [], []
    ends_x = []
    for line in (middle - reach_m, middle + reach_m):
        x = _x_at(a, b, line)
        crossing = (a[:, 1] <= line) != (b[:, 1] <= line)
        inside, at = _paired(row[crossing], owner[edge[crossing]], x[crossing])
        lows.append(inside[:, 0])
        highs.append(inside[:, 1])
        rows.append(at)
        ends_x.append((line, x))
    (low_y, low_x), (high_y, high_x) = ends_x
    from_x, to_x = (
        np.where(p[:, 1] < low_y, low_x, np.where(p[:, 1] > high_y, high_x, p[:, 0])) for p in (a, b)
    )  # fmt: skip
    low = np.concatenate([*lows, np.minimum(from_x, to_x)]).clip(x0_m, x1_m)
    high = np.concatenate([*highs, np.maximum(from_x, to_x)]).clip(x0_m, x1_m)
    for place, first, last in _merged(np.concatenate([*rows, row]), low, high, x1_m - x0_m):
        which, swath_at = divmod(place, len(y_m))
        result[which][order[swath_at]].append((first, last))
    return result


def _pairs(y_a: np.ndarray, y_b: np.ndarray, swaths_m: np.ndarray, half_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (edge, swath) for each edge in the strip of a swath; swaths ascending, half widths (m,) of the strips."""
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
