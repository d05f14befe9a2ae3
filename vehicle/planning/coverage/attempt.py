"""One whole plan among those that are tried: the passes in some order of directions; only the best is closed."""

import math
from dataclasses import dataclass
from functools import cached_property

import shapely

from vehicle.contracts.pace import whole_s
from vehicle.contracts.plan import Plan, Segment, UntreatableReason
from vehicle.planning.coverage.closing import closed_plan
from vehicle.planning.coverage.components import work_everything
from vehicle.planning.coverage.directions import across_safe_ground
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.order_improvement import in_better_order
from vehicle.planning.coverage.sweep_cells import SweepCell
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.coverage.work_limit import Stage

FAN = 12
ORDER_MAX = 5_000
"""More stops stay in the order in which they were planned: the table of least times between them is 100 MB at this
number. Work is bounded by the limit of planning; 120 s of it were worth 7 % of the hours of 3,079 stops."""
ORDER_SHARE = 0.5
"""Which stop has to come before which takes about a third of what the passes took (150 ha, 50 keep-outs: 4.7 of
13.9 s): with less left of the limit nothing would come of it."""
LEFT_S_PER_M2 = 600.0
"""A weight, not a rate: no plan gains by leaving ground to people."""
LEFT_M2 = 2.0
"""A part smaller than this is a corner at a keep-out, for which the direction of the swaths is no help."""


@dataclass(frozen=True)
class Attempt:
    """The ground and the tour after the last pass, with the path as it was found or in a better order.

    `cut_short`: the limit ended the planning, much may be left.
    """

    ground: GroundModel
    tour: Tour
    segments: tuple[Segment, ...]
    cut_short: bool

    @cached_property
    def time_s(self) -> float:
        """What driving it takes."""
        return whole_s(self.segments, self.ground.job.machine)

    @property
    def cost_s(self) -> float:
        """Time, and a weight for ground that no tool has passed, which is left to people [s]."""
        return self.time_s + LEFT_S_PER_M2 * self.ground.unswept.area_m2

    def in_better_order(self) -> "Attempt":
        """The same stops in a better order, where there is room and memory for finding it."""
        room = self.ground.job.deadline.limit.has_room(ORDER_SHARE)
        if not room or self.cut_short or len(self.tour.stops) > ORDER_MAX:
            return self
        self.ground.job.deadline.limit.at(Stage.ORDER, lambda: self.time_s)
        return Attempt(self.ground, self.tour, in_better_order(self.ground, self.tour), self.cut_short)

    def closed(self) -> Plan:
        """The plan: what stays untreated, certificate, name."""
        self.ground.job.deadline.limit.at(Stage.CLOSING, lambda: self.time_s)
        left_for = UntreatableReason.PLANNING_TIME if self.cut_short else UntreatableReason.NO_APPROACH
        return closed_plan(self.ground, self.segments, self.tour.direction_rad, left_for)


def attempt_in(ground: GroundModel, tour: Tour, directions: list[float], cells: tuple[SweepCell, ...] = ()) -> Attempt:
    """Works in cells, else in the first of the directions [rad]; the others are tried for what cannot be begun in it.

    `ground` and `tour` grow; the job of `ground` has a deadline of its own.
    """
    first, *others = directions
    others += [first + 0.5 * math.pi, *across_safe_ground(ground.job.site)]
    work_everything(ground, tour, first, cells)
    for direction in [*others, *(first + step * math.pi / FAN for step in range(1, FAN))]:
        if ground.job.deadline() or not (shapely.area(ground.unswept.parts) > LEFT_M2).any():
            break
        work_everything(ground, tour, direction)
    return Attempt(ground, tour, tour.segments, cut_short=ground.job.deadline.struck)
