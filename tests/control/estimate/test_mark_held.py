"""What a mark has shown lasts: hit or missed, it is not undone by what was remembered of the place before."""

import copy
import functools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from benchmarks.trials.beliefs import DATUM, BeliefRun, BeliefSettings, aside_m
from tests.control.estimate.test_mark import doubted, says_m
from vehicle.contracts.units import NS_PER_S, TICK_NS
from vehicle.control.estimate import fusion, place
from vehicle.control.estimate_state import EstimateState, PlaceState


@functools.cache
def _stopped() -> BeliefRun:
    run = BeliefRun(BeliefSettings(seed=22)).run(5.0)
    run.work(8.0)
    return run.run(3.0, 0.0)


def stopped() -> BeliefRun:
    """At rest after a way, its place proven."""
    return copy.deepcopy(_stopped())


def on_mark(run: BeliefRun, mark_m: tuple[float, float], *, good: bool = True) -> BeliefRun:
    now_ns = run.ticks * TICK_NS
    run.belief = fusion.at_mark(run.belief, run.wire, mark_m, run.config, DATUM, now_ns, good=good)
    return run


def beside_m(run: BeliefRun, off_m: float, bearing_rad: float) -> tuple[float, float]:
    east_m, north_m = says_m(run)
    return east_m + off_m * math.cos(bearing_rad), north_m + off_m * math.sin(bearing_rad)


@pytest.mark.long
@settings(max_examples=12, deadline=None)
@given(off_m=st.floats(0.15, place.MOVED_M - 0.2), bearing_rad=st.floats(0.0, math.tau), drives=st.booleans())
def test_a_mark_that_was_missed_is_held_and_both_places_are_kept_from(
    off_m: float, bearing_rad: float, drives: bool
) -> None:
    run = stopped()
    mark_m = beside_m(run, off_m, bearing_rad)
    begun_m = run.tracks.east_m, run.tracks.north_m
    on_mark(run, mark_m)
    run.run(4.0, 0.28 if drives else 0.0)
    gone_m = run.tracks.east_m - begun_m[0], run.tracks.north_m - begun_m[1]
    assert run.seen.position_doubted
    assert math.dist(run.belief.x[:2], (mark_m[0] + gone_m[0], mark_m[1] + gone_m[1])) < 0.1
    assert run.seen.doubt_m == pytest.approx(off_m, abs=0.1)


@pytest.mark.long
@pytest.mark.parametrize("wait_s", [0.0, 6.0, 20.0])
def test_a_mark_that_is_hit_ends_the_doubt_for_good(wait_s: float) -> None:
    run = doubted().run(wait_s, 0.0)
    on_mark(run, says_m(run))
    assert run.run(5.0, 0.0).seen.position_proven
    assert run.run(8.0, 0.28).seen.position_proven


@pytest.mark.long
def test_the_daily_check_ends_a_doubt_of_the_place_alone_for_good() -> None:
    run = doubted()
    run.belief = fusion.in_bay(run.belief, run.wire, run.config, DATUM, run.ticks * TICK_NS)
    assert not run.seen.heading_doubted
    assert run.run(5.0, 0.0).seen.position_proven


@pytest.mark.parametrize("bay", [False, True])
def test_a_place_that_stands_while_the_belts_run_is_shown_by_nothing(bay: bool) -> None:
    run = stopped()
    run.belief = replace(run.belief, place=replace(run.belief.place, shown=False))
    run.gnss.frozen, run.gnss.jitter_m = True, 0.005
    for _ in range(100):
        if run.run(0.1, 0.28).belief.place.stuck:
            break
    assert run.belief.place.stuck
    run.step()
    run.speed_mps = 0.0
    while run.step().speed_mps != 0.0:
        pass
    before, now_ns = run.belief, run.ticks * TICK_NS
    assert before.place.stuck
    for mark_m in (before.x[:2], (run.tracks.east_m, run.tracks.north_m)):
        if bay:
            after = fusion.in_bay(before, run.wire, run.config, DATUM, now_ns)
        else:
            after = fusion.at_mark(before, run.wire, mark_m, run.config, DATUM, now_ns)
        assert after is before
    assert not after.place.shown


@pytest.mark.parametrize("at_s", [0.3, 0.6, 0.9, 1.2, 1.5])
def test_a_place_that_has_just_stepped_is_held_against_the_mark_itself_not_the_one_before(at_s: float) -> None:
    """The machine stands on a mark, and its receiver has just gone half a metre off: the receiver is wrong."""
    run = stopped()
    mark_m = says_m(run)
    run.gnss.jump_m = aside_m(0.5)
    run.run(at_s, 0.0)
    assert on_mark(run, mark_m).belief.place.missed
    run.run(3.0, 0.0)
    assert run.seen.position_doubted
    assert math.dist(run.belief.x[:2], mark_m) < 0.1
    assert run.seen.doubt_m == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("at_s", [1.0, 1.2, 1.5, 1.8])
