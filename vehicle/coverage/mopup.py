"""Passes for what the lanes left: along keep-outs, between them, and wherever a wedge stayed. Greedy by gain per time.

For each remaining component several directions are tried: flush along the edges of near keep-outs, along and across
the component's own smallest rectangle. The best set of passes is driven, the ground grows, and the round is repeated
until no pass gains a square decimetre: what then remains, nobody can reach, and it is listed.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from vehicle.coverage.area import parts_of
from vehicle.coverage.ground import pivot_obstacle, turned
from vehicle.coverage.phases import parts_by_distance, roadmap_of, work
from vehicle.coverage.progress import Progress
from vehicle.coverage.route import Visit, visits_of
from vehicle.coverage.swaths import THIN_M, LaneField, lane_lines, pieces_of

GAIN_MIN_M2 = 0.01
"""Less than a square decimetre is not worth a pass of a 12 t machine; it is listed."""
FLUSH_M = 1e-4
"""A flush pass keeps this from the edge; the 2 mm numeric strip covers it."""
EDGE_MIN_M = 0.05
WINDOW_M = 14.0
ROUNDS_MAX = 400
ANGLES_MAX = 24


@dataclass(frozen=True)
class Proposal:
    """Passes of one direction for one component."""

    options: list[list[Visit]]
    gain_m2: float
    time_s: float


def mop_up(progress: Progress) -> None:
    """Drive passes until no component of the need gains any more."""
    hopeless: list[Any] = []
    for _ in range(ROUNDS_MAX):
        parts = [p for p in parts_by_distance(progress.need, progress) if not _tried(p, hopeless)]
        if not parts:
            return
        part = parts[0]
        proposal = best_proposal(progress, part)
        done = 0
        if proposal is not None:
            before_m2 = progress.need.area
            done = work(
                progress, proposal.options, roadmap_of(progress, pivot_obstacle(progress.ground, progress.reach))
            )
            if done and before_m2 - progress.need.area < 0.5 * GAIN_MIN_M2:
                done = 0
            elif done:
                hopeless.clear()
        if not done:
            hopeless.append(part)


def _tried(part: Any, hopeless: list[Any]) -> bool:
    return any(part.equals(other) for other in hopeless)


def best_proposal(progress: Progress, part: Any) -> Proposal | None:
    """The best direction for a component by gain per second, or None."""
    window = shapely.box(*part.buffer(2.0 * WINDOW_M).bounds)
    closed = shapely.intersection(progress.ground.closed, window)
    solid = shapely.intersection(progress.ground.solid, window)
    local = type(progress.ground)(closed=closed, solid=solid, box=progress.ground.box)
    obstacle = pivot_obstacle(local, progress.reach)
    best: Proposal | None = None
    for angle, lines in _candidates(part, solid, progress):
        proposal = _propose(progress, part, local, obstacle, angle, lines)
        if proposal is not None and (best is None or proposal.gain_m2 * best.time_s > best.gain_m2 * proposal.time_s):
            best = proposal
    return best


def _candidates(part: Any, solid: Any, progress: Progress) -> list[tuple[float, np.ndarray | None]]:
    """(direction, lane ordinates or None for an even spread) to try, flush passes by length of the edge."""
    found: list[tuple[float, np.ndarray | None]] = []
    for start, end in _near_edges(part, solid, progress.reach.width_m):
        theta = math.atan2(end[1] - start[1], end[0] - start[0])
        y = -math.sin(theta) * start[0] + math.cos(theta) * start[1]
        found.append((theta, np.array([y - progress.reach.tool_half_m - FLUSH_M])))
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(part))
    sides = np.diff(corners, axis=0) if len(corners) > 2 else np.array([[1.0, 0.0], [0.0, 1.0]])
    found.extend((math.atan2(side[1], side[0]), None) for side in sides[:2])
    if progress.visits:
        found += [(progress.visits[0].theta_rad, None), (progress.visits[0].theta_rad + math.pi / 2, None)]
    return found


def _near_edges(part: Any, solid: Any, distance_m: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Edges of keep-outs that a flush pass through the component could follow; free ground is on their right."""
    edges = []
    for polygon in parts_of(solid):
        if polygon.is_empty or polygon.distance(part) > distance_m:
            continue
        oriented = shapely.orient_polygons(polygon)
        for ring in shapely.get_rings(oriented):
            xy = shapely.get_coordinates(ring)
            lines = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
            lengths, near = shapely.length(lines), shapely.distance(lines, part) <= 0.25
            edges += [(lengths[i], xy[i], xy[i + 1]) for i in np.flatnonzero(near & (lengths >= EDGE_MIN_M))]
    edges.sort(key=lambda row: -row[0])
    return [(start, end) for _, start, end in edges[:ANGLES_MAX]]


def _propose(
    progress: Progress, part: Any, local: Any, obstacle: Any, theta: float, lines: np.ndarray | None
) -> Proposal | None:
    """Passes of one direction: their gain in this component and their own time plus the changes between them."""
    need = turned(part, -theta)
    x0, _, x1, _ = need.bounds
    field = LaneField(
        theta_rad=theta,
        need=need,
        closed=turned(local.closed, -theta),
        solid=turned(local.solid, -theta),
        pivot=turned(obstacle, -theta),
        x0_m=x0 - WINDOW_M,
        x1_m=x1 + WINDOW_M,
    )
    y_m, answer_m = lane_lines(field, progress.reach, progress.settings) if lines is None else (lines, 0.0)
    if lines is not None:
        answer_m = progress.reach.tool_half_m - THIN_M
    pieces = pieces_of(field, y_m, answer_m, progress.reach, progress.settings)
    options = [visits for piece in pieces if (visits := visits_of(piece, theta, progress.machine))]
    if not options:
        return None
    fastest = [min(visits, key=lambda visit: visit.time_s) for visits in options]
    nominal, claims = progress.strips(fastest)
    swept_m2 = shapely.intersection(shapely.intersection(part, progress.unswept), nominal).area
    claimed_m2 = shapely.intersection(shapely.intersection(part, progress.unclaimed), claims).area
    gain_m2 = max(swept_m2, claimed_m2)
    if gain_m2 < GAIN_MIN_M2:
        return None
    time_s = sum(visit.time_s for visit in fastest) + 20.0 * len(fastest)
    return Proposal(options=options, gain_m2=gain_m2, time_s=time_s)
