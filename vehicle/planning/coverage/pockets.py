"""Rows along closed edges, entered from pockets.

A *pocket* is the ground beyond a corner of the field that passes open when they run on over a closed edge, within the
overrun. There the machine can turn on the row along that edge; without a pocket it is too near to the edge, and the
ground of the row is worked across, in a stub for each swath.
"""

import math

import numpy as np
import shapely

from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.headlands import pitch_of, pocket_m
from vehicle.planning.coverage.phases import Outcome, options_of, swaths_over, work
from vehicle.planning.coverage.swath import THIN_M
from vehicle.planning.coverage.swath_intervals import outlines_of
from vehicle.planning.coverage.tour import Tour

LEAST_M = 10.0
"""A shorter strip is worked across."""


def row_along_edge(ground: GroundModel, tour: Tour, part: shapely.Polygon) -> Outcome:
    """Work a component no wider than a row as one row, flush with the side from which it can be entered."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(part))
    if len(corners) < 3:
        return Outcome()
    along = max(np.diff(corners[:3], axis=0).tolist(), key=lambda side: math.hypot(*side))
    theta_rad, uncovered = math.atan2(along[1], along[0]), np.array([part], dtype=object)
    half_m = 0.5 * pitch_of(ground.job, theta_rad)
    x0, y0, x1, y1 = outlines_of(uncovered, theta_rad).bounds()
    if y1 - y0 > 2.0 * half_m or x1 - x0 < LEAST_M:
        return Outcome()
    for y_m in (y0 + half_m, y1 - half_m):
        line = (np.array([y_m]), half_m + THIN_M)
        rows = swaths_over(ground, uncovered, theta_rad, line, beyond_m=pocket_m(ground.job, theta_rad))
        if all(row.moves for row in rows.pieces):
            return work(ground, tour, options_of(rows, ground), rows.ground.box)
    return Outcome()
