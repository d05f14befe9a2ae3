"""Tracks as measured against what they were told."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import config, gnss, status
from vehicle.control.safety import tracks

CONFIG = config()
ACCEL = CONFIG.machine.tracks.accel_mps2 * 0.02
DECEL = CONFIG.machine.tracks.decel_mps2 * 0.02
BELTS = st.floats(-3, 3)


def fix(speed_mps: float) -> object:
    return gnss(0.0, 0.0, 0.0, 0.3, speed_mps=speed_mps)


def belts(left: float, right: float, applied_left: float = 0.0, applied_right: float = 0.0) -> object:
    return status(
        track_left_mps=left, track_right_mps=right, applied_left_mps=applied_left, applied_right_mps=applied_right
    )


@pytest.mark.parametrize(
    ("left", "right", "gnss_mps", "expected"),
    [
        (0.2, 0.4, 0.0, 0.3),
        (-0.2, -0.4, 0.0, 0.3),
        (-0.3, 0.3, 0.0, 0.0),
        (0.1, 0.1, 0.5, 0.38),
        (0.1, 0.1, 0.23, 0.11),
        (0.28, 0.28, 0.41, 0.29),
        (0.1, 0.1, 0.19, 0.1),
        (0.6, 0.6, 0.5, 0.6),
    ],
)
def test_speed_is_the_faster_of_encoders_and_gnss(left: float, right: float, gnss_mps: float, expected: float) -> None:
    assert tracks.speed_mps(belts(left, right), fix(gnss_mps)) == pytest.approx(expected)  # type: ignore[arg-type]


def test_speed_unknown_is_no_number() -> None:
    assert math.isnan(tracks.speed_mps(None, None))
    assert math.isnan(tracks.speed_mps(None, fix(0.1)))  # type: ignore[arg-type]
    assert math.isnan(tracks.speed_mps(belts(math.nan, 0.0), fix(0.5)))  # type: ignore[arg-type]
    assert tracks.speed_mps(None, fix(0.5)) == 0.5  # type: ignore[arg-type]
    assert tracks.speed_mps(belts(0.3, 0.3), None) == pytest.approx(0.3)  # type: ignore[arg-type]


def test_the_faster_belt_of_a_pivot() -> None:
    assert tracks.fastest_mps(belts(-0.3, 0.2), None) == 0.3  # type: ignore[arg-type]
    assert tracks.fastest_mps(belts(0.1, -0.4), None) == 0.4  # type: ignore[arg-type]
    assert math.isnan(tracks.fastest_mps(None, None))


@pytest.mark.parametrize(
    ("left", "right", "gnss_mps", "fastest"),
    [
        (0.3, 0.1, 0.5, 0.5),
        (0.3, 0.1, 0.2, 0.3),
        (0.0, 0.1, 0.199, 0.1),
        (math.nan, -0.3, 0.0, 0.3),
        (math.nan, -0.3, 0.5, 0.5),
        (math.nan, 0.0, 0.0, 0.0),
        (-0.3, math.nan, 0.0, 0.3),
        (0.3, math.nan, 0.5, 0.5),
        (math.nan, math.nan, 0.5, 0.5),
        (math.nan, math.nan, 0.2, 0.2),
    ],
)
def test_what_is_known_of_the_speed_is_never_hidden_by_a_silent_encoder(
    left: float, right: float, gnss_mps: float, fastest: float
) -> None:
    assert tracks.fastest_mps(belts(left, right), fix(gnss_mps)) == fastest  # type: ignore[arg-type]


def test_fastest_of_nothing_is_unknown() -> None:
    assert math.isnan(tracks.fastest_mps(belts(math.nan, math.nan), fix(0.19)))  # type: ignore[arg-type]
    assert math.isnan(tracks.fastest_mps(None, fix(0.19)))  # type: ignore[arg-type]
    assert tracks.fastest_mps(None, fix(0.3)) == 0.3  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("left", "right", "gnss_mps", "stands"),
    [
        (0.0, 0.0, 0.0, True),
        (0.049, -0.049, 0.199, True),
        (0.05, 0.0, 0.0, False),
        (-0.06, 0.0, 0.0, False),
        (0.0, 0.06, 0.0, False),
        (0.0, -0.05, 0.0, False),
        (0.0, 0.0, 0.2, False),
        (math.nan, 0.0, 0.0, False),
    ],
)
def test_standing_is_measured_on_both_belts_and_not_contradicted(
    left: float, right: float, gnss_mps: float, stands: bool
) -> None:
    assert tracks.standing(belts(left, right), fix(gnss_mps)) is stands  # type: ignore[arg-type]


def test_unknown_is_not_standing() -> None:
    assert not tracks.standing(None, fix(0.0))  # type: ignore[arg-type]
    assert tracks.standing(belts(0.0, 0.0), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("applied", "wanted", "after"),
    [
        (0.0, 1.0, ACCEL),
        (0.0, -1.0, -ACCEL),
        (0.5, 1.0, 0.5 + ACCEL),
        (1.0, 0.5, 1.0 - DECEL),
        (1.0, 0.0, 1.0 - DECEL),
        (-1.0, 0.0, -1.0 + DECEL),
        (1.0, -1.0, 1.0 - DECEL),
        (DECEL / 2, -1.0, 0.0),
        (-DECEL / 2, 1.0, 0.0),
        (0.5, 0.5, 0.5),
        (0.5, 0.5 + ACCEL / 3, 0.5 + ACCEL / 3),
        (0.5, 0.5 - DECEL / 3, 0.5 - DECEL / 3),
    ],
)
def test_the_ramp_of_the_profile(applied: float, wanted: float, after: float) -> None:
    assert CONFIG.machine.tracks.accel_mps2 != CONFIG.machine.tracks.decel_mps2
    assert tracks.ramped_mps(applied, wanted, CONFIG) == pytest.approx(after, abs=1e-12)


@given(applied=BELTS, wanted=BELTS)
def test_the_ramp_never_jumps_overshoots_or_reverses_at_once(applied: float, wanted: float) -> None:
    after = tracks.ramped_mps(applied, wanted, CONFIG)
    assert abs(after - applied) <= max(ACCEL, DECEL) + 1e-12
    assert after * applied >= 0.0
    assert min(applied, wanted, 0.0) - 1e-12 <= after <= max(applied, wanted, 0.0) + 1e-12


@pytest.mark.parametrize(
    ("left", "right", "differs"),
    [
        (0.1, 1.0, False),
        (-0.1, 1.0, False),
        (0.1 + 1e-6, 1.0, True),
        (-0.1 - 1e-6, 1.0, True),
        (0.0, 0.9 - 1e-6, True),
        (0.0, 1.1 + 1e-6, True),
        (math.nan, 1.0, True),
        (0.0, math.nan, True),
    ],
)
def test_row_40_what_is_applied_is_what_was_told(left: float, right: float, differs: bool) -> None:
    assert tracks.mismatch(status(applied_left_mps=left, applied_right_mps=right), (0.0, 1.0)) is differs


def test_row_40_the_tolerance_itself_is_tolerated_on_both_sides() -> None:
    for left, right in ((0.1, 0.1), (-0.1, -0.1)):
        assert not tracks.mismatch(status(applied_left_mps=left, applied_right_mps=right), (0.0, 0.0))


@pytest.mark.parametrize(
    ("left", "right", "applied_left", "applied_right", "runs"),
    [
        (0.2, -0.2, 0.0, 0.0, False),
        (0.2001, 0.0, 0.0, 0.0, True),
        (0.0, -0.2001, 0.0, 0.0, True),
        (0.5, 0.0, 0.0199, 0.0, True),
        (0.5, 0.0, 0.02, 0.0, False),
        (0.0, 0.5, 0.0, -0.02, False),
        (0.5, 0.5, 0.5, 0.5, False),
    ],
)
def test_row_71_a_belt_that_runs_alone(
    left: float, right: float, applied_left: float, applied_right: float, runs: bool
) -> None:
    assert tracks.stuck(belts(left, right, applied_left, applied_right)) is runs  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("left", "right", "applied_left", "applied_right", "dead"),
    [
        (0.3, 0.3, 0.3, 0.3, False),
        (0.0, 0.3, 0.3, 0.3, True),
        (0.3, 0.0, 0.3, 0.3, True),
        (-0.3, 0.3, 0.3, 0.3, True),
        (0.3, -0.3, 0.3, 0.3, True),
        (-0.3, -0.3, -0.3, -0.3, False),
        (0.0901, 0.3, 0.3, 0.3, False),
        (0.0899, 0.3, 0.3, 0.3, True),
        (0.0, 0.0, 0.05, 0.05, False),
        (0.0, 0.0, 0.0501, 0.0, True),
        (0.0, 0.0, 0.0, -0.0501, True),
        (math.nan, 0.3, 0.3, 0.3, True),
        (0.3, 0.3, 1.0, 1.0, False),
        (0.2, 0.2, 0.0, 0.0, False),
    ],
)
def test_row_52_an_encoder_that_does_not_follow(
    left: float, right: float, applied_left: float, applied_right: float, dead: bool
) -> None:
    assert tracks.unfollowed(belts(left, right, applied_left, applied_right)) is dead  # type: ignore[arg-type]
