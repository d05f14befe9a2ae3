"""The heading has its own solution: held against the gyro, vouched for by the course over ground."""

import math
from typing import Any

import msgspec
import pytest

from benchmarks.trials.beliefs import BeliefRun, BeliefSettings
from firmware_bridge.types import FixType
from tests.marks import every, some
from vehicle.contracts.units import NS_PER_S, TICK_NS, wrap_rad
from vehicle.control.estimate import course, heading
from vehicle.control.estimate_state import HeadingState

DEG = math.radians(1.0)


def working(seed: int, seconds: float = 10.0, **settings: Any) -> BeliefRun:
    """It has stood, and works."""
    run = BeliefRun(BeliefSettings(seed=seed, **settings)).run(5.0)
    assert run.work(seconds) == pytest.approx(seconds)
    return run


@pytest.mark.long
@pytest.mark.parametrize("size_deg", every(2, [1.0, -1.0, 2.0, -3.0, 20.0, 180.0]))
@pytest.mark.parametrize("seed", some([1, 2], 1, pytest.mark.release))
def test_a_heading_that_steps_is_told_within_a_metre(size_deg: float, seed: int) -> None:
    run = working(seed, work=True)
    begun_m = run.way_m
    run.gnss.heading_jump_rad = size_deg * DEG
    assert run.work(20.0) < 4.0
    assert run.way_m - begun_m < 1.0
    assert abs(run.yaw_error_rad) < 0.5 * DEG, "the yaw is the gyro's"
    assert run.seen.heading_doubted
    run.run(5.0)
    run.work(10.0)
    assert run.false_m2 == 0.0


@pytest.mark.long
@pytest.mark.parametrize("rate_degps", every(2, [0.03, 0.05, -0.1, 0.3, 1.0]))
def test_a_heading_that_drifts_is_told_before_it_is_two_degrees_off(rate_degps: float) -> None:
    run = working(3, work=True)
    for _ in range(5000):
        run.gnss.heading_jump_rad += rate_degps * DEG * 0.02
        run.step()
        if run.halted:
            break
    assert run.halted
    assert abs(run.gnss.heading_jump_rad) < 2.0 * DEG
    assert abs(run.yaw_error_rad) < 1.0 * DEG
    run.run(5.0, 0.0)
    assert run.false_m2 == 0.0


@pytest.mark.parametrize("jitter_deg", [0.0, 0.005])
def test_a_heading_that_stands_is_told_when_the_machine_turns(jitter_deg: float) -> None:
    run = working(4)
    run.gnss.heading_frozen, run.gnss.heading_jitter_rad = True, jitter_deg * DEG
    begun_m = run.way_m
    run.halted = False
    for _ in range(2000):
        if run.halted:
            break
        run.tracks.yaw_rad += 0.5 * DEG * 0.02
        run.imu._bias_radps += 0.5 * DEG if _ == 0 else 0.0  # the gyro shows the turn
        run.step()
    assert run.halted
    assert run.way_m - begun_m < 2.0
    assert run.seen.heading_stuck or run.seen.heading_doubted


def test_a_heading_that_repeats_itself_at_rest_is_no_fault_before_it_moves() -> None:
    run = working(5)
    run.run(2.0, 0.0)
    run.gnss.heading_frozen = True
    assert not run.run(10.0).seen.heading_stuck
    begun_m = run.way_m
    run.work(10.0)
    assert run.seen.heading_stuck
    assert run.way_m - begun_m < 0.4
    run.run(1.0, 0.0)
    run.gnss.heading_frozen = False
    assert run.run(3.0).seen.position_proven, "one that lives again and agrees with the gyro is believed"


@pytest.mark.long
@pytest.mark.parametrize("lost_s", some([5.0, 60.0, 300.0], 2, pytest.mark.release))
def test_a_heading_that_was_lost_while_parked_comes_back(lost_s: float) -> None:
    """The yaw is held at rest, whatever the gyro's bias: good headings are not refused for good."""
    run = working(6)
    run.run(3.0, 0.0)
    run.gnss.heading_lost = True
    run.imu._bias_radps += 0.05 * DEG
    run.run(lost_s)
    assert abs(run.yaw_error_rad) < 0.3 * DEG
    run.gnss.heading_lost = False
    assert run.run(2.0).seen.position_proven


