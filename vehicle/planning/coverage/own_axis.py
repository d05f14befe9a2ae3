"""Places on the machine's own axis where it can turn on the spot: how it leaves a strip or a bay, and comes in."""

import math

import numpy as np
import shapely

from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of, polygons_of
from vehicle.planning.coverage.ground import LEG_SLACK_M, swath_box, turned
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.job import PlanJob
from vehicle.planning.coverage.route import Pose, enu_of
from vehicle.planning.coverage.swath import THIN_M, bearing_half_m
from vehicle.planning.coverage.swath_candidates import complement
from vehicle.planning.coverage.swath_intervals import outlines_of, swath_intervals

OUT_MAX_M = 600.0
"""Largest distance to drive on the own axis."""
STANDS_M = 0.05
"""The tracks may stand this far over the end of the ground that bears them: rounding of the place."""
AWAY_M, GATES_MAX = 0.5, 2
"""Gates nearer than this are the place itself; of those along one strip, the nearest ones count."""
EDGE_SLACK_M = 0.01
"""Rounding of the edges of swept ground beside a strip."""
BESIDE_M, EDGE_MIN_M, SIMPLIFY_M, AXES_MAX = 6.0, 1.0, 0.1, 6
"""Edges of swept ground that show strips through a place: how near [m], how long [m], how straight [m], how many."""

Place = tuple[float, float]
"""East, north [m]."""


def places_to_turn(
    pose: Pose,
    model: GroundModel,
    closed_ground: shapely.Geometry,
    slack_m: float | None = None,
    bearing_m: float | None = None,
    further_m: tuple[float, ...] = (0.0,),
) -> list[Place]:
    """Return places on the axis of `pose` to which the machine can drive straight and where it can turn.

    Those behind it come first, the nearest first; the place itself is one of them if it can turn there.
    `closed_ground`: ground that the tracks may not use on that line. `slack_m`: margin of a pivot's disc; None: the
    planner's own. `bearing_m`: half the width of ground that the straight line needs; None: of the tracks alone.
    `further_m`: how far the places lie beyond the first one on each stretch where the machine can turn, or at its end.
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
    bearing_m = track_bearing_m(model.job) if bearing_m is None else bearing_m
    front_m = reach.ahead_m + reach.tool_long_m if reach.raised_over_base else reach.track_rear_m
    barred = parts_of(polygons_of(robust_overlay.intersection(closed_ground, shapely.box(*ground.box))))
    closed = swath_intervals(outlines_of(barred, yaw), at, bearing_m, low_m, high_m)[0]
    pivots = complement(swath_intervals(outlines_of(pivot, yaw), at, 2.0 * THIN_M, low_m, high_m)[0], low_m, high_m)
    places: list[float] = []
    for low, high in complement(closed, low_m, high_m):
        if low <= x - reach.track_rear_m + STANDS_M and high >= x + reach.track_rear_m - STANDS_M:
            inside = [(max(a, low + reach.track_rear_m), min(b, high - front_m)) for a, b in pivots]
            places += [x_m for a, b in inside if a <= b for x_m in _along(x, a, b, further_m)]
    behind, ahead = sorted((x_m for x_m in places if x_m <= x), reverse=True), sorted(x_m for x_m in places if x_m > x)
    return [enu_of(yaw, x_m, y) for x_m in (*behind, *ahead)]


def track_bearing_m(job: PlanJob) -> float:
    """Return half the width [m] that must bear on the machine's own axis: that of its tracks.

    Its strip is as wide as its tool: the position error at the rim must not keep it from leaving.
    """
    return min(bearing_half_m(job.reach), 0.5 * job.machine.track_outer_width_m)


def _along(x_m: float, low_m: float, high_m: float, further_m: tuple[float, ...]) -> set[float]:
    """Return the places on a stretch that lie so far beyond its nearest one to `x_m`, seen from there."""
    near_m = min(max(x_m, low_m), high_m)
    back = {max(low_m, near_m - more_m) for more_m in further_m if near_m <= x_m}
    return back | {min(high_m, near_m + more_m) for more_m in further_m if near_m >= x_m}


def gates_of(place: Place, swept: shapely.Geometry, model: GroundModel, closed_ground: shapely.Geometry) -> list[Place]:
    """Return other places to turn that the machine reaches from one, forward along a strip of swept ground.

    A pocket is joined to the rest by strips alone. `closed_ground`: ground that neither tracks nor a raised tool may be
    over.
    """
    bearing_m, found = bearing_half_m(model.job.reach) - EDGE_SLACK_M, list[Place]()
    for axis in axes_beside(swept, place):
        pose = (*place, axis)
        places = places_to_turn(pose, model, closed_ground, LEG_SLACK_M, bearing_m)
        ahead = [gate for gate in places if not is_behind(gate, pose) and math.dist(gate, place) > AWAY_M]
        found += ahead[:GATES_MAX]
    return found


def axes_beside(swept: shapely.Geometry, place: Place) -> list[float]:
    """Return the directions [rad] of edges of swept ground beside a place, both ways, the longest edge first."""
    near = shapely.Point(place).buffer(BESIDE_M)
    found: dict[float, float] = {}
    for tolerance_m in (0.0, SIMPLIFY_M):  # the edges of a record made of cells are straight only when simplified
        for ring in shapely.get_rings(parts_of(shapely.simplify(swept, tolerance_m))):
            xy = shapely.get_coordinates(ring)
            edges = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
            fits = (shapely.length(edges) >= EDGE_MIN_M) & shapely.intersects(edges, near)
            for k in np.flatnonzero(fits):
                angle = round(math.atan2(*(xy[k + 1] - xy[k])[::-1]) % math.pi, 6)
                found[angle] = max(found.get(angle, 0.0), float(shapely.length(edges[k])))
    axes = sorted(found, key=lambda angle: -found[angle])[:AXES_MAX]
    return [angle + turn for angle in axes for turn in (0.0, math.pi)]


def is_behind(place: Place, pose: Pose) -> bool:
    """Whether a place on the axis of a pose is reached in reverse."""
    east_m, north_m, yaw = place[0] - pose[0], place[1] - pose[1], pose[2]
    return east_m * math.cos(yaw) + north_m * math.sin(yaw) < 0.0
