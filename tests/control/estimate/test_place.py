"""Another place is believed by evidence, never by waiting; one that stands while the belts run by none."""

import math
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from benchmarks.trials.beliefs import BeliefRun, BeliefSettings, along_m, aside_m
from firmware_bridge.types import RESTART_NEVER, FixType
from tests.marks import every, some
from vehicle.contracts.units import NS_PER_S
from vehicle.control.estimate import place, track
from vehicle.control.estimate_state import PlaceState

pytestmark = pytest.mark.long

SIZES = every(3, (0.1, 0.15, 0.3, 1.0))


def standing(seed: int, **settings: Any) -> BeliefRun:
    """It has worked for a while, and stands."""
    run = BeliefRun(BeliefSettings(seed=seed, **settings)).run(5.0)
    run.work(12.0)
    return run.run(4.0, 0.0)


@pytest.mark.parametrize("size_m", SIZES)
def test_a_lasting_wrong_fix_at_a_stand_is_not_adopted_by_waiting(size_m: float) -> None:
    run = standing(3)
    run.gnss.restarts = False
    run.gnss.jump_m = aside_m(size_m)
    run.run(1.5)
    for _ in range(60):
        assert not run.run(1.0).seen.position_proven
        assert run.error_m < 0.08, "the place held is the old one"
    assert run.seen.position_doubted
    assert not run.seen.gnss_restart, "a receiver that cannot is not asked"


@pytest.mark.parametrize("size_m", SIZES)
def test_a_wrong_fix_is_cured_by_two_new_ones_in_two_minutes(size_m: float) -> None:
    run = standing(4)
    run.gnss.wrong_fix_m = aside_m(size_m)
    begun_s, asked_s, was = run.time_s, [], False
    while not run.seen.position_proven or run.time_s < begun_s + 5.0:
        run.step()
        if run.seen.gnss_restart and not was:
            asked_s.append(run.time_s)
        was = run.seen.gnss_restart
        assert run.time_s < begun_s + 125.0
    assert len(asked_s) == 2
    assert asked_s[1] - asked_s[0] >= 30.0
    assert run.error_m < 0.06


def test_new_fixes_that_agree_with_the_new_place_alone_are_no_evidence() -> None:
    """The base was moved under the same id: the receiver fixes anew as often as it is asked to, in the same place."""
    run = standing(5)
    run.gnss.fix = FixType.RTK_FLOAT
    run.run(20.0)
    run.gnss.fix, run.gnss.jump_m = FixType.RTK_FIXED, aside_m(0.3)
    proven = False
    for _ in range(200 * 50):
        proven = proven or run.step().position_proven
    assert not proven
    assert run.belief.place.agreed == 0
    assert run.error_m < 0.08


def test_a_known_mark_shows_that_the_new_place_is_right_and_the_old_credit_is_not_upheld() -> None:
    run = standing(6)
    run.gnss.jump_m = aside_m(0.4)
    run.run(20.0)
    before, now_ns = run.belief.place, 77 * NS_PER_S
    assert not before.believed
    assert before.offset_m == pytest.approx(aside_m(0.4), abs=0.05)
    after = place.marked(before, before.offset_m, now_ns)
    assert after.believed
    assert after.offset_m == (0.0, 0.0)
    assert after.samples == ()
    assert after.revoke_t_ns == max(1, before.checked_t_ns)
    assert after.checked_t_ns == now_ns
    again = place.marked(replace(after, revoke_t_ns=0), place.NOWHERE, now_ns + 1)
    assert again.revoke_t_ns == 0, "where nothing else was held nothing is withdrawn"


@pytest.mark.parametrize("size_m", SIZES)
@pytest.mark.parametrize("shift", [aside_m, along_m])
def test_a_wrong_fix_at_work_stops_and_credits_nothing_falsely(size_m: float, shift: object) -> None:
    run = BeliefRun(BeliefSettings(seed=7, work=True)).run(5.0)
    run.work(10.0)
    run.gnss.jump_m = shift(size_m)  # type: ignore[operator]
    assert run.work(20.0) < 1.6
    run.run(10.0)
    run.work(10.0)
    assert run.false_m2 == 0.0


def test_what_comes_back_within_seconds_was_an_outlier() -> None:
    run = standing(8)
    run.gnss.jump_m = aside_m(0.5)
    assert not run.run(4.0).seen.position_proven
    run.gnss.jump_m = (0.0, 0.0)
    assert run.run(3.0).seen.position_proven
    assert run.belief.place.offset_m == (0.0, 0.0)


@pytest.mark.parametrize("loss_s", some([5.0, 60.0], 1, pytest.mark.release))
@pytest.mark.parametrize("fix", [FixType.NONE, FixType.RTK_FLOAT])
def test_a_loss_that_comes_back_true_goes_on_standing(loss_s: float, fix: FixType) -> None:
    run = standing(9)
    run.gnss.fix = fix
    assert not run.run(loss_s).seen.position_proven
    run.gnss.fix = FixType.RTK_FIXED
    assert run.run(1.5).seen.position_proven
    assert run.error_m < 0.08


