"""The order in which sweep cells are worked: first the cells whose swaths run along the seams with other cells."""

import numpy as np
import shapely

from vehicle.contracts.plan import MachineFootprint
from vehicle.planning.coverage.cell_lines import Faces
from vehicle.planning.coverage.job import PlanJob

SHUT_END_S = 40.0
"""Cost of a swath end on ground that is not worked yet, where the machine cannot turn."""
EXACT_MAX = 7
"""With more cells than this, the order is built by always taking the cheapest next cell."""


def shut_ends(faces: Faces, cell: np.ndarray, thetas_rad: np.ndarray, job: PlanJob) -> np.ndarray:
    """Return (c, c) the number of swaths of a cell that end at its seam with another; `cell`: of each face (n,)."""
    ends = np.zeros((len(thetas_rad), len(thetas_rad)))
    pitch_m = job.reach.width_m - np.array([job.settings.overlap_at_m(float(theta)) for theta in thetas_rad])
    for one, other in ((0, 1), (1, 0)):
        here, there = cell[faces.sides[:, one]], cell[faces.sides[:, other]]
        cos, sin = np.cos(thetas_rad[here]), np.sin(thetas_rad[here])
        across_m = np.abs(faces.shared[:, 1] * cos - faces.shared[:, 0] * sin)
        np.add.at(ends, (here, there), (here != there) * across_m / pitch_m[here])
    return ends


def working_order(polygons: list[shapely.Geometry], ends: np.ndarray, machine: MachineFootprint) -> list[int]:
    """Return the order with the fewest swath ends on ground not worked yet, and the shortest ways between cells.

    `ends`: (c, c) swath ends of each cell at its seam with each other cell.
    """
    middles = shapely.centroid(polygons)
    way_s = shapely.distance(middles[:, None], middles[None, :]) / machine.transit_speed_mps
    if len(polygons) > EXACT_MAX:
        return _nearest_order(ends, way_s)
    every = frozenset(range(len(polygons)))
    best: dict[tuple[frozenset[int], int], tuple[float, tuple[int, ...]]] = {
        (frozenset({k}), k): (_shut_s(ends, k, every - {k}), (k,)) for k in every
    }
    for _ in range(len(polygons) - 1):
        longer: dict[tuple[frozenset[int], int], tuple[float, tuple[int, ...]]] = {}
        for (done, last), (spent_s, order) in best.items():
            for k in sorted(every - done):
                cost_s = spent_s + float(way_s[last, k]) + _shut_s(ends, k, every - done - {k})
                key, row = (done | {k}, k), (round(cost_s, 3), (*order, k))
                longer[key] = min(longer.get(key, row), row)
        best = longer
    return list(min(best.values())[1])


def _shut_s(ends: np.ndarray, cell: int, left: frozenset[int]) -> float:
    """Cost [s] of a cell's swath ends at cells that are not worked yet."""
    return SHUT_END_S * sum(float(ends[cell, other]) for other in sorted(left))


def _nearest_order(ends: np.ndarray, way_s: np.ndarray) -> list[int]:
    """Return the order that always takes the cheapest next cell."""
    left, order = set(range(len(ends))), list[int]()
    while left:
        ways_s = {k: float(way_s[order[-1], k]) if order else 0.0 for k in left}
        chosen = min(left, key=lambda k: (round(ways_s[k] + _shut_s(ends, k, frozenset(left - {k})), 3), k))
        order.append(chosen)
        left.remove(chosen)
    return order
