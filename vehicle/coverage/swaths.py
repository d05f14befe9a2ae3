"""Lanes of one direction over the ground that still needs the tool: where each may start, end, turn (lane frame).

Lane frame: ENU rotated by -theta, lanes run along x. A *gap* is a stretch of the lane whose ground bears tracks (and
raised tool); a pivot point is a place in a gap where the machine may turn on the spot. A piece is entered from a gap,
with the body behind the tool on ground that bears it, and left through the next gap or backwards over its own strip.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from vehicle.coverage.area import parts_of
from vehicle.coverage.ground import Ground, pivot_obstacle, turned
from vehicle.coverage.settings import PlanSettings, Reach

Span = tuple[float, float]
THIN_M = 1e-6
"""Cross-sections thinner than this are rounding."""
MERGE_M = 3.0
"""Shorter breaks of the ground to be processed are driven through tool down: lifting costs more."""


@dataclass(frozen=True)
class Move:
    """One way to work a piece, lane frame: tool axis from `a_m` to `b_m`, body origin from and to a pivot point."""

    a_m: float
    b_m: float
    in_m: float
    out_m: float
    reverse: bool

    @property
    def sign(self) -> float:
        """+1 along x, -1 against."""
        return 1.0 if self.b_m > self.a_m else -1.0


@dataclass(frozen=True)
class Piece:
    """A stretch of one lane with the ways to work it; no move: nobody can get there in this direction now."""

    y_m: float
    need: Span
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class LaneField:
    """All geometry of one phase in the lane frame."""

    theta_rad: float
    need: Any
    closed: Any
    solid: Any
    pivot: Any
    x0_m: float
    x1_m: float


def lane_field(need: Any, ground: Ground, theta_rad: float, reach: Reach, pivot: Any = None) -> LaneField:
    """Rotate everything once; `pivot` is the obstacle to pivots if the caller has it already."""
    obstacle = pivot_obstacle(ground, reach) if pivot is None else pivot
    box = turned(shapely.box(*ground.box), -theta_rad).bounds
    return LaneField(
        theta_rad=theta_rad,
        need=turned(need, -theta_rad),
        closed=turned(ground.closed, -theta_rad),
        solid=turned(ground.solid, -theta_rad),
        pivot=turned(obstacle, -theta_rad),
        x0_m=box[0],
        x1_m=box[2],
    )


def lane_lines(field: LaneField, reach: Reach, settings: PlanSettings) -> tuple[np.ndarray, float]:
    """(n,) lane ordinates placed by count and spread evenly, and the half width each answers for."""
    _, y0, _, y1 = field.need.bounds
    pitch_m = reach.width_m - settings.overlap_at_m(field.theta_rad)
    outer_m = max(0.0, reach.credit_m - 0.5 * settings.overlap_at_m(field.theta_rad))
    y0, y1 = y0 - outer_m, y1 + outer_m
    count = max(1, int(np.ceil((y1 - y0) / pitch_m - 1e-9)))
    even_m = (y1 - y0) / count
    return y0 + even_m * (np.arange(count) + 0.5), 0.5 * even_m


def spans(geometry: Any, y_m: np.ndarray, half_m: float, x0_m: float, x1_m: float) -> list[list[Span]]:
    """Per lane the merged x-extents of what a strip of +-half meets of `geometry`, ascending."""
    result: list[list[Span]] = [[] for _ in y_m]
    parts = parts_of(geometry)
    if not len(parts):
        return result
    boxes = shapely.box(x0_m, y_m - half_m, x1_m, y_m + half_m)
    lanes, hits = shapely.STRtree(parts).query(boxes, predicate="intersects")
    pieces, owner = shapely.get_parts(shapely.intersection(boxes[lanes], parts[hits]), return_index=True)
    bounds = shapely.bounds(pieces)
    real = (
        (shapely.get_type_id(pieces) == 3)
        & (bounds[:, 3] - bounds[:, 1] > THIN_M)
        & (bounds[:, 2] - bounds[:, 0] > THIN_M)
    )
    rows = np.column_stack([lanes[owner[real]], bounds[real][:, 0], bounds[real][:, 2]])
    for lane, low, high in rows[np.lexsort((rows[:, 1], rows[:, 0]))]:
        merged = result[int(lane)]
        if merged and low <= merged[-1][1] + THIN_M:
            merged[-1] = (merged[-1][0], max(merged[-1][1], float(high)))
        else:
            merged.append((float(low), float(high)))
    return result


def complement(closed: list[Span], x0_m: float, x1_m: float) -> list[Span]:
    """Gaps between ascending spans inside (x0, x1)."""
    edges = [x0_m, *[edge for span in closed for edge in span], x1_m]
    return [(edges[i], edges[i + 1]) for i in range(0, len(edges), 2) if edges[i + 1] - edges[i] > THIN_M]


def pieces_of(field: LaneField, y_m: np.ndarray, answer_m: float, reach: Reach, settings: PlanSettings) -> list[Piece]:
    """Every stretch of every lane that meets ground in need, with its legal moves (possibly none)."""
    x0, x1 = field.x0_m, field.x1_m
    need = spans(field.need, y_m, answer_m, x0, x1)
    solid = spans(field.solid, y_m, reach.tool_half_m - THIN_M, x0, x1)
    bearing_m = max(reach.track_half_m, reach.tool_half_m - THIN_M) if reach.raised_over_base else reach.track_half_m
    closed = spans(field.closed, y_m, bearing_m, x0, x1)
    pivot = spans(field.pivot, y_m, 2.0 * THIN_M, x0, x1)
    pieces: list[Piece] = []
    for k, y in enumerate(y_m):
        if not need[k]:
            continue
        stops = [(low - reach.tool_long_m, high + reach.tool_long_m) for low, high in solid[k]]
        gaps = complement(closed[k], x0, x1)
        free = complement(_merged(stops), x0, x1)
        turns = complement(pivot[k], x0, x1)
        lane = Lane(reach=reach, start_m=reach.credit_m + settings.run_in_m, end_m=reach.credit_m)
        for run in free:
            pieces.extend(lane.pieces(float(y), run, need[k], gaps, turns))
    return pieces


def _merged(ascending: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for low, high in ascending:
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


@dataclass(frozen=True)
class Lane:
    """One-dimensional reasoning along a lane; the leftward case is the mirror image of the rightward one."""

    reach: Reach
    start_m: float
    end_m: float

    def pieces(self, y_m: float, run: Span, need: list[Span], gaps: list[Span], turns: list[Span]) -> list[Piece]:
        """Pieces in one stretch free of keep-outs: needs between two usable gaps are worked in one go."""
        wanted = [(max(low, run[0]), min(high, run[1])) for low, high in need if high > run[0] and low < run[1]]
        usable = []
        for low, high in gaps:
            low_m, high_m = max(low, run[0] - self.reach.ahead_m), min(high, run[1] + self.reach.ahead_m)
            points = [(max(a, low_m), min(b, high_m)) for a, b in turns if b > low_m and a < high_m]
            points = [(a, b) for a, b in points if b - a >= 0.0]
            if points:
                usable.append(((low, high), points))
        result, index = [], 0
        while index < len(wanted):
            group_end, last = index, wanted[index][1]
            while group_end + 1 < len(wanted) and not self._parted(last, wanted[group_end + 1][0], usable):
                group_end += 1
                last = max(last, wanted[group_end][1])
            span = (wanted[index][0], last)
            result.append(Piece(y_m=y_m, need=span, moves=self._moves(span, run, usable)))
            index = group_end + 1
        return result

    def _parted(self, end: float, start: float, usable: list[Any]) -> bool:
        """Two needs are worked apart where a usable gap, long enough to pay, lies between them."""
        return start - end > MERGE_M and any(low < start and high > end for (low, high), _ in usable)

    def _moves(self, span: Span, run: Span, usable: list[Any]) -> tuple[Move, ...]:
        right = self._toward(span, run, usable)
        mirrored = [((-high, -low), [(-b, -a) for a, b in reversed(points)]) for (low, high), points in usable[::-1]]
        left = self._toward((-span[1], -span[0]), (-run[1], -run[0]), mirrored)
        back = [Move(-m.a_m, -m.b_m, -m.in_m, -m.out_m, m.reverse) for m in left]
        return tuple(right + back)

    def _toward(self, span: Span, run: Span, usable: list[Any]) -> list[Move]:
        """Moves towards +x: through to the next gap, or dead-ended and reversed out of."""
        reach = self.reach
        raised_m = reach.tool_long_m if reach.raised_over_base else 0.0
        behind = [(gap, points) for gap, points in usable if gap[0] < span[0]]
        for (_, high), points in behind[::-1]:
            a = max(min(span[0] - self.start_m, high - raised_m), run[0])
            if a > high - raised_m + THIN_M:
                continue
            inward = [min(b, a - reach.ahead_m) for low, b in points if low <= a - reach.ahead_m]
            if not inward or max(inward) + reach.ahead_m < run[0]:
                continue
            dead_b = min(span[1] + self.end_m, run[1])
            out = max(min(b, dead_b - reach.ahead_m) for low, b in points if low <= dead_b - reach.ahead_m)
            moves = [Move(a, dead_b, max(inward), out, reverse=True)] if dead_b > a else []
            return moves + self._through(a, max(inward), span, run, usable)
        return []

    def _through(self, a: float, in_m: float, span: Span, run: Span, usable: list[Any]) -> list[Move]:
        for (low, high), points in usable:
            b = max(span[1] + self.end_m, low)
            if high <= span[1] or b > run[1] or b <= a:
                continue
            outward = [max(low_p, b - self.reach.ahead_m) for low_p, hi_p in points if hi_p >= b - self.reach.ahead_m]
            if outward and min(outward) + self.reach.ahead_m <= run[1] + THIN_M:
                return [Move(a, b, in_m, min(outward), reverse=False)]
        return []
