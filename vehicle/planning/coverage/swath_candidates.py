"""Swaths of one direction over the ground that still needs the tool, in the swath frame: ENU rotated by -theta."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from vehicle.planning.coverage.ground import Ground, gap_to_turn_m
from vehicle.planning.coverage.settings import PlanSettings, Reach
from vehicle.planning.coverage.swath import THIN_M, Interval, Piece, Swath, bearing_half_m
from vehicle.planning.coverage.swath_intervals import Outlines, layered_intervals, outlines_of, swath_intervals


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
    x0_m: float
    x1_m: float
    ground: Ground

    @cached_property
    def pivot(self) -> Outlines:
        """Return the outlines of ground on which the body origin may not turn."""
        return outlines_of(self.ground.pivot, self.theta_rad)


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
        x0_m=span[0],
        x1_m=span[1],
        ground=ground,
    )


def complement(closed: list[Interval], x0_m: float, x1_m: float) -> list[Interval]:
    """Gaps between ascending spans inside (x0, x1)."""
    edges = [x0_m, *[edge for span in closed for edge in span], x1_m]
    return [(edges[i], edges[i + 1]) for i in range(0, len(edges), 2) if edges[i + 1] - edges[i] > THIN_M]


def pieces_of(
    field: SwathField, y_m: np.ndarray, answer_m: float, reach: Reach, settings: PlanSettings, beyond_m: float = 0.0
) -> list[Piece]:
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
    ]
    uncovered, beside, solid, closed = layered_intervals(layers, y_m, x0, x1)
    gaps = [complement(closed[k], x0, x1) if uncovered[k] else [] for k in range(len(y_m))]
    turns = _turns(field, y_m, gaps, reach)
    pieces: list[Piece] = []
    for k, y in enumerate(y_m):
        if not uncovered[k]:
            continue
        shut = [(low - reach.tool_long_m, high + reach.tool_long_m) for low, high in solid[k]]
        for run in complement(_merged(shut), x0, x1):
            swath = Swath.of(reach, end_m + settings.run_in_m, end_m, run, gaps[k], turns[k], beside[k], beyond_m)
            pieces.extend(swath.pieces(float(y), uncovered[k]))
    return pieces


def _turns(field: SwathField, y_m: np.ndarray, gaps: list[list[Interval]], reach: Reach) -> list[list[Interval]]:
    """Return the stretches of each swath on which the machine may turn.

    `gaps`: of each swath (k,) the stretches that bear the machine. If all are too short for a turn, the ground of
    turns, which is costly, is not computed.
    """
    x0, x1 = field.x0_m, field.x1_m
    least_m = gap_to_turn_m(reach, bearing_half_m(reach)) - 2.0 * THIN_M
    if not any(high - low >= least_m or low <= x0 or high >= x1 for row in gaps for low, high in row):
        return [[] for _ in y_m]
    pivot = swath_intervals(field.pivot, y_m, 2.0 * THIN_M, x0, x1)
    return [complement(row, x0, x1) for row in pivot]


def _merged(ascending: list[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for low, high in ascending:
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged
