"""Lanes of one direction over the ground that still needs the tool, in the lane frame: ENU rotated by -theta."""

from dataclasses import dataclass

import numpy as np

from vehicle.planning.coverage.ground import Ground, turned
from vehicle.planning.coverage.lane import THIN_M, Lane, Piece, Span, bearing_half_m
from vehicle.planning.coverage.settings import PlanSettings, Reach
from vehicle.planning.coverage.spans import spans


@dataclass(frozen=True)
class LaneField:
    """All geometry of one phase in the lane frame, as arrays of polygons; lanes end at x0 and x1."""

    theta_rad: float
    need: np.ndarray
    beside: np.ndarray
    closed: np.ndarray
    solid: np.ndarray
    pivot: np.ndarray
    x0_m: float
    x1_m: float


def lane_field(
    need: np.ndarray, ground: Ground, theta_rad: float, span: Span, beside: np.ndarray | None = None
) -> LaneField:
    """Rotate everything once; `span` is as far along the lanes as `ground` is known, `beside` any need near by."""
    return LaneField(
        theta_rad=theta_rad,
        need=turned(need, -theta_rad),
        beside=turned(need if beside is None else beside, -theta_rad),
        closed=turned(ground.closed, -theta_rad),
        solid=turned(ground.solid, -theta_rad),
        pivot=turned(ground.pivot, -theta_rad),
        x0_m=span[0],
        x1_m=span[1],
    )


def complement(closed: list[Span], x0_m: float, x1_m: float) -> list[Span]:
    """Gaps between ascending spans inside (x0, x1)."""
    edges = [x0_m, *[edge for span in closed for edge in span], x1_m]
    return [(edges[i], edges[i + 1]) for i in range(0, len(edges), 2) if edges[i + 1] - edges[i] > THIN_M]


def pieces_of(field: LaneField, y_m: np.ndarray, answer_m: float, reach: Reach, settings: PlanSettings) -> list[Piece]:
    """Every stretch of every lane that meets ground in need, with its legal moves (possibly none)."""
    x0, x1 = field.x0_m, field.x1_m
    rim_m = 0.5 * settings.overlap_at_m(field.theta_rad)
    need = spans(field.need, y_m, answer_m, x0, x1)
    beside = spans(field.beside, y_m, answer_m, x0, x1)
    solid = spans(field.solid, y_m, reach.tool_half_m - THIN_M, x0, x1)
    bearing_m = bearing_half_m(reach)
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
        for run in free:
            lane = Lane.of(reach, rim_m + settings.run_in_m, rim_m, run, gaps, turns, beside[k])
            pieces.extend(lane.pieces(float(y), need[k]))
    return pieces


def _merged(ascending: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for low, high in ascending:
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged
