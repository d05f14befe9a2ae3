"""`flailpilot ledger verify RUN`: the record is what the recording makes again, or the first difference is named."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from campaign.fault_scenario import FaultScenario, FaultScenarioSettings
from campaign.sim_operator import Goal
from tests.flailpilot.broken_off import broken_off_once
from tests.flailpilot.test_bad_input import flailpilot, refused
from tests.flailpilot.test_resume import ground
from vehicle.contracts.ledger_types import JobMark, LedgerStroke
from vehicle.contracts.messages import Mode
from vehicle.records import carried_over, journal, parts
from vehicle.records.journal import JournalWriter
from vehicle.records.records import Header, Note, Record, Revoke, Session, encoded, first_check
from vehicle.records.writer import McapRecorder
from vehicle.runtime import kept_ledger, verification

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute and a quarter of a mission."""
    return broken_off_once(tmp_path_factory, ground(tmp_path_factory.mktemp("verify")), 75.0) / "run"


@pytest.fixture
def run(driven: Path, tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    for name in ("run.mcap", "ledger.journal"):
        shutil.copy(driven / name, tmp_path / "run" / name)
    return tmp_path / "run"


def forged(path: Path, records: tuple[Record, ...]) -> None:
    """A journal whose chain is whole."""
    content, check = journal.MAGIC, first_check()
    for record in records:
        frame, check = encoded(record, check)
        content += frame
    path.unlink()
    path.write_bytes(content)


def test_a_record_is_what_its_recording_makes_again(run: Path) -> None:
    status, said, _ = flailpilot("ledger", "verify", run, "--json")
    assert status == 0
    found = json.loads(said)
    assert (found["differences"], found["simulated"]) == ([], True)
    assert found["chain"]["strokes"] > 30
    assert found["compared"] == found["chain"]["records"] - 2
    assert found["credited_m2"] == found["chain"]["credited_m2"] > 0.0
    assert any(isinstance(row, JobMark) for row in journal.read(run / "ledger.journal").records)


def test_a_recording_is_read_through_once(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    messages, read = [0], parts.parts

    def counted(path: Path) -> Iterator[parts.Part]:
        for part in read(path):
            messages[0] += isinstance(part, parts.Message)
            yield part

    total = sum(isinstance(part, parts.Message) for part in read(run / "run.mcap"))
    monkeypatch.setattr(parts, "parts", counted)
    found = verification.verified(run / "ledger.journal", run / "run.mcap")
    assert found.differences == ()
    assert messages[0] == total > 1000


def test_one_changed_byte_is_named(run: Path) -> None:
    path = run / "ledger.journal"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    path.write_bytes(content)
    for asked in (run, path):
        status, said, _ = flailpilot("ledger", "verify", asked)
        assert status == 1
        assert said.startswith("BROKEN: ")
        assert "at byte" in said
        assert "copy it again" in said


def wider(stroke: LedgerStroke) -> LedgerStroke:
    bands = tuple(msgspec.structs.replace(band, left_m=band.left_m + 0.2) for band in stroke.bands)
    return msgspec.structs.replace(stroke, bands=bands)


def test_a_forged_record_in_a_whole_chain_is_named(run: Path) -> None:
    path = run / "ledger.journal"
    rows = journal.read(path).records
    place = next(n for n, row in enumerate(rows) if isinstance(row, LedgerStroke) and row.number == 20)
    stroke = rows[place]
    assert isinstance(stroke, LedgerStroke)
    forgeries: tuple[tuple[tuple[Record, ...], int], ...] = (
        ((*rows[:place], wider(stroke), *rows[place + 1 :]), place + 1),
        ((*rows[:place], *rows[place + 1 :]), place + 1),
        ((*rows, msgspec.structs.replace(stroke, number=rows_count(rows) + 1)), len(rows) + 1),
        ((*rows[:-1],), len(rows)),
        ((*rows[:place], Revoke(reason="x", by="y", since_number=1, until_number=2), *rows[place:]), place + 1),
    )
    for records, number in forgeries:
        forged(path, records)
        assert flailpilot("ledger", "verify", path)[0] == 0, "the chain alone is whole"
        status, said, _ = flailpilot("ledger", "verify", run)
        assert status == 1
        assert f"DIFFERENT: record {number}" in said


def test_the_note_of_a_carry_over_is_of_no_run(run: Path) -> None:
    path = run / "ledger.journal"
    rows = journal.read(path).records
    note = Note(kind=carried_over.KIND, text="from format 4", utc="")
    for records, status in (
        ((*rows, note), 0),
        ((*rows, note, Revoke(reason="x", by="y", since_number=1, until_number=2)), 1),
        ((*rows[:-1], note), 1),
        ((*rows, msgspec.structs.replace(note, kind="follow_up")), 1),
    ):
        forged(path, records)
        found, said, _ = flailpilot("ledger", "verify", run)
        assert (found, "DIFFERENT" in said) == (status, status == 1), said


def test_a_start_behind_the_note_of_a_carry_over_is_of_another_run(run: Path) -> None:
    path = run / "ledger.journal"
    rows = journal.read(path).records
    later = Session(session_id=5, utc="")
    forged(path, (*rows, later))
    number = refused("ledger", "verify", run).partition("no session ")[2][:16]
    note = Note(kind=carried_over.KIND, text="from format 4", utc="")
    forged(path, (rows[0], Session(session_id=int(number, 16), utc=""), *rows[2:], note, later))
    assert flailpilot("ledger", "verify", run)[0] == 0


def test_a_packed_journal_is_compared_with_its_recording_as_before(run: Path, tmp_path: Path) -> None:
    path, shown = run / "ledger.journal", tmp_path / "shown"
    _, before, _ = flailpilot("ledger", "verify", run)
    size = path.stat().st_size
    shown.mkdir()
    (shown / "ledger.journal").symlink_to(path)
    status, said, _ = flailpilot("ledger", "pack", shown)
    assert status == 0
    assert f"are packed: {size / 1e6:.1f} MB are" in said
    assert said.split()[-1] == journal.read(path).seal
    assert path.stat().st_size < size / 2
    assert (shown / "ledger.journal").is_symlink()
    assert flailpilot("ledger", "verify", run) == (0, before, "")
    assert "all strokes are packed" in flailpilot("ledger", "pack", run)[1]


def test_a_forged_stroke_in_a_packed_record_is_named(run: Path) -> None:
    path = run / "ledger.journal"
    rows = journal.read(path).records
    place = next(n for n, row in enumerate(rows) if isinstance(row, LedgerStroke) and row.number == 20)
    stroke = rows[place]
    assert isinstance(stroke, LedgerStroke)
    forged(path, (*rows[:place], wider(stroke), *rows[place + 1 :]))
    assert flailpilot("ledger", "pack", path)[0] == 0
    status, said, _ = flailpilot("ledger", "verify", run)
    assert status == 1
    assert f"DIFFERENT: record {place + 1} (stroke 20 at " in said
    assert "in the packed record at byte " in said


def test_what_cannot_be_packed_is_told_in_one_line(run: Path, tmp_path: Path) -> None:
    assert "is not there" in refused("ledger", "pack", tmp_path / "nowhere")
    path = run / "ledger.journal"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-1])
    assert "what is damaged is not packed" in refused("ledger", "pack", run)
    (tmp_path / "x").write_bytes(journal.MAGIC)
    assert "holds no record" in refused("ledger", "pack", tmp_path / "x")


