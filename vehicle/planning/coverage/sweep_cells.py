"""Divides the work area into parts with their own swath direction, and orders them.

Straight lines at inward corners cut the area into small faces (`cell_lines`). Each face gets a direction so that the
total cost is lowest (`cell_labels`). Touching faces of one direction form a cell.
"""

import math
from dataclasses import dataclass

import numpy as np
import shapely

from vehicle.contracts.plan_times import sweep_speed_mps
from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of, polygons_of
from vehicle.planning.coverage.cell_labels import FaceCosts, best_labels
from vehicle.planning.coverage.cell_lines import SIMPLIFY_M, Faces, faces_of
from vehicle.planning.coverage.cell_order import SHUT_END_S, shut_ends, working_order
from vehicle.planning.coverage.directions import best_directions, edges_of, swath_cost_s
from vehicle.planning.coverage.ground import mitre_buffer
from vehicle.planning.coverage.job import PlanJob
from vehicle.planning.coverage.route import swath_change_s
from vehicle.planning.coverage.work_limit import Work

LONG_EDGES, FAN, EDGE_APART_RAD, FAN_APART_RAD = 10, 9, math.radians(1.0), math.radians(3.0)
"""Directions to choose from: this many of long edges, this many in a fan, and their smallest differences."""
LINE_DIRECTIONS = 4
"""This many of them are also directions of dividing lines."""
FINER_GAIN = 0.995
STARTS, START_APART_RAD = 6, math.radians(12.0)
"""Descent starts from this many single directions, at least this far apart."""
PARTS_OF_S = 1024
KEEP_OUT_END_S = 60.0
"""Extra cost of a swath end at a keep-out against one at the outline: headlands, edge passes, reversing."""
SEAM_S_PER_M = 1.0
"""Cost of a seam besides the swath ends at it: ways between cells."""


@dataclass(frozen=True)
class SweepCell:
    """A polygon and its swath direction; `rim_m`: swaths reach this far beyond it, to leave no ground between cells."""

    polygon: shapely.Geometry
    theta_rad: float
    rim_m: float

    def share_of(self, uncovered: np.ndarray) -> np.ndarray:
        """Return polygons (n,): the parts of polygons (m,) in the cell and its rim."""
        grown = mitre_buffer(self.polygon, self.rim_m)
        near = uncovered[shapely.intersects(grown, uncovered)] if len(uncovered) else uncovered
        shares = [polygons_of(share) for share in robust_overlay.intersection(near, grown)]
        return np.asarray(parts_of(shapely.GeometryCollection(shares)))


@dataclass(frozen=True)
class Parted:
    """Cells in working order, with their closed-form cost and the cost of a single direction [s]."""

    cells: tuple[SweepCell, ...]
    cost_s: float
    whole_s: float


def direction_at(cells: tuple[SweepCell, ...], part: shapely.Polygon, otherwise_rad: float) -> float:
    """Direction [rad] of the cell that holds most of a polygon."""
    if not cells:
        return otherwise_rad
    polygons = np.array([cell.polygon for cell in cells], dtype=object)
    shared_m2 = shapely.area(robust_overlay.intersection(polygons, part))
    return cells[int(np.argmax(shared_m2))].theta_rad


def parted(area: shapely.Geometry, job: PlanJob) -> Parted:
    """Return the cells of an area less its keep-outs: one if dividing saves nothing, none if it has no faces."""
    angles = directions_to_choose(area)
    faces = faces_of(area, angles[:LINE_DIRECTIONS])
    job.deadline.tell(Work.FACES, len(faces.shared) + len(faces.edges))
    if not len(faces.polygons):
        return Parted((), 0.0, 0.0)
    costs = costs_of(faces, angles, job)
    labels = best_labels(costs, faces.cut_off, _starts(costs, angles))
    cell = costs.cells(labels)
    each = [np.flatnonzero(cell == k) for k in range(int(cell.max()) + 1)]
    thetas = angles[labels[[faces_in[0] for faces_in in each]]]
    polygons = [polygons_of(robust_overlay.union(faces.polygons[faces_in])) for faces_in in each]
    thetas = np.array([_finer(polygon, float(theta), job) for polygon, theta in zip(polygons, thetas, strict=True)])
    order = working_order(polygons, shut_ends(faces, cell, thetas, job), job.machine)
    cells = tuple(SweepCell(polygons[k], float(thetas[k]), job.reach.credit_m) for k in order)
    return Parted(cells, costs.total_s(labels), float(costs.face_s.sum(axis=0).min()))