@pytest.mark.parametrize("loss_s", some([5.0, 60.0, 300.0], 2, pytest.mark.release))
def test_a_loss_that_comes_back_true_goes_on_moving(loss_s: float) -> None:
    run = standing(10)
    run.gnss.silent = True
    run.run(loss_s, 0.28)
    run.gnss.silent = False
    assert run.run(2.0).seen.position_proven
    assert run.error_m < 0.1


def test_a_loss_of_the_fix_draws_a_parked_machine_nowhere() -> None:
    run = standing(11)
    before = run.error_m
    run.gnss.fix = FixType.RTK_FLOAT
    for _ in range(12):
        assert run.run(10.0).error_m < before + 0.03


@pytest.mark.long
@pytest.mark.parametrize("seed", some((1, 2, 3), 1, pytest.mark.release))
def test_a_base_that_moved_while_it_was_driven_is_in_the_margin_or_not_believed(seed: int) -> None:
    run = standing(seed, work=True)
    run.gnss.fix = FixType.RTK_FLOAT
    run.run(20.0, 0.28)
    run.gnss.fix, run.gnss.jump_m = FixType.RTK_FIXED, aside_m(0.15)
    run.run(3.0, 0.0)
    assert run.seen.position_doubted or run.seen.doubt_m > 0.05
    run.work(20.0)
    assert run.false_m2 == 0.0


# --- a place that stands ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("speed_mps", every(3, [0.05, 0.1, 0.15, 0.28]))
@pytest.mark.parametrize("jitter_m", every(2, [0.0, 0.002, 0.005]))
@pytest.mark.parametrize("speed_frozen", [False, True])
def test_a_position_that_stands_stops_within_half_a_metre(
    speed_mps: float, jitter_m: float, speed_frozen: bool
) -> None:
    for slip in (0.0, 0.1):
        run = BeliefRun(BeliefSettings(seed=12, speed_mps=speed_mps, slip_ratio=slip)).run(5.0)
        run.work(8.0)
        run.gnss.frozen, run.gnss.jitter_m, run.gnss.speed_frozen = True, jitter_m, speed_frozen
        begun_m = run.way_m
        assert run.work(20.0) < 10.0
        assert run.way_m - begun_m < 0.3
        run.run(8.0)
        assert run.seen.position_stuck, "it is not alive again because it waits"
        assert not run.seen.position_proven
        assert abs(run.belief.x[4]) <= track.SLIP_MAX


def test_in_transit_it_is_told_within_a_second() -> None:
    run = BeliefRun(BeliefSettings(seed=13, speed_mps=1.0)).run(5.0)
    run.work(8.0)
    run.gnss.frozen = True
    assert run.work(20.0) < 1.0


@pytest.mark.parametrize("slip_ratio", every(2, [0.0, 0.1, 0.2]))
@pytest.mark.parametrize("speed_mps", some([0.05, 0.28], 1, pytest.mark.release))
def test_slip_that_soil_has_stops_nothing(slip_ratio: float, speed_mps: float) -> None:
    run = BeliefRun(BeliefSettings(seed=14, speed_mps=speed_mps, slip_ratio=slip_ratio)).run(5.0)
    assert run.work(90.0) == pytest.approx(90.0)
    assert run.belief.x[4] == pytest.approx(slip_ratio, abs=0.06)


def test_a_receiver_that_lives_again_is_believed_with_a_margin_for_what_nobody_saw() -> None:
    run = BeliefRun(BeliefSettings(seed=15, work=True)).run(5.0)
    run.work(10.0)
    run.gnss.frozen = True
    run.work(20.0)
    run.run(5.0)
    run.gnss.frozen = False
    assert run.run(5.0).seen.position_proven
    assert run.error_m < 0.08
    run.work(10.0)
    assert run.false_m2 == 0.0


def test_a_position_that_stands_is_alive_again_when_it_follows_half_a_metre() -> None:
    run = BeliefRun(BeliefSettings(seed=16, gnss_sigma_m=0.02)).run(5.0)
    run.work(10.0)
    run.gnss.frozen, run.gnss.jitter_m = True, 0.003
    run.work(20.0)
    run.run(5.0)
    assert run.run(2.0, -0.15).seen.position_stuck
    run.gnss.frozen = False
    assert not run.run(6.0, -0.15).seen.position_stuck


# --- the request -----------------------------------------------------------------------------------------------------
DOUBTED = PlaceState(believed=False, offset_m=(0.3, 0.0), disbelieved_t_ns=NS_PER_S, seen_t_ns=NS_PER_S)


def asked(told: PlaceState, at_s: float, count: int = 0, *, resting: bool = True) -> PlaceState:
    return place.asking(told, count, resting=resting, now_ns=round(at_s * NS_PER_S))


