"""Progress on a segment: plain geometry shared by the job and its tasks."""

import math

from vehicle.geometry import along_cross_m, distance_m
from vehicle.messages import Estimate
from vehicle.plan import Segment, SegmentKind
from vehicle.state import MissionState
from vehicle.units import wrap_rad


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


def segment_progress(segment: Segment, estimate: Estimate) -> tuple[float, float]:
    """Along-track of the body origin and cross-track of the tool's axis on the segment [m]."""
    course = course_rad(segment)
    along, _ = along_cross_m((estimate.east_m, estimate.north_m), segment.points_m[0], course)
    _, cross = along_cross_m((estimate.tool_east_m, estimate.tool_north_m), segment.points_m[0], course)
    return along, cross
