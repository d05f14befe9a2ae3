"""Withdrawing what was claimed since a moment: by the times of the strokes, in the tick as from the journal."""

import itertools
from pathlib import Path

from tests.control.ledger.driving import ORIGIN_NS, drive, straight, versions
from tests.control.ledger.test_withdrawal import CONFIG, HEADER, YAW_RAD, settled, told
from vehicle.contracts.ledger_types import Knowledge, Order
from vehicle.contracts.units import NS_PER_S
from vehicle.control.ledger import withdrawal
from vehicle.control.state import LedgerState
from vehicle.records import journal
from vehicle.records.journal import JournalWriter
from vehicle.records.records import Session


def since(t_ns: int) -> Order:
    return Order(kind=Knowledge.POSITION, good=False, reason="another place", by="vehicle", since_t_ns=t_ns)


def test_only_strokes_from_then_on_are_withdrawn() -> None:
    state = drive(straight(4.0, YAW_RAD), CONFIG)
    middle_ns, number = state.marks[len(state.marks) // 2]
    part = settled(told(state, since(middle_ns)))
    assert 0 < part.credited_cells < state.credited_cells
    assert part.acts[0].since_number == number + 1  # type: ignore[union-attr]
    assert settled(told(state, since(0))).credited_cells == 0
    assert settled(told(state, since(state.marks[-1][0] + 10**12))).credited_cells >= 0.8 * state.credited_cells


def test_times_are_remembered_twice_a_second_and_the_older_the_sparser() -> None:
    marks: tuple[tuple[int, int], ...] = ()
    for number in range(1, 4001):
        marks = withdrawal.remembered(marks, number * NS_PER_S // 4, number)
    assert len(marks) <= withdrawal.MARKS_MAX
    assert marks[0][1] == 1
    newest = [t_ns for t_ns, _ in marks[-100:]]
    assert all(later - earlier == NS_PER_S // 2 for earlier, later in itertools.pairwise(newest))


def test_the_journal_comes_to_the_same_map(tmp_path: Path) -> None:
    writer = JournalWriter.open(tmp_path / "ledger.journal", HEADER, Session(session_id=1, utc="2026-11-29T00:00:00Z"))
    state = LedgerState()
    for state in versions(straight(4.0, YAW_RAD), CONFIG, LedgerState(), ORIGIN_NS):
        writer.follow(state)
    state = settled(told(state, since(state.marks[len(state.marks) // 2][0])))
    writer.follow(state)
    writer.close()
    rebuilt = journal.rebuilt(journal.read(tmp_path / "ledger.journal"))
    assert rebuilt.credited_cells == state.credited_cells
