"""Passes along the edges of keep-outs, where lanes that meet an edge aslant leave a saw of triangles."""

import math

import numpy as np
import shapely

from vehicle.coverage import overlay
from vehicle.coverage.area import parts_of
from vehicle.coverage.lane import THIN_M
from vehicle.coverage.phases import GAIN_MIN_M2, lanes_over, options_of, work
from vehicle.coverage.progress import Progress

FLUSH_M = 1e-4
"""A flush pass keeps this from the edge; the 2 mm numeric strip covers it."""
EDGE_MIN_M = 0.05
NEAR_M = 0.3


def flush_round(progress: Progress, part: shapely.Polygon) -> int:
    """Drive along every edge that a component of the need touches, in the order of the ring; returns the swaths."""
    done = 0
    for start, end in _edges_near(progress, part):
        if progress.over():
            break
        theta_rad = math.atan2(end[1] - start[1], end[0] - start[0])
        y_m = -math.sin(theta_rad) * start[0] + math.cos(theta_rad) * start[1]
        line = np.array([y_m - progress.reach.tool_half_m - FLUSH_M])
        band = shapely.LineString([start, end]).buffer(progress.reach.width_m + NEAR_M, cap_style="square")
        need = parts_of(overlay.intersection(progress.need_in(band.bounds), band))
        need = need[shapely.get_type_id(need) == 3] if len(need) else need
        if len(need) and float(shapely.area(need).sum()) >= GAIN_MIN_M2:
            done += best_pass(progress, need, theta_rad, (line, progress.reach.tool_half_m - THIN_M))
    return done


def best_pass(progress: Progress, need: np.ndarray, theta_rad: float, lines: tuple[np.ndarray, float]) -> int:
    """Drive the pieces of given lines that gain something."""
    lanes = lanes_over(progress, need, theta_rad, lines)
    return work(progress, options_of(lanes, progress), lanes.ground.box)


def _edges_near(progress: Progress, part: shapely.Polygon) -> list[tuple[np.ndarray, np.ndarray]]:
    """Edges of keep-outs that touch a component, ring by ring; free ground is on their right."""
    x0, y0, x1, y1 = part.bounds
    solids = shapely.orient_polygons(progress.solid.near((x0 - NEAR_M, y0 - NEAR_M, x1 + NEAR_M, y1 + NEAR_M)))
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for ring in shapely.get_rings(solids):
        xy = shapely.get_coordinates(ring)
        edges = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
        near = (shapely.distance(edges, part) <= NEAR_M) & (shapely.length(edges) >= EDGE_MIN_M)
        found.extend((xy[i], xy[i + 1]) for i in np.flatnonzero(near))
    return found
