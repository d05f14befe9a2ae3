"""Links: the shortest way from the end of a pass to the start of the next one, with pivots judged by what they sweep.

A pass ends on its own strip. The machine drives straight on or back on the line of that pass, turns, drives straight
forward or back, turns, and drives straight to the start of the next pass. Where it turns, only the ground that tracks
and tool pass over must bear, not the whole disc. So it turns nearer to a keep-out and to ground that is not processed.
"""

import math
from dataclasses import dataclass

import numpy as np

from vehicle.contracts.pace import lines_s, turns_s
from vehicle.contracts.plan import MachineFootprint, Segment
from vehicle.contracts.plan_times import whole_s
from vehicle.contracts.units import wrap_rad
from vehicle.planning.coverage.ground import PIVOT_SLACK_M, joined_box
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.link_ground import LinkGround, ground_of_links
from vehicle.planning.coverage.path import PathBuilder, Step
from vehicle.planning.coverage.route import Pose, TourStop, enu_of
from vehicle.planning.coverage.settings import Reach
from vehicle.planning.coverage.strips import strips_of
from vehicle.planning.coverage.tiled_polygons import Box, TiledPolygons
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.coverage.transit import Point
from vehicle.planning.coverage.work_limit import Work

BACK_M, AHEAD_M, BEFORE_M, PAST_M = 6.0, 6.0, 6.0, 3.0
"""How far behind and ahead of the end of a pass, before and beyond the start of the next, places to turn are tried."""
FAR_M = 25.0
"""Stops that are further apart keep their connection: the ways on both lines are a small part of it."""
SAME_M = 1e-4
"""Places that are nearer are one place."""
STEP_M = 0.4
GAIN_S = 0.5
"""A link that saves less is not worth a pivot near ground that is closed."""
BATCH, BATCHES = 16, 6
"""So many candidates are tested at once, and so many times: the cheapest first."""
SECTOR_LEGS = 60
"""Both sectors of a link are tested with so many rectangles."""


@dataclass(frozen=True)
class Candidates:
    """Links by time, the shortest first: places (n,) [m] along both passes, heading (n,) of the leg, time (n,).

    `out_m`: from the end of the first pass, negative: back over it; `in_m`: from the start of the next one, negative:
    before it. `back`: (n,) bool, the leg is driven in reverse.
    """

    out_m: np.ndarray
    in_m: np.ndarray
    heading_rad: np.ndarray
    back: np.ndarray
    time_s: np.ndarray

    def only(self, index: np.ndarray) -> "Candidates":
        """Return some of them; `index`: (k,) places or (n,) bool."""
        return Candidates(
            self.out_m[index], self.in_m[index], self.heading_rad[index], self.back[index], self.time_s[index]
        )


def linked_segments(
    ground: GroundModel, tour: Tour, stops: list[TourStop], ways: list[list[Point]]
) -> tuple[Segment, ...]:
    """Return the path over stops in this order, with each connection replaced by a link where a legal one is quicker.

    `ground`: any state of the ground of this tour; each link is tested on the ground as it is at its place.
    """
    limit, closed = ground.job.deadline.limit, ground.closed_at_first()
    links: list[tuple[Step, ...] | None] = []
    for k, stop in enumerate(stops[:-1]):
        nominal = strips_of(ground.job, [stop])[0]
        closed.subtract(nominal)
        limit.tell(Work.STRIPS, len(nominal))
        links.append(None if limit() else quicker_link(ground, closed, stop, stops[k + 1], ways[k + 1]))
    return tour.segments_in(stops, ways, links)


def quicker_link(
    ground: GroundModel, closed: TiledPolygons, stop: TourStop, following: TourStop, way: list[Point]
) -> tuple[Step, ...] | None:
    """Return the quickest legal link between two stops, if it saves time against their connection, else None.

    `closed`: the ground that bears nothing after `stop`.
    """
    machine = ground.job.machine
    end, start = end_of(stop, machine), start_of(following, machine)
    if math.dist(end[:2], start[:2]) > FAR_M:
        return None
    most_s = _driven_s(stop, following, way, machine) - GAIN_S
    found = candidates(end, start, machine)
    found = found.only(np.flatnonzero(found.time_s < most_s - passes_s(stop, following, machine)))
    if not len(found.time_s):
        return None
    around = ground_of_links(ground, closed, _window(end, start, ground.job.reach))
    found = _straight(found, end, start, around)
    for first in range(0, min(len(found.time_s), BATCH * BATCHES), BATCH):
        some = found.only(np.arange(first, min(first + BATCH, len(found.time_s))))
        ground.job.deadline.tell(Work.LEGS, SECTOR_LEGS * len(some.time_s))
        for k in np.flatnonzero(_legal(some, end, start, around)).tolist():
            link = steps_of(some, k, end, start)
            if _driven_s(stop, following, link, machine) < most_s:
                return link
    return None


def end_of(stop: TourStop, machine: MachineFootprint) -> Pose:
    """Return where the body stands when the tool is raised at the end of a pass."""
    x_m = stop.move.b_m - machine.tool_ahead_m * stop.move.sign
    return (*enu_of(stop.theta_rad, x_m, stop.y_m), stop.entry[2])


def start_of(stop: TourStop, machine: MachineFootprint) -> Pose:
    """Return where the body stands when the tool is lowered at the start of a pass."""
    x_m = stop.move.a_m - machine.tool_ahead_m * stop.move.sign
    return (*enu_of(stop.theta_rad, x_m, stop.y_m), stop.entry[2])


# --- which links there are -------------------------------------------------------------------------------------------
def candidates(end: Pose, start: Pose, machine: MachineFootprint) -> Candidates:
    """Return links between places on both lines, the crossing of the lines among them, the shortest time first."""
    out_m = np.arange(-BACK_M, AHEAD_M + STEP_M, STEP_M)
    in_m = np.arange(-BEFORE_M, PAST_M + STEP_M, STEP_M)
    out_m, in_m = (grid.ravel() for grid in np.meshgrid(np.r_[out_m, 0.0], np.r_[in_m, 0.0]))
    crossing = _crossing(end, start)
    out_m, in_m = np.r_[out_m, [row[0] for row in crossing]], np.r_[in_m, [row[1] for row in crossing]]
    leg = _along(start, in_m) - _along(end, out_m)
    leg_m = np.hypot(leg[:, 0], leg[:, 1])
    course = np.arctan2(leg[:, 1], leg[:, 0])
    ahead = np.where(leg_m > SAME_M, course, start[2])
    both = Candidates(
        np.r_[out_m, out_m],
        np.r_[in_m, in_m],
        np.r_[ahead, np.where(leg_m > SAME_M, course + math.pi, start[2])],
        np.repeat([False, True], len(leg_m)),
        np.empty(0),
    )
    time_s = _times_s(both, np.r_[leg_m, leg_m], end, start, machine)
    order = np.argsort(np.round(time_s, 6), kind="stable")
    return Candidates(both.out_m, both.in_m, both.heading_rad, both.back, time_s).only(order)


def _crossing(end: Pose, start: Pose) -> list[tuple[float, float]]:
    """Return the places on both lines where they cross, if they are within reach: there one pivot is enough."""
    sine = math.sin(start[2] - end[2])
    if abs(sine) < 1e-3:
        return []
    east, north = start[0] - end[0], start[1] - end[1]
    out_m = (east * math.sin(start[2]) - north * math.cos(start[2])) / sine
    in_m = (east * math.sin(end[2]) - north * math.cos(end[2])) / sine
    inside = -BACK_M <= out_m <= AHEAD_M and -BEFORE_M <= in_m <= PAST_M
    return [(out_m, in_m)] if inside else []


def _times_s(found: Candidates, leg_m: np.ndarray, end: Pose, start: Pose, machine: MachineFootprint) -> np.ndarray:
    """Return (n,) seconds of links, without the wait for the rotor."""
    pace, rate = machine.pace, machine.pivot_rate_radps
    total_s = turns_s(wrapped(found.heading_rad - end[2]), rate, pace)
    total_s = total_s + turns_s(wrapped(start[2] - found.heading_rad), rate, pace)
    for way_m, back in ((found.out_m, found.out_m < 0.0), (leg_m, found.back), (found.in_m, found.in_m > 0.0)):
        ahead_s = lines_s(np.abs(way_m), machine.transit_speed_mps, pace)
        back_s = lines_s(np.abs(way_m), machine.reverse_speed_mps, pace)
        total_s += np.where(np.abs(way_m) > SAME_M, np.where(back, back_s, ahead_s), 0.0)
    return np.asarray(total_s)


def wrapped(angle_rad: np.ndarray) -> np.ndarray:
    """Return (n,) the same angles in [-pi, pi)."""
    return np.asarray(np.remainder(angle_rad + math.pi, 2.0 * math.pi) - math.pi)


