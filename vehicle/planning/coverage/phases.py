"""One phase: lanes of one direction over one need, ordered and appended to the path."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from vehicle.planning.coverage.ground import LEG_SLACK_M, Ground, joined_box, lane_box, pivot_obstacles, turned
from vehicle.planning.coverage.lane import Piece
from vehicle.planning.coverage.lattice import lane_lines
from vehicle.planning.coverage.patchwork import Box
from vehicle.planning.coverage.progress import Progress
from vehicle.planning.coverage.route import Visit, order_visits, visits_of
from vehicle.planning.coverage.swaths import LaneField, lane_field, pieces_of
from vehicle.planning.coverage.transit import Roadmap

GAIN_MIN_M2 = 0.01
"""Less than a square decimetre is not worth a pass of a 12 t machine; it is listed."""
SMALL_M2 = 12.0
"""Below a few tool widths squared a component is a remnant, not a cell."""


@dataclass(frozen=True)
class Lanes:
    """Lanes over a need with the ground that they were judged by."""

    field: LaneField
    y_m: np.ndarray
    answer_m: float
    pieces: list[Piece]
    ground: Ground

    @cached_property
    def solids(self) -> shapely.STRtree:
        """The keep-outs of the ground by place."""
        return shapely.STRtree(self.ground.solid)

    @cached_property
    def turns(self) -> shapely.STRtree:
        """Where the machine may not turn, by place."""
        return shapely.STRtree(self.ground.pivot)


def reach_around_m(progress: Progress) -> float:
    """How far beyond a need entry, pocket and pivot may lie."""
    reach = progress.reach
    return 3.0 * (reach.ahead_m + reach.pivot_solid_m)


def lanes_over(
    progress: Progress, need: np.ndarray, theta_rad: float, lines: tuple[np.ndarray, float] | None = None
) -> Lanes:
    """Lanes of one direction over a need: spread evenly, or the given (ordinates, half width they answer for)."""
    margin_m = reach_around_m(progress)
    x0, y0, x1, y1 = shapely.total_bounds(turned(need, -theta_rad))
    x0, x1 = x0 - margin_m, x1 + margin_m
    if lines is not None:
        y0, y1 = min(y0, float(lines[0].min())), max(y1, float(lines[0].max()))
    rim_m = progress.reach.width_m
    window = lane_box(theta_rad, x0, y0 - rim_m, x1, y1 + rim_m)
    ground = progress.view(window.bounds)
    field = lane_field(need, ground, theta_rad, (x0, x1), progress.need_in(ground.box))
    y_m, answer_m = lane_lines(field, progress) if lines is None else lines
    pieces = pieces_of(field, y_m, answer_m, progress.reach, progress.settings)
    return Lanes(field=field, y_m=y_m, answer_m=answer_m, pieces=pieces, ground=ground)


def options_of(lanes: Lanes, progress: Progress, *, through_only: bool = False) -> list[list[Visit]]:
    """Ways to work each piece; `through_only` keeps pieces that are open at both ends."""
    theta_rad, options = lanes.field.theta_rad, []
    for piece in lanes.pieces:
        if through_only and not any(not move.reverse for move in piece.moves):
            continue
        if piece.moves:
            options.append(visits_of(piece, theta_rad, progress.machine))
    if through_only:
        return options
    return _worthwhile(progress, options)


def _worthwhile(progress: Progress, options: list[list[Visit]]) -> list[list[Visit]]:
    """Ways to work a piece that gain about as much as the best of them: a way may end short at a keep-out."""
    gains_m2 = progress.gains_m2([visit for visits in options for visit in visits])
    kept, at = [], 0
    for visits in options:
        mine = gains_m2[at : at + len(visits)]
        at += len(visits)
        least_m2 = max(GAIN_MIN_M2, 0.8 * float(mine.max()))
        worth = [visit for visit, gain in zip(visits, mine, strict=True) if gain >= least_m2]
        if worth:
            kept.append(worth)
    return kept


def gain_m2(progress: Progress, visits: list[Visit]) -> float:
    """What visits would newly sweep or newly claim, whichever is more."""
    nominal, claims = progress.strips(visits)
    return max(progress.unswept.area_in(nominal), progress.unclaimed.area_in(claims))


def sweep(progress: Progress, need: np.ndarray, theta_rad: float, *, through_only: bool = False) -> int:
    """Work what lanes of one direction can reach of `need`; returns the number of swaths."""
    if not len(need):
        return 0
    lanes = lanes_over(progress, need, theta_rad)
    return work(progress, options_of(lanes, progress, through_only=through_only), lanes.ground.box)


def work(progress: Progress, options: list[list[Visit]], box: Box) -> int:
    """Order the pieces, join them by ways, commit them; returns the number of swaths."""
    if not options:
        return 0
    done = 0
    for wide in (False, True):  # a machine that a narrow window seems to lock in may get out along strips further off
        roadmap = roadmap_for(progress, progress.box if wide else box)
        visits, ways, far = order_visits(options, progress.pose, roadmap, progress.machine, progress.over)
        if visits:
            progress.commit(visits, ways)
        done += len(visits)
        if far:
            break
        worked = {(visit.y_m, visit.need) for visit in visits}
        options = [ways_in for ways_in in options if (ways_in[0].y_m, ways_in[0].need) not in worked]
        if not options or progress.over():
            break
    progress.no_way = progress.no_way or not done
    return done


def window_of(progress: Progress, part: shapely.Polygon) -> Box:
    """A component with room for entry, pocket and pivot."""
    rim_m = reach_around_m(progress)
    x0, y0, x1, y1 = part.bounds
    return (x0 - rim_m, y0 - rim_m, x1 + rim_m, y1 + rim_m)


def roadmap_for(progress: Progress, box: Box) -> Roadmap:
    """Ways in a window that also holds the machine."""
    pose = progress.pose
    if pose is not None:
        rim_m = reach_around_m(progress)
        here = (pose[0] - rim_m, pose[1] - rim_m, pose[0] + rim_m, pose[1] + rim_m)
        box = joined_box(box, here)
    strips = progress.driven()
    x0, y0, x1, y1 = box
    inside = (strips >= (x0, y0)).all(axis=(1, 2)) & (strips <= (x1, y1)).all(axis=(1, 2))
    obstacles = pivot_obstacles(*progress.around(box), progress.reach, LEG_SLACK_M)
    return Roadmap(obstacles, box, strips[inside], progress.over)
