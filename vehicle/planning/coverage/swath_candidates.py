"""Swaths of one direction over the ground that still needs the tool, in the swath frame: ENU rotated by -theta."""

from dataclasses import dataclass

import numpy as np

from vehicle.planning.coverage.ground import Ground
from vehicle.planning.coverage.settings import PlanSettings, Reach
from vehicle.planning.coverage.swath import THIN_M, Interval, Piece, Swath, bearing_half_m
from vehicle.planning.coverage.swath_intervals import Outlines, layered_intervals, outlines_of


@dataclass(frozen=True)
class SwathField:
    """All outlines of one phase in the swath frame; swaths end at x0 and x1.

    `solid`: ground that the tool may not be over: keep-outs, and unknown ground beyond the overrun.
    """

    theta_rad: float
    uncovered: Outlines
    beside: Outlines
    closed: Outlines
    solid: Outlines
    pivot: Outlines
    x0_m: float
    x1_m: float


def swath_field(
    uncovered: Outlines, ground: Ground, theta_rad: float, span: Interval, beside: np.ndarray
) -> SwathField:
    """Rotate all outlines once. `uncovered`: already rotated; `span`: extent of known `ground` along the swaths.

    `beside`: nearby uncovered ground, polygons (m,).
    """
    return SwathField(
        theta_rad=theta_rad,
        uncovered=uncovered,
        beside=outlines_of(beside, theta_rad),
        closed=outlines_of(ground.closed, theta_rad),
        solid=outlines_of(np.concatenate([ground.solid, ground.beyond]), theta_rad),
        pivot=outlines_of(ground.pivot, theta_rad),
        x0_m=span[0],
        x1_m=span[1],
    )


def complement(closed: list[Interval], x0_m: float, x1_m: float) -> list[Interval]:
    """Gaps between ascending spans inside (x0, x1)."""
    edges = [x0_m, *[edge for span in closed for edge in span], x1_m]
    return [(edges[i], edges[i + 1]) for i in range(0, len(edges), 2) if edges[i + 1] - edges[i] > THIN_M]


def pieces_of(field: SwathField, y_m: np.ndarray, answer_m: float, reach: Reach, settings: PlanSettings) -> list[Piece]:
    """Return every stretch of every swath that meets uncovered ground, with its legal moves (possibly none).

    `y_m`: ordinates of the swaths (k,); each swath covers the ground within `answer_m`.
    """
    x0, x1 = field.x0_m, field.x1_m
    end_m = settings.end_at_m(field.theta_rad)
    layers = [
        (field.uncovered, answer_m),
        (field.beside, answer_m),
        (field.solid, reach.tool_half_m - THIN_M),
        (field.closed, bearing_half_m(reach)),
        (field.pivot, 2.0 * THIN_M),
    ]
    uncovered, beside, solid, closed, pivot = layered_intervals(layers, y_m, x0, x1)
    pieces: list[Piece] = []
    for k, y in enumerate(y_m):
        if not uncovered[k]:
            continue
        shut = [(low - reach.tool_long_m, high + reach.tool_long_m) for low, high in solid[k]]
        gaps = complement(closed[k], x0, x1)
        free = complement(_merged(shut), x0, x1)
        turns = complement(pivot[k], x0, x1)
        for run in free:
            swath = Swath.of(reach, end_m + settings.run_in_m, end_m, run, gaps, turns, beside[k])
            pieces.extend(swath.pieces(float(y), uncovered[k]))
    return pieces


def _merged(ascending: list[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for low, high in ascending:
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged
