"""When a measurement was made: it proves what was worked up to then, and nothing after it; for every kind and time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firmware_bridge.types import Observation, ObservationKind, ObservationVerdict
from tests import builders
from tests.control.checks.test_room import CONFIG, SESSION, observation, orders, step
from vehicle.contracts.ledger_types import Claim, Confirm, Knowledge, LedgerStroke, Order
from vehicle.contracts.units import NS_PER_S
from vehicle.control.checks import measured, room
from vehicle.control.checks_state import ChecksState
from vehicle.control.ledger import withdrawal
from vehicle.control.state import LedgerState, WireState

ZERO_US = 1_795_000_000_000_000
CLOCK_S = measured.CLOCK_US // 1_000_000
NOW_S = 1_000
BASE, DEPTH, HAMMERS = Knowledge.BASE, Knowledge.DEPTH, Knowledge.HAMMERS
TOLD = {
    BASE: observation(ObservationKind.BENCHMARK_CHECK, 0.01, sigma=0.01, text="control point 1"),
    DEPTH: observation(ObservationKind.DEPTH_CHECK, 0.17, lat_deg=39.99, lon_deg=46.93, text="strip", sigma=0.01),
    HAMMERS: observation(ObservationKind.HAMMER_COUNT, 40.0),
}
BAD = {
    BASE: replace(TOLD[BASE], value=0.3),
    DEPTH: replace(TOLD[DEPTH], value=0.05),
    HAMMERS: replace(TOLD[HAMMERS], value=39.0, text="missing 17"),
}
kinds = st.sampled_from((BASE, DEPTH, HAMMERS))


def a_ledger(last_s: int, good: dict[str, int] | None = None) -> LedgerState:
    """A stroke each second, numbered by it."""
    stroke = LedgerStroke(
        number=last_s, t_ns=last_s * NS_PER_S, east_m=0.0, north_m=0.0, forward_east=1.0, forward_north=0.0,
        slope=0.0, bands=(),
    )  # fmt: skip
    marks = tuple((second * NS_PER_S, second) for second in range(1, last_s + 1))
    return LedgerState(stroke=stroke, marks=marks, good=good or {}, swept_m2=float(last_s))


def wire_at(now_s: int, utc: bool = True) -> WireState:
    time_us = ZERO_US + now_s * 1_000_000 if utc else None
    return WireState(gnss=builders.gnss(0.0, 0.0, 0.0, 0.3, time_utc_us=time_us), gnss_t_ns=now_s * NS_PER_S)


def made(told: Observation, at_s: float | None) -> Observation:
    return replace(told, time_utc_us=None if at_s is None else ZERO_US + round(at_s * 1e6))


def tell(
    state: ChecksState, told: Observation, *, now_s: int = NOW_S, utc: bool = True, claim: int = 1,
    ledger: LedgerState | None = None,
) -> tuple[ChecksState, list[Order], str]:  # fmt: skip
    state, found = room.step(
        state, (replace(told, sequence=now_s * 7 + len(state.answers)),), wire_at(now_s, utc),
        ledger or a_ledger(now_s), lambda _: Claim(depth_m=0.16, number=claim), config=CONFIG, datum=builders.DATUM,
        session_id=SESSION, now_ns=now_s * NS_PER_S,
    )  # fmt: skip
    result = state.results[-1]
    assert (result.result is ObservationVerdict.REFUSED) is bool(result.text)
    assert len(result.text.encode()) <= 50
    return state, orders(found), result.text


def confirmed(found: list[Order], ledger: LedgerState) -> int:
    """Up to which stroke these orders leave nothing in doubt."""
    after = withdrawal.ordered(ledger, tuple(found), 0.15, NOW_S * NS_PER_S)
    return max((act.until_number for act in after.acts if isinstance(act, Confirm) and act.closing), default=0)


@given(kind=kinds, age_s=st.integers(0, 15 * 3600), clock_s=st.integers(-600, CLOCK_S - 1))
def test_no_good_check_confirms_what_was_worked_after_it_was_made(kind: Knowledge, age_s: int, clock_s: int) -> None:
    """A station's clock may be behind by anything, and ahead by less than is allowed for."""
    at_s = NOW_S - age_s
    _, found, _ = tell(room.all_made(), made(TOLD[kind], at_s + clock_s))
    assert confirmed(found, a_ledger(NOW_S)) <= max(0, at_s)


@given(at_s=st.integers(CLOCK_S + 1, NOW_S))
def test_a_check_confirms_what_was_worked_well_before_it(at_s: int) -> None:
    for kind in (BASE, HAMMERS):
        _, found, _ = tell(room.all_made(), made(TOLD[kind], at_s))
        assert confirmed(found, a_ledger(NOW_S)) == at_s - CLOCK_S, kind


