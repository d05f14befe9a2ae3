"""A receiver may say anything of itself: the tick goes on, and what cannot be true proves nothing."""

import functools
import math

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firmware_bridge.types import FixType, GnssFix
from tests import builders
from vehicle.contracts.messages import Inputs
from vehicle.contracts.units import TICK_NS
from vehicle.control.estimate import wire as wires
from vehicle.control.state import VehicleState, WireState
from vehicle.control.tick import tick

ANY = st.one_of(
    st.floats(),
    st.floats(width=32),
    st.sampled_from([0.0, -0.0, 5e-324, 1e-45, 1e-30, 1e-3, 1.0, 90.0, -90.0, 180.0, 3e38, -3e38, math.nan, math.inf]),
)
FIELDS = ("sigma_horizontal_m", "sigma_vertical_m", "yaw_sigma_rad", "yaw_rad", "speed_mps", "course_rad", "alt_m")
PLACE = ("lat_deg", "lon_deg", "correction_age_s")


def good(number: int, **changes: object) -> GnssFix:
    """A parked receiver with a little noise."""
    return msgspec.structs.replace(builders.gnss(1.0 + 1e-4 * (number % 7), 2.0, 2.5, 0.3), **changes)


def ticks(state: VehicleState, first: int, count: int, **changes: object) -> VehicleState:
    """So many ticks of a standing machine, each fifth with a fix."""
    for number in range(first, first + count):
        inputs = Inputs(
            status=builders.status(status_count=number),
            imu=builders.imu(yaw_rate_radps=1e-6 * number),
            gnss=good(number, **changes) if number % 5 == 0 else None,
        )
        state, _ = tick(state, inputs, number * TICK_NS)
    return state


@functools.cache
def warm_state() -> VehicleState:
    """After 1.2 s of good fixes."""
    return ticks(builders.vehicle_state(), 1, 60)


@pytest.mark.long
@settings(max_examples=40, deadline=None)
@given(
    changes=st.dictionaries(st.sampled_from(FIELDS + PLACE), ANY, min_size=1),
    fix=st.sampled_from(FixType),
    warm=st.booleans(),
)
@example(changes={"sigma_horizontal_m": 0.0}, fix=FixType.RTK_FIXED, warm=False)
@example(changes={"sigma_horizontal_m": 0.0, "yaw_sigma_rad": 0.0}, fix=FixType.RTK_FIXED, warm=True)
@example(changes={"sigma_horizontal_m": 3e38}, fix=FixType.RTK_FIXED, warm=False)
@example(changes={"sigma_horizontal_m": 0.0, "speed_mps": -3e38}, fix=FixType.RTK_FIXED, warm=True)
@example(changes={"yaw_sigma_rad": 3e38}, fix=FixType.RTK_FIXED, warm=False)
@example(changes={"sigma_horizontal_m": 1e-3, "yaw_sigma_rad": 2e-4}, fix=FixType.RTK_FIXED, warm=True)
@example(changes={"lat_deg": 90.0, "lon_deg": 180.0}, fix=FixType.RTK_FIXED, warm=False)
def test_the_tick_never_raises_and_its_sigmas_are_numbers(changes: dict[str, float], fix: FixType, warm: bool) -> None:
    state = ticks(warm_state() if warm else builders.vehicle_state(), 61, 30, **changes, fix=fix)
    assert all(0.0 <= sigma <= 2e3 for sigma in state.estimate.sigmas)
    assert all(map(math.isfinite, state.estimate.x))


UNTRUE: tuple[dict[str, float], ...] = (
    *({"sigma_horizontal_m": value} for value in (0.0, -0.02, 5e-324, 0.99e-3, 100.1, 3e38, math.inf, math.nan)),
    *({"speed_mps": value} for value in (100.1, -100.1, 3e38, math.inf, math.nan)),
    *({"course_rad": value} for value in (1001.0, -1001.0, math.inf, math.nan)),
    *({"alt_m": value} for value in (-1000.1, 20_001.0, 3e38, math.nan)),
    *({"lat_deg": value} for value in (90.1, -90.1, math.nan)),
    *({"lon_deg": value} for value in (180.1, -180.1, math.nan)),
)


@pytest.mark.parametrize("changes", UNTRUE)
def test_what_cannot_be_true_is_no_fix_and_proves_nothing(changes: dict[str, float]) -> None:
    before = warm_state()
    assert before.estimate.ready
    after = ticks(before, 61, 40, **changes)
    assert after.wire.gnss is not None
    assert after.wire.gnss.fix is FixType.NO_FIX
    assert after.wire.gnss.yaw_rad is None
    assert math.isnan(after.wire.gnss.speed_mps + after.wire.gnss.course_rad)
    assert after.estimate.accepted_t_ns == before.estimate.accepted_t_ns
    assert all(after.estimate.p[i][i] >= before.estimate.p[i][i] for i in range(3)), "nothing was learned from it"
    assert {"position_float", "gnss_lost", "position_unproven"} <= set(after.report.reasons)  # type: ignore[union-attr]
    assert not ticks(builders.vehicle_state(), 1, 20, **changes).estimate.ready


@pytest.mark.parametrize(
    "changes",
    [
        *({"yaw_sigma_rad": value} for value in (0.0, -0.01, 1.7e-4, 3.15, 3e38, math.inf, math.nan)),
        *({"yaw_rad": value} for value in (1001.0, -1001.0, math.inf, math.nan)),
    ],
)
def test_a_heading_that_cannot_be_true_is_none_and_the_place_still_counts(changes: dict[str, float]) -> None:
    fix = wires.believed(good(5, **changes))
    assert (fix.yaw_rad, fix.yaw_sigma_rad) == (None, math.pi)
    assert msgspec.structs.replace(fix, yaw_rad=0.3, yaw_sigma_rad=good(5).yaw_sigma_rad) == good(5)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sigma_horizontal_m": 1e-3, "yaw_sigma_rad": math.radians(0.01)},
        {"sigma_horizontal_m": 100.0, "yaw_sigma_rad": math.pi},
        {"alt_m": -1000.0, "speed_mps": 100.0, "course_rad": 1000.0},
        {"alt_m": 20_000.0, "speed_mps": -100.0, "course_rad": -1000.0, "lat_deg": 90.0, "lon_deg": -180.0},
        {"yaw_rad": None, "yaw_sigma_rad": math.nan},
    ],
)
def test_what_can_be_true_passes_as_it_is(changes: dict[str, float]) -> None:
    fix = good(5, **changes)
    assert wires.step(WireState(), Inputs(gnss=fix), 7).gnss is fix


def test_no_fix_at_all_stays_what_it_is() -> None:
    assert wires.believed(good(5, fix=FixType.NONE, sigma_horizontal_m=0.0)).fix is FixType.NONE


def test_one_untrue_fix_among_good_ones_does_no_lasting_harm() -> None:
    before = warm_state()
    after = ticks(ticks(before, 61, 5, sigma_horizontal_m=0.0), 66, 60)
    assert after.estimate.sigmas == pytest.approx(before.estimate.sigmas, rel=0.5)
    assert after.wire.gnss is not None
    assert after.wire.gnss.fix is FixType.RTK_FIXED
