"""How long the fuel lasts at work: by the profile, and as measured since the tank was last filled.

A gauge is rough, and fuel moves in the tank. So readings count as means over a minute, and a consumption is measured
only over enough work and enough fuel. All that was burnt counts as burnt at work, also what idling took: the measured
consumption is rather too high than too low. Where profile and measurement both have one, the higher counts.
"""

import math
from typing import TYPE_CHECKING

import msgspec

from vehicle.config.machine_parts import EngineConfig
from vehicle.contracts.messages import ACTIVE_MODES
from vehicle.contracts.units import NS_PER_S

if TYPE_CHECKING:
    from vehicle.control.state import VehicleState

MINUTE_NS = 60 * NS_PER_S
WORK_LEAST_MIN = 20.0
BURNT_LEAST_RATIO = 0.04
"""Less work, or less fuel, measures no consumption."""
FILLED_RATIO = 0.03
"""A mean that rises by more than this, from one minute to the next that is known, is a tank that was filled."""


class FuelSeen(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Fuel over time.

    `first`, `newest`: means of a minute [ratio], NaN before there is one; `work_min`: work since `first`.
    `began_ns`, `sum_ratio`, `count`: of the minute under way; `at_ns`: of the newest look.
    """

    first: float = math.nan
    newest: float = math.nan
    work_min: float = 0.0
    began_ns: int = 0
    at_ns: int = 0
    sum_ratio: float = 0.0
    count: int = 0


def follow(seen: FuelSeen, ratio: float, *, works: bool, now_ns: int) -> FuelSeen:
    """After one more look. `ratio`: NaN where unknown; `works`: the machine is in use."""
    passed_min = min(now_ns - seen.at_ns, NS_PER_S) / MINUTE_NS if seen.at_ns else 0.0  # a gap is no proven work
    known = not math.isnan(ratio)
    after = msgspec.structs.replace(
        seen,
        at_ns=now_ns,
        began_ns=seen.began_ns or now_ns,
        work_min=seen.work_min + (passed_min if works else 0.0),
        sum_ratio=seen.sum_ratio + (ratio if known else 0.0),
        count=seen.count + known,
    )
    if now_ns - after.began_ns < MINUTE_NS:
        return after
    empty = msgspec.structs.replace(after, began_ns=now_ns, sum_ratio=0.0, count=0)
    if not after.count:
        return empty
    mean = after.sum_ratio / after.count
    if not mean - seen.newest <= FILLED_RATIO:  # the first mean, or a tank that was filled
        return msgspec.structs.replace(empty, first=mean, newest=mean, work_min=0.0)
    return msgspec.structs.replace(empty, newest=mean)


def measured_per_h(seen: FuelSeen) -> float:
    """Consumption at work [tanks per hour]; NaN as long as it is not measured."""
    burnt = seen.first - seen.newest
    if seen.work_min < WORK_LEAST_MIN or not burnt >= BURNT_LEAST_RATIO:
        return math.nan
    return burnt / (seen.work_min / 60.0)


def profile_per_h(engine: EngineConfig) -> float:
    """Consumption at work by the machine's profile [tanks per hour]; NaN where tank or consumption is not stated."""
    if engine.fuel_tank_l is None or engine.fuel_l_per_h is None:
        return math.nan
    return engine.fuel_l_per_h / engine.fuel_tank_l


def time_min(ratio: float, seen: FuelSeen, engine: EngineConfig) -> int | None:
    """For so many whole minutes the fuel lasts at work; None where fuel or consumption is not known."""
    known = [one for one in (measured_per_h(seen), profile_per_h(engine)) if not math.isnan(one)]
    lower = ratio if math.isnan(seen.newest) else min(ratio, seen.newest)
    if math.isnan(ratio) or not known:
        return None
    return math.floor(60.0 * lower / max(known))


class FuelGauge:
    """Follows the fuel from tick to tick for one vehicle."""

    def __init__(self) -> None:
        self.seen = FuelSeen()

    def follow(self, state: "VehicleState", now_ns: int) -> None:
        """After each tick; a status counts once."""
        status = state.wire.status
        if status is not None and state.wire.status_fresh:
            works = state.gate.mode in ACTIVE_MODES
            self.seen = follow(self.seen, status.fuel_ratio, works=works, now_ns=now_ns)