@given(kind=kinds, age_s=st.one_of(st.none(), st.integers(0, 15 * 3600)))
def test_a_check_that_failed_withdraws_up_to_the_moment_it_was_told(kind: Knowledge, age_s: int | None) -> None:
    at_s = None if age_s is None else NOW_S - age_s
    _, found, refused = tell(room.all_made(), made(BAD[kind], at_s))
    assert not refused
    after = withdrawal.ordered(a_ledger(NOW_S), tuple(found), 0.15, NOW_S * NS_PER_S)
    revokes = [act for act in after.acts if not isinstance(act, Confirm)]
    assert revokes
    assert all(act.until_number == NOW_S and act.since_number == 1 for act in revokes)  # type: ignore[union-attr]


@given(kind=st.sampled_from((BASE, HAMMERS)), failed_s=st.integers(101, 899), early_s=st.integers(20, 100))
def test_a_failure_told_after_a_later_good_check_reaches_back_before_both(
    kind: Knowledge, failed_s: int, early_s: int
) -> None:
    state, ledger = room.all_made(), a_ledger(NOW_S)
    for at_s in (early_s, 900):
        state, found, refused = tell(state, made(TOLD[kind], at_s))
        assert not refused
        ledger = withdrawal.ordered(ledger, tuple(found), 0.15, NOW_S * NS_PER_S)
    _, found, _ = tell(state, made(BAD[kind], failed_s))
    failed = [order for order in found if not order.good]
    after = withdrawal.ordered(ledger, tuple(failed), 0.15, NOW_S * NS_PER_S)
    begins = [act.since_number for act in after.acts if not isinstance(act, Confirm | Order)]  # type: ignore[union-attr]
    since = early_s - CLOCK_S if early_s <= failed_s - 0 else 0
    assert begins == [since + 1]


@pytest.mark.parametrize("kind", [BASE, DEPTH, HAMMERS])
def test_without_a_time_nothing_is_proven_where_the_vehicle_knows_it(kind: Knowledge) -> None:
    _, found, refused = tell(room.all_made(), made(TOLD[kind], None))
    assert (found, refused) == ([], measured.UNTIMED)


@pytest.mark.parametrize("kind", [BASE, HAMMERS])
@pytest.mark.parametrize("at_s", [None, NOW_S])
def test_where_the_vehicle_does_not_know_the_time_a_check_only_opens(kind: Knowledge, at_s: int | None) -> None:
    state, found, refused = tell(room.all_made(), made(TOLD[kind], at_s), utc=False)
    assert not refused
    assert [(order.good, order.closing) for order in found] == [(True, False)]
    ledger = withdrawal.ordered(a_ledger(NOW_S, {kind.value: 3}), tuple(found), 0.15, NOW_S * NS_PER_S)
    assert ledger.good[kind.value] == 3, "what fails later withdraws what was worked before"
    assert state.base_open


@pytest.mark.parametrize("kind", [BASE, DEPTH, HAMMERS])
@pytest.mark.parametrize("more_s", [0, 1])
def test_what_was_measured_before_a_failure_is_no_way_back(kind: Knowledge, more_s: int) -> None:
    """Borders: exactly at the failure it is still before it."""
    state, _, _ = tell(room.all_made(), made(BAD[kind], 500), now_s=500)
    _, found, refused = tell(state, made(TOLD[kind], 500 + CLOCK_S + more_s), claim=0)
    good = [order for order in found if order.good]
    if kind is DEPTH:
        assert not good, "old ground is none either"
        return
    assert (bool(good), refused) == ((True, "") if more_s else (False, measured.BEFORE[kind]))


def test_a_count_made_before_the_detonation_does_not_clear_it() -> None:
    state, _, _ = tell(room.all_made(), made(observation(ObservationKind.DETONATION_CLASS, 4.0), 500), now_s=500)
    state, _, refused = tell(state, made(TOLD[HAMMERS], 490))
    assert refused == measured.BEFORE[HAMMERS]
    assert state.hammers_struck
    state, _, refused = tell(state, made(TOLD[HAMMERS], 600))
    assert (refused, state.hammers_struck) == ("", False)


def test_a_check_of_the_base_before_does_not_open_the_next() -> None:
    state = replace(room.all_made(), base_id=7)
    other = builders.gnss(0.0, 0.0, 0.0, 0.3, base_id=8, time_utc_us=ZERO_US + 500_000_000)
    state, _ = room.step(
        state, (), WireState(gnss=other, gnss_t_ns=500 * NS_PER_S, gnss_fresh=True), a_ledger(500), lambda _: None,
        config=CONFIG, datum=builders.DATUM, session_id=SESSION, now_ns=500 * NS_PER_S,
    )  # fmt: skip
    state, found, refused = tell(state, made(TOLD[BASE], 490))
    assert (found, refused, state.base_open) == ([], measured.BEFORE[BASE], False)


