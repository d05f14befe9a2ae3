"""One complete attempt at a plan, with one order of swath directions; only the best attempt is closed."""

import math
from dataclasses import dataclass
from functools import cached_property

import shapely

from vehicle.contracts.plan import Plan, Segment, UntreatableReason
from vehicle.contracts.plan_times import sweep_speed_mps, whole_s
from vehicle.planning.coverage.closing import closed_plan
from vehicle.planning.coverage.components import work_everything
from vehicle.planning.coverage.directions import across_safe_ground
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.order_improvement import in_better_order
from vehicle.planning.coverage.phases import direction_key
from vehicle.planning.coverage.spare_sweeps import without_spare_sweeps
from vehicle.planning.coverage.sweep_cells import SweepCell
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.coverage.work_limit import Stage

FAN = 12
ORDER_MAX = 5_000
"""With more stops the order is not improved: the table of least times between this many stops takes 100 MB.

The planning limit bounds the work; on 3,079 stops, 120 s of it saved 7 % of the hours.
"""
ORDER_SHARE = 0.5
"""Share of the passes' planning time that must be left of the limit to begin with a better order.

Finding the precedence of the stops takes about a third of that time (150 ha, 50 keep-outs: 4.7 of 13.9 s).
"""
LEFT_S_PER_M2 = 600.0
"""A penalty, not a work rate: no plan may gain by leaving ground to people."""
LEFT_M2 = 2.0
"""A smaller part is a corner at a keep-out; no direction of the swaths helps there."""


@dataclass(frozen=True)
class Attempt:
    """Ground, tour and path after the last pass; the path is in the order found or in a better one.

    `cut_short`: the limit ended the planning, so much ground may be left. `given_up`: the cost had become too high.
    `direction_rad`: the first direction that was tried; `cells`: those that were worked first.
    """

    ground: GroundModel
    tour: Tour
    segments: tuple[Segment, ...]
    cut_short: bool
    given_up: bool = False
    direction_rad: float = 0.0
    cells: tuple[SweepCell, ...] = ()

    @cached_property
    def time_s(self) -> float:
        """Time to drive the path [s]."""
        return whole_s(self.segments, self.ground.job.machine)

    @property
    def cost_s(self) -> float:
        """Time plus a penalty for ground that the tool does not pass and that is left to people [s]."""
        return self.time_s + LEFT_S_PER_M2 * self.ground.unswept.area_m2

    def in_better_order(self) -> "Attempt":
        """Return the attempt with its stops in a better order, if limit and memory allow the search."""
        room = self.ground.job.deadline.limit.has_room(ORDER_SHARE)
        if not room or self.cut_short or len(self.tour.stops) > ORDER_MAX:
            return self
        self.ground.job.deadline.limit.at(Stage.ORDER, lambda: self.time_s)
        tour = in_better_order(self.ground, self.tour)
        return Attempt(self.ground, tour, tour.segments, self.cut_short)

    def spared(self) -> "Attempt":
        """Return the attempt without sweeps over ground that other passes sweep too, if the limit allows."""
        if self.cut_short or self.ground.job.deadline.limit():
            return self
        ground, tour = without_spare_sweeps(self.ground, self.tour)
        return Attempt(ground, tour, tour.segments, self.cut_short)

    def closed(self) -> Plan:
        """Return the finished plan, with untreated ground, certificate and name."""
        self.ground.job.deadline.limit.at(Stage.CLOSING, lambda: self.time_s)
        left_for = UntreatableReason.PLANNING_TIME if self.cut_short else UntreatableReason.NO_APPROACH
        return closed_plan(self.ground, self.segments, self.tour.direction_rad, left_for)


def attempt_in(
    ground: GroundModel,
    tour: Tour,
    directions: list[float],
    cells: tuple[SweepCell, ...] = (),
    most_s: float = math.inf,
) -> Attempt:
    """Work in cells, else in the first of the directions [rad]; the others serve ground that it cannot reach.

    `ground` and `tour` are changed; the job of `ground` has its own deadline. The attempt is given up as soon as its
    cost must exceed `most_s`.
    """
    first, *others = directions
    others += [first + 0.5 * math.pi, *across_safe_ground(ground.job.site)]

    def over() -> bool:
        return ground.job.deadline() or least_cost_s(ground, tour) > most_s

    work_everything(ground, tour, first, cells, over)
    tried: dict[float, int] = {}
    for direction in [*others, *(first + step * math.pi / FAN for step in range(1, FAN))]:
        if over() or not (shapely.area(ground.unswept.parts) > LEFT_M2).any():
            break
        key, stops = direction_key(direction), len(tour.stops)
        if tried.get(key) != stops:
            work_everything(ground, tour, direction, over=over)
            tried[key] = len(tour.stops)
    struck = ground.job.deadline.struck
    given_up = not struck and least_cost_s(ground, tour) > most_s
    return Attempt(ground, tour, tour.segments, cut_short=struck, given_up=given_up, direction_rad=first, cells=cells)


def least_cost_s(ground: GroundModel, tour: Tour) -> float:
    """Return a cost [s] below which the attempt does not end: the path so far, and the bound for what is unswept.

    Only a last pass over a strip wider than the spacing of the swaths is cheaper than the bound.
    """
    job = ground.job
    pitch_m = job.reach.width_m - job.settings.overlap_at_m(tour.direction_rad)
    sweep_s_per_m2 = 1.0 / (pitch_m * sweep_speed_mps(job.machine))
    return tour.driven_s() + min(sweep_s_per_m2, LEFT_S_PER_M2) * ground.unswept.area_m2
