"""The ground of a plan's swaths to which the work had not come when a record ended: it is still to do, not missed."""

import math
from typing import Any

import shapely

from vehicle.contracts.ledger_types import JobMark, LedgerStroke
from vehicle.contracts.plan import Plan, Segment, SegmentKind
from vehicle.contracts.skipped import ring_of
from vehicle.contracts.units import wrap_rad

BACK_M = 1.0
"""The record of the last stroke ends behind the tool's front; the machine backs off further before it goes on."""
SAME_WAY_RAD, OFF_SWATH_M = math.radians(20.0), 1.0
"""A stroke that points elsewhere, or lies further from a swath, was not driven in it."""


def swaths_ahead(plan: Plan, job: JobMark | None, newest: LedgerStroke | None) -> Any:
    """Return the ground of the swaths after the job's place, and the rest of the one in which it stood; ENU metres.

    None if there is no job of this plan, or if it was done.
    `newest`: the newest stroke of the record. In a swath that was begun only the ground from it on is ahead: what lies
    behind it was passed, but for the last metre, from where the swath is entered again.
    """
    if job is None or job.done or job.plan_hash != plan.plan_hash:
        return None
    shapes = []
    for index, segment in enumerate(plan.segments):
        if segment.kind is not SegmentKind.SWATH or index < job.index:
            continue
        ring = shapely.Polygon(ring_of(segment, plan))
        begun = index == job.index and job.at_work
        shapes.append(_in_front(ring, segment, newest) if begun else ring)
    return shapely.union_all(shapes)


def _in_front(ring: Any, segment: Segment, stroke: LedgerStroke | None) -> Any:
    """Return the part of a swath in front of a stroke; nothing if the stroke is not of this swath."""
    if stroke is None or not stroke.bands:
        return shapely.Polygon()
    ahead_rad = math.atan2(stroke.forward_north, stroke.forward_east)
    front_m = max(band.front_m for band in stroke.bands)
    place = (stroke.east_m + front_m * stroke.forward_east, stroke.north_m + front_m * stroke.forward_north)
    near = ring.distance(shapely.Point(place)) <= OFF_SWATH_M
    if abs(wrap_rad(ahead_rad - segment.yaw_start_rad)) > SAME_WAY_RAD or not near:
        return shapely.Polygon()
    far_m, yaw_rad = 2.0 * ring.length, segment.yaw_start_rad
    place = (place[0] - BACK_M * math.cos(yaw_rad), place[1] - BACK_M * math.sin(yaw_rad))
    end = (place[0] + far_m * math.cos(yaw_rad), place[1] + far_m * math.sin(yaw_rad))
    in_front = shapely.buffer(shapely.LineString([place, end]), far_m, cap_style="flat")
    return shapely.intersection(ring, in_front)
