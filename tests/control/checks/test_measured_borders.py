"""When a measurement was made: each rule of `measured.py` by itself, exactly at its edge."""

import pytest
from msgspec.structs import replace

from firmware_bridge.types import ObservationKind
from tests.control.checks.test_room import observation
from vehicle.contracts.ledger_types import Knowledge, LedgerStroke
from vehicle.contracts.units import NS_PER_S
from vehicle.control.checks import measured
from vehicle.control.checks_state import ChecksState
from vehicle.control.state import LedgerState

BASE, DEPTH, HAMMERS = Knowledge.BASE, Knowledge.DEPTH, Knowledge.HAMMERS
NEW = ChecksState()
TOLD = observation(ObservationKind.BENCHMARK_CHECK)
UTC_US = 1_795_000_000_000_000
EVER_NS = -(1 << 62)


# --- clocks ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("lead_us", "known"),
    [(10_000_000, False), (10_000_001, True), (600_000_000, True), (600_000_001, False)],
)
def test_a_clock_is_ahead_by_more_than_ten_seconds_and_by_ten_minutes_at_most(lead_us: int, known: bool) -> None:
    after = measured.ahead_us(NEW, replace(TOLD, time_utc_us=UTC_US + lead_us), UTC_US)
    assert after.ahead_us == ({9: lead_us} if known else {})


def test_a_clock_is_known_by_the_furthest_that_it_was_ahead_and_each_by_itself() -> None:
    state = replace(NEW, ahead_us={8: 11_000_000, 9: 20_000_000})
    for lead_us, ahead_us in ((20_000_000, 20_000_000), (20_000_001, 20_000_001)):
        after = measured.ahead_us(state, replace(TOLD, time_utc_us=UTC_US + lead_us), UTC_US)
        assert after.ahead_us == {8: 11_000_000, 9: ahead_us}


@pytest.mark.parametrize(("utc_us", "time_utc_us"), [(None, UTC_US + 20_000_000), (UTC_US - 20_000_000, None)])
def test_without_two_times_no_clock_is_compared_and_no_moment_is_known(
    utc_us: int | None, time_utc_us: int | None
) -> None:
    told = replace(TOLD, time_utc_us=time_utc_us)
    assert measured.ahead_us(NEW, told, utc_us) is NEW
    assert measured.at_ns(NEW, told, utc_us, 5) is None


@pytest.mark.parametrize(
    ("ahead_us", "age_us", "before_now_ns"),
    [({}, 7, 10_000_007_000), ({}, -7, 10_000_000_000), ({9: 20_000_000}, 7, 20_000_007_000)],
)
def test_the_moment_is_as_early_as_it_can_have_been(ahead_us: dict[int, int], age_us: int, before_now_ns: int) -> None:
    told = replace(TOLD, time_utc_us=UTC_US - age_us)
    assert measured.at_ns(replace(NEW, ahead_us=ahead_us), told, UTC_US, 5) == 5 - before_now_ns


# --- strokes ---------------------------------------------------------------------------------------------------------
def test_the_newest_stroke_of_a_moment_is_looked_for_in_the_last_one_and_in_the_marks() -> None:
    stroke = LedgerStroke(
        number=9, t_ns=90, east_m=0.0, north_m=0.0, forward_east=1.0, forward_north=0.0, slope=0.0, bands=()
    )
    marks = ((10, 1), (30, 3), (50, 5))
    full, marked = LedgerState(stroke=stroke, marks=marks), LedgerState(marks=marks)
    expected = {9: 0, 10: 1, 29: 1, 30: 3, 89: 5}
    for moment_ns, number in expected.items():
        assert measured.number_at(full, moment_ns) == measured.number_at(marked, moment_ns) == number
    assert (measured.number_at(full, 90), measured.number_at(full, 91), measured.number_at(marked, 91)) == (9, 9, 5)
    assert measured.number_at(LedgerState(), 1) == 0


# --- what proves nothing ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (BASE, "measured before the base failed or changed: again"),
        (DEPTH, "read before what made it due: read again"),
        (HAMMERS, "counted before the shock or loss: count again"),
    ],
)
def test_a_check_from_before_its_doubt_is_refused_with_what_to_do(kind: Knowledge, text: str) -> None:
    state = measured.doubted(NEW, 50, kind)
    assert state.doubts_ns == {kind.value: 50}
    assert measured.unproven(state, kind, TOLD, 50, UTC_US) == text
    assert measured.unproven(state, kind, TOLD, 51, UTC_US) == ""
    assert measured.unproven(NEW, kind, TOLD, 50, UTC_US) == ""


def test_a_check_names_who_and_when() -> None:
    for who in ("", " "):
        assert measured.unproven(NEW, BASE, replace(TOLD, who=who), 50, UTC_US) == "who: name who measured"
    assert measured.unproven(NEW, BASE, TOLD, None, UTC_US) == "time: say when it was measured"
    assert measured.unproven(NEW, BASE, TOLD, None, None) == ""


