"""A plan that only drives: from where the machine stands to a place, tool up, over safe and swept ground.

The ways are those of every plan: straight legs between places where the machine can turn, never over ground that does
not bear the tracks. A machine that stands in a strip first backs out of it on its own axis; one that is to stand in a
strip or in a narrow bay comes in on that axis. From every moment of a mission there is a way.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import msgspec
import numpy as np
import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import Certificate, MachineFootprint, Plan, Segment
from vehicle.contracts.plan_times import whole_s
from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.certificate import rings_of
from vehicle.planning.coverage.closing import plan_hash_of
from vehicle.planning.coverage.ground import LEG_SLACK_M, Opened, first_ground, joined_box, swath_box, turned, unproven
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.job import PlanJob, plan_job
from vehicle.planning.coverage.own_axis import Place, gates_of, is_behind, places_to_turn, track_bearing_m
from vehicle.planning.coverage.path import PathBuilder
from vehicle.planning.coverage.planner import opened_ground
from vehicle.planning.coverage.replan import Rings, check_site, united
from vehicle.planning.coverage.route import Pose
from vehicle.planning.coverage.settings import Goal, PlanSettings, StartPose
from vehicle.planning.coverage.tiled_polygons import Box
from vehicle.planning.coverage.transit import Roadmap
from vehicle.planning.coverage.work_limit import WorkLimit
from vehicle.planning.site.site import Site

AXIS_TRIES = 3
"""Number of places on an axis that are tried; the nearest one may lie in a pocket without a way out."""
FURTHER_M = (0.0, 0.3, 1.0, 3.0)
"""How much further on its axis the machine drives where the first place to turn on is in a corner without a way out."""
FOLLOWS_M, OFF_CORNER_M = 0.03, 0.05
"""A machine follows its path to 3 cm, so it may stand 5 cm off a corner of the plan that it drove."""
OVER_EDGE_M = 0.05
"""At last the tracks may be this far over the edge of their own strip, where it begins at an angle: half of what the
vehicle's own watch allows."""
INSIDE_M = 0.005
"""A place is moved this far into the ground on which the machine may turn, so that no leg from it touches the rim."""
RIM_M = 30.0
"""Room around start and goal in which ways are searched, if they lie outside the window of the planning."""


class WayRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`swept`: ground that bears the tracks by the record. `goals`: the one that is reached first is taken.

    `craters` are keep-outs. `error_m`: error of position between old and new work, taken off the edge of `swept`. If
    there is no way then, it is left out, and in the end discs may touch ground that was missed by what a machine stands
    off its line: a mission goes on with no more than that, and the tracks have a margin of their own.
    """

    site_hash: str
    swept: tuple[Rings, ...]
    pose: StartPose
    goals: tuple[Goal, ...]
    craters: tuple[Rings, ...] = ()
    error_m: float = 0.0


@dataclass(frozen=True)
class _Turn:
    """A place on an axis, and the node of the roadmap beside it: the same, or a few centimetres off.

    `gate`: another node, joined to this one by a strip; None: the way begins or ends at `node`.
    """

    place: Place
    node: Place
    gate: Place | None = None

    @property
    def joint(self) -> Place:
        """Where the way over the roadmap begins or ends."""
        return self.node if self.gate is None else self.gate


def way_plan(
    site: Site, machine: MachineFootprint, settings: PlanSettings, request: WayRequest, limit: WorkLimit | None = None
) -> Plan:
    """Return a plan of moves to the goal that is reached first.

    Raises InputError for a request of another site, if the machine stands at a goal already, and if there is no way.
    """
    check_site(request.site_hash, site)
    opened = Opened(swept=united(request.swept), craters=united(request.craters), error_m=request.error_m)
    margins_m = ((request.error_m, LEG_SLACK_M), (0.0, LEG_SLACK_M), (0.0, LEG_SLACK_M - FOLLOWS_M))
    for error_m, slack_m in dict.fromkeys(margins_m):
        job = plan_job(site, machine, settings, limit, replace(opened, error_m=error_m))
        ways = _Ways(job, request, slack_m)
        found = [path for goal in request.goals for path in ways.to(goal)]
        if found:
            break
    if not found:
        names = " or ".join(goal.name for goal in request.goals)
        raise InputError(
            f"no way over safe or swept ground from {request.pose.east_m:.1f} E {request.pose.north_m:.1f} N to "
            f"{names}; the machine stays where it is: drive by stick"
        )
    segments = min(found, key=lambda path: whole_s(path, machine))
    if not segments:
        raise InputError("the machine stands there already; nothing to drive")
    return _plan_of(job, ways.ground, segments)


class _Ways:
    """The ground of one request, with the roadmap over it."""

    def __init__(self, job: PlanJob, request: WayRequest, slack_m: float) -> None:
        self.job, self.request = job, request
        self.ground = opened_ground(job)
        assert job.opened is not None, "a way runs on ground that a record opened"
        self._swept = job.opened.swept
        # own strips bear it regardless of the position error: the tracks stand, or stood, on them
        own = Opened(swept=job.opened.swept, craters=job.opened.craters, error_m=0.0)
        self._closed = first_ground(job.site, job.reach, job.settings, own)[0]
        self._near_m = request.error_m + OFF_CORNER_M
        pose = request.pose
        self._start: Pose = (pose.east_m, pose.north_m, pose.yaw_rad)
        rims = [_around(goal.east_m, goal.north_m) for goal in request.goals]
        box = joined_box(self.ground.first.box, _around(pose.east_m, pose.north_m), *rims)
        self._pivots = self.ground.pivots(box, slack_m)
        self._tree = shapely.STRtree(self._pivots)
        self._roadmap = Roadmap(self._pivots, box, np.empty((0, 2, 2)), job.deadline)

    def to(self, goal: Goal) -> Iterator[tuple[Segment, ...]]:
        """Yield ways to one goal: from the nearest places to turn, else from further ones, else along strips."""
        found: list[tuple[Segment, ...]] = []
        for further_m in ((0.0,), FURTHER_M):
            starts, ends = self._turns(self._start, further_m), self._ends(goal, further_m)
            found = list(self._between(starts, ends, goal))
            if found:
                break
        if not found:  # a pocket is joined to the rest by strips alone
            found = list(self._between(self._with_gates(starts), self._with_gates(ends), goal))
        yield from found

    def _ends(self, goal: Goal, further_m: tuple[float, ...]) -> list[_Turn]:
        if goal.yaw_rad is None:
            node = self._free_near((goal.east_m, goal.north_m))
            return [_Turn(node, node)] if node is not None else []
        pose = (goal.east_m, goal.north_m, goal.yaw_rad)
        return [turn for turn in self._turns(pose, further_m) if self._room_for_tool(turn.place, pose)]

    def _between(self, starts: list[_Turn], ends: list[_Turn], goal: Goal) -> Iterator[tuple[Segment, ...]]:
        for start in starts:
            for end in ends:
                way = self._roadmap.way(start.joint, end.joint)
                if way is not None:
                    yield self._path(start, way, end, goal)

    def _with_gates(self, turns: list[_Turn]) -> list[_Turn]:
        """Return the places, and for each the places that the machine reaches from it forward along a strip."""
        gates = [(turn, gates_of(turn.node, self._swept, self.ground, self._closed)) for turn in turns]
        return [*turns, *(replace(turn, gate=gate) for turn, found in gates for gate in found)]

    def _path(self, start: _Turn, way: list[Place], end: _Turn, goal: Goal) -> tuple[Segment, ...]:
        path = PathBuilder(self.job.machine, self._start)
        if start.place != self._start[:2]:
            path.straight_to(start.place, reverse=is_behind(start.place, self._start))
        path.pose = (*start.node, path.pose[2])  # the follower takes up centimetres beside a leg
        path.go([start.joint, *way[1:], end.node])
        if goal.yaw_rad is not None:
            path.turn_to(goal.yaw_rad)
            at = (goal.east_m, goal.north_m)
            path.pose = (*end.place, path.pose[2])
            path.straight_to(at, reverse=is_behind(at, path.pose))
        return tuple(path.segments)

    def _turns(self, pose: Pose, further_m: tuple[float, ...]) -> list[_Turn]:
        """Return where the machine can turn on the axis of a pose: there itself, else behind it, else before it."""
        found: list[_Turn] = []
        tracks_m = track_bearing_m(self.job)
        slacks_m = LEG_SLACK_M, LEG_SLACK_M - self._near_m
        for bearing_m, slack_m in product((tracks_m, tracks_m - OVER_EDGE_M), slacks_m):
            for place in places_to_turn(pose, self.ground, self._closed, slack_m, bearing_m, further_m):
                node = self._free_near(place)
                if node is not None:
                    found.append(_Turn(place, node))
            if found:
                break
        return found[: AXIS_TRIES * len(further_m)]

    def _free_near(self, place: Place) -> Place | None:
        """Return the place if the machine can turn there, else the nearest such place within centimetres."""
        here = shapely.Point(place)
        near = self._pivots[self._tree.query(here.buffer(2.0 * self._near_m))]
        if not len(near) or not shapely.intersects(shapely.union_all(near), here):
            return place
        free = shapely.difference(here.buffer(2.0 * self._near_m), robust_overlay.rough_union(near))
        free = shapely.buffer(free, -INSIDE_M)
        if free.is_empty or shapely.distance(free, here) > self._near_m + 2.0 * INSIDE_M:
            return None
        nearest = shapely.shortest_line(free, here).coords[0]
        return (float(nearest[0]), float(nearest[1]))

    def _room_for_tool(self, place: Place, pose: Pose) -> bool:
        """Whether body and tool keep off the keep-outs while the machine drives straight between two places."""
        reach, machine = self.job.reach, self.job.machine
        ends = [float(turned(shapely.Point(at), -pose[2]).x) for at in (place, pose[:2])]
        y_m = float(turned(shapely.Point(pose[:2]), -pose[2]).y)
        front_m = max(reach.ahead_m + reach.tool_long_m, machine.body_front_m)
        passed = swath_box(
            pose[2], min(ends) - machine.body_rear_m, y_m - reach.tool_half_m, max(ends) + front_m,
            y_m + reach.tool_half_m,
        )  # fmt: skip
        return not bool(shapely.intersects(passed, self.ground.first.barred()).any())


def _around(east_m: float, north_m: float) -> Box:
    return (east_m - RIM_M, north_m - RIM_M, east_m + RIM_M, north_m + RIM_M)


def _plan_of(job: PlanJob, ground: GroundModel, segments: tuple[Segment, ...]) -> Plan:
    """Return the plan of a way. It works nothing, so nothing is missed or listed.

    The ground that bore nothing before any work is closed: what the tracks may stand on meanwhile, the vehicle's own
    record says in every tick.
    """
    nothing = Certificate(
        missed_nominal_m2=0.0,
        missed_shrunk_m2=0.0,
        missed_bitmap_m2=0.0,
        missed_shrunk_bitmap_m2=0.0,
        cross_track_budget_m=job.settings.cross_track_m(),
    )
    plan = Plan(
        datum=job.site.datum,
        site_hash=job.site.site_hash,
        plan_hash="",
        machine=job.machine,
        segments=segments,
        untreatable=(),
        certificate=nothing,
        area_m2=0.0,
        overlap_m=job.settings.overlap_at_m(0.0),
        outside=job.site.outside,
        outside_assumed=job.site.outside_assumed,
        keep_out_m=rings_of(ground.first.kept_out),
        unproven_m=rings_of(unproven(job.site)),
        time_s=whole_s(segments, job.machine),
        bound_s=0.0,
        required_depth_m=job.settings.required_depth_m,
        required_depth_assumed=job.settings.required_depth_assumed,
    )
    return msgspec.structs.replace(plan, plan_hash=plan_hash_of(plan))
