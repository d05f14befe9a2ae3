"""One phase: swaths of one direction over one part of the uncovered ground, ordered and appended to the path."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from vehicle.contracts.plan import MachineFootprint
from vehicle.planning.coverage.ground import LEG_SLACK_M, Ground, joined_box, swath_box
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.route import TourStop, order_stops, stops_of
from vehicle.planning.coverage.swath import Piece
from vehicle.planning.coverage.swath_candidates import SwathField, pieces_of, swath_field
from vehicle.planning.coverage.swath_intervals import outlines_of
from vehicle.planning.coverage.swath_spacing import swath_lines
from vehicle.planning.coverage.tiled_polygons import Box
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.coverage.transit import Roadmap
from vehicle.planning.coverage.work_limit import Stage, Work

GAIN_MIN_M2 = 0.01
"""A smaller gain (1 dm2) is not worth a pass of a 12 t machine; the ground is listed as untreated."""
BEYOND_M = 3.0
"""A swath of a cell may be longer than its uncovered ground by this; the machine's own way in and out is longer."""
SMALL_M2 = 12.0
"""A smaller component (a few tool widths squared) is a remnant."""


@dataclass(frozen=True)
class Swaths:
    """Swaths over uncovered ground, with the ground for which they were checked."""

    field: SwathField
    y_m: np.ndarray
    answer_m: float
    pieces: list[Piece]
    ground: Ground

    @cached_property
    def solids(self) -> shapely.STRtree:
        """Spatial index of the keep-outs."""
        return shapely.STRtree(self.ground.solid)

    @cached_property
    def turns(self) -> shapely.STRtree:
        """Spatial index of the ground where the machine may not turn."""
        return shapely.STRtree(self.ground.pivot)


@dataclass(frozen=True)
class Outcome:
    """Result of an attempt: the number of swaths worked; if it is 0, whether only a connection was missing."""

    swaths: int = 0
    no_way: bool = False


def first_success(attempts: Iterable[Outcome]) -> Outcome:
    """Return the first successful attempt and skip the rest; if none, whether one lacked only a connection."""
    no_way = False
    for outcome in attempts:
        if outcome.swaths:
            return outcome
        no_way = no_way or outcome.no_way
    return Outcome(0, no_way)


def unless_failed(ground: GroundModel, what: tuple[object, ...], attempt: Callable[[], Outcome]) -> Outcome:
    """Make an attempt, unless it failed before and no ground was opened since; `what` names it and its arguments."""
    if what in ground.failures:
        return Outcome(0, no_way=ground.failures[what])
    outcome = attempt()
    if not outcome.swaths:
        ground.failures[what] = outcome.no_way
    return outcome


def direction_key(angle_rad: float) -> float:
    """Return the same figure for directions [rad] that differ only by rounding or by full turns."""
    return round(angle_rad % (2.0 * math.pi), 9)


def reach_around_m(ground: GroundModel) -> float:
    """How far [m] beyond uncovered ground the entry, the pocket and the pivot may be."""
    reach = ground.job.reach
    return 3.0 * (reach.ahead_m + reach.pivot_solid_m)


def swaths_over(
    ground: GroundModel,
    uncovered: np.ndarray,
    theta_rad: float,
    lines: tuple[np.ndarray, float] | None = None,
    view: Ground | None = None,
    beyond_m: float = 0.0,
) -> Swaths:
    """Return swaths of one direction over uncovered ground, polygons (n,).

    They are evenly spaced, or at `lines`: (ordinates (k,) [m], half width that each covers [m]). `view`: the ground of
    a window that is large enough, if it is known.
    """
    job, margin_m = ground.job, reach_around_m(ground)
    outlines = outlines_of(uncovered, theta_rad)
    x0, y0, x1, y1 = outlines.bounds()
    x0, x1 = x0 - margin_m, x1 + margin_m
    if lines is not None:
        y0, y1 = min(y0, float(lines[0].min())), max(y1, float(lines[0].max()))
    rim_m = job.reach.width_m
    window = swath_box(theta_rad, x0, y0 - rim_m, x1, y1 + rim_m)
    view = ground.view(window.bounds) if view is None else view
    field = swath_field(outlines, view, theta_rad, (x0, x1), ground.uncovered_in(view.box))
    y_m, answer_m = swath_lines(field, job) if lines is None else lines
    job.deadline.tell(Work.LINES, len(y_m))
    pieces = pieces_of(field, y_m, answer_m, job.reach, job.settings, beyond_m)
    return Swaths(field=field, y_m=y_m, answer_m=answer_m, pieces=pieces, ground=view)


def view_around(ground: GroundModel, part: shapely.Polygon) -> Ground:
    """Return the ground of a window in which swaths of every direction over a component fit."""
    x0, y0, x1, y1 = part.bounds
    rim_m = 0.5 * math.hypot(x1 - x0, y1 - y0) + reach_around_m(ground) + ground.job.reach.width_m
    x_m, y_m = 0.5 * (x0 + x1), 0.5 * (y0 + y1)
    return ground.view((x_m - rim_m, y_m - rim_m, x_m + rim_m, y_m + rim_m))


