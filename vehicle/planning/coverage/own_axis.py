"""Places on the machine's own axis where it can turn on the spot: how it leaves a strip or a bay, and comes in."""

import math

import numpy as np
import shapely

from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of, polygons_of
from vehicle.planning.coverage.ground import swath_box, turned
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.route import Pose, enu_of
from vehicle.planning.coverage.swath import THIN_M, bearing_half_m
from vehicle.planning.coverage.swath_candidates import complement
from vehicle.planning.coverage.swath_intervals import outlines_of, swath_intervals

OUT_MAX_M = 600.0
"""Largest distance to drive on the own axis."""
STANDS_M = 0.05
"""The tracks may stand this far over the end of the ground that bears them: rounding of the place."""

Place = tuple[float, float]
"""East, north [m]."""


def places_to_turn(
    pose: Pose, model: GroundModel, closed_ground: shapely.Geometry, slack_m: float | None = None
) -> list[Place]:
    """Return places on the axis of `pose` to which the machine can drive straight and where it can turn.

    Those behind it come first, the nearest first; the place itself is one of them if it can turn there.
    `closed_ground`: ground that the tracks may not use on that line. `slack_m`: margin of a pivot's disc; None: the
    planner's own.
    """
    east, north, yaw = pose
    frame = np.array(turned(shapely.Point(east, north), -yaw).coords[0])
    x, y = float(frame[0]), float(frame[1])
    reach = model.job.reach
    window = swath_box(yaw, x - OUT_MAX_M, y - reach.tool_half_m, x + OUT_MAX_M, y + reach.tool_half_m)
    ground = model.view(window.bounds)
    pivot = ground.pivot if slack_m is None else ground.pivot_within(slack_m)
    low_m, high_m = x - OUT_MAX_M, x + OUT_MAX_M
    at = np.array([y])
    # its strip is as wide as its tool: the position error at the rim must not keep it from leaving
    bearing_m = min(bearing_half_m(reach), 0.5 * model.job.machine.track_outer_width_m)
    front_m = reach.ahead_m + reach.tool_long_m if reach.raised_over_base else reach.track_rear_m
    barred = parts_of(polygons_of(robust_overlay.intersection(closed_ground, shapely.box(*ground.box))))
    closed = swath_intervals(outlines_of(barred, yaw), at, bearing_m, low_m, high_m)[0]
    pivots = complement(swath_intervals(outlines_of(pivot, yaw), at, 2.0 * THIN_M, low_m, high_m)[0], low_m, high_m)
    places: list[float] = []
    for low, high in complement(closed, low_m, high_m):
        if low <= x - reach.track_rear_m + STANDS_M and high >= x + reach.track_rear_m - STANDS_M:
            inside = [(max(a, low + reach.track_rear_m), min(b, high - front_m)) for a, b in pivots]
            places += [min(max(x, a), b) for a, b in inside if a <= b]
    behind, ahead = sorted((x_m for x_m in places if x_m <= x), reverse=True), sorted(x_m for x_m in places if x_m > x)
    return [enu_of(yaw, x_m, y) for x_m in (*behind, *ahead)]


def is_behind(place: Place, pose: Pose) -> bool:
    """Whether a place on the axis of a pose is reached in reverse."""
    east_m, north_m, yaw = place[0] - pose[0], place[1] - pose[1], pose[2]
    return east_m * math.cos(yaw) + north_m * math.sin(yaw) < 0.0