def test_a_doubt_leaves_the_other_kinds_as_they_were() -> None:
    state = measured.doubted(replace(NEW, doubts_ns={BASE.value: 1, DEPTH.value: 2}), 50, DEPTH, HAMMERS)
    assert state.doubts_ns == {BASE.value: 1, DEPTH.value: 50, HAMMERS.value: 50}


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"base_failed": True}, {BASE}),
        ({"depth_failed": True}, {DEPTH}),
        ({"hammers_struck": True}, {HAMMERS}),
        ({"hammers_missing": 1}, {HAMMERS}),
        ({"base_failed": True, "hammers_struck": True, "hammers_missing": 2}, {BASE, HAMMERS}),
    ],
)
def test_what_a_restart_brings_along_as_failed_is_in_doubt_until_then(
    changes: dict[str, bool | int], kinds: set[Knowledge]
) -> None:
    state = replace(NEW, **changes)
    assert measured.restored(state, 50).doubts_ns == {kind.value: 50 for kind in kinds}
    known = replace(state, doubts_ns={kind.value: 3 for kind in Knowledge})
    assert measured.restored(known, 50) is known


def test_a_restart_without_a_failure_doubts_nothing() -> None:
    assert measured.restored(NEW, 50) is NEW


# --- good moments ----------------------------------------------------------------------------------------------------
def test_the_newest_64_good_moments_are_kept_in_order_and_each_once() -> None:
    state = NEW
    for moment_ns in (*range(100, 35, -1), 70, 99):
        state = measured.proven(state, BASE, moment_ns)
    assert state.proven_ns == {BASE.value: tuple(range(37, 101))}
    state = measured.proven(state, DEPTH, 7)
    assert (state.proven_ns[DEPTH.value], len(state.proven_ns[BASE.value])) == ((7,), 64)
    assert measured.proven(state, BASE, None) is state


@pytest.mark.parametrize(
    ("moment_ns", "since_ns"),
    [(None, None), (29, 20), (20, 20), (19, 10), (10, 10), (9, EVER_NS), (30, None), (31, None)],
)
def test_a_failure_reaches_back_to_the_good_check_before_it(moment_ns: int | None, since_ns: int | None) -> None:
    state = replace(NEW, proven_ns={BASE.value: (10, 20, 30)})
    assert measured.failed_since_ns(state, BASE, moment_ns) == since_ns
    assert measured.failed_since_ns(state, DEPTH, moment_ns) is None


# --- what was worked by then -----------------------------------------------------------------------------------------
def test_nothing_worked_is_not_kept_until_something_was() -> None:
    assert measured.with_past(NEW, 0.0, 5) is NEW
    for down_s, swept_m2 in ((1.0, 0.0), (0.0, 1.0), (1.0, 2.0)):
        assert measured.with_past(replace(NEW, down_s=down_s), swept_m2, 5).past == ((5, down_s, swept_m2),)
    withdrawn = measured.with_past(replace(NEW, past=((5, 0.0, 1.0),), worked_m2=1.0, swept_m2=1.0), 0.0, 99 * NS_PER_S)
    assert (withdrawn.past, withdrawn.worked_m2, withdrawn.swept_m2) == (((5, 0.0, 1.0),), 1.0, 0.0)


def test_what_was_worked_is_kept_every_ten_seconds_where_it_became_another() -> None:
    past = ((3, 0.5, 0.5), (5, 1.0, 1.0))
    state = replace(NEW, down_s=2.0, past=past, worked_m2=1.0, swept_m2=1.0)
    assert measured.with_past(state, 1.0, 4 + 10 * NS_PER_S) is state
    assert measured.with_past(state, 1.0, 5 + 10 * NS_PER_S).past == (*past, (5 + 10 * NS_PER_S, 2.0, 1.0))
    same = replace(state, down_s=1.0)
    assert measured.with_past(same, 1.0, 99 * NS_PER_S) is same
    assert measured.with_past(same, 2.0, 99 * NS_PER_S).past == (*past, (99 * NS_PER_S, 1.0, 2.0))


def test_of_256_entries_every_second_of_the_older_half_goes() -> None:
    past = tuple((number, float(number), 0.0) for number in range(256))
    state, now_ns = replace(NEW, down_s=300.0), 99 * NS_PER_S
    new = (now_ns, 300.0, 0.0)
    assert measured.with_past(replace(state, past=past[1:]), 0.0, now_ns).past == (*past[1:], new)
    assert measured.with_past(replace(state, past=past), 0.0, now_ns).past == (*past[:128:2], *past[128:], new)


def test_what_was_worked_by_a_moment_is_the_newest_entry_up_to_it() -> None:
    state = replace(NEW, past=((5, 1.0, 2.0), (9, 3.0, 4.0)))
    assert [measured.worked_by(state, at_ns, (7.0, 8.0)) for at_ns in (4, 5, 8, 9, 10)] == [
        (0.0, 0.0),
        (1.0, 2.0),
        (1.0, 2.0),
        (3.0, 4.0),
        (3.0, 4.0),
    ]
    assert measured.worked_by(state, None, (7.0, 8.0)) == (7.0, 8.0)
