"""What stands on the record as good was proven: a check that the vehicle wants is due by its record too."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from firmware_bridge.types import Observation, ObservationKind
from tests import builders
from tests.control.checks.test_measured import BASE, DEPTH, HAMMERS, NOW_S, TOLD, a_ledger, made, wire_at
from tests.control.checks.test_room import CONFIG, SESSION, observation
from vehicle.contracts.ledger_types import Claim, Confirm, HeldBack, Knowledge, Order, Revoke
from vehicle.contracts.units import NS_PER_S
from vehicle.control.checks import room
from vehicle.control.checks_state import ChecksState
from vehicle.control.ledger import withdrawal
from vehicle.control.state import LedgerState
from vehicle.reports.due import due_after

ON_MARK = replace(TOLD[BASE], text="machine on point 1")
UNPROVEN = {
    "sigma": replace(ON_MARK, sigma=None),
    "name": replace(ON_MARK, who=" "),
    "time": made(ON_MARK, 400),
    "no time": ON_MARK,
}
"""What each lacks."""
FAILED = replace(room.all_made(), base_failed=True, base_open=False, doubts_ns={BASE.value: 500 * NS_PER_S})


def step(
    state: ChecksState, told: Observation, now_s: int, claim: Claim, ledger: LedgerState | None = None
) -> tuple[ChecksState, list[object]]:
    """The vehicle after it, and what its journal keeps, in its order."""
    after, found = room.step(
        state, (replace(told, sequence=now_s),), wire_at(now_s), ledger or a_ledger(now_s), lambda _: claim,
        config=CONFIG, datum=builders.DATUM, session_id=SESSION, now_ns=now_s * NS_PER_S,
    )  # fmt: skip
    rows = withdrawal.ordered(ledger or a_ledger(now_s), found, 0.15, now_s * NS_PER_S).acts
    late = (HeldBack(first_number=1),) if after.due.depth and not state.due.depth else ()
    return after, [*late, *rows]


@pytest.mark.parametrize("lacks", UNPROVEN)
def test_a_mark_that_proves_nothing_of_the_base_is_no_good_check_on_record(lacks: str) -> None:
    told = made(UNPROVEN[lacks], NOW_S) if lacks in ("sigma", "name") else UNPROVEN[lacks]
    after, rows = step(FAILED, told, NOW_S, Claim(depth_m=0.16, number=1))
    assert after.base_failed
    assert not after.results[-1].text, "it is told: the machine's own place is held against the mark"
    assert [type(row).__name__ for row in rows] == ["Observed"]
    failed = Revoke(reason="check of the base: 0.300 m off", by="x", since_number=1, until_number=2)
    assert BASE in due_after([None, failed, *rows])


def test_a_mark_at_a_place_that_nothing_shows_is_none_either() -> None:
    unshown = replace(room.all_made(), place_shown=False)
    _, found = room.step(
        unshown, (replace(made(ON_MARK, NOW_S), sequence=1),), wire_at(NOW_S), a_ledger(NOW_S), lambda _: None,
        config=CONFIG, datum=builders.DATUM, session_id=SESSION, now_ns=NOW_S * NS_PER_S, place_shown=False,
    )  # fmt: skip
    assert [order.recorded for order in found if isinstance(order, Order)] == [False]


@pytest.mark.parametrize("who", ["", "leader"])
def test_a_count_that_nobody_signs_ends_no_strike_on_record(who: str) -> None:
    """After a power cut the journal alone may tell of the detonation."""
    struck = replace(room.all_made(), hammers_struck=True)
    told = made(replace(TOLD[HAMMERS], value=39.0, text="missing 17", who=who), NOW_S)
    after, rows = step(struck, told, NOW_S, Claim(depth_m=0.16, number=1))
    assert any(isinstance(row, Confirm) for row in rows) is not after.hammers_struck
    assert any(isinstance(row, Revoke) for row in rows), "what it takes away it takes from anybody"


def test_a_sensor_that_failed_on_ground_that_was_claimed_with_care_is_not_good_on_record() -> None:
    """Claimed 5 cm below what the sensor read, the record there holds; that the sensor is off by 22 cm is new."""
    span = HeldBack(first_number=1, last_number=5, bias_m=0.18)
    state = replace(room.all_made(), depth_bias_m=0.15, depth_due_before=(span,))
    told = made(replace(TOLD[DEPTH], value=0.16), NOW_S)
    after, rows = step(state, told, NOW_S, Claim(depth_m=0.16, number=3))
    assert after.depth_failed
    assert not any(isinstance(row, Confirm | Revoke) for row in rows)


told = st.one_of(
    st.builds(
        lambda value, sigma, text, who: replace(TOLD[BASE], value=value, sigma=sigma, text=text, who=who),
        st.sampled_from((0.01, 0.03, 0.3)), st.sampled_from((None, 0.01)),
        st.sampled_from(("control point 1", "machine on point 1", "Machine", "")), st.sampled_from(("leader", "")),
    ),
    st.builds(
        lambda value, who: replace(TOLD[DEPTH], value=value, who=who),
        st.sampled_from((0.05, 0.12, 0.15, 0.17)), st.sampled_from(("leader", "")),
    ),
    st.builds(
        lambda value, text, who: replace(TOLD[HAMMERS], value=value, text=text, who=who),
        st.sampled_from((40.0, 39.0, 39.5, 38.0)), st.sampled_from(("", "missing 17", "missing 3 17")),
        st.sampled_from(("leader", "")),
    ),
    st.sampled_from((1.0, 4.0)).map(lambda value: observation(ObservationKind.DETONATION_CLASS, value)),
)  # fmt: skip
moments = st.sampled_from((None, 0, 60, 600))
claims = st.builds(
    lambda depth_m, number, trial: Claim(depth_m=depth_m, number=number, trial=trial),
    st.sampled_from((0.14, 0.16, 0.2)), st.integers(1, 30), st.booleans(),
)  # fmt: skip
held_back = st.sampled_from(((), (HeldBack(first_number=1, last_number=12, bias_m=0.18),)))
GROUND = Claim(depth_m=0.16, number=1)


@given(st.lists(st.tuples(told, moments, claims), max_size=8), held_back, st.sampled_from((0.0, 0.15)))
@example([(replace(ON_MARK, value=0.3), 0, GROUND), (UNPROVEN["name"], 0, GROUND)], (), 0.0)
def test_what_the_vehicle_wants_checked_is_due_on_its_record(
    days: list[tuple[Observation, int | None, Claim]], before: tuple[HeldBack, ...], bias_m: float
) -> None:
    """Hammers that are known to be missing are counted; a report names them beside what is due."""
    state, records = replace(ChecksState(), depth_due_before=before, depth_bias_m=bias_m), list[object]([None])
    for number, (one, ago_s, claim) in enumerate(days):
        now_s = NOW_S + 40 * number
        state, rows = step(state, made(one, None if ago_s is None else now_s - ago_s), now_s, claim)
        records += rows
    due = due_after(records)
    assert not state.due.base or Knowledge.BASE in due
    assert not (state.depth_failed or not state.depth_known) or Knowledge.DEPTH in due
    assert not (state.shocked or not state.hammers_known) or Knowledge.HAMMERS in due
