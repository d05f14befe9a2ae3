"""Rows along closed edges, entered from pockets.

A *pocket* is the ground beyond a corner of the field that passes open when they run on over a closed edge, within the
overrun. There the machine can turn on the row along that edge; without a pocket it is too near to the edge, and the
ground of the row is worked across, in a stub for each swath.
"""

import math
from dataclasses import dataclass

import numpy as np
import shapely

from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of, polygons_of
from vehicle.planning.coverage.ground import swath_box
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.headlands import headland_swaths, pitch_of, pocket_m
from vehicle.planning.coverage.phases import Outcome, options_of, swaths_over, sweep, work
from vehicle.planning.coverage.swath import THIN_M
from vehicle.planning.coverage.swath_intervals import outlines_of
from vehicle.planning.coverage.tiled_polygons import Box
from vehicle.planning.coverage.tour import Tour

LEAST_M = 10.0
"""A shorter strip is worked across."""
ROWS_MAX = 2
"""A strip wider than so many rows is no strip along an edge."""


@dataclass(frozen=True)
class Strip:
    """A component along an edge: ENU direction of its rows, and in that direction's frame its extent."""

    theta_rad: float
    box: Box
    rows: int


def strip_of(ground: GroundModel, part: shapely.Polygon) -> Strip | None:
    """Return a component as a strip of rows; None if it is too wide or too short."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(part))
    if len(corners) < 3:
        return None
    along = max(np.diff(corners[:3], axis=0).tolist(), key=lambda side: math.hypot(*side))
    theta_rad = math.atan2(along[1], along[0])
    x0, y0, x1, y1 = outlines_of(np.array([part], dtype=object), theta_rad).bounds()
    rows = max(1, math.ceil((y1 - y0) / pitch_of(ground.job, theta_rad) - THIN_M))
    return Strip(theta_rad, (x0, y0, x1, y1), rows) if rows <= ROWS_MAX and x1 - x0 >= LEAST_M else None


def row_along_edge(ground: GroundModel, tour: Tour, part: shapely.Polygon) -> Outcome:
    """Work a component no wider than two rows in a row flush with the side from which it can be entered."""
    strip = strip_of(ground, part)
    if strip is None:
        return Outcome()
    theta_rad, (_, y0, _, y1) = strip.theta_rad, strip.box
    half_m, uncovered = 0.5 * pitch_of(ground.job, theta_rad), np.array([part], dtype=object)
    for y_m in (y0 + half_m, y1 - half_m):
        line = (np.array([y_m]), half_m + THIN_M)
        rows = swaths_over(ground, uncovered, theta_rad, line, beyond_m=pocket_m(ground.job, theta_rad))
        if rows.pieces and all(row.moves for row in rows.pieces):
            outcome = work(ground, tour, options_of(rows, ground), rows.ground.box)
            if outcome.swaths:
                return outcome
    return Outcome()


def pocket_at_end(ground: GroundModel, tour: Tour, part: shapely.Polygon) -> Outcome:
    """Open a pocket at an end of a strip that cannot be entered: a few stubs across it that run on over the edge."""
    strip = strip_of(ground, part)
    if strip is None:
        return Outcome()
    job, across_rad = ground.job, strip.theta_rad + 0.5 * math.pi
    x0, y0, x1, y1 = strip.box
    room_m = headland_swaths(job, across_rad) * pitch_of(job, across_rad)
    if x1 - x0 < room_m + LEAST_M:
        return Outcome()
    for low_m, high_m in ((x0, x0 + room_m), (x1 - room_m, x1)):
        window = swath_box(strip.theta_rad, low_m, y0, high_m, y1)
        if any(shapely.distance(window, other) < room_m for other in ground.pockets):
            continue
        end = parts_of(polygons_of(robust_overlay.intersection(part, window)))
        outcome = sweep(ground, tour, end, across_rad, pocket_m(job, across_rad))
        if outcome.swaths:
            ground.pockets.append(window)
            return outcome
    return Outcome()
