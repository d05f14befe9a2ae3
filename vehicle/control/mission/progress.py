"""Progress on a segment: plain geometry shared by the job and its tasks."""

import math

from vehicle.contracts.geometry import along_cross_m, distance_m, offset_m
from vehicle.contracts.messages import Estimate
from vehicle.contracts.plan import Segment, SegmentKind
from vehicle.contracts.units import wrap_rad
from vehicle.control.state import MissionState

COLUMN_SHARE = 0.5
"""From the cut at depth, this share of the way up to the surface: the middle of the column."""
AIM_MAX_RAD = math.radians(4.0)
"""More would turn the body's corners further out than the pivot's own disc allows for."""


def segment_of(state: MissionState) -> Segment:
    """The segment being driven; call only while the job is not done."""
    assert state.plan is not None
    return state.plan.segments[state.index]


def course_rad(segment: Segment) -> float:
    """Direction of motion; opposite to where the machine points when it reverses."""
    reverse = segment.kind is SegmentKind.REVERSE
    return wrap_rad(segment.yaw_start_rad + math.pi) if reverse else segment.yaw_start_rad


def length_m(segment: Segment) -> float:
    """Length of the body origin's way on a straight segment."""
    return distance_m(segment.points_m[0], segment.points_m[-1])


def taken_up_at(mission: MissionState, back_off_m: float) -> tuple[float, float, float]:
    """Pose (east, north [m], yaw [rad]) of the machine from which the job is best taken up again.

    In a swath that was begun: on its own strip, as far back as the re-entry backs off. In one that is worked to its
    end: there. Else where the segment begins. Call only while the job is not done.
    """
    segment = segment_of(mission)
    along_m = max(0.0, mission.worked_along_m - back_off_m) if mission.work_started else mission.worked_along_m
    return (*offset_m(segment.points_m[0], segment.yaw_start_rad, along_m), segment.yaw_start_rad)


def begins_at(mission: MissionState, estimate: Estimate) -> tuple[float, float]:
    """Where a job that waits may begin or go on, nearest to the machine (east, north [m]).

    In a swath that was not begun: where its work begins. Else the nearest place of the segment. Call only while the job
    is not done.
    """
    segment = segment_of(mission)
    along_m = max(0.0, min(along_segment_m(segment, estimate), length_m(segment)))
    if segment.kind is SegmentKind.SWATH and not mission.work_started:
        along_m = mission.worked_along_m
    return offset_m(segment.points_m[0], course_rad(segment), along_m)


def turn_goal_rad(state: MissionState, estimate: Estimate, tool_ahead_m: float) -> float:
    """Yaw at which a turn ends.

    Skid moves the body origin while it pivots, so the turn before a swath aims the *tool* at the swath's line; the body
    then follows it like a trailer.
    """
    assert state.plan is not None
    segment, following = segment_of(state), state.index + 1
    goal = segment.yaw_end_rad
    if following >= len(state.plan.segments) or state.plan.segments[following].kind is not SegmentKind.SWATH:
        return goal
    swath = state.plan.segments[following]
    here = (estimate.east_m, estimate.north_m)
    _, cross_m = along_cross_m(here, swath.points_m[0], swath.yaw_start_rad)
    aim_rad = math.asin(max(-1.0, min(1.0, -cross_m / tool_ahead_m)))
    return wrap_rad(goal + max(-AIM_MAX_RAD, min(AIM_MAX_RAD, aim_rad)))


def distance_to_m(segment: Segment, estimate: Estimate) -> float:
    """Distance of the body origin from the segment; a turn's is from its pivot, wherever the machine points."""
    along, cross = along_cross_m((estimate.east_m, estimate.north_m), segment.points_m[0], course_rad(segment))
    return math.hypot(max(-along, along - length_m(segment), 0.0), cross)


def along_segment_m(segment: Segment, estimate: Estimate) -> float:
    """Along-track of the body origin on the segment."""
    along, _ = along_cross_m((estimate.east_m, estimate.north_m), segment.points_m[0], course_rad(segment))
    return along


def segment_progress(segment: Segment, estimate: Estimate) -> tuple[float, float]:
    """Along-track of the body origin and cross-track of the tool's axis on the segment [m].

    On a side slope a tool in the ground works a column that leans by `tool_aside_m`: its middle is kept on the line, so
    that neither the cut at depth nor the tracks at the surface run off it. A raised tool leads nothing: the body does.
    """
    course = course_rad(segment)
    along, _ = along_cross_m((estimate.east_m, estimate.north_m), segment.points_m[0], course)
    _, cross = along_cross_m((estimate.tool_east_m, estimate.tool_north_m), segment.points_m[0], course)
    share = COLUMN_SHARE if segment.tool_down else 1.0
    return along, cross - share * estimate.tool_aside_m * math.cos(estimate.yaw_rad - course)
