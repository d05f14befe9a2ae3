"""Store and forward: nothing leaves before it was acknowledged, and what a full outbox gives up is accounted for."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.telemetry.samples import MISSION, event, halted, report
from vehicle.telemetry.outbox import Outbox
from vehicle.telemetry.router import Record, Router
from vehicle.telemetry.schemas import GapBody
from vehicle.telemetry.streams import EVENT

PLENTY = {"rows_max": 10_000, "bytes_max": 10_000_000}
MOMENT = datetime(2026, 11, 3, 8, 15, 0, 250_900, tzinfo=UTC)


def events(router: Router, count: int) -> list[Record]:
    return [router.record_of_event(event(number), None, MOMENT) for number in range(count)]


def states(router: Router, count: int) -> list[Record]:
    found: list[Record] = []
    for number in range(count):
        gate = halted(f"REASON_{number}")
        found += router.lasting_records(report(number, gate=gate), None, MOMENT)
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "outbox.db"


@pytest.fixture
def router() -> Router:
    return Router("v7", "b1")


def test_records_come_back_after_the_process_ended(path: Path, router: Router) -> None:
    stored = [*events(router, 3), *states(router, 2)]
    first = Outbox(path, **PLENTY)
    assert first.put(stored) == 0
    first.close()
    second = Outbox(path, **PLENTY)
    assert [found.record for found in second.after(0, 100)] == stored
    assert (second.rows, second.bytes) == (5, first.bytes)
    second.close()


def test_uncommitted_process_death_keeps_what_was_put(path: Path, router: Router) -> None:
    """A second connection sees the rows while the first is open: they are on disk, not in the process."""
    outbox = Outbox(path, **PLENTY)
    outbox.put(events(router, 4))
    other = sqlite3.connect(path)
    assert other.execute("SELECT count(*) FROM record").fetchone() == (4,)
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()
    assert outbox._db.execute("PRAGMA synchronous").fetchone() == (2,), "2 is FULL: on disk before put returns"
    outbox.close()


def test_acknowledged_rows_leave_and_numbers_are_not_used_again(path: Path, router: Router) -> None:
    outbox = Outbox(path, **PLENTY)
    outbox.put(events(router, 3))
    rows = [found.row for found in outbox.after(0, 10)]
    outbox.acknowledge(rows)
    outbox.acknowledge(rows)
    assert (outbox.rows, outbox.bytes) == (0, 0)
    assert outbox.last_row() == rows[-1]
    outbox.put(events(router, 1))
    assert outbox.after(rows[-1], 10)[0].row == rows[-1] + 1
    outbox.close()


def test_reading_is_bounded_both_ways(router: Router) -> None:
    outbox = Outbox(None, **PLENTY)
    outbox.put(events(router, 10))
    assert [found.row for found in outbox.after(2, 3)] == [3, 4, 5]
    assert [found.row for found in outbox.after(2, 30, through=6)] == [3, 4, 5, 6]
    outbox.close()


def test_newest_retained_is_one_per_topic_of_this_boot(router: Router) -> None:
    outbox = Outbox(None, **PLENTY)
    old = Router("v7", "b0")
    progress = [
        record for record in router.lasting_records(report(0), MISSION, MOMENT) if record.stream.name == "progress"
    ]
    outbox.put([*states(old, 2), *states(router, 3), *progress, *events(router, 2)])
    newest = [found.record for found in outbox.newest_retained("b1")]
    assert [(record.stream.name, record.header.boot_id) for record in newest] == [("state", "b1"), ("progress", "b1")]
    assert newest[0].header.seq == 3, "0 was made beside the progress, 1 and 2 are older"
    outbox.close()


def test_a_full_outbox_gives_up_old_states_before_any_event(router: Router) -> None:
    outbox = Outbox(None, rows_max=6, bytes_max=10_000_000)
    assert outbox.put(events(router, 2)) == 0
    assert outbox.put(states(router, 4)) == 0
    assert outbox.put(events(router, 3)) == 3
    kept = [(found.record.stream.name, found.record.header.seq) for found in outbox.after(0, 100)]
    assert kept == [("event", 0), ("event", 1), ("state", 3), ("event", 2), ("event", 3), ("event", 4)]
    assert outbox.gaps() == [GapBody(boot_id="b1", stream="state", first_seq=0, last_seq=2, count=3)]
    assert outbox.put(events(router, 3)) == 3
    assert outbox.gaps() == [
        GapBody(boot_id="b1", stream="event", first_seq=0, last_seq=1, count=2),
        GapBody(boot_id="b1", stream="state", first_seq=0, last_seq=3, count=4),
    ]
    outbox.close()


def test_bytes_are_a_bound_too(router: Router) -> None:
    record = events(router, 1)[0]
    one = Outbox(None, **PLENTY)
    one.put([record])
    outbox = Outbox(None, rows_max=1000, bytes_max=3 * one.bytes)
    for _ in range(10):
        outbox.put([record])
    assert (outbox.rows, outbox.bytes) == (3, 3 * one.bytes)
    one.close()
    outbox.close()


def test_what_is_in_flight_is_not_given_up(router: Router) -> None:
    outbox = Outbox(None, rows_max=4, bytes_max=10_000_000)
    outbox.put(events(router, 4))
    outbox.in_flight.update({1, 2})
    outbox.put(events(router, 2))
    assert [found.row for found in outbox.after(0, 10)] == [1, 2, 5, 6]
    outbox.close()


def test_a_gap_that_grew_while_it_was_told_is_told_again(router: Router) -> None:
    outbox = Outbox(None, **PLENTY)
    outbox.put([], router.skip(EVENT, 2))
    told = outbox.gaps()[0]
    outbox.put([], router.skip(EVENT, 3))
    outbox.forget_gap(told)
    assert outbox.gaps() == [GapBody(boot_id="b1", stream="event", first_seq=0, last_seq=4, count=5)]
    outbox.forget_gap(outbox.gaps()[0])
    assert outbox.gaps() == []
    outbox.close()


@given(
    acts=st.lists(st.tuples(st.sampled_from(["event", "state", "ack"]), st.integers(1, 7)), max_size=25),
    rows_max=st.integers(1, 12),
)
def test_every_record_is_waiting_acknowledged_or_told_as_lost(acts: list[tuple[str, int]], rows_max: int) -> None:
    router, outbox = Router("v7", "b1"), Outbox(None, rows_max=rows_max, bytes_max=10_000_000)
    put = acknowledged = lost = 0
    for act, count in acts:
        if act == "ack":
            rows = [found.row for found in outbox.after(0, count)]
            outbox.acknowledge(rows)
            acknowledged += len(rows)
        else:
            records = events(router, count) if act == "event" else states(Router("v7", f"b{put}"), count)
            lost += outbox.put(records)
            put += count
        waiting = outbox.after(0, 1000)
        assert len(waiting) == outbox.rows <= rows_max
        assert put == acknowledged + lost + outbox.rows
        assert lost == sum(gap.count for gap in outbox.gaps())
    outbox.close()


def test_a_damaged_file_is_put_aside_and_a_new_one_begun(path: Path, router: Router) -> None:
    outbox = Outbox(path, **PLENTY)
    outbox.put(events(router, 2))
    outbox.close()
    path.write_bytes(b"not a database, but what a torn card left" * 50)
    again = Outbox(path, **PLENTY)
    assert again.rows == 0
    again.put(events(router, 1))
    again.close()
    assert path.with_suffix(".db.damaged").read_bytes().startswith(b"not a database")


def test_a_page_torn_in_the_middle_is_found(path: Path, router: Router) -> None:
    outbox = Outbox(path, **PLENTY)
    outbox.put(events(router, 200))
    outbox.close()
    content = bytearray(path.read_bytes())
    content[8192:12288] = b"\xa5" * 4096
    path.write_bytes(content)
    again = Outbox(path, **PLENTY)
    assert again.rows == 0
    again.close()
    assert path.with_suffix(".db.damaged").exists()


def test_a_disk_that_fails_leaves_the_counts_true(path: Path, router: Router) -> None:
    outbox = Outbox(path, **PLENTY)
    outbox.put(events(router, 2))
    before = (outbox.rows, outbox.bytes)
    outbox._db.execute("PRAGMA max_page_count = 1")  # the disk is full from here on
    with pytest.raises(sqlite3.OperationalError, match="full"):
        outbox.put(events(router, 500))
    assert (outbox.rows, outbox.bytes) == before
    assert len(outbox.after(0, 1000)) == 2
    outbox.close()
