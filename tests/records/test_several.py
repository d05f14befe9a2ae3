"""Several runs as one record: ground counts once, and a withdrawal takes back what its own run claimed."""

import math
from pathlib import Path

import msgspec
import pytest

from tests.control.ledger.driving import ORIGIN_NS, cells, straight, versions
from tests.records.test_journal import CONFIG, HEADER, SESSION
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import Confirm, HeldBack, JobMark, LedgerStroke, Revoke
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState
from vehicle.records import journal
from vehicle.records.journal import Journal
from vehicle.records.records import Record, Session
from vehicle.records.several import together

YAW = 0.37


def strokes_of(start_m: tuple[float, float], length_m: float = 2.0) -> tuple[LedgerStroke, ...]:
    found: dict[int, LedgerStroke] = {}
    for state in versions(straight(length_m, YAW, start_m), CONFIG, LedgerState(), ORIGIN_NS):
        if state.stroke is not None:
            found[state.stroke.number] = state.stroke
    return tuple(found.values())


def run(*rows: Record, **header: object) -> Journal:
    records = (msgspec.structs.replace(HEADER, **header), SESSION, *rows)
    return Journal(records=records, valid_bytes=0, dropped_bytes=0, check=0)


def added(*runs: Journal) -> LedgerState:
    return journal.rebuilt(together([(Path(f"run-{n}/ledger.journal"), one) for n, one in enumerate(runs)]))


def credited(state: LedgerState) -> set[tuple[int, int]]:
    return cells(state, raster.CREDITED)


FIRST = strokes_of((0.0, 0.0))
SECOND = strokes_of((1.0 * math.cos(YAW), 1.0 * math.sin(YAW)))
"""Begins in the middle of the first, in the same swath."""
OTHER = strokes_of((0.0, 5.0))


def test_one_run_is_itself() -> None:
    assert credited(added(run(*FIRST))) == credited(journal.rebuilt(run(*FIRST)))


def test_ground_that_two_runs_worked_counts_once() -> None:
    one, two = journal.rebuilt(run(*FIRST)), journal.rebuilt(run(*SECOND))
    both = added(run(*FIRST), run(*SECOND))
    assert credited(one) & credited(two)
    assert credited(both) == credited(one) | credited(two)
    assert both.credited_cells == len(credited(both)) < one.credited_cells + two.credited_cells


def test_a_withdrawal_takes_back_what_its_own_run_claimed() -> None:
    revoke = Revoke(reason="x", by="y", since_number=1, until_number=len(SECOND))
    one = credited(journal.rebuilt(run(*FIRST)))
    assert credited(added(run(*FIRST), run(*SECOND, revoke))) == one
    other = credited(journal.rebuilt(run(*OTHER)))
    first_withdrawn = run(*FIRST, msgspec.structs.replace(revoke, until_number=len(FIRST)))
    both = added(first_withdrawn, run(*OTHER))
    assert credited(both) == other
    reworked = added(first_withdrawn, run(*FIRST, plan_hash="rest"))
    assert credited(reworked) == one, "worked again, it counts again"


def test_what_no_check_closed_stays_provisional_whatever_a_later_run_checks() -> None:
    opening = Confirm(kind="base", by="A", until_number=0, closing=False)
    closing = Confirm(kind="base", by="A", until_number=len(OTHER))
    open_first, closed_second = run(opening, *FIRST), run(opening, *OTHER, closing)
    both = added(open_first, closed_second)
    assert both.provisional_cells == len(credited(journal.rebuilt(open_first)))
    closed_first = run(opening, *FIRST, msgspec.structs.replace(closing, until_number=len(FIRST)))
    assert added(closed_first, closed_second).provisional_cells == 0
    assert added(closed_second, open_first).provisional_cells == both.provisional_cells
    assert added(open_first, run(*OTHER, closing)).provisional_cells == both.provisional_cells, "no opening check"


def test_numbers_go_on_and_the_newest_run_says_where_the_job_is() -> None:
    job = JobMark(plan_hash="rest", site_hash="s", index=3)
    found = together(
        [(Path("a"), run(*FIRST)), (Path("b"), run(HeldBack(first_number=1), *OTHER, job, plan_hash="rest"))]
    )
    numbers = [row.number for row in found.records if isinstance(row, LedgerStroke)]
    assert numbers == list(range(1, len(FIRST) + len(OTHER) + 1))
    assert (found.plan_hash, found.job) == ("rest", job)
    assert [row.first_number for row in found.records if isinstance(row, HeldBack)] == [len(FIRST) + 1]
    assert len(journal.bearing(found)) == len(numbers)


def test_a_journal_that_another_goes_on_from_counts_in_that_one() -> None:
    longer = run(*FIRST, Session(session_id=8, utc=""))
    for order in ((run(*FIRST), longer), (longer, run(*FIRST)), (longer, longer)):
        state = added(*order)
        assert state.stroke is not None
        assert state.stroke.number == len(FIRST)
        assert credited(state) == credited(journal.rebuilt(run(*FIRST)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"site_hash": "other"}, "site 'other'"),
        ({"required_depth_m": 0.2}, "required depth 0.2"),
        ({"datum_lat_deg": 1.0}, "latitude of the datum"),
        ({"cell_m": 0.1}, "cell 0.1"),
        ({"k_sigma": 5.0}, "k 5.0"),
    ],
)
def test_runs_of_another_task_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(InputError) as refused:
        added(run(*FIRST), run(*OTHER, **change))
    assert words in str(refused.value)
    assert "not runs of one task" in str(refused.value)


def test_a_journal_that_may_lack_a_withdrawal_is_refused() -> None:
    broken = msgspec.structs.replace(run(*FIRST), broken_within=True)
    with pytest.raises(InputError, match="a withdrawal may be among"):
        added(broken, run(*OTHER))
    with pytest.raises(InputError, match="holds no record"):
        added(Journal(records=(), valid_bytes=0, dropped_bytes=0, check=0))
