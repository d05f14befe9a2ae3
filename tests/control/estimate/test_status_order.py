"""Statuses out of order: repeated, late, or with a clock that went back prove no ground, and the screen says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firmware_bridge.mavlink import adapters
from firmware_bridge.types import ControllerStatus, FixType
from tests import builders
from tests.firmware_bridge.wire import read_one
from vehicle.contracts.messages import Inputs
from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.units import TICK_NS
from vehicle.control.estimate import wire as wires
from vehicle.control.state import VehicleState, WireState
from vehicle.control.tick import tick

STATUS = builders.status()


def made(count: int, time_ms: int = 0, boot: int = 1) -> ControllerStatus:
    return replace(STATUS, status_count=count, time_ms=time_ms, boot_count=boot)


def heard(*statuses: ControllerStatus) -> WireState:
    wire = WireState()
    for number, status in enumerate(statuses):
        wire = wires.step(wire, Inputs(status=status), number * TICK_NS)
    return wire


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ((7, 1000, 1), (7, 1020, 1)),
        ((7, 1000, 1), (6, 980, 1)),
        ((7, 1000, 1), (8, 980, 1)),
        ((0, 1000, 1), (65_535, 980, 1)),
        ((7, 0, 1), (8, 2**32 - 20, 1)),
        ((7, 1000, 1), (7 + 40_000, 1020, 1)),
    ],
)
def test_what_repeats_comes_late_or_goes_back_in_time_proves_nothing(
    before: tuple[int, int, int], now: tuple[int, int, int]
) -> None:
    wire = heard(made(*before), made(*now))
    assert not wire.status_counts
    assert wire.disorder == wires.IN_ORDER


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ((7, 1000, 1), (8, 1020, 1)),
        ((7, 1000, 1), (30, 1460, 1)),
        ((65_535, 1000, 1), (0, 1020, 1)),
        ((7, 2**32 - 10, 1), (8, 10, 1)),
        ((7, 1000, 65_535), (0, 0, 0)),
        ((7, 1000, 1), (0, 0, 2)),
    ],
)
def test_counters_and_clock_that_wrap_and_lost_frames_are_in_order(
    before: tuple[int, int, int], now: tuple[int, int, int]
) -> None:
    wire = heard(made(*before), made(*now))
    assert wire.status_counts
    assert wire.disorder == 0


@given(st.lists(st.integers(0, 60), min_size=2, max_size=60))
def test_half_a_second_in_order_is_wanted_after_the_last_that_was_not(counts: list[int]) -> None:
    wire, good = WireState(), wires.IN_ORDER
    for number, count in enumerate(counts):
        before = wire.status
        wire = wires.step(wire, Inputs(status=made(count, 20 * count)), number * TICK_NS)
        good = good + 1 if before is None or count > before.status_count else 0
        assert (wire.disorder > 0) is (good < wires.IN_ORDER)


def ran(state: VehicleState, counts: range | list[int], first: int) -> VehicleState:
    for number, count in enumerate(counts, start=first):
        inputs = Inputs(
            status=made(count, 20 * count),
            imu=builders.imu(yaw_rate_radps=1e-6 * number),
            gnss=builders.gnss(1.0 + 1e-4 * (number % 7), 2.0, 2.5, 0.3) if number % 5 == 0 else None,
        )
        state, _ = tick(state, inputs, number * TICK_NS)
    return state


def test_the_screen_says_so_as_long_as_nothing_is_credited() -> None:
    def says(state: VehicleState) -> bool:
        return state.gate.active & (1 << StopReason.STATUS_DISORDER) != 0

    state = ran(builders.vehicle_state(), range(1, 40), 1)
    assert not says(state)
    state = ran(state, [38], 40)
    assert says(state)
    state = ran(state, range(41, 41 + wires.IN_ORDER - 1), 41)
    assert says(state)
    assert not says(ran(state, [90, 91], 80))


@pytest.mark.parametrize("boot_count", [0, 1, 65_535, 65_536, 65_537])
def test_the_boot_counter_wraps_on_the_wire_and_does_not_stay_at_its_end(boot_count: int) -> None:
    status = replace(STATUS, boot_count=boot_count)
    read = read_one(adapters.HOST_DECODERS, adapters.encode_status(status, 1))
    assert read.boot_count == boot_count & 0xFFFF


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"heading_fix": FixType.RTK_FIXED, "heading_age_ms": 0}, True),
        ({"heading_fix": FixType.RTK_FIXED, "heading_age_ms": 200}, True),
        ({"heading_fix": None, "heading_age_ms": 201}, False),
        ({"heading_fix": FixType.RTK_FIXED, "heading_age_ms": 65_534}, False),
        ({"heading_fix": FixType.RTK_FLOAT, "heading_age_ms": 0}, False),
        ({"heading_fix": FixType.NONE}, False),
        ({"heading_fix": FixType.FIX_3D, "heading_age_ms": None}, False),
    ],
)
def test_a_heading_of_its_own_that_is_not_fixed_or_old_is_none_and_nothing_impossible(
    changes: dict[str, object], kept: bool
) -> None:
    fix = replace(builders.gnss(0.0, 0.0, 0.0, 0.3), **changes)
    wire = wires.step(WireState(), Inputs(gnss=fix), 0)
    assert wire.gnss is not None
    assert (wire.gnss.yaw_rad is not None) is kept
    assert wire.gnss.fix is FixType.RTK_FIXED
    assert not wire.impossible
