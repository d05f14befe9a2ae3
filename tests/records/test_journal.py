"""The journal: masks byte for byte, torn tails, damage, revocation, and a process that is killed."""

import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import builders
from tests.control.ledger.driving import ORIGIN_NS, cells, changed, marked, straight, versions
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import Confirm, LedgerStroke, Observed
from vehicle.control.ground import raster
from vehicle.control.ledger import strokes
from vehicle.control.state import LedgerState
from vehicle.records import journal
from vehicle.records.journal import Journal, JournalWriter
from vehicle.records.records import Header, Note, Revoke, Session, encoded, first_check

CONFIG = builders.config()
HEADER = Header(
    vehicle_id="test",
    site_hash="s",
    plan_hash="p",
    cell_m=CONFIG.mission.cell_m,
    datum_lat_deg=39.99,
    datum_lon_deg=46.93,
    datum_alt_m=350.0,
    required_depth_m=0.15,
    k_sigma=4.0,
)
SESSION = Session(session_id=7, utc="2026-05-04T08:00:00Z")
TICKS = changed(straight(3.0, 0.37), lambda n: n == 260, rotor_radps=20.0)


def _write(path: Path, header: Header = HEADER) -> LedgerState:
    writer = JournalWriter.open(path, header, SESSION)
    for state in versions(TICKS, CONFIG, LedgerState(), ORIGIN_NS):
        writer.follow(state)
    writer.append(Note(kind="detonation", text="AP, tool intact", utc="2026-05-04T08:10:00Z", points_m=((1.0, 2.0),)))
    writer.close()
    return state


def _images(state: LedgerState) -> list[tuple[int, int, bytes]]:
    return [(column, row, tile.tobytes()) for column, row, tile in raster.each(state.tiles)]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, LedgerState]:
    path = tmp_path_factory.mktemp("journal") / "ledger.journal"
    state = _write(path)
    return path.read_bytes(), state


def _read(path: Path, content: bytes) -> Journal:
    path.write_bytes(content)
    return journal.read(path)


def test_the_masks_come_back_byte_for_byte(tmp_path: Path) -> None:
    state = _write(tmp_path / "j")
    found = journal.read(tmp_path / "j")
    assert (found.header, found.records[1], found.dropped_bytes) == (HEADER, SESSION, 0)
    assert isinstance(found.records[-1], Note)
    again = journal.rebuilt(found)
    assert _images(again) == _images(state)
    assert (again.credited_cells, again.swept_cells) == (state.credited_cells, state.swept_cells)
    assert again.stroke == state.stroke


@pytest.mark.long
def test_every_cut_leaves_a_part_of_the_record_and_nothing_else(
    written: tuple[bytes, LedgerState], tmp_path: Path
) -> None:
    content, state = written
    content = content[:2000]  # a header, a session, and some thirty strokes
    whole = _read(tmp_path / "j", content)
    credited = cells(state, raster.CREDITED)
    seen = set()
    for cut in range(len(journal.MAGIC), len(content) + 1):
        found = _read(tmp_path / "j", content[:cut])
        assert found.records == whole.records[: len(found.records)]
        assert found.valid_bytes + found.dropped_bytes == cut
        if len(found.records) not in seen and len(found.records) % 5 == 0:
            assert cells(journal.rebuilt(found), raster.CREDITED) <= credited
        seen.add(len(found.records))
    assert seen == set(range(len(whole.records) + 1))
    assert len(seen) > 10


@pytest.mark.long
@settings(max_examples=200, deadline=None)
@given(where=st.integers(0, 10**6), value=st.integers(1, 255))
def test_a_changed_byte_ends_what_is_believed(written: tuple[bytes, LedgerState], where: int, value: int) -> None:
    content, _ = written
    place = len(journal.MAGIC) + where % (len(content) - len(journal.MAGIC))
    damaged = bytearray(content)
    damaged[place] ^= value
    path = Path(written_file)
    whole, found = _read(path, content), _read(path, bytes(damaged))
    assert found.records == whole.records[: len(found.records)]
    assert found.valid_bytes <= place
    assert found.dropped_bytes > 0


written_file = ""


@pytest.fixture(autouse=True, scope="module")
def _scratch(tmp_path_factory: pytest.TempPathFactory) -> None:
    global written_file  # noqa: PLW0603 - hypothesis functions cannot take function-scoped folders
    written_file = str(tmp_path_factory.mktemp("damage") / "j")


def test_a_record_taken_out_is_noticed(written: tuple[bytes, LedgerState], tmp_path: Path) -> None:
    content, _ = written
    whole = _read(tmp_path / "j", content)
    lengths, check = [], first_check()
    for record in whole.records:
        frame, check = encoded(record, check)
        lengths.append(len(frame))
    start = len(journal.MAGIC) + sum(lengths[:6])
    found = _read(tmp_path / "j", content[:start] + content[start + lengths[6] :])
    assert found.records == whole.records[:6]


def test_writing_goes_on_after_a_torn_tail(written: tuple[bytes, LedgerState], tmp_path: Path) -> None:
    content, _ = written
    path = tmp_path / "j"
    found = _read(path, content[:-200])
    writer = JournalWriter.open(path, HEADER, msgspec.structs.replace(SESSION, session_id=8))
    state = journal.rebuilt(found)
    for later in versions(straight(2.0, 0.37, (3.0, 1.0)), CONFIG, state, 10**9):
        writer.follow(later)
    writer.close()
    again = journal.read(path)
    assert again.dropped_bytes == 0
    assert again.records[: len(found.records)] == found.records
    assert isinstance(again.records[len(found.records)], Session)
    assert _images(journal.rebuilt(again)) == _images(later)
    assert later.credited_cells > state.credited_cells


