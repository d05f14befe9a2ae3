"""Groups the swaths of a plan, from its segments: cells of one direction, headlands, edge passes."""

import math
from dataclasses import dataclass

import numpy as np
import shapely

from vehicle.contracts.plan import Plan, SegmentKind
from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.certificate import sweep_corners

SAME_RAD = math.radians(1.0)
"""Directions within a cell differ only by rounding; this is the tolerance."""
CELL_SWATHS_MIN = 4
"""A headland has two or three swaths, a pass along the edge of a keep-out is one."""


@dataclass(frozen=True)
class SwathGroup:
    """Parallel swaths that touch each other.

    `numbers`: their places in the order of driving, from 1; `outline`: ground under the tool; `direction_rad`: in
    [0, pi), from east anticlockwise.
    """

    numbers: tuple[int, ...]
    direction_rad: float
    outline: shapely.Geometry

    @property
    def is_cell(self) -> bool:
        """More swaths than a headland has."""
        return len(self.numbers) >= CELL_SWATHS_MIN

    @property
    def heading_deg(self) -> float:
        """Direction from true north, clockwise, in [0, 180)."""
        return (90.0 - math.degrees(self.direction_rad)) % 180.0


def swath_groups(plan: Plan) -> list[SwathGroup]:
    """Return all swaths in groups, ordered by their first swath."""
    swaths = [segment for segment in plan.segments if segment.kind is SegmentKind.SWATH]
    if not swaths:
        return []
    corners = sweep_corners(plan.segments, plan.machine.tool_width_m, plan.machine.tool_ahead_m)
    strips = np.asarray(shapely.polygons(corners))
    directions = np.array([segment.yaw_start_rad for segment in swaths]) % math.pi
    near = shapely.STRtree(strips).query(strips, predicate="intersects")
    apart = np.abs((directions[near[0]] - directions[near[1]] + math.pi / 2) % math.pi - math.pi / 2)
    joined = _joined(len(swaths), near[:, apart < SAME_RAD])
    groups = []
    for label in dict.fromkeys(joined.tolist()):
        index = np.flatnonzero(joined == label)
        outline = robust_overlay.rough_union(strips[index])
        groups.append(SwathGroup(tuple((index + 1).tolist()), float(directions[index[0]]), outline))
    return groups


def _joined(count: int, pairs: np.ndarray) -> np.ndarray:
    """Return (count,) the smallest index connected to each, through any number of (2, n) pairs."""
    label = np.arange(count)
    while True:
        lower = label.copy()
        np.minimum.at(lower, pairs[0], label[pairs[1]])
        lower = lower[lower]
        if (lower == label).all():
            return label
        label = lower