def test_it_is_asked_when_the_other_place_lasts_and_the_machine_rests() -> None:
    assert not asked(DOUBTED, 10.9).asks
    assert not asked(DOUBTED, 11.0, resting=False).asks
    assert not asked(DOUBTED, 11.0, RESTART_NEVER).asks
    assert not asked(PlaceState(), 99.0).asks
    first = asked(DOUBTED, 11.0)
    assert first.asks
    assert asked(first, 15.9).asks
    assert not asked(first, 15.9, resting=False).asks
    assert not asked(first, 16.0).asks, "after five seconds without an answer the request ends"
    answered = asked(first, 12.0, 1)
    assert answered.restarted
    assert not answered.asks
    assert answered.gathered is not None, "what comes now is a new fix, however soon"
    assert not asked(answered, 70.9, 1).asks
    assert asked(answered, 71.0, 1).asks
    agreed = msgspec.structs.replace(answered, agreed=1, agreed_t_ns=25 * NS_PER_S)
    assert not asked(agreed, 54.9, 1).asks
    assert asked(agreed, 55.0, 1).asks


def test_the_bound_is_three_centimetres_and_four_sigma_and_what_nobody_saw() -> None:
    p = tuple(tuple(1e-4 if i == j else 0.0 for j in range(6)) for i in range(6))
    new = place.bound_m(PlaceState(anew=True, gap_m=0.2), p, 0.02)
    assert new == pytest.approx(0.03 + 4.0 * math.hypot(0.01, 0.013) + 0.2)
    assert place.bound_m(PlaceState(), p, 0.02) == pytest.approx(0.03 + 4.0 * math.hypot(0.01, 0.006))


# --- reckoned: nothing but the fix is missing ------------------------------------------------------------------------
def braked(seed: int = 11, loss_s: float = 3.0, **settings: Any) -> BeliefRun:
    """At work, its fix gone, standing since."""
    run = BeliefRun(BeliefSettings(seed=seed, **settings)).run(5.0)
    run.work(12.0)
    run.gnss.fix = FixType.RTK_FLOAT
    return run.run(0.1).run(loss_s, 0.0)


def reckoned(run: BeliefRun, seconds: float, speed_mps: float) -> bool:
    """In each tick of it."""
    seen = [run.run(0.02, speed_mps).seen.position_reckoned for _ in range(round(seconds / 0.02))]
    return all(seen)


def test_a_loss_of_the_fix_alone_is_reckoned_until_the_place_is_looked_at() -> None:
    run = BeliefRun(BeliefSettings(seed=11)).run(5.0)
    run.work(12.0)
    assert (run.seen.position_proven, run.seen.position_reckoned) == (True, True)
    run.gnss.fix = FixType.RTK_FLOAT
    assert reckoned(run, 0.1, 0.28)
    assert reckoned(run, 3.0, 0.0)
    assert not run.seen.position_proven
    run.gnss.fix = FixType.RTK_FIXED
    assert reckoned(run, 1.0, 0.0)
    assert run.run(0.2).seen.position_proven
    assert run.seen.doubt_m == 0.0


@pytest.mark.parametrize(
    "why", ["no epochs", "no heading", "jumped before", "another place", "frozen before", "encoder dead", "tracks dig"]
)
def test_whatever_else_speaks_against_the_place_reckons_nothing(why: str) -> None:
    run = BeliefRun(BeliefSettings(seed=11)).run(5.0)
    run.work(12.0)
    gnss = run.gnss
    if why == "jumped before":
        gnss.jump_m = aside_m(0.3)
        run.run(0.4)
    if why == "frozen before":
        gnss.frozen = True
        run.run(1.5)
    gnss.fix = FixType.RTK_FLOAT
    gnss.silent, gnss.heading_lost = why == "no epochs", why == "no heading"
    if why == "encoder dead":
        run._tools.left_gain = run._tools.right_gain = 0.0
    if why == "tracks dig":
        run.tracks.slip_left_ratio = run.tracks.slip_right_ratio = 0.95
    throughout = reckoned(run, 0.5, 0.28) and reckoned(run, 1.0, 0.0)
    if why == "another place":
        gnss.fix, gnss.wrong_fix_m = FixType.RTK_FIXED, aside_m(0.4)
        throughout = reckoned(run, 1.5, 0.0)
    assert not throughout
    assert not run.seen.position_proven


def test_a_place_that_came_back_five_centimetres_off_is_believed_with_a_doubt() -> None:
    """Which the ledger takes as no proof of what lies between."""
    run = braked()
    assert run.seen.doubt_m == 0.0
    run.gnss.fix, run.gnss.wrong_fix_m = FixType.RTK_FIXED, aside_m(0.05)
    seen = run.run(1.5).seen
    assert seen.position_proven
    assert seen.doubt_m > 0.03


# --- what it may be off by -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("believed", [True, False])
def test_as_far_as_receiver_and_dead_reckoning_contradict_one_another_the_place_may_be_off(believed: bool) -> None:
    assert place.doubt_m(PlaceState(believed=believed, offset_m=(0.3, -0.4))) == pytest.approx(0.5)
    assert place.doubt_m(PlaceState(believed=believed)) == 0.0


def test_a_place_that_is_not_believed_is_kept_from_boundaries_by_what_it_differs_by() -> None:
    run = standing(17)
    run.gnss.restarts = False
    run.gnss.jump_m = aside_m(0.7)
    run.run(1.5)
    assert run.seen.position_doubted
    assert run.seen.doubt_m == pytest.approx(0.7, abs=0.05)