@pytest.mark.long
def test_a_heading_that_comes_back_another_one_is_not_believed_until_the_course_speaks_for_it() -> None:
    run = working(7, work=True)
    run.run(3.0, 0.0)
    run.gnss.heading_lost = True
    run.run(10.0)
    run.gnss.heading_lost, run.gnss.heading_jump_rad = False, 3.0 * DEG
    assert not run.run(1.5).seen.position_proven
    for _ in range(20):
        assert run.run(1.0).seen.heading_doubted
    run.run(45.0, 0.28)  # by stick: the course denies it, too
    assert run.seen.heading_doubted
    run.gnss.heading_jump_rad = 0.0
    assert run.run(3.0).seen.position_proven


@pytest.mark.parametrize("direction", [1.0, -1.0])
@pytest.mark.parametrize("size_deg", [1.5, -3.0])
def test_a_heading_that_was_off_from_the_start_is_found_by_the_course_over_ground(
    size_deg: float, direction: float
) -> None:
    run = BeliefRun(BeliefSettings(seed=8, speed_mps=0.28 * direction))
    run.gnss.heading_jump_rad = size_deg * DEG
    run.run(5.0)
    begun_m = run.way_m
    run.work(60.0)
    assert run.seen.heading_doubted
    assert run.way_m - begun_m < 12.5
    assert abs(run.yaw_error_rad) < 0.7 * DEG


@pytest.mark.long
@pytest.mark.parametrize("slope_deg", some([10.0, 0.0], 1, pytest.mark.release))
@pytest.mark.parametrize("bearing_rad", some([0.3, 0.3 + math.pi / 2.0], 1, pytest.mark.release))
def test_a_right_heading_is_vouched_for_and_never_denied(slope_deg: float, bearing_rad: float) -> None:
    run = working(9, 95.0, slope_deg=slope_deg, slope_bearing_rad=bearing_rad)
    vouched_s = run.belief.heading.vouched_t_ns / NS_PER_S
    assert vouched_s > 40.0
    assert run.belief.heading.believed


def test_pivots_on_a_slope_are_no_drift_of_the_heading() -> None:
    run = working(10, 5.0, slope_deg=12.0, slope_bearing_rad=1.0)
    run.run(2.0, 0.0)
    turn = run.config.machine.tracks.pivot_rate_radps * run.config.machine.tracks.gauge_m * 0.65
    for _ in range(4):
        run._belts = lambda: (-turn, turn)  # type: ignore[method-assign]
        for _ in range(300):
            assert not run.step().heading_doubted
        run._belts = lambda: (0.0, 0.0)  # type: ignore[method-assign]
        run.run(1.0)
    assert run.seen.position_proven


def test_the_gyros_bias_is_measured_at_rest_and_a_slide_is_none() -> None:
    told = HeadingState()
    for tick in range(60):
        told = heading.at_rest(told, 0.1 * DEG, tick * TICK_NS)
    assert told.rest_bias_radps == pytest.approx(0.1 * DEG)
    assert heading.measured(told)
    assert heading.at_rest(told, 0.1 * DEG + heading.REST_TURN_RADPS, 9 * NS_PER_S) is told
    assert heading.at_rest(told, math.nan, 9 * NS_PER_S) is told
    for tick in range(250):
        told = heading.at_rest(told, -0.05 * DEG, 9 * NS_PER_S + tick * TICK_NS)
    assert told.rest_bias_radps == pytest.approx(-0.05 * DEG, abs=0.02 * DEG), "a new stand measures it anew"


def test_a_contradiction_withdraws_what_was_credited_since_the_course_last_agreed() -> None:
    told = HeadingState(vouched_t_ns=7)
    assert heading.contradicted(told, 99).revoke_t_ns == 7
    assert heading.contradicted(HeadingState(), 99).revoke_t_ns == 1, "none is zero: since the start"
    agreed = heading.witnessed(msgspec.structs.replace(told, doubt_rad=0.01, believed=False), 99)
    assert (agreed.vouched_t_ns, agreed.doubt_rad, agreed.believed) == (99, 0.0, True)