@pytest.mark.parametrize("age_s", [None, 0, 5, 60])
def test_what_an_earlier_start_left_open_no_later_check_makes_firm(age_s: int | None) -> None:
    """It was worked before this start, whose clock begins anew; the check may have been made before it, too."""
    ledger = replace(a_ledger(231), marks=(), firm=126, provisional_cells=500)
    stroke = ledger.stroke
    assert stroke is not None
    ledger = replace(ledger, stroke=replace(stroke, t_ns=3 * NS_PER_S))
    told = made(TOLD[BASE], None if age_s is None else 5 - age_s)
    state, found, refused = tell(ChecksState(), told, now_s=5, utc=age_s is not None, ledger=ledger)
    assert (refused, [order.closing for order in found]) == ("", [False])
    ledger = withdrawal.ordered(ledger, tuple(found), 0.15, 5 * NS_PER_S)
    assert (ledger.firm, ledger.unclosed) == (231, ((127, 231),))
    later = replace(ledger, stroke=replace(stroke, number=400, t_ns=400 * NS_PER_S))
    _, found, _ = tell(state, made(TOLD[BASE], 600), now_s=600, ledger=later)
    assert [order.closing for order in found] == [True]
    later = withdrawal.ordered(later, tuple(found), 0.15, 600 * NS_PER_S)
    assert later.firm == 400
    assert later.unclosed == ((127, 231),), "provisional for good"


@pytest.mark.parametrize(("claim", "refused"), [(90, ""), (91, "time: older than the record at that place")])
def test_a_rod_tells_of_ground_as_it_was(claim: int, refused: str) -> None:
    told = made(TOLD[DEPTH], 90 + CLOCK_S)
    assert tell(room.all_made(), told, claim=claim)[2] == refused


@given(lead_s=st.integers(CLOCK_S + 1, 599), age_s=st.integers(1, 300))
def test_a_clock_that_was_seen_ahead_is_taken_off(lead_s: int, age_s: int) -> None:
    note = made(observation(ObservationKind.NOTE), NOW_S + lead_s)
    state, _, _ = tell(room.all_made(), note)
    at_s = NOW_S - age_s
    _, found, _ = tell(state, made(TOLD[BASE], at_s + lead_s))
    assert confirmed(found, a_ledger(NOW_S)) <= max(0, at_s)


def test_a_clock_is_ahead_from_the_first_microsecond_over_what_is_allowed_for() -> None:
    note = observation(ObservationKind.NOTE)
    edge_us = ZERO_US + measured.CLOCK_US
    assert measured.ahead_us(ChecksState(), replace(note, time_utc_us=edge_us), ZERO_US).ahead_us == {}
    after = measured.ahead_us(ChecksState(), replace(note, time_utc_us=edge_us + 1), ZERO_US)
    assert after.ahead_us == {9: measured.CLOCK_US + 1}
    assert measured.ahead_us(after, replace(note, time_utc_us=edge_us), ZERO_US) is after


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 30)), min_size=1, max_size=600), st.integers(0, 8000))
def test_what_was_worked_by_a_moment_is_never_taken_for_more(steps: list[tuple[int, int]], asked_s: int) -> None:
    state, now_s, truth = ChecksState(), 0, [(0, 0.0)]
    for wait_s, more in steps:
        now_s += wait_s
        state = replace(state, down_s=state.down_s + more)
        truth.append((now_s, state.down_s))
        state = measured.with_past(state, 2.0 * state.down_s, now_s * NS_PER_S)
    assert len(state.past) <= measured.PAST_MAX
    down_s, swept_m2 = measured.worked_by(state, asked_s * NS_PER_S, (1e9, 1e9))
    assert down_s <= max(value for time_s, value in truth if time_s <= asked_s)
    assert swept_m2 == 2.0 * down_s
    assert measured.worked_by(state, None, (3.0, 4.0)) == (3.0, 4.0)


@given(st.lists(st.tuples(st.floats(0.0, 30.0), st.floats(0.0, 1.0)), max_size=60))
def test_what_is_withdrawn_was_worked_all_the_same(changes: list[tuple[float, float]]) -> None:
    """So the next depth reading is due no later for it."""
    state, swept_m2, worked_m2 = room.all_made(), 0.0, 0.0
    for number, (more_m2, left_ratio) in enumerate(changes):
        swept_m2 += more_m2
        worked_m2 += more_m2
        state = measured.with_past(state, swept_m2, 2 * number)
        swept_m2 *= left_ratio
        state = measured.with_past(state, swept_m2, 2 * number + 1)
    assert state.worked_m2 == pytest.approx(worked_m2, abs=1e-6)


def test_a_withdrawal_makes_no_depth_reading_later() -> None:
    state = room.all_made()
    for swept_m2 in (1_500.0, 100.0, 600.0):
        state, _ = step(state, ledger=LedgerState(swept_m2=swept_m2))
        assert not state.due.depth
    assert step(state, ledger=LedgerState(swept_m2=601.0))[0].due.depth


def test_a_count_told_late_does_not_make_the_next_one_later() -> None:
    state = room.all_made()
    for second in range(0, 401, 10):
        state = measured.with_past(replace(state, down_s=float(second)), 0.0, second * NS_PER_S)
    state = replace(state, down_s=400.0)
    after, _, _ = tell(state, made(TOLD[HAMMERS], 200 + CLOCK_S))
    assert after.hammers_from_s == 200.0
    assert tell(state, made(TOLD[HAMMERS], NOW_S))[0].hammers_from_s == 400.0
