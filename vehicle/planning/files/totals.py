"""Sums over a plan: the area that it works, its driving time by activity, its hours and working days."""

from vehicle.contracts.plan import Plan, SegmentKind, UntreatableReason
from vehicle.contracts.plan_times import times_of
from vehicle.contracts.task_role import NET_H_PER_DAY

SPLIT = {
    SegmentKind.SWATH: "work",
    SegmentKind.TURN: "turns",
    SegmentKind.TRANSIT: "moves",
    SegmentKind.REVERSE: "reverse",
}
READY = "ready"
"""Driving time is split by activity; `ready`: spinning up, lowering and raising at the ends of swaths."""


def planned_m2(plan: Plan) -> float:
    """Return the worked part of the plan's area [m2]; ground outside a fence counts in neither."""
    left_m2 = sum(row.area_m2 for row in plan.untreatable if row.reason is not UntreatableReason.OUTSIDE_FENCE)
    return max(0.0, plan.area_m2 - left_m2)


def split_s(plan: Plan) -> dict[str, float]:
    """Return the seconds by activity: the values of `SPLIT`, and `READY`."""
    split = dict.fromkeys(SPLIT.values(), 0.0) | {READY: 0.0}
    for segment, time in zip(plan.segments, times_of(plan.segments, plan.machine), strict=True):
        split[SPLIT[segment.kind]] += time.moving_s
        split[READY] += time.before_s + time.after_s
    return {kind: round(value, 1) for kind, value in split.items()}


def tool_h(plan: Plan) -> float:
    """Hours with the tool down and moving."""
    return split_s(plan)[SPLIT[SegmentKind.SWATH]] / 3600.0


def site_days(plan: Plan) -> tuple[float, float]:
    """Return the fewest and most working days [d], from the task's tool-down hours per day."""
    least_h, most_h = plan.task.net_h_per_day if plan.task is not None else NET_H_PER_DAY
    return tool_h(plan) / most_h, tool_h(plan) / least_h
