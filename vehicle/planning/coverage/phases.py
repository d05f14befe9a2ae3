"""One phase: swaths of one direction over one part of the uncovered ground, ordered and appended to the path."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from vehicle.planning.coverage.ground import LEG_SLACK_M, Ground, joined_box, pivot_obstacles, swath_box, turned
from vehicle.planning.coverage.progress import Progress
from vehicle.planning.coverage.route import TourStop, order_stops, stops_of
from vehicle.planning.coverage.swath import Piece
from vehicle.planning.coverage.swath_candidates import SwathField, pieces_of, swath_field
from vehicle.planning.coverage.swath_spacing import swath_lines
from vehicle.planning.coverage.tiled_polygons import Box
from vehicle.planning.coverage.transit import Roadmap

GAIN_MIN_M2 = 0.01
"""Less than a square decimetre is not worth a pass of a 12 t machine; it is listed."""
SMALL_M2 = 12.0
"""Below a few tool widths squared a component is a remnant."""


@dataclass(frozen=True)
class Swaths:
    """Swaths over uncovered ground with the ground that they were judged by."""

    field: SwathField
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
    """How far beyond uncovered ground entry, pocket and pivot may lie."""
    reach = progress.reach
    return 3.0 * (reach.ahead_m + reach.pivot_solid_m)


def swaths_over(
    progress: Progress, uncovered: np.ndarray, theta_rad: float, lines: tuple[np.ndarray, float] | None = None
) -> Swaths:
    """Swaths of one direction over uncovered ground, polygons (n,).

    Spread evenly, or at `lines`: (ordinates (k,) [m], half width that each answers for [m]).
    """
    margin_m = reach_around_m(progress)
    x0, y0, x1, y1 = shapely.total_bounds(turned(uncovered, -theta_rad))
    x0, x1 = x0 - margin_m, x1 + margin_m
    if lines is not None:
        y0, y1 = min(y0, float(lines[0].min())), max(y1, float(lines[0].max()))
    rim_m = progress.reach.width_m
    window = swath_box(theta_rad, x0, y0 - rim_m, x1, y1 + rim_m)
    ground = progress.view(window.bounds)
    field = swath_field(uncovered, ground, theta_rad, (x0, x1), progress.uncovered_in(ground.box))
    y_m, answer_m = swath_lines(field, progress) if lines is None else lines
    pieces = pieces_of(field, y_m, answer_m, progress.reach, progress.settings)
    return Swaths(field=field, y_m=y_m, answer_m=answer_m, pieces=pieces, ground=ground)


def options_of(swaths: Swaths, progress: Progress, *, through_only: bool = False) -> list[list[TourStop]]:
    """Ways to work each piece; `through_only` keeps pieces that are open at both ends."""
    theta_rad, options = swaths.field.theta_rad, []
    for piece in swaths.pieces:
        if through_only and not any(not move.reverse for move in piece.moves):
            continue
        if piece.moves:
            options.append(stops_of(piece, theta_rad, progress.machine))
    if through_only:
        return options
    return _worthwhile(progress, options)


def _worthwhile(progress: Progress, options: list[list[TourStop]]) -> list[list[TourStop]]:
    """Ways to work a piece that gain about as much as the best of them: a way may end short at a keep-out."""
    gains_m2 = progress.gains_m2([stop for stops in options for stop in stops])
    kept, at = [], 0
    for stops in options:
        mine = gains_m2[at : at + len(stops)]
        at += len(stops)
        least_m2 = max(GAIN_MIN_M2, 0.8 * float(mine.max()))
        worth = [stop for stop, gain in zip(stops, mine, strict=True) if gain >= least_m2]
        if worth:
            kept.append(worth)
    return kept


def gain_m2(progress: Progress, stops: list[TourStop]) -> float:
    """What stops would newly sweep or newly claim, whichever is more."""
    nominal, claims = progress.strips(stops)
    return max(progress.unswept.area_in(nominal), progress.unclaimed.area_in(claims))


def sweep(progress: Progress, uncovered: np.ndarray, theta_rad: float, *, through_only: bool = False) -> int:
    """Work what swaths of one direction can reach of the polygons `uncovered`, (n,); returns the number of swaths."""
    if not len(uncovered):
        return 0
    swaths = swaths_over(progress, uncovered, theta_rad)
    return work(progress, options_of(swaths, progress, through_only=through_only), swaths.ground.box)


def work(progress: Progress, options: list[list[TourStop]], box: Box) -> int:
    """Order the pieces, join them by ways, commit them; returns the number of swaths."""
    if not options:
        return 0
    done = 0
    for wide in (False, True):  # a machine that a narrow window seems to lock in may get out along strips further off
        roadmap = roadmap_for(progress, progress.box if wide else box)
        stops, ways, far = order_stops(options, progress.pose, roadmap, progress.machine, progress.over)
        if stops:
            progress.commit(stops, ways)
        done += len(stops)
        if far:
            break
        worked = {(stop.y_m, stop.uncovered) for stop in stops}
        options = [ways_in for ways_in in options if (ways_in[0].y_m, ways_in[0].uncovered) not in worked]
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