def stops_through(swaths: Swaths, machine: MachineFootprint) -> list[list[TourStop]]:
    """Return the ways to work each piece that is open at both ends."""
    open_pieces = [piece for piece in swaths.pieces if any(not move.reverse for move in piece.moves)]
    return [stops_of(piece, swaths.field.theta_rad, machine) for piece in open_pieces]


def options_of(swaths: Swaths, ground: GroundModel) -> list[list[TourStop]]:
    """Return the ways to work each piece whose gain is near the best; some ways end short at a keep-out."""
    theta_rad, machine = swaths.field.theta_rad, ground.job.machine
    options = [stops_of(piece, theta_rad, machine) for piece in swaths.pieces if piece.moves]
    gains_m2 = ground.gains_m2([stop for stops in options for stop in stops])
    kept, at = [], 0
    for stops in options:
        mine = gains_m2[at : at + len(stops)]
        at += len(stops)
        least_m2 = max(GAIN_MIN_M2, 0.8 * float(mine.max()))
        worth = [stop for stop, gain in zip(stops, mine, strict=True) if gain >= least_m2]
        if worth:
            kept.append(worth)
    return kept


def sweep(ground: GroundModel, tour: Tour, uncovered: np.ndarray, theta_rad: float, beyond_m: float = 0.0) -> Outcome:
    """Work the part of the polygons `uncovered`, (n,), that swaths of one direction can reach."""
    if not len(uncovered):
        return Outcome()
    swaths = swaths_over(ground, uncovered, theta_rad, beyond_m=beyond_m)
    return work(ground, tour, options_of(swaths, ground), swaths.ground.box)


def sweep_through(ground: GroundModel, tour: Tour, uncovered: np.ndarray, theta_rad: float) -> Outcome:
    """Work with the swaths of one direction that are open at both ends; `uncovered`: polygons (n,)."""
    if not len(uncovered):
        return Outcome()
    swaths = swaths_over(ground, uncovered, theta_rad)
    return work(ground, tour, stops_through(swaths, ground.job.machine), swaths.ground.box)


def sweep_cell(ground: GroundModel, tour: Tour, uncovered: np.ndarray, theta_rad: float) -> Outcome:
    """Work a cell's swaths (`uncovered`: polygons (n,)).

    No swath is reversed out of, and none crosses another cell's closed ground.
    """
    if not len(uncovered):
        return Outcome()
    swaths = swaths_over(ground, uncovered, theta_rad)
    found = stops_through(swaths, ground.job.machine)
    through = [[stop for stop in stops if not stop.move.reverse and _beyond_m(stop) <= BEYOND_M] for stops in found]
    return work(ground, tour, [stops for stops in through if stops], swaths.ground.box)


def _beyond_m(stop: TourStop) -> float:
    """How much [m] a pass is longer than its uncovered ground."""
    return abs(stop.move.b_m - stop.move.a_m) - (stop.uncovered[1] - stop.uncovered[0])


def work(ground: GroundModel, tour: Tour, options: list[list[TourStop]], box: Box) -> Outcome:
    """Order the pieces, find their connections, append them to the path, and open the swept ground."""
    if not options:
        return Outcome()
    job, done = ground.job, 0
    for wide in (False, True):  # a machine that has no way in a narrow window may get out along strips further away
        roadmap = roadmap_for(ground, tour, ground.first.box if wide else box)
        stops, ways, far = order_stops(options, tour.pose, roadmap, job.machine, job.deadline)
        if stops:
            tour.append(stops, ways)
            ground.grow(stops)
            job.deadline.limit.at(Stage.SWATHS, tour.driven_s)
        done += len(stops)
        if far:
            break
        worked = {(stop.y_m, stop.uncovered) for stop in stops}
        options = [ways_in for ways_in in options if (ways_in[0].y_m, ways_in[0].uncovered) not in worked]
        if not options or job.deadline():
            break
    return Outcome(done, no_way=not done)


def window_of(ground: GroundModel, part: shapely.Polygon) -> Box:
    """Return the window of a component with room for entry, pocket and pivot."""
    rim_m = reach_around_m(ground)
    x0, y0, x1, y1 = part.bounds
    return (x0 - rim_m, y0 - rim_m, x1 + rim_m, y1 + rim_m)


def roadmap_for(ground: GroundModel, tour: Tour, box: Box) -> Roadmap:
    """Return the roadmap for a window that also contains the machine."""
    pose = tour.pose
    if pose is not None:
        rim_m = reach_around_m(ground)
        here = (pose[0] - rim_m, pose[1] - rim_m, pose[0] + rim_m, pose[1] + rim_m)
        box = joined_box(box, here)
    strips = tour.driven()
    x0, y0, x1, y1 = box
    inside = (strips >= (x0, y0)).all(axis=(1, 2)) & (strips <= (x1, y1)).all(axis=(1, 2))
    unknown = ground.job.site.outside == "unknown"
    return Roadmap(ground.pivots(box, LEG_SLACK_M), box, strips[inside], ground.job.deadline, necks=unknown)