def test_a_revoke_withdraws_credit_from_its_strokes_and_from_no_other(
    written: tuple[bytes, LedgerState], tmp_path: Path
) -> None:
    content, state = written
    path = tmp_path / "j"
    path.write_bytes(content)
    writer = JournalWriter(path, HEADER)
    revoke = Revoke(reason="lost hammer", by="mechanic", since_number=15, until_number=20, utc="2026-05-04T09:00:00Z")
    writer.append(revoke)
    writer.close()
    found = journal.read(path)
    after = journal.rebuilt(found)
    before_cells, after_cells = cells(state, raster.CREDITED), cells(after, raster.CREDITED)
    assert after_cells < before_cells
    spared = LedgerState()
    for record in found.records:
        if isinstance(record, LedgerStroke) and not 15 <= record.number <= 20:
            spared = strokes.apply(spared, record, HEADER.cell_m)
    # A cell that two strokes reach rests on the first of them.
    assert after_cells <= cells(spared, raster.CREDITED)
    assert len(cells(spared, raster.CREDITED) - after_cells) <= 40
    assert before_cells - after_cells <= marked(after, raster.WITHDRAWN)
    assert cells(after, raster.SWEPT) == cells(state, raster.SWEPT)


def test_a_stroke_may_not_be_skipped(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "j", HEADER)
    *_, last = versions(TICKS, CONFIG, LedgerState(), ORIGIN_NS)
    with pytest.raises(AssertionError, match="stroke"):
        writer.follow(last)


def test_what_is_no_journal_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("not a journal at all")
    for path in (tmp_path / "x", tmp_path / "missing"):
        with pytest.raises(InputError) as caught:
            journal.read(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="no ledger journal"):
        JournalWriter(tmp_path / "x", HEADER)
    assert (tmp_path / "x").read_text() == "not a journal at all"
    _write(tmp_path / "j")
    with pytest.raises(InputError, match="another"):
        JournalWriter(tmp_path / "j", msgspec.structs.replace(HEADER, plan_hash="other"))


CHILD = """
import sys
from pathlib import Path
from tests.records.test_journal import CONFIG, HEADER, SESSION, JournalWriter, LedgerState, straight, versions
writer = JournalWriter.open(Path(sys.argv[1]), HEADER, SESSION)
for state in versions(straight(400.0, 0.37), CONFIG, LedgerState(), 0):
    writer.follow(state)
    if state.stroke is not None and state.stroke.number % 10 == 0:
        print(state.stroke.number, flush=True)
"""


@pytest.mark.real
@pytest.mark.parametrize("strokes_written", [10, 70, 130])
def test_a_killed_process_loses_no_stroke_that_it_told_of(strokes_written: int, tmp_path: Path) -> None:
    path = tmp_path / "j"
    with subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = 0
        while told < strokes_written:
            told = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
    found = journal.read(path)
    assert found.stroke_count >= told
    *_, whole = versions(straight(400.0, 0.37)[: told * 40], CONFIG, LedgerState(), 0)
    rebuilt = cells(journal.rebuilt(found), raster.CREDITED)
    assert rebuilt
    assert rebuilt <= cells(whole, raster.CREDITED)


def test_a_large_shock_leaves_a_crater_and_what_was_worked_since_the_count_provisional_until_the_next(
    tmp_path: Path,
) -> None:
    def felt(value: float, place_m: tuple[float, float] | None) -> Observed:
        return Observed(
            kind="shock", value=value, sigma=None, place_m=place_m, by="vehicle", text="", station_id=0, t_ns=0,
            utc_us=None,
        )  # fmt: skip

    def seen(*records: Observed | Confirm) -> LedgerState:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        writer = JournalWriter.open(path, HEADER, SESSION)
        last = LedgerState()
        for state in versions(TICKS, CONFIG, LedgerState(), ORIGIN_NS):
            writer.follow(state)
            last = state
        newest = last.stroke.number if last.stroke is not None else 0
        for record in records:
            until = {"until_number": newest} if isinstance(record, Confirm) else {}
            writer.append(msgspec.structs.replace(record, **until))
        writer.close()
        return journal.rebuilt(journal.read(path))

    counted = Confirm(kind="hammers", by="A", until_number=0)
    closed = Confirm(kind="base", by="A", until_number=0)
    firm = seen(closed)
    assert (firm.craters_m, firm.shaken, firm.open_ranges, firm.open_cells) == ((), None, (), 0)
    small = seen(closed, felt(1.0, (1.0, 2.0)))
    assert (small.craters_m, small.shaken, small.open_cells) == ((), None, 0)
    large = seen(closed, felt(2.0, (1.0, 2.0)), felt(2.0, (1.0, 2.0)))
    newest = large.stroke.number if large.stroke is not None else 0
    assert (large.craters_m, large.shaken) == (((1.0, 2.0, 1.5),), (1, newest))
    assert (large.open_ranges, large.open_cells) == (((1, newest),), large.credited_cells)
    assert seen(closed, felt(2.0, None)).craters_m == ()
    wide = msgspec.structs.replace(felt(2.0, (1.0, 2.0)), within_m=0.85)
    assert seen(closed, wide).craters_m == ((1.0, 2.0, 2.35),)
    again = seen(closed, felt(2.0, (1.0, 2.0)), counted)
    assert (again.craters_m, again.shaken, again.open_cells) == (((1.0, 2.0, 1.5),), None, 0)
    assert seen(counted, felt(2.0, None)).shaken is None, "nothing was worked since the count"
