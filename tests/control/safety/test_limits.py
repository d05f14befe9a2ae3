"""Hard caps and the way to the belts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import config
from vehicle.contracts.messages import DriveRequest
from vehicle.control.safety import limits

CONFIG = config()
SPEEDS = st.floats(-20, 20)


def test_what_is_no_number_is_nothing() -> None:
    assert [limits.finite(value) for value in (math.nan, math.inf, -math.inf)] == [0.0, 0.0, 0.0]
    assert limits.finite(-3.5) == -3.5


def test_clamp() -> None:
    assert [limits.clamp(value, -1.0, 2.0) for value in (-5.0, 0.5, 7.0)] == [-1.0, 0.5, 2.0]
    assert [limits.clamp(value, -1.0, 2.0) for value in (-math.inf, math.inf)] == [-1.0, 2.0]


@pytest.mark.parametrize(("low", "high", "nothing"), [(-1.0, 2.0, 0.0), (0.0, 2.0, 0.0), (0.5, 2.0, 0.5)])
def test_no_number_never_clamps_to_the_upper_end(low: float, high: float, nothing: float) -> None:
    assert limits.clamp(math.nan, low, high) == nothing


@given(speed=SPEEDS, yaw=SPEEDS)
def test_a_twist_stays_inside_its_caps_and_keeps_its_curvature(speed: float, yaw: float) -> None:
    out = limits.twist(DriveRequest(speed_mps=speed, yaw_rate_radps=yaw), 1.5, 0.7, 0.3)
    assert -0.7 - 1e-9 <= out.speed_mps <= 1.5 + 1e-9
    assert abs(out.yaw_rate_radps) <= 0.3 + 1e-9
    assert out.speed_mps * yaw == pytest.approx(out.yaw_rate_radps * speed, abs=1e-9)
    inside = -0.7 <= speed <= 1.5 and abs(yaw) <= 0.3
    assert (out == DriveRequest(speed_mps=speed, yaw_rate_radps=yaw)) is inside


@pytest.mark.parametrize(
    ("speed", "yaw", "expected"),
    [
        (3.0, 0.1, (1.5, 0.05)),
        (-1.4, 0.1, (-0.7, 0.05)),
        (1.0, -0.6, (0.5, -0.3)),
        (math.nan, 0.2, (0.0, 0.2)),
        (0.4, math.inf, (0.4, 0.0)),
    ],
)
def test_the_tightest_cap_decides(speed: float, yaw: float, expected: tuple[float, float]) -> None:
    out = limits.twist(DriveRequest(speed_mps=speed, yaw_rate_radps=yaw), 1.5, 0.7, 0.3)
    assert (out.speed_mps, out.yaw_rate_radps) == pytest.approx(expected)


def test_belts_of_a_left_turn() -> None:
    assert limits.belts(DriveRequest(speed_mps=1.0, yaw_rate_radps=0.5), 1.2) == pytest.approx((0.7, 1.3))


@given(speed=SPEEDS, yaw=SPEEDS)
def test_belts_stay_under_the_hard_cap_with_the_same_curve(speed: float, yaw: float) -> None:
    left, right = limits.belts(DriveRequest(speed_mps=speed, yaw_rate_radps=yaw), 1.5)
    assert max(abs(left), abs(right)) <= 4.0 + 1e-9
    assert (left + right) / 2.0 * yaw == pytest.approx((right - left) / 1.5 * speed, abs=1e-6)
    free_left, free_right = speed - yaw * 0.75, speed + yaw * 0.75
    if max(abs(free_left), abs(free_right)) <= 4.0:
        assert (left, right) == (free_left, free_right)
    else:
        assert max(abs(left), abs(right)) == pytest.approx(4.0)


def changed(part: str, **values: float) -> object:
    machine = CONFIG.machine
    if part == "safety":
        return CONFIG.model_copy(update={"safety": CONFIG.safety.model_copy(update=values)})
    inner = getattr(machine, part).model_copy(update=values)
    return CONFIG.model_copy(update={"machine": machine.model_copy(update={part: inner})})


@pytest.mark.parametrize(
    ("part", "key", "hard"),
    [
        ("tracks", "working_speed_mps", 3.0),
        ("tracks", "transit_speed_mps", 3.0),
        ("tracks", "reverse_speed_mps", 3.0),
        ("tracks", "pivot_rate_degps", math.degrees(0.6)),
        ("safety", "t_stop_slow_s", 0.45),
        ("safety", "t_stop_fast_s", 0.2),
        ("safety", "slow_speed_mps", 0.3),
        ("safety", "valid_max_ms", 150),
        ("safety", "controller_timeout_s", 0.15),
        ("limits", "roll_max_deg", 45.0),
        ("limits", "pitch_max_deg", 45.0),
    ],
)
def test_row_98_a_configuration_beyond_the_envelope_is_refused(part: str, key: str, hard: float) -> None:
    assert limits.inside_envelope(CONFIG)
    assert limits.inside_envelope(changed(part, **{key: hard * (1 - 1e-12)}))  # type: ignore[arg-type]
    assert not limits.inside_envelope(changed(part, **{key: hard * (1 + 1e-9)}))  # type: ignore[arg-type]
    assert not limits.inside_envelope(changed(part, **{key: hard * 10}))  # type: ignore[arg-type]


def test_the_envelope_itself_is_inside() -> None:
    hardest = {"t_stop_slow_s": 0.45, "t_stop_fast_s": 0.2, "slow_speed_mps": 0.3, "valid_max_ms": 150}
    for key, hard in (hardest | {"controller_timeout_s": 0.15}).items():
        assert limits.inside_envelope(changed("safety", **{key: hard}))  # type: ignore[arg-type]
    assert limits.inside_envelope(changed("tracks", transit_speed_mps=3.0))  # type: ignore[arg-type]
    assert limits.inside_envelope(changed("tracks", pivot_rate_degps=math.degrees(0.6)))  # type: ignore[arg-type]
    assert limits.inside_envelope(changed("limits", roll_max_deg=45.0))  # type: ignore[arg-type]