def _along(pose: Pose, way_m: np.ndarray) -> np.ndarray:
    """Return (n, 2) places on the line of a pose."""
    return np.column_stack([pose[0] + way_m * math.cos(pose[2]), pose[1] + way_m * math.sin(pose[2])])


def _driven_s(
    stop: TourStop, following: TourStop, between: list[Point] | tuple[Step, ...], machine: MachineFootprint
) -> float:
    """Return the time [s] of two passes with what lies between them: the corners of a connection, or a link."""
    path = PathBuilder(machine, stop.entry)
    if isinstance(between, list):
        path.work(stop)
        path.go(between[1:])
    else:
        path.work(stop, leave=False)
        path.follow(between)
    path.work(following, leave=False)
    return whole_s(path.segments, machine)


def passes_s(stop: TourStop, following: TourStop, machine: MachineFootprint) -> float:
    """Return the time [s] of two passes with nothing between them, and without the wait for the rotor of the second."""
    paths = [PathBuilder(machine, stop.entry), PathBuilder(machine, start_of(following, machine))]
    for path, worked in zip(paths, (stop, following), strict=True):
        path.work(worked, leave=False)
    spin_up_s = machine.pace.at_speed_ratio * machine.pace.spin_up_s if machine.pace is not None else 0.0
    return sum(whole_s(path.segments, machine) for path in paths) - spin_up_s


# --- which of them are legal -----------------------------------------------------------------------------------------
def _window(end: Pose, start: Pose, reach: Reach) -> Box:
    """Return a window with room for every candidate."""
    rim_m = max(BACK_M, AHEAD_M, BEFORE_M, PAST_M) + reach.pivot_solid_m + reach.tool_half_m + 1.0
    x0, y0, x1, y1 = joined_box((*end[:2], *end[:2]), (*start[:2], *start[:2]))
    return (x0 - rim_m, y0 - rim_m, x1 + rim_m, y1 + rim_m)


def _straight(found: Candidates, end: Pose, start: Pose, around: LinkGround) -> Candidates:
    """Return candidates whose moves on the lines of the two passes are free."""
    free = np.ones(len(found.time_s), dtype=bool)
    for way_m, pose, sign in ((found.out_m, end, 1.0), (found.in_m, start, -1.0)):
        places_m, which = np.unique(way_m, return_inverse=True)
        if sign > 0.0:
            poses = np.broadcast_to(np.array(pose), (len(places_m), 3))
        else:
            poses = np.column_stack([_along(pose, places_m), np.full(len(places_m), pose[2])])
        free &= around.straight(poses, sign * places_m)[which]
    return found.only(np.flatnonzero(free))


def _legal(found: Candidates, end: Pose, start: Pose, around: LinkGround) -> np.ndarray:
    """Return (n,) bool: whether both pivots and the leg between them are free."""
    here, there = _along(end, found.out_m), _along(start, found.in_m)
    way_m = np.hypot(*(there - here).T) * np.where(found.back, -1.0, 1.0)
    legs = np.column_stack([here, found.heading_rad])
    free = around.straight(legs, way_m, PIVOT_SLACK_M) | (np.abs(way_m) <= SAME_M)
    out_rad, in_rad = wrapped(found.heading_rad - end[2]), wrapped(start[2] - found.heading_rad)
    left = np.flatnonzero(free)
    free[left] = around.turns(here[left], np.full(len(left), end[2]), out_rad[left])
    left = np.flatnonzero(free)
    free[left] = around.turns(there[left], found.heading_rad[left], in_rad[left])
    return np.asarray(free)


def steps_of(found: Candidates, k: int, end: Pose, start: Pose) -> tuple[Step, ...]:
    """Return the steps of one candidate."""
    out_m, in_m = float(found.out_m[k]), float(found.in_m[k])
    here = (end[0] + out_m * math.cos(end[2]), end[1] + out_m * math.sin(end[2]))
    there = (start[0] + in_m * math.cos(start[2]), start[1] + in_m * math.sin(start[2]))
    steps = [Step(here, end[2], out_m < 0.0)]
    if math.dist(here, there) > SAME_M:
        course_rad = math.atan2(there[1] - here[1], there[0] - here[0])  # not numpy's: the same on every processor
        back = bool(found.back[k])
        steps.append(Step(there, wrap_rad(course_rad + math.pi) if back else course_rad, back))
    return (*steps, Step(start[:2], start[2], in_m > 0.0))
