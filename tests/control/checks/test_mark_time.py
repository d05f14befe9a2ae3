"""A mark that the machine stood on counts where it stands now, and only if it was measured since it came to stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from firmware_bridge.types import Observation, ObservationKind, ObservationVerdict
from tests import builders
from tests.control.checks.test_measured import CLOCK_S, NOW_S, a_ledger, made, wire_at
from tests.control.checks.test_room import CONFIG, SESSION, observation
from vehicle.contracts.ledger_types import Order
from vehicle.contracts.units import NS_PER_S
from vehicle.control.checks import measured, room
from vehicle.control.checks.people import Around
from vehicle.control.checks_state import ChecksState

MARK = observation(
    ObservationKind.BENCHMARK_CHECK, 0.005, sigma=0.01, text="Machine on point 1", lat_deg=39.99, lon_deg=46.93
)


def tell(
    told: Observation, stands_t_ns: int | None, state: ChecksState | None = None, *, utc: bool = True
) -> tuple[str, list[Order]]:
    """Why it was refused, "" where it was recorded; and what the ledger is told."""
    after, orders = room.step(
        state or ChecksState(), (told,), wire_at(NOW_S, utc), a_ledger(NOW_S), lambda _: None, config=CONFIG,
        datum=builders.DATUM, session_id=SESSION, now_ns=NOW_S * NS_PER_S, around=Around(stands_t_ns=stands_t_ns),
    )  # fmt: skip
    (result,) = after.results
    assert (result.result is ObservationVerdict.REFUSED) is bool(result.text)
    return result.text, [order for order in orders if isinstance(order, Order)]


@given(stands_s=st.none() | st.integers(0, NOW_S), made_s=st.integers(1, NOW_S))
def test_only_one_that_was_surely_measured_since_it_stands_counts(stands_s: int | None, made_s: int) -> None:
    refusal, orders = tell(made(MARK, made_s), None if stands_s is None else stands_s * NS_PER_S)
    surely = stands_s is not None and made_s - CLOCK_S >= stands_s
    assert (refusal == "") is surely
    assert bool(orders) is surely
    if not surely:
        waits = stands_s is not None and made_s >= stands_s
        assert refusal == (measured.STAND if waits else measured.MOVED)
    assert len(refusal.encode()) <= 50


@pytest.mark.parametrize("stands_t_ns", [None, 0, NOW_S * NS_PER_S])
def test_without_a_time_or_a_clock_it_is_one_of_now(stands_t_ns: int | None) -> None:
    assert tell(made(MARK, None), stands_t_ns)[0] == ""
    assert tell(made(MARK, 5.0), stands_t_ns, utc=False)[0] == ""


def test_a_clock_that_was_seen_to_be_ahead_costs_what_it_is_ahead() -> None:
    ahead = ChecksState(ahead_us={MARK.station_id: 60_000_000})
    stands_ns = (NOW_S - 30) * NS_PER_S
    assert tell(made(MARK, NOW_S), stands_ns)[0] == ""
    assert tell(made(MARK, NOW_S), stands_ns, ahead)[0] != ""


@pytest.mark.parametrize("changed", [{"text": "point 1"}, {"lat_deg": None, "lon_deg": None}])
def test_a_check_of_the_base_alone_may_be_told_late(changed: dict[str, object]) -> None:
    assert tell(replace(made(MARK, 5.0), **changed), None)[0] == ""


def test_one_that_fails_the_base_is_heard_however_late() -> None:
    refusal, (order,) = tell(replace(made(MARK, 5.0), value=0.3), None)
    assert refusal == ""
    assert order.good is False
