"""Which item of the stations' mission is current, and which are reached, from the progress of the plan.

The plan of a survey is made by our planner, in its own order. An item of the survey is reached when the ground at it,
and at all items before it, was worked or is not to be worked.
"""

import bisect
import itertools
from collections.abc import Sequence
from typing import Any

import msgspec
import shapely

from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import MissionPhase, VehicleReport
from vehicle.contracts.plan import Plan, SegmentKind, corners_and_tool
from vehicle.operator_link.items import WAYPOINT
from vehicle.operator_link.proposal import swept
from vehicle.operator_link.transfer import Item
from vehicle.operator_link.vehicle_view import Lists, Message

BESIDE_M = 0.5
"""The swaths of a station and ours never lie exactly on each other."""
BEFORE_ALL = -1
AT_ONCE = 20
"""A pass may end at many items of a survey; only the last ones are reported: no station waits for the others."""


class Progress(msgspec.Struct, frozen=True):
    """`after[n]`: the segment of the plan with which item n is reached; it never falls. Item 0 is HOME."""

    after: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        """Items beside HOME, and so the number of the last one."""
        return max(0, len(self.after) - 1)

    def reached(self, report: VehicleReport) -> int:
        """Number of the last item that is reached; 0 for none."""
        done = _segments_done(report)
        return max(0, bisect.bisect_left(self.after, done) - 1)

    def current(self, report: VehicleReport) -> int:
        """Number of the item that is gone for."""
        return min(self.total, self.reached(report) + 1)


class Herald:
    """Sends MISSION_ITEM_REACHED once for each item."""

    def __init__(self) -> None:
        self._mission_id = self._reached = 0

    def news(self, lists: Lists) -> list[Message]:
        """What was reached since the last call."""
        before = self._reached if lists.mission_id == self._mission_id else lists.reached
        self._mission_id, self._reached = lists.mission_id, lists.reached
        first = max(before, lists.reached - AT_ONCE) + 1
        return [("MISSION_ITEM_REACHED", {"seq": number}) for number in range(first, lists.reached + 1)]


def _segments_done(report: VehicleReport) -> int:
    """BEFORE_ALL before the start, so that nothing is reached."""
    if report.phase is MissionPhase.IDLE or not report.segment_count:
        return BEFORE_ALL
    return report.segment_count if report.phase is MissionPhase.DONE else report.segment_seq


def of_plan(plan: Plan) -> Progress:
    """For the list that `items_of_plan` makes."""
    after, corner = [BEFORE_ALL], BEFORE_ALL
    walked = iter(_corner_segments(plan))
    for step in corners_and_tool(plan.segments):
        if not isinstance(step, bool):
            corner = next(walked)
        after.append(corner)
    return Progress(tuple(after))


def _corner_segments(plan: Plan) -> list[int]:
    """The segment that ends at, or passes, each corner of `corners_and_tool`."""
    found: list[int] = []
    corner: Any = None
    for index, segment in enumerate(plan.segments):
        if corner is None:
            corner = segment.points_m[0]
            found.append(BEFORE_ALL)
        for point in segment.points_m[1:]:
            if point != corner:
                corner = point
                found.append(index)
    return found


def of_survey(plan: Plan, items: Sequence[Item], datum: LocalFrame) -> Progress:
    """For the list of a station whose ground the plan works; its last item is reached with the end of the plan."""
    swaths = [(index, segment) for index, segment in enumerate(plan.segments) if segment.kind is SegmentKind.SWATH]
    strips = [swept(segment, plan.machine).buffer(BESIDE_M) for _, segment in swaths]
    tree = shapely.STRtree(strips)
    after: list[int] = [BEFORE_ALL]
    for item in items[1:]:
        over: Any = ()
        if item.command == WAYPOINT:
            east_m, north_m, _ = datum.enu_from_geodetic(item.x / 1e7, item.y / 1e7)
            over = tree.query(shapely.Point(east_m, north_m), predicate="intersects")
        after.append(max((swaths[number][0] for number in over), default=BEFORE_ALL))
    after[-1] = len(plan.segments) - 1
    return Progress(tuple(itertools.accumulate(after, max)))