def _finer(polygon: shapely.Geometry, theta_rad: float, job: PlanJob) -> float:
    """Return the best of all directions for a cell, if it is clearly better than the chosen one."""
    best = best_directions(polygon, job.reach, job.settings, job.machine)[0]
    both = np.array([best, theta_rad])
    costs_s = swath_cost_s(polygon, both, job.reach, job.settings, job.machine, KEEP_OUT_END_S)
    return best if costs_s[0] < FINER_GAIN * costs_s[1] else theta_rad


def directions_to_choose(area: shapely.Geometry) -> np.ndarray:
    """Return (d,) directions in [0, pi): of the longest edges, the longest first, and a fan."""
    edges = edges_of(shapely.simplify(area, SIMPLIFY_M))
    longest = np.argsort(-np.round(np.hypot(*edges.T), 6), kind="stable")
    found = [math.atan2(north_m, east_m) % math.pi for east_m, north_m in edges[longest].tolist()]
    chosen: list[float] = []
    for angle in found:
        if len(chosen) < LONG_EDGES and _is_apart(angle, chosen, EDGE_APART_RAD):
            chosen.append(angle)
    fan = [k * math.pi / FAN for k in range(FAN)]
    return np.array(chosen + [angle for angle in fan if _is_apart(angle, chosen, FAN_APART_RAD)])


def _is_apart(angle: float, others: list[float], by_rad: float) -> bool:
    return all(abs((angle - other + math.pi / 2.0) % math.pi - math.pi / 2.0) > by_rad for other in others)


def _starts(costs: FaceCosts, angles_rad: np.ndarray) -> list[int]:
    """Return the cheapest directions for the whole area that differ enough from each other."""
    chosen: list[int] = []
    for k in np.argsort(np.round(costs.face_s.sum(axis=0), 2), kind="stable").tolist():
        if _is_apart(float(angles_rad[k]), [float(angles_rad[other]) for other in chosen], START_APART_RAD):
            chosen.append(k)
    return chosen[:STARTS]


def costs_of(faces: Faces, angles_rad: np.ndarray, job: PlanJob) -> FaceCosts:
    """Return the closed-form costs of `directions` for each edge and each of (d,) directions.

    At a seam between two cells, the cell worked first ends its swaths on ground that is not worked yet.
    """
    pitch_m = job.reach.width_m - np.array([job.settings.overlap_at_m(float(angle)) for angle in angles_rad])
    speed_mps = sweep_speed_mps(job.machine)
    face_s = shapely.area(faces.polygons)[:, None] / (pitch_m * speed_mps)[None, :]
    edge_s, ends = _ends(faces.edges, angles_rad, pitch_m, job)
    np.add.at(face_s, faces.owner, edge_s + KEEP_OUT_END_S * ends * faces.at_keep_out[:, None])
    shared_s, shared_ends = _ends(faces.shared, angles_rad, pitch_m, job)
    pair_s = shared_s[:, :, None] + shared_s[:, None, :]
    pair_s += SHUT_END_S * np.minimum(shared_ends[:, :, None], shared_ends[:, None, :])
    pair_s += SEAM_S_PER_M * np.hypot(*faces.shared.T)[:, None, None]
    same = np.arange(len(angles_rad))
    pair_s[:, same, same] = 0.0
    face_s, pair_s = (np.round(seconds * PARTS_OF_S) / PARTS_OF_S for seconds in (face_s, pair_s))
    return FaceCosts(face_s, pair_s, faces.sides, shapely.area(faces.polygons))


def _ends(
    edges: np.ndarray, angles_rad: np.ndarray, pitch_m: np.ndarray, job: PlanJob
) -> tuple[np.ndarray, np.ndarray]:
    """Return (m, d) the cost [s] of edges (m, 2) in each direction, and the number of swaths that end at each edge."""
    cos, sin = np.cos(angles_rad), np.sin(angles_rad)
    along_m = np.abs(np.outer(edges[:, 0], cos) + np.outer(edges[:, 1], sin))
    ends = np.abs(np.outer(edges[:, 1], cos) - np.outer(edges[:, 0], sin)) / pitch_m
    ends_m = 2.0 * job.reach.credit_m + job.settings.run_in_m
    piece_s = ends_m / sweep_speed_mps(job.machine) + swath_change_s(job.machine, job.reach)
    return 0.5 * along_m / sweep_speed_mps(job.machine) + 0.5 * ends * piece_s, ends
