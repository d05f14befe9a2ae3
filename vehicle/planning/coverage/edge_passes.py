"""Passes along the edges of keep-outs, where swaths that meet an edge at an angle leave a row of triangles."""

import math

import numpy as np
import shapely

from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of
from vehicle.planning.coverage.ground import joined_box
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.phases import GAIN_MIN_M2, SMALL_M2, Outcome, options_of, swaths_over, work
from vehicle.planning.coverage.swath import THIN_M
from vehicle.planning.coverage.tour import Tour

EDGE_GAP_M = 1e-4
"""Distance of an edge pass from the edge; it lies within the numeric strip of 2 mm."""
EDGE_MIN_M = 0.05
NEAR_M = 0.3


def edge_pass_round(ground: GroundModel, tour: Tour, part: shapely.Polygon) -> Outcome:
    """Drive along the edges of the keep-outs that an uncovered component touches, in one tour.

    Remnants at the same keep-outs are worked too. The gain of each pass is computed on the ground that earlier passes
    leave.
    """
    trial, options, boxes, reach = ground.trial(), [], [], ground.job.reach
    for start, end in _edges_near(ground, part):
        if ground.job.deadline():
            break
        theta_rad = math.atan2(end[1] - start[1], end[0] - start[0])
        y_m = -math.sin(theta_rad) * start[0] + math.cos(theta_rad) * start[1]
        line = np.array([y_m - reach.tool_half_m - EDGE_GAP_M])
        headland = shapely.LineString([start, end]).buffer(reach.width_m + NEAR_M, cap_style="square")
        uncovered = parts_of(robust_overlay.intersection(trial.uncovered_in(headland.bounds), headland))
        uncovered = uncovered[shapely.get_type_id(uncovered) == 3] if len(uncovered) else uncovered
        if not len(uncovered) or float(shapely.area(uncovered).sum()) < GAIN_MIN_M2:
            continue
        swaths = swaths_over(trial, uncovered, theta_rad, (line, reach.tool_half_m - THIN_M))
        found = options_of(swaths, trial)
        if not found:
            ground.idle_edges.add((*start, *end))
        else:
            options += found
            boxes.append(swaths.ground.box)
            trial.cover([min(stops, key=lambda stop: stop.time_s) for stops in found])
    return work(ground, tour, options, joined_box(*boxes)) if options else Outcome()


def _remnants_with(ground: GroundModel, solids: np.ndarray) -> np.ndarray:
    """Return the remnants that touch the same keep-outs."""
    parts = ground.uncovered()
    parts = parts[shapely.area(parts) < SMALL_M2]
    hits = shapely.STRtree(parts).query(solids, predicate="dwithin", distance=NEAR_M)[1]
    return np.asarray(parts[np.unique(hits)])


def _edges_near(ground: GroundModel, part: shapely.Polygon) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return keep-out edges that touch the component or its remnants, ring by ring; free ground is on their right."""
    x0, y0, x1, y1 = part.bounds
    solids = shapely.orient_polygons(ground.first.solid.near((x0 - NEAR_M, y0 - NEAR_M, x1 + NEAR_M, y1 + NEAR_M)))
    solids = solids[shapely.distance(solids, part) <= NEAR_M]
    if not len(solids):
        return []
    fellows = shapely.STRtree(_remnants_with(ground, solids))
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for ring in shapely.get_rings(solids):
        xy = shapely.get_coordinates(ring)
        edges = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
        near = shapely.distance(edges, part) <= NEAR_M
        also = np.unique(fellows.query(edges, predicate="dwithin", distance=NEAR_M)[0])
        near[[i for i in also if (*xy[i], *xy[i + 1]) not in ground.idle_edges]] = True
        near &= shapely.length(edges) >= EDGE_MIN_M
        found.extend((xy[i], xy[i + 1]) for i in np.flatnonzero(near))
    return found
