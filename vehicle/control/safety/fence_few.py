"""The room of `fence.room` for few edges, one after the other in plain floats: the same steps, so the same bits.

An array costs as much for ten edges as for a hundred. `abs` of a complex number is the same root of squares that an
array takes; `math.hypot` rounds otherwise.
"""

import math
from typing import TypeAlias

from vehicle.contracts.frames import FloatArray

Ends: TypeAlias = list[tuple[float, float, float, float]]
"""Ahead and left of each edge's start, ahead and left of its end."""


def near(edges_m: FloatArray, east_m: float, north_m: float, yaw_rad: float, beyond_m: float) -> Ends:
    """The edges (n, 4) seen from a pose, without those that lie wholly beyond this distance to one side of the axis."""
    cos_yaw, sin_yaw = math.cos(yaw_rad), math.sin(yaw_rad)
    ends: Ends = []
    for e, n, to_e, to_n in edges_m.tolist():
        east, north, to_east, to_north = e - east_m, n - north_m, to_e - east_m, to_n - north_m
        left, to_left = north * cos_yaw - east * sin_yaw, to_north * cos_yaw - to_east * sin_yaw
        if (left > beyond_m and to_left > beyond_m) or (left < -beyond_m and to_left < -beyond_m):
            continue
        ends.append((east * cos_yaw + north * sin_yaw, left, to_east * cos_yaw + to_north * sin_yaw, to_left))
    return ends


def inside(ends: Ends) -> bool:
    """Even-odd rule along the axis: of the edges that cross it an odd number lies behind, and none right here."""
    meets_m = [
        ahead - left * (to_ahead - ahead) / (to_left - left)
        for ahead, left, to_ahead, to_left in ends
        if (left > 0.0) != (to_left > 0.0)
    ]
    return math.prod((meet_m > 0.0) - (meet_m < 0.0) for meet_m in meets_m) < 0


def beside(ends: Ends, half_m: float, lean: float) -> list[tuple[float, float]]:
    """Nearest and farthest along-track of each edge's part within `half_m` of the axis, of the edges that have one.

    What runs along the axis leans by `lean`, or its run to the side would divide by 0. All in metres.
    """
    spans: list[tuple[float, float]] = []
    for ahead, left, to_ahead, to_left in ends:
        run = to_left - left or lean
        first, second = (-half_m - left) / run, (half_m - left) / run
        enter, leave = max(0.0, min(first, second)), min(1.0, max(first, second))
        if enter <= leave:
            along = to_ahead - ahead
            one, other = ahead + enter * along, ahead + leave * along
            spans.append((min(one, other), max(one, other)))
    return spans


def nearest_m(ends: Ends) -> float:
    """Distance of the origin to the nearest boundary; nothing where an edge has no length."""
    distances_m: list[float] = []
    for ahead, left, to_ahead, to_left in ends:
        run_ahead, run_left = to_ahead - ahead, to_left - left
        length = abs(complex(run_ahead, run_left))
        if not length:
            return 0.0
        across = (ahead * run_left - left * run_ahead) / length
        middle = abs((ahead + to_ahead) * run_ahead + (left + to_left) * run_left) / 2.0 / length
        distances_m.append(abs(complex(max(0.0, middle - length / 2.0), across)))
    return min(distances_m)