def test_a_turn_or_a_change_of_direction_begins_the_stretch_anew() -> None:
    def sample(way_m: float, turned_rad: float = 0.0, belt_m: float | None = None) -> tuple[object, ...]:
        odometer = (way_m, 0.0, way_m if belt_m is None else belt_m, turned_rad)
        return (way_m / 0.28, way_m, 0.0, way_m, 0.0, odometer, (way_m, 0.0))

    def driven(*samples: tuple[object, ...]) -> course.Sight:
        sight, track = course.Sight(()), [samples[0]]
        for one in samples:
            track.append(one)
            sight = course.follow(sight.stretch, track, course.Look(0.02, 0.0, 0.02, 0.003))  # type: ignore[arg-type]
        return sight

    straight = [sample(0.1 * step) for step in range(110)]
    assert driven(*straight).error_rad == pytest.approx(-0.02)
    assert not driven(*straight).agrees
    assert not driven(*straight[:40]).looked
    assert not driven(*straight, sample(11.0, turned_rad=4.0 * DEG)).looked
    assert not driven(*straight, sample(10.5)).looked
    assert driven(*straight, straight[-1]).stretch == driven(*straight).stretch, "a stand is no way"


@pytest.mark.long
@pytest.mark.parametrize("legs", some([2, 8], 1, pytest.mark.release))
def test_clean_ways_and_stands_are_doubted_nowhere(legs: int) -> None:
    """The gyro's bias walks on a way of 100 s by more than a stand then finds: that is its own error."""
    run = BeliefRun(BeliefSettings(seed=102, slip_ratio=0.1)).run(5.0)
    for leg in range(legs):
        for speed_mps, ticks in ((0.28 if leg % 2 == 0 else -0.28, 5000), (0.0, 250)):
            run.speed_mps = speed_mps
            for _ in range(ticks):
                seen = run.step()
                assert (seen.heading_doubted, seen.position_doubted, seen.position_stuck) == (False, False, False)
                assert seen.revoke_t_ns == 0


@pytest.mark.parametrize(
    "changes", [{"heading_fix": FixType.RTK_FLOAT}, {"heading_age_ms": 900}, {"heading_lost": True}]
)
def test_a_baseline_that_floats_or_is_old_proves_nothing(changes: dict[str, object]) -> None:
    """The place is fixed and the yaw is the gyro's alone: no credit from a third of a second on, until it is back."""
    run = working(5, 5.0)
    assert run.seen.position_proven
    told, changes = run.gnss.sample, dict(changes)
    run.gnss.heading_lost = bool(changes.pop("heading_lost", False))
    run.gnss.sample = lambda *a: None if (fix := told(*a)) is None else msgspec.structs.replace(fix, **changes)  # type: ignore[method-assign]
    run.run(0.5)
    assert not run.seen.position_proven
    assert run.seen.fix is FixType.RTK_FIXED
    run.gnss.sample, run.gnss.heading_lost = told, False  # type: ignore[method-assign]
    run.run(1.0, 0.0)
    assert run.seen.position_proven


@pytest.mark.slow
@pytest.mark.parametrize(("rate_degps", "off_deg"), [(0.005, 1.3), (0.01, 1.3), (0.02, 2.0)])
def test_a_heading_that_creeps_leaves_nothing_false(rate_degps: float, off_deg: float) -> None:
    """Too slow for the gyro to tell: the course over ground does, before the heading is two degrees off."""
    run = working(1, 20.0, work=True)
    for _ in range(13_000):
        run.gnss.heading_jump_rad += rate_degps * DEG * 0.02
        run.step()
        if run.halted:
            break
    assert run.halted
    assert abs(run.gnss.heading_jump_rad) < off_deg * DEG
    run.run(3.0, 0.0)
    assert run.false_m2 == 0.0


@pytest.mark.parametrize("noise_deg", [0.3, 2.0])
def test_half_a_turn_is_not_averaged_to_nothing(noise_deg: float) -> None:
    told = HeadingState(believed=False, gathered=(0, 0.0, 0.0, 1), seen_t_ns=1)
    for epoch in range(100):
        off_deg = 180.0 + (noise_deg if epoch % 2 else -noise_deg)
        turn = heading.Turn(
            now_ns=(epoch + 1) * NS_PER_S // 10,
            yaw_rad=wrap_rad((17.0 + off_deg) * DEG),
            held_rad=17.0 * DEG,
            sigma_rad=0.2 * DEG,
            held_sigma_rad=0.1 * DEG,
            belt_m=0.0,
            turned_rad=0.0,
            rate_radps=0.0,
        )
        taken = heading.follow(told, turn)
        told = taken.heading
        assert (told.believed, taken.use, taken.turn_rad) == (False, False, 0.0)
