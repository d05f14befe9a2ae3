"""A restart makes no wrong fix true: a second of fixes is held against where the last start left the machine."""

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.trials.beliefs import DATUM, BeliefRun, BeliefSettings
from tests.control.estimate.test_mark import doubted
from tests.marks import examples
from vehicle.control.estimate import fusion, place
from vehicle.control.estimate_state import EstimateState
from vehicle.control.state import VehicleState, WireState
from vehicle.runtime import kept_place

BOUND_M = 0.16
"""Of an honest machine at rest: 3 cm and four sigmas of what the filter and the receiver's slow part may be off by."""


def parked(speed_mps: float = 0.28) -> BeliefRun:
    run = BeliefRun(BeliefSettings(seed=31, speed_mps=speed_mps)).run(5.0)
    run.work(8.0)
    return run.run(5.0, 0.0)


def kept(run: BeliefRun) -> bytes:
    state = VehicleState(config=run.config, datum=DATUM, wire=run.wire, estimate=run.belief)
    found = kept_place.kept_of(state)
    assert found is not None
    return kept_place.encode(found)


def restarted(run: BeliefRun, content: bytes | None) -> BeliefRun:
    """The program anew, the machine and its receiver as they were."""
    run.wire, run.belief = WireState(), kept_place.restored(content, DATUM)
    run.run(0.1, 0.0)
    while not run.belief.ready:  # a receiver that was asked to fix anew
        run.run(1.0, 0.0)
    return run.run(3.0, 0.0)


@pytest.mark.parametrize("shown", [True, False])
def test_a_place_that_agrees_goes_on_as_it_was(shown: bool) -> None:
    run = parked()
    run.belief = msgspec.structs.replace(run.belief, place=msgspec.structs.replace(run.belief.place, shown=shown))
    run = restarted(run, kept(run))
    assert run.seen.position_proven
    assert run.seen.doubt_m == 0.0
    assert run.belief.place.shown is shown
    assert run.belief.held is None


@settings(max_examples=examples(25), deadline=None)
@given(st.floats(-3.0, 3.0), st.floats(0.0, math.tau))
@pytest.mark.long
def test_a_fix_that_came_back_wrong_is_doubted_or_in_the_margin(off_m: float, bearing_rad: float) -> None:
    run = parked()
    left_m, content = run.belief.x[:2], kept(run)
    run.gnss.jump_m = (off_m * math.cos(bearing_rad), off_m * math.sin(bearing_rad))
    run = restarted(run, content)
    if abs(off_m) > BOUND_M:
        assert run.seen.position_doubted
        assert not run.seen.position_proven
        assert math.dist(run.belief.x[:2], left_m) < 0.01, "the place that was left is held"
    assert run.seen.doubt_m >= abs(off_m) - place.SAME_PLACE_M - 0.02, "boundaries are kept from both"


def test_without_a_file_the_fix_is_worked_with_and_not_shown() -> None:
    run = restarted(parked(), None)
    assert run.seen.position_proven
    assert not run.belief.place.shown


def test_a_machine_that_was_moved_is_not_doubted_and_not_shown() -> None:
    run = parked()
    content = kept(run)
    run.tracks.east_m += place.MOVED_M + 1.0
    run = restarted(run, content)
    assert run.seen.position_proven
    assert not run.belief.place.shown
    assert run.error_m < 0.1


def test_a_file_that_cannot_be_read_may_have_held_a_doubt() -> None:
    run = parked()
    run.wire, run.belief = WireState(), kept_place.LOST
    run.run(60.0, 0.0)
    assert run.seen.position_doubted
    assert not run.belief.place.shown


@pytest.mark.long
def test_a_doubt_goes_on_over_a_restart_and_new_fixes_alike_do_not_end_it() -> None:
    run = doubted()
    held_m = run.belief.x[:2]
    for _ in range(3):
        run = restarted(run, kept(run))
        assert run.seen.position_doubted
        assert run.seen.doubt_m == pytest.approx(0.4, abs=0.05)
        assert math.dist(run.belief.x[:2], held_m) < 0.02
    run.run(150.0, 0.0)
    assert run.seen.position_doubted


