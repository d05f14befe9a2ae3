"""How long the fuel lasts: by the profile, as measured, the higher of both; unknown stays unknown."""

import math

import pytest
from msgspec.structs import replace

from vehicle.config.machine_parts import EngineConfig
from vehicle.contracts.units import NS_PER_S
from vehicle.operator_link import fuel
from vehicle.operator_link.fuel import FuelSeen

NAN = math.nan
UNSTATED = EngineConfig()
PROFILE = EngineConfig(fuel_tank_l=200.0, fuel_l_per_h=50.0)


def looked(seen: FuelSeen, minutes: int, start: float, per_min: float, *, works: bool = True) -> FuelSeen:
    """Once a second for whole minutes, with so much less fuel each minute; from `start` [ratio]."""
    for second in range(60 * minutes):
        ratio = start - per_min * second / 60.0
        seen = fuel.follow(seen, ratio, works=works, now_ns=(seen.at_ns or NS_PER_S) + NS_PER_S)
    return seen


def test_nothing_is_known_of_a_machine_without_gauge_or_without_consumption() -> None:
    assert fuel.time_min(NAN, FuelSeen(), PROFILE) is None
    assert fuel.time_min(0.5, FuelSeen(), UNSTATED) is None
    half = EngineConfig(fuel_l_per_h=50.0)
    assert fuel.time_min(0.5, FuelSeen(), half) is None
    blind = looked(FuelSeen(), 3, NAN, 0.0)
    assert math.isnan(blind.newest)
    assert fuel.time_min(NAN, blind, PROFILE) is None


def test_by_the_profile_from_the_first_reading_on() -> None:
    assert fuel.time_min(0.5, FuelSeen(), PROFILE) == 120
    assert fuel.time_min(0.0, FuelSeen(), PROFILE) == 0


@pytest.mark.parametrize(("minutes", "known"), [(21, False), (41, True)])
def test_a_consumption_is_measured_over_enough_work(minutes: int, known: bool) -> None:
    seen = looked(FuelSeen(), minutes, 0.9, 0.0015)
    assert (not math.isnan(fuel.measured_per_h(seen))) is known  # 3 % in 20 min, 6 % in 40 min


def test_the_measured_consumption_is_per_hour_of_work() -> None:
    seen = looked(FuelSeen(), 31, 0.9, 0.003)
    assert fuel.measured_per_h(seen) == pytest.approx(0.18, rel=0.05)
    idled = looked(seen, 30, 0.9 - 31 * 0.003, 0.001, works=False)
    assert fuel.measured_per_h(idled) > 1.2 * fuel.measured_per_h(seen)  # what idling took counts as burnt at work
    assert fuel.time_min(0.36, seen, UNSTATED) == pytest.approx(120, abs=6)


def test_the_higher_consumption_and_the_lower_reading_count() -> None:
    thirsty = replace(FuelSeen(), first=0.9, newest=0.5, work_min=60.0)
    assert fuel.time_min(0.5, thirsty, PROFILE) == 75
    modest = replace(FuelSeen(), first=0.6, newest=0.5, work_min=60.0)
    assert fuel.time_min(0.5, modest, PROFILE) == 120
    assert fuel.time_min(0.6, modest, PROFILE) == 120  # fuel that sloshed up
    assert fuel.time_min(0.4, modest, PROFILE) == 96


def test_a_filled_tank_begins_anew_and_a_gap_is_no_work() -> None:
    seen = looked(FuelSeen(), 31, 0.5, 0.003)
    filled = looked(seen, 2, 0.95, 0.0)
    assert filled.first == filled.newest == pytest.approx(0.95)
    assert filled.work_min < 1.1
    later = fuel.follow(seen, 0.4, works=True, now_ns=seen.at_ns + 3600 * NS_PER_S)
    assert later.work_min - seen.work_min == pytest.approx(1.0 / 60.0)
