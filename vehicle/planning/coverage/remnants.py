"""Works ground that swaths leave: along the edges of keep-outs if it touches one, else in the best direction."""

import math
from collections.abc import Iterator

import numpy as np
import shapely

from vehicle.planning.coverage.edge_passes import edge_pass_round
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.phases import (
    Outcome,
    direction_key,
    options_of,
    swaths_over,
    unless_failed,
    view_around,
    work,
)
from vehicle.planning.coverage.tour import Tour

START_S = 20.0
"""Time of a pass over a remnant besides its sweep, used to compare directions."""


def remnant_attempts(ground: GroundModel, tour: Tour, part: shapely.Polygon, theta_rad: float) -> Iterator[Outcome]:
    """Return the ways to work a remnant, the cheapest first."""
    yield unless_failed(ground, ("edges", part.wkb), lambda: edge_pass_round(ground, tour, part))
    yield best_direction(ground, tour, part, theta_rad)


def best_direction(ground: GroundModel, tour: Tour, part: shapely.Polygon, theta_rad: float) -> Outcome:
    """Try directions over a remnant and use the one with the largest gain per time."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(part))
    sides = np.diff(corners[:3], axis=0) if len(corners) > 2 else np.array([[1.0, 0.0]])
    angles = [math.atan2(side[1], side[0]) for side in sides] + [theta_rad, theta_rad + math.pi / 2.0]
    uncovered, best, view = np.array([part], dtype=object), None, None
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
        if best is None or worth > best[0]:
            best = (worth, options, swaths.ground.box, angle)
    if best is None:
        return Outcome()
    _, options, box, angle = best
    return unless_failed(ground, ("work", part.wkb, direction_key(angle)), lambda: work(ground, tour, options, box))
