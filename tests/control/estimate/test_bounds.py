"""What a status and an IMU sample can be; what cannot be is unknown or not used, and never its own measure."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests import builders
from vehicle.contracts.messages import Inputs
from vehicle.contracts.units import TICK_NS
from vehicle.control.estimate import bounds
from vehicle.control.estimate import wire as wires
from vehicle.control.state import WireState

NOTHING = WireState()
BELTS = ("track_left_mps", "track_right_mps")


def step(wire: WireState, tick: int, **changes: object) -> WireState:
    return wires.step(wire, Inputs(status=builders.status(status_count=tick & 0xFFFF, **changes)), tick * TICK_NS)


@pytest.mark.parametrize("name", bounds.BOUNDS)
def test_each_reading_at_its_bounds_and_beyond(name: str) -> None:
    for value in bounds.BOUNDS[name]:
        assert getattr(bounds.status(builders.status(**{name: value}), (None, None), 0), name) == value
    low, high = bounds.BOUNDS[name]
    for value in (math.nextafter(low, -math.inf), math.nextafter(high, math.inf), 3e38, -3e38, math.inf):
        believed = bounds.status(builders.status(**{name: value}), (None, None), 0)
        assert believed is not None
        assert math.isnan(getattr(believed, name))
        others = [field for field in bounds.BOUNDS if field != name]
        assert not any(math.isnan(getattr(believed, field)) for field in others)


@pytest.mark.parametrize("name", ["applied_left_mps", "applied_right_mps", "applied_rotor_radps"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e9, -1e9, 300.1])
def test_a_status_whose_own_word_cannot_be_is_not_used(name: str, bad: float) -> None:
    told = builders.status(**{name: bad})
    assert bounds.status(told, (None, None), 0) is None
    wire = wires.step(step(NOTHING, 1, track_left_mps=0.1), Inputs(status=told), 2 * TICK_NS)
    assert (wire.status_fresh, wire.status_counts, wire.impossible) == (False, False, True)
    assert wire.status is not None
    assert wire.status.track_left_mps == 0.1
    assert wire.status_t_ns == TICK_NS


def test_what_can_be_passes_as_it_is() -> None:
    told, sample = builders.status(), builders.imu()
    wire = wires.step(NOTHING, Inputs(status=told, imu=sample), 0)
    assert wire.status is told
    assert wire.imu is sample
    assert not wire.impossible
    unknown = builders.status(**dict.fromkeys(bounds.BOUNDS, math.nan))
    assert bounds.status(unknown, ((0.1, 0), (0.1, 0)), 0) is unknown


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(("was", "told", "good"), [
    (0.0, 0.25, True), (0.0, 0.26, False), (0.0, -0.25, True), (0.0, -0.26, False),
    (1.0, 1.25, True), (1.0, 1.26, False), (1.0, 0.0, True), (1.0, -0.25, True), (1.0, -0.26, False),
    (-1.0, -1.25, True), (-1.0, -1.26, False),
])  # fmt: skip
def test_a_belt_gains_no_speed_at_once_and_loses_it_at_once(side: int, was: float, told: float, good: bool) -> None:
    wire = step(NOTHING, 1, **{BELTS[side]: was})
    wire = step(wire, 2, **{BELTS[side]: told})
    assert wire.status is not None
    assert math.isnan(getattr(wire.status, BELTS[side])) is not good
    assert not math.isnan(getattr(wire.status, BELTS[1 - side]))
    assert wire.impossible is not good


def test_a_belt_that_stays_where_it_leapt_to_is_believed_once_it_can_have_got_there() -> None:
    wire = step(NOTHING, 0, track_left_mps=0.0)
    believed = []
    for tick in range(1, 12):
        wire = step(wire, tick, track_left_mps=1.0)
        assert wire.status is not None
        believed.append(not math.isnan(wire.status.track_left_mps))
    assert believed.index(True) == 8, "0.15 + 5 m/s2 for 0.18 s"
    assert all(believed[8:])


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), min_size=1, max_size=30))
def test_whatever_a_belt_tells_what_is_believed_changes_as_slowly_as_a_machine_can(told: list[float]) -> None:
    wire, last = step(NOTHING, 0), (0.0, 0)
    for tick, speed in enumerate(told, start=1):
        wire = step(wire, tick, track_left_mps=speed)
        assert wire.status is not None
        believed = wire.status.track_left_mps
        if math.isnan(believed):
            continue
        assert abs(believed) <= abs(last[0]) + 0.15 + 5.0 * 0.02 * (tick - last[1]) + 1e-9
        last = (believed, tick)


@pytest.mark.parametrize(("changes", "good"), [
    ({"yaw_rate_radps": 0.7}, True), ({"yaw_rate_radps": 0.71}, False), ({"yaw_rate_radps": -0.71}, False),
    ({"yaw_rate_radps": math.nan}, False), ({"roll_rate_radps": math.inf}, False),
    ({"pitch_rad": 4.0}, False),
    ({"roll_rad": math.nan}, False), ({"accel_x_mps2": 500.0}, True), ({"accel_y_mps2": 500.1}, False),
    ({"accel_z_mps2": math.nan}, False),
])  # fmt: skip
def test_a_sample_of_which_any_part_cannot_be_is_not_used(changes: dict[str, float], good: bool) -> None:
    wire = wires.step(NOTHING, Inputs(imu=builders.imu()), 0)
    wire = wires.step(wire, Inputs(imu=replace(builders.imu(), **changes)), TICK_NS)
    assert (wire.imu_fresh, wire.impossible) == (good, not good), changes
    assert wire.imu_t_ns == (TICK_NS if good else 0)


@pytest.mark.parametrize("changes", [{"yaw_rate_radps": 4.1}, {"roll_rad": 3.2}, {"pitch_rad": -3.2}])
def test_nor_is_the_first_one(changes: dict[str, float]) -> None:
    wire = wires.step(NOTHING, Inputs(imu=replace(builders.imu(), **changes)), 0)
    assert wire.imu is None
    assert wire.impossible


@pytest.mark.parametrize(("roll_rad", "pitch_rad", "leaps"), [
    (0.11, 0.0, False), (0.12, 0.0, True), (0.0, -0.11, False), (0.0, -0.12, True), (1.3, 0.0, True),
])  # fmt: skip
def test_a_tilt_that_leaps_still_stops_the_machine_and_proves_no_ground(
    roll_rad: float, pitch_rad: float, leaps: bool
) -> None:
    wire = wires.step(NOTHING, Inputs(imu=builders.imu()), 0)
    wire = wires.step(wire, Inputs(imu=builders.imu(roll_rad=roll_rad, pitch_rad=pitch_rad)), TICK_NS)
    assert wire.imu is not None
    assert wire.imu.roll_rad == roll_rad
    assert (wire.imu_fresh, wire.tilt_leaps, wire.impossible) == (True, leaps, leaps)
    again = wires.step(wire, Inputs(imu=wire.imu), 2 * TICK_NS)
    assert not again.tilt_leaps


def test_a_turn_over_the_back_is_small() -> None:
    over = wires.step(NOTHING, Inputs(imu=builders.imu(roll_rad=3.1)), 0)
    assert not wires.step(over, Inputs(imu=builders.imu(roll_rad=-3.1)), TICK_NS).tilt_leaps


def test_a_fix_that_cannot_be_is_told() -> None:
    bad = builders.gnss(0.0, 0.0, 0.0, 0.3, sigma_horizontal_m=0.0)
    assert wires.step(NOTHING, Inputs(gnss=bad), 0).impossible
    assert not wires.step(NOTHING, Inputs(gnss=builders.gnss(0.0, 0.0, 0.0, 0.3)), 0).impossible