@pytest.mark.long
def test_a_doubt_ends_after_a_restart_as_it_does_before_by_two_new_fixes_or_a_mark() -> None:
    run = doubted().run(15.0)
    run = restarted(run, kept(run))
    run.gnss.jump_m = (0.0, 0.0)
    run.run(5.0, 0.0)
    assert run.seen.position_doubted, "it agrees again, after too long for an outlier"
    run.run(150.0, 0.0)
    assert run.seen.position_proven


def test_a_mark_that_was_missed_is_missed_after_a_restart() -> None:
    run = parked()
    now_ns = run.ticks * 20_000_000
    mark_m = (run.belief.x[0] + 0.3, run.belief.x[1])
    run.belief = fusion.at_mark(run.belief, run.wire, mark_m, run.config, DATUM, now_ns)
    assert run.belief.x[:2] == mark_m, "the machine stands on the mark"
    assert place.doubt_m(run.belief.place) == pytest.approx(0.3), "and its receiver says another place"
    run = restarted(run, kept(run))
    run.run(200.0, 0.0)
    assert run.seen.position_doubted
    assert run.belief.place.missed


def test_a_mark_far_away_was_named_wrongly_and_moves_nothing() -> None:
    run = parked()
    x = run.belief.x
    after = fusion.at_mark(
        run.belief, run.wire, (x[0] + place.MOVED_M + 1.0, x[1]), run.config, DATUM, run.ticks * 20_000_000
    )
    assert after.place.missed
    assert after.x == x


@pytest.mark.parametrize(("turned_deg", "doubted"), [(0.1, False), (4.0, True), (-170.0, True)])
def test_a_heading_that_differs_from_the_one_left_is_doubted(turned_deg: float, doubted: bool) -> None:
    run = parked()
    content = kept(run)
    run.gnss.heading_jump_rad += math.radians(turned_deg)
    run = restarted(run, content)
    assert run.seen.heading_doubted is doubted
    assert run.yaw_error_rad == pytest.approx(0.0, abs=0.01)


def test_a_heading_that_was_doubted_stays_so_while_it_differs() -> None:
    run = parked()
    run.gnss.heading_jump_rad += math.radians(4.0)
    run.run(5.0, 0.0)
    assert run.seen.heading_doubted
    assert restarted(run, kept(run)).seen.heading_doubted


@pytest.mark.parametrize("speed_mps", [0.1, 0.28])
def test_a_program_that_died_in_motion_knows_how_far_it_may_have_gone(speed_mps: float) -> None:
    run = parked(speed_mps=speed_mps)
    run.run(5.0, speed_mps)
    content = kept(run)
    run.run(1.5, speed_mps)  # until the next writing, the lease, the brakes
    run = restarted(run, content)
    assert run.seen.position_proven, "an honest death needs no mark"
    gone_m = 1.5 * speed_mps
    assert run.seen.doubt_m == pytest.approx(gone_m, abs=0.05), "what nobody saw is in the margin"


def test_the_daily_check_ends_doubts_and_shows_the_place() -> None:
    run = parked()
    content = kept(run)
    run.tracks.east_m += 2.0
    run.tracks.yaw_rad += 0.2
    run.tracks._stand_on_ground()
    run = restarted(run, content)
    assert run.seen.position_doubted
    assert run.seen.heading_doubted
    run.belief = fusion.in_bay(run.belief, run.wire, run.config, DATUM, run.ticks * 20_000_000)
    run.run(3.0, 0.0)
    assert run.seen.position_proven
    assert not run.seen.heading_doubted
    assert run.belief.place.shown
    assert run.error_m < 0.1
    assert run.yaw_error_rad == pytest.approx(0.0, abs=0.01)


def test_the_daily_check_shows_nothing_without_a_fix_at_rest() -> None:
    run = parked()
    now_ns = run.ticks * 20_000_000
    rolling = run.run(1.0, 0.2)
    assert fusion.in_bay(rolling.belief, rolling.wire, run.config, DATUM, now_ns) is rolling.belief
    run = parked()
    late_ns = run.ticks * 20_000_000 + 2 * place.LOSS_NS
    assert fusion.in_bay(run.belief, run.wire, run.config, DATUM, late_ns) is run.belief


def test_an_estimate_that_never_began_keeps_the_file_as_it_is() -> None:
    run = BeliefRun(BeliefSettings(seed=1))
    state = VehicleState(config=run.config, datum=DATUM, estimate=EstimateState())
    assert kept_place.kept_of(state) is None