def test_what_was_gathered_about_another_place_says_nothing_of_the_marks(at_s: float) -> None:
    run = stopped()
    run.gnss.jump_m = aside_m(0.5)
    said_m = says_m(run)[0] + aside_m(0.5)[0], says_m(run)[1] + aside_m(0.5)[1]
    mark_m = beside_m(run, 4.0, 0.3)
    run.run(at_s, 0.0)
    on_mark(run, mark_m)
    for _ in range(30):
        run.run(0.1, 0.0)
        assert run.seen.doubt_m == pytest.approx(math.dist(said_m, mark_m), abs=0.1)
        assert math.dist(run.belief.x[:2], mark_m) < 0.1


@pytest.mark.parametrize("at_s", [0.3, 0.6, 0.9, 1.2, 1.5])
def test_a_place_that_has_just_stepped_onto_the_mark_is_right(at_s: float) -> None:
    """The filter has still the one before, or looks at the new one: the mark decides at once, and for good."""
    run = stopped()
    run.gnss.jump_m = aside_m(0.5)
    mark_m = says_m(run)[0] + aside_m(0.5)[0], says_m(run)[1] + aside_m(0.5)[1]
    run.run(at_s, 0.0)
    on_mark(run, mark_m)
    assert not run.belief.place.missed
    assert math.dist(run.belief.x[:2], mark_m) < 0.1
    assert run.run(5.0, 0.0).seen.position_proven


def _place(**more: object) -> PlaceState:
    return replace(PlaceState(seen_t_ns=9 * NS_PER_S, checked_t_ns=4 * NS_PER_S), **more)


def test_a_doubt_that_was_under_its_look_is_no_credit_after_the_mark() -> None:
    told = place.marked(_place(doubt_t_ns=7 * NS_PER_S), (0.3, 0.0), 9 * NS_PER_S)
    assert told.revoke_t_ns == 4 * NS_PER_S


@pytest.mark.parametrize("believed", [True, False])
@pytest.mark.parametrize("held", [True, False])
def test_a_missed_mark_upholds_what_rests_on_the_place_that_it_hits_and_nothing_else(
    believed: bool, held: bool
) -> None:
    told = place.missed(_place(believed=believed), (0.3, 0.0), 9 * NS_PER_S, held=held)
    assert told.revoke_t_ns == (0 if held else 4 * NS_PER_S)


def test_a_doubt_whose_held_place_is_wrong_too_is_withdrawn_up_to_the_mark_before() -> None:
    """The receiver was 0.4 m off all the while and then stepped: the mark shows both places to be wrong."""
    run = doubted()
    off = on_mark(copy.deepcopy(run), beside_m(run, 0.9, 0.3)).belief.place
    assert off.missed
    assert off.revoke_t_ns == max(1, run.belief.place.checked_t_ns)
    right = on_mark(run, run.belief.x[:2]).belief.place
    assert right.missed
    assert right.revoke_t_ns == 0, "the mark shows that the place which was held is right"


acts = st.lists(st.tuples(st.sampled_from(("hit", "missed")), st.booleans()), min_size=1, max_size=4)


@given(acts, st.integers(0, 9), st.integers(0, 9), st.booleans(), st.booleans())
def test_however_many_marks_are_told_in_one_tick_the_earliest_withdrawal_stays(
    told: list[tuple[str, bool]], revoke_s: int, checked_s: int, believed: bool, offset: bool
) -> None:
    state = _place(
        revoke_t_ns=revoke_s * NS_PER_S,
        checked_t_ns=checked_s * NS_PER_S,
        believed=believed,
        offset_m=(0.3, 0.0) if offset or not believed else (0.0, 0.0),
    )
    earliest_ns = state.revoke_t_ns
    for act, held in told:
        before = state
        if act == "hit":
            state = place.marked(before, (0.0, 0.0), 10 * NS_PER_S)
        else:
            state = place.missed(before, (0.1, 0.0), 10 * NS_PER_S, held=held)
        if before.revoke_t_ns:
            assert 0 < state.revoke_t_ns <= before.revoke_t_ns
        alone = replace(before, revoke_t_ns=0)
        new = place.marked(alone, (0.0, 0.0), 1) if act == "hit" else place.missed(alone, (0.1, 0.0), 1, held=held)
        earliest_ns = place.earlier_ns(earliest_ns, new.revoke_t_ns)
        assert state.revoke_t_ns == earliest_ns


@settings(max_examples=10, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_a_stand_begins_with_the_first_tick_at_rest_and_ends_with_the_first_that_moves(rests: list[bool]) -> None:
    run = stopped()
    stands: int | None = run.belief.stands_t_ns
    assert stands is not None
    for rest in rests:
        run.run(0.02, 0.0 if rest else 0.28)
        status = run.wire.status
        assert status is not None
        if status.track_left_mps != 0.0 or status.track_right_mps != 0.0:
            stands = None
        elif stands is None:
            stands = run.ticks * TICK_NS
        assert run.belief.stands_t_ns == stands


def test_belts_that_nobody_tells_of_are_no_stand() -> None:
    run = stopped()
    timeout_ns = round(run.config.safety.controller_timeout_s * NS_PER_S)
    now_ns = run.wire.status_t_ns + timeout_ns + 1
    assert fusion.step(run.belief, run.wire, run.config, DATUM, now_ns).stands_t_ns is None
    assert EstimateState().stands_t_ns is None
