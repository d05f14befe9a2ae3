"""Works ground that swaths leave: along the edges of keep-outs if it touches one, else in the best direction."""

import math
from collections.abc import Iterator

import numpy as np
import shapely

from vehicle.planning.coverage.edge_passes import NEAR_M, edge_pass_round
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.phases import (
    Outcome,
    direction_key,
    first_success,
    options_of,
    swaths_over,
    unless_failed,
    view_around,
    work,
)
from vehicle.planning.coverage.route import TourStop
from vehicle.planning.coverage.tiled_polygons import Box
from vehicle.planning.coverage.tour import Tour

LONG_EDGE_M = 15.0
"""Beside a longer edge between two inward corners, swaths are exactly along it or at right angles to it; at a shorter
one they leave few slivers."""
NEAR_RAD = math.radians(12.0)
"""A direction so near to that of an edge, or to its normal, becomes that direction."""
START_S = 20.0
"""Time of a pass over a remnant besides its sweep, used to compare directions."""


def remnant_attempts(ground: GroundModel, tour: Tour, part: shapely.Polygon, theta_rad: float) -> Iterator[Outcome]:
    """Return the ways to work a remnant, the cheapest first."""
    yield unless_failed(ground, ("edges", part.wkb), lambda: edge_pass_round(ground, tour, part))
    yield best_direction(ground, tour, part, theta_rad)


def best_direction(ground: GroundModel, tour: Tour, part: shapely.Polygon, theta_rad: float) -> Outcome:
    """Work a remnant in the direction with the largest gain per time, else in the next best: one may have no way."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(part))
    sides = np.diff(corners[:3], axis=0) if len(corners) > 2 else np.array([[1.0, 0.0]])
    angles = [math.atan2(side[1], side[0]) for side in sides] + [theta_rad, theta_rad + math.pi / 2.0]
    angles = along_edges(angles, edges_beside(ground, part))
    uncovered, view = np.array([part], dtype=object), None
    found: list[tuple[float, float, list[list[TourStop]], Box]] = []
    for angle in angles:
        if ground.job.deadline():
            return Outcome()
        swaths_along = ("swaths", part.wkb, direction_key(angle))
        if swaths_along in ground.failures:
            continue
        view = view_around(ground, part) if view is None else view
        swaths = swaths_over(ground, uncovered, angle, view=view)
        options = options_of(swaths, ground)
        if not options:
            ground.failures[swaths_along] = False
            continue
        fastest = [min(stops, key=lambda stop: stop.time_s) for stops in options]
        worth = ground.gain_m2(fastest) / sum(stop.time_s + START_S for stop in fastest)
        found.append((worth, angle, options, swaths.ground.box))
    found.sort(key=lambda direction: -direction[0])
    return first_success(_in_direction(ground, tour, part, *direction[1:]) for direction in found)


def _in_direction(
    ground: GroundModel, tour: Tour, part: shapely.Polygon, angle_rad: float, options: list[list[TourStop]], box: Box
) -> Outcome:
    """Work a remnant in one direction, unless that failed on this ground before."""
    return unless_failed(ground, ("work", part.wkb, direction_key(angle_rad)), lambda: work(ground, tour, options, box))


def edges_beside(ground: GroundModel, part: shapely.Polygon) -> list[float]:
    """Return the directions [rad] of long keep-out edges beside a remnant between inward corners, the longest first."""
    x0, y0, x1, y1 = part.bounds
    solids = ground.first.solid.near((x0 - NEAR_M, y0 - NEAR_M, x1 + NEAR_M, y1 + NEAR_M))
    found: list[tuple[float, float]] = []
    for ring in shapely.get_rings(shapely.orient_polygons(solids)):
        xy = shapely.get_coordinates(ring)
        edges = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
        barred = between_inward_corners(xy) & (shapely.length(edges) > LONG_EDGE_M)
        barred &= shapely.distance(edges, part) <= NEAR_M
        sides = (xy[k + 1] - xy[k] for k in np.flatnonzero(barred))
        found.extend((-math.hypot(east, north), math.atan2(north, east)) for east, north in sides)
    return [angle_rad for _, angle_rad in sorted(found)]


def between_inward_corners(ring: np.ndarray) -> np.ndarray:
    """Return (n,) bool for the edges of a closed ring (n + 1, 2) with solid ground on its left: inward at both ends."""
    side = np.diff(ring, axis=0)
    before = np.roll(side, 1, axis=0)
    inward = before[:, 0] * side[:, 1] - before[:, 1] * side[:, 0] < 0.0
    return np.asarray(inward & np.roll(inward, -1))


def along_edges(angles_rad: list[float], edges_rad: list[float]) -> list[float]:
    """Return directions [rad], each moved to the first edge that it nearly follows or nearly meets at right angles.

    A swath a few degrees off the normal of an edge ends with a corner of the tool at the edge, and leaves a sliver that
    needs a pass of its own. Between two inward corners no pass along the edge could take these slivers at once.
    """
    found: list[float] = []
    for angle_rad in angles_rad:
        off_rad = [math.remainder(edge_rad - angle_rad, 0.5 * math.pi) for edge_rad in edges_rad]
        found.append(angle_rad + next((off for off in off_rad if abs(off) < NEAR_RAD), 0.0))
    return found