def rows_count(rows: tuple[Record, ...]) -> int:
    return max(row.number for row in rows if isinstance(row, LedgerStroke))


def test_a_journal_of_another_run_is_refused(run: Path) -> None:
    path = run / "ledger.journal"
    rows = journal.read(path).records
    header = rows[0]
    assert isinstance(header, Header)
    for change, words in (
        ({"site_hash": "other"}, "of site other"),
        ({"required_depth_m": 0.2}, "depth"),
        ({"datum_lat_deg": 1.0}, "datum"),
        ({"cell_m": 0.1}, "cell"),
        ({"machine": "MV-4"}, "machine"),
    ):
        forged(path, (msgspec.structs.replace(header, **change), *rows[1:]))
        assert words in refused("ledger", "verify", run)
    forged(path, (header, Session(session_id=5, utc=""), Session(session_id=6, utc=""), *rows[2:]))
    assert "journal of other runs" in refused("ledger", "verify", run)


def test_bad_input_is_one_line(run: Path, tmp_path: Path) -> None:
    assert "is not there" in refused("ledger", "verify", tmp_path / "nowhere")
    (tmp_path / "x").write_text("nothing of the kind")
    assert "no ledger journal" in refused("ledger", "verify", tmp_path / "x")
    (run / "run.mcap").unlink()
    assert "holds no run.mcap" in refused("ledger", "verify", run)
    (run / "run.mcap").write_bytes(b"nothing")
    assert "run.mcap" in refused("ledger", "verify", run)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mission as `drive` keeps it: the record of a site, with starts before and after this run, and checks due."""
    folder = tmp_path_factory.mktemp("kept")
    settings = FaultScenarioSettings(seed=4, detonation_wait_s=60.0)
    header = kept_ledger.header_of(FaultScenario(settings).state, None)
    path = folder / "ledger.journal"
    JournalWriter.open(path, header, Session(session_id=99, utc="2026-11-29T08:00:00Z")).close()
    recorder = McapRecorder(folder / "run.mcap", {})
    session = FaultScenario(settings).state.session_id
    writer = JournalWriter.open(path, header, Session(session_id=session, utc="2026-11-30T08:00:00Z"))
    drill = FaultScenario(settings, (recorder, writer))
    drill.drive(Goal.MISSION)
    assert drill.until((Mode.AUTO_WORK,), 25.0)
    drill.run(12.0)
    recorder.close()
    writer.close()
    JournalWriter.open(path, header, Session(session_id=100, utc="2026-11-30T12:00:00Z")).close()
    return folder


def test_a_start_among_others_of_a_site_is_found_and_compared(kept: Path) -> None:
    status, said, _ = flailpilot("ledger", "verify", kept, "--json")
    found = json.loads(said)
    assert status == 0, found
    assert found["compared"] > 10
    assert found["chain"]["sessions"] == 3
    kinds = {type(row).__name__ for row in journal.read(kept / "ledger.journal").records}
    assert {"JobMark", "LedgerStroke"} <= kinds


def test_what_stands_behind_the_end_of_a_torn_recording_is_told_and_is_no_difference(
    kept: Path, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    shutil.copy(kept / "ledger.journal", tmp_path / "run" / "ledger.journal")
    content = (kept / "run.mcap").read_bytes()
    (tmp_path / "run" / "run.mcap").write_bytes(content[: len(content) * 9 // 10])
    status, said, _ = flailpilot("ledger", "verify", tmp_path / "run")
    assert status == 0, said
    assert "stand after the end of the recording, which was not finished" in said
    assert "byte for byte" in said
