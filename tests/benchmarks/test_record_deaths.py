"""Deaths in a recorded task: a sample of them is judged, and a harness that sees nothing wrong would be noticed."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import record_deaths
from benchmarks.record_deaths import Task, Written, at_every_write, died, drawn, masks, task_of
from tests.flailpilot.broken_off import broken_off_once
from tests.flailpilot.test_resume import ground
from vehicle.contracts.ledger_types import Revoke
from vehicle.contracts.units import NS_PER_S
from vehicle.control.state import LedgerState
from vehicle.records import ledger_keeper

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return task_of(broken_off_once(tmp_path_factory, ground(tmp_path_factory.mktemp("ground")), 75.0))


def test_after_a_death_no_more_counts_no_work_is_lost_and_the_report_is_made(task: Task, tmp_path: Path) -> None:
    found = []
    for number in range(6):
        (tmp_path / str(number)).mkdir()
        found.append(died(task, drawn(task, 1, number), tmp_path / str(number)))
    assert [row.faults for row in found] == [()] * len(found)
    assert {row.death.power for row in found} == {True, False}
    assert max(row.credited_m2 for row in found) > 5.0
    assert all(row.lost_s <= record_deaths.LOST_MAX_S for row in found)


def test_every_write_may_be_the_last_one(task: Task) -> None:
    assert len(task.writes) > 50
    assert list(at_every_write(task)) == []


def test_ground_that_counts_too_much_is_noticed(task: Task) -> None:
    whole = masks(task.writes)
    (fault,) = record_deaths._subset(whole, LedgerState())
    assert f"{whole.credited_cells} cells" in fault
    assert list(record_deaths._subset(whole, whole)) == []


def test_a_power_cut_takes_what_was_not_flushed_and_no_withdrawal(task: Task) -> None:
    """Of writes 0.1 s apart the newest two or three."""
    taken = Revoke(reason="depth", by="x", since_number=1, until_number=2)
    first = task.writes[0]
    rows = [first, *(Written(first.end + 10 * n, n * NS_PER_S // 10, first.record) for n in range(1, 10))]
    run = msgspec.structs.replace(task.runs[0], first=0, last=len(rows))
    plain = msgspec.structs.replace(task, writes=tuple(rows))
    assert record_deaths._torn(plain, run, len(rows), rows[-1].t_ns, 0.0) == rows[-4].end
    assert record_deaths._torn(plain, run, len(rows), rows[-1].t_ns, 1.0) == rows[-1].end
    rows[-2] = msgspec.structs.replace(rows[-2], record=taken)
    withdrawn = msgspec.structs.replace(task, writes=tuple(rows))
    assert record_deaths._torn(withdrawn, run, len(rows), rows[-1].t_ns, 0.0) == rows[-2].end
    assert ledger_keeper.SYNC_S < record_deaths.LOST_MAX_S
