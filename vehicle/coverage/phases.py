"""One phase: lanes of one direction over one need, ordered and appended to the path."""

from typing import Any

import numpy as np
import shapely

from vehicle.coverage.area import parts_of
from vehicle.coverage.ground import pivot_obstacle
from vehicle.coverage.progress import Progress
from vehicle.coverage.route import Visit, order_visits, visits_of
from vehicle.coverage.swaths import lane_field, lane_lines, pieces_of
from vehicle.coverage.transit import Roadmap


def sweep(progress: Progress, need: Any, theta_rad: float) -> int:
    """Work what lanes of one direction can reach of `need`; returns the number of swaths."""
    reach, settings = progress.reach, progress.settings
    obstacle = pivot_obstacle(progress.ground, reach)
    field = lane_field(need, progress.ground, theta_rad, reach, obstacle)
    y_m, answer_m = lane_lines(field, reach, settings)
    pieces = pieces_of(field, y_m, answer_m, reach, settings)
    options = [visits_of(piece, theta_rad, progress.machine) for piece in pieces]
    return work(progress, options, roadmap_of(progress, obstacle))


def roadmap_of(progress: Progress, obstacle: Any) -> Roadmap:
    """Ways over the ground as it is now; in `unknown` the planning window is closed all round."""
    return Roadmap(obstacle, progress.ground.box)


def work(progress: Progress, options: list[list[Visit]], roadmap: Roadmap) -> int:
    """Order the pieces, join them by ways, commit them."""
    start = progress.pose
    visits = order_visits(options, start, roadmap, progress.machine)
    ways, here = [], start
    for visit in visits:
        entry = (visit.entry[0], visit.entry[1])
        way = [entry] if here is None else roadmap.way((here[0], here[1]), entry)
        assert way is not None, "the order holds only pieces that a way reaches"
        ways.append(way)
        here = visit.exit
    if visits:
        progress.commit(visits, ways)
    return len(visits)


def parts_by_distance(need: Any, progress: Progress) -> list[Any]:
    """Components of a need, the nearest to the machine first."""
    parts = parts_of(need)
    pose = progress.pose
    if pose is None or len(parts) < 2:
        return list(parts)
    return [parts[i] for i in np.argsort(shapely.distance(parts, shapely.Point(pose[0], pose[1])), kind="stable")]
