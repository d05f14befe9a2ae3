"""What older builds kept is read, or refused by one line that names the conversion; what later ones keep is refused."""

import json
import re
import shutil
import sqlite3
from pathlib import Path

import msgspec
import pytest

from flailpilot.resume import last_stand
from tests import builders
from tests.control.ledger.driving import straight, versions
from tests.flailpilot.test_bad_sites import flailpilot
from vehicle.config.drive import load_drive
from vehicle.config.load import load_machine, load_toml_model
from vehicle.config.vehicle import MissionConfig, footprint
from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.ledger_types import Revoke
from vehicle.contracts.plan import Plan
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.state import GateState
from vehicle.operator_link import stamp_store
from vehicle.operator_link.keystore import KeyStore
from vehicle.operator_link.stamp_store import StampStore
from vehicle.operator_link.work import PlanTimes
from vehicle.planning.files.stored import load_plan
from vehicle.planning.site.site import load_site
from vehicle.records import journal, reader
from vehicle.records.records import Note, Session
from vehicle.runtime import latches
from vehicle.runtime.boot_loop import recent_starts
from vehicle.telemetry.outbox import LaterOutboxError, Outbox

OLD = Path(__file__).parent / "format1"
ROOM = {"rows_max": 10_000, "bytes_max": 10_000_000}
LATER = "use the program that wrote it, or a later one"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    shutil.copytree(OLD, folder)
    (folder / "k.json").chmod(0o600)
    return folder


def test_every_kept_file_says_its_format() -> None:
    assert {kind.name for kind in Kept} >= {
        "JOURNAL", "RECORDING", "LATCHES", "STAMPS", "OUTBOX", "PLAN", "CONFIGURATION",
    }  # fmt: skip
    assert all(kind.refusal(kind.number) == "" for kind in Kept)
    assert all(LATER in kind.refusal(kind.number + 1) for kind in Kept)
    assert all(LATER in kind.refusal(wrong) for kind in Kept for wrong in (0, -1, True, "2", None, 1.0))


# --- journal ---------------------------------------------------------------------------------------------------------
def test_an_old_journal_is_read_and_carried_on(old: Path) -> None:
    path = old / "ledger.journal"
    found = journal.read(path)
    assert (found.dropped_bytes, found.stroke_count, found.act_count) == (0, 6, 1)
    revoke = next(row for row in found.records if isinstance(row, Revoke))
    assert (revoke.reason, revoke.since_number, revoke.until_number, revoke.flags) == ("hammer lost", 5, 6, 6)
    assert journal.rebuilt(found).credited_m2 > 0.0
    header = found.header
    assert header is not None
    journal.JournalWriter.open(path, header, Session(session_id=8, utc="")).close()
    again = journal.read(path)
    assert path.read_bytes().startswith(journal.MAGIC)
    assert again.records[:-2] == found.records
    note = again.records[-2]
    assert isinstance(note, Note)
    assert "from format 1, 1142 bytes" in note.text
    assert (old / "ledger.journal.format1").read_bytes() == (OLD / "ledger.journal").read_bytes()


def test_a_journal_of_strokes_in_doubles_is_read_and_carried_on(tmp_path: Path) -> None:
    path = tmp_path / "ledger.journal"
    shutil.copy(OLD.parent / "format3" / "ledger.journal", path)
    found = journal.read(path)
    assert (found.dropped_bytes, found.stroke_count, found.act_count) == (0, 20, 3)
    state = journal.rebuilt(found)
    assert (state.credited_cells, state.swept_cells) == (1109, 1266)
    assert (state.withdrawn_cells, state.provisional_cells) == (101, 661)
    assert found.header is not None
    writer = journal.JournalWriter(path, found.header)
    for later in versions(straight(1.0, 0.37, (5.0, 1.0)), builders.config(), state, 10**12):
        writer.follow(later)
    writer.close()
    again = journal.read(path)
    assert again.records[: len(found.records)] == found.records
    assert again.stroke_count > 20
    assert journal.rebuilt(again).credited_cells == later.credited_cells > state.credited_cells


def test_a_later_journal_is_refused(old: Path) -> None:
    path = old / "ledger.journal"
    content = path.read_bytes()
    path.write_bytes(b"FLAILJ9\n" + content[8:])
    with pytest.raises(InputError, match=LATER):
        journal.read(path)
    path.write_bytes(b"FLAILJx\n" + content[8:])
    with pytest.raises(InputError, match="ledger journal"):
        journal.read(path)


# --- recording -------------------------------------------------------------------------------------------------------
def test_an_old_recording_is_read(old: Path) -> None:
    path = old / "run" / "run.mcap"
    found = reader.read(path, ("/report", "/tick", "/event"))
    assert found.whole
    assert set(found.newest) == {"/report", "/tick", "/event"}
    assert last_stand(path).t_ns == pytest.approx(42e9, abs=0.3e9)


def test_a_later_recording_is_refused(tmp_path: Path) -> None:
    from vehicle.records import writer  # noqa: PLC0415

    path = tmp_path / "run.mcap"
    writer.McapRecorder(path, {"format": "9"}).close()
    with pytest.raises(InputError, match=LATER):
        reader.read(path, ())


# --- latches, stamps, keys, starts -----------------------------------------------------------------------------------
def test_old_latches_hold(old: Path) -> None:
    gate, line = latches.load_latches(GateState(), old / "k.latches")
    assert line == ""
    assert (gate.latched, gate.reset_due) == (1 << StopReason.FIRE, True)
    assert json.loads(latches.encode(gate).splitlines()[0])["format"] == Kept.LATCHES.number


def test_latches_of_a_later_build_are_a_stop_that_nobody_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "k.latches"
    path.write_bytes(latches.with_checksum(b'{"format":9,"cause":"unheard of"}'))
    gate, line = latches.load_latches(GateState(), path)
    assert gate.reset_due
    assert gate.latched == 1 << StopReason.BOOT_LOOP
    assert "format 9" in line
    assert "ACKNOWLEDGE" in line


def test_old_stamps_are_never_issued_again(old: Path) -> None:
    assert StampStore(old / "k.stamps").reserved == {200: 38_000_000_000_000, 201: 38_000_000_500_000}


def test_later_stamps_are_refused_by_their_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as later:
        later.setattr(stamp_store, "MAGIC", b"FLMARKS7")
        StampStore(tmp_path / "k.stamps")
    with pytest.raises(InputError, match=LATER):
        StampStore(tmp_path / "k.stamps")


def test_old_keys_are_read_and_later_ones_refused(old: Path) -> None:
    store = KeyStore(old / "k.json", lambda: "another sample")
    (key,) = store.load().keys
    assert (key.name, key.system_id) == ("tablet", 200)
    store.create("laptop", 201)
    written = json.loads((old / "k.json").read_text())
    assert written["format"] == Kept.KEYS.number
    (old / "k.json").write_text(json.dumps(written | {"format": 9}))
    with pytest.raises(InputError, match=LATER):
        store.load()


def test_old_starts_count(old: Path) -> None:
    assert recent_starts(old / "k.starts", 1.8e9 + 120.0) == 3
    assert (old / "k.starts").read_text().startswith("format=")
    assert recent_starts(old / "k.starts", 1.8e9 + 130.0) == 4


# --- outbox ----------------------------------------------------------------------------------------------------------
def test_an_old_outbox_is_sent(old: Path) -> None:
    outbox = Outbox(old / "outbox.sqlite", **ROOM)
    rows = [found.record for found in outbox.after(0, 100)]
    assert [row.header.seq for row in rows if row.stream.name == "event"] == [0, 1, 2]
    assert len(rows) == 4
    outbox.close()
    with sqlite3.connect(old / "outbox.sqlite") as base:
        assert base.execute("PRAGMA user_version").fetchone() == (Kept.OUTBOX.number,)
    base.close()


def test_a_later_outbox_is_left_as_it_is(old: Path) -> None:
    path = old / "outbox.sqlite"
    base = sqlite3.connect(path)
    base.execute("PRAGMA user_version = 9")
    base.close()
    before = path.read_bytes()
    with pytest.raises(LaterOutboxError, match=LATER):
        Outbox(path, **ROOM)
    assert path.read_bytes() == before
    assert not path.with_suffix(".sqlite.damaged").exists()


# --- plan ------------------------------------------------------------------------------------------------------------
def test_an_old_plan_is_not_driven_for_it_kept_no_depth(old: Path) -> None:
    site, machine = load_site(old / "ground.geojson"), footprint(load_machine("memat"))
    with pytest.raises(InputError, match=r"format 1.*flailpilot plan SITE --depth M"):
        load_plan(old / "run" / "plan", site, machine)
    assert load_plan(old / "run" / "plan", site, machine, older=True).required_depth_m is None


def test_an_old_plan_that_was_changed_is_found(old: Path) -> None:
    path = old / "run" / "plan" / "plan.json"
    path.write_bytes(path.read_bytes().replace(b'"speed_mps":0', b'"speed_mps":1', 1))
    site, machine = load_site(old / "ground.geojson"), footprint(load_machine("memat"))
    with pytest.raises(InputError, match="not one plan"):
        load_plan(old / "run" / "plan", site, machine, older=True)


def test_a_plan_without_a_pace_is_driven(old: Path) -> None:
    site, machine = load_site(old / "ground.geojson"), footprint(load_machine("memat"))
    plan = load_plan(OLD.parent / "format2", site, machine)
    assert (plan.format, plan.machine.pace, plan.required_depth_m) == (2, None, 0.15)
    times = PlanTimes().of(plan)
    assert times.left_s(0, 0.0) == pytest.approx(plan.time_s)


def test_a_plan_without_a_pace_that_was_changed_is_found(old: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(OLD.parent / "format2", tmp_path / "plan")
    path = folder / "plan.json"
    path.write_bytes(path.read_bytes().replace(b'"settle_s":1.0', b'"settle_s":2.0', 1))
    site, machine = load_site(old / "ground.geojson"), footprint(load_machine("memat"))
    with pytest.raises(InputError, match="not one plan"):
        load_plan(folder, site, machine)


def test_a_later_plan_is_refused(old: Path) -> None:
    path = old / "run" / "plan" / "plan.json"
    path.write_bytes(json.dumps(json.loads(path.read_bytes()) | {"format": 9}).encode())
    site, machine = load_site(old / "ground.geojson"), footprint(load_machine("memat"))
    with pytest.raises(InputError, match=LATER):
        load_plan(old / "run" / "plan", site, machine, older=True)


@pytest.mark.long
def test_what_an_old_job_left_is_planned(monkeypatch, capsys, old: Path) -> None:
    typed = ("plan", old / "ground.geojson", "--machine", "memat", "--out", old / "rest", "--resume", old / "run")
    status, said, told = flailpilot(monkeypatch, capsys, *typed)
    assert (status, told) == (0, ""), said
    plan = msgspec.json.decode((old / "rest" / "plan.json").read_bytes(), type=Plan)
    assert (plan.format, plan.required_depth_m) == (Kept.PLAN.number, 0.15)
    assert json.loads((old / "rest" / "summary.json").read_text())["format"] == Kept.PLAN.number


# --- configuration ---------------------------------------------------------------------------------------------------
def test_old_configurations_are_read(old: Path) -> None:
    assert load_drive(old / "bench.toml").vehicle.vehicle_id == "memat-bench"
    assert load_drive(old / "vehicle.toml").config.recorder is not None
    assert load_machine(old / "mematt.toml").name == "MEMATT"


@pytest.mark.parametrize("number", ["9", '"1"', "0", "true", "1.0"])
def test_a_later_configuration_is_refused(old: Path, number: str) -> None:
    for name in ("bench.toml", "mematt.toml"):
        path = old / name
        path.write_text(f"format = {number}\n{path.read_text()}")
    with pytest.raises(InputError, match=rf"bench\.toml: .*{re.escape(LATER)}"):
        load_drive(old / "bench.toml")
    with pytest.raises(InputError, match=LATER):
        load_machine(old / "mematt.toml")


def test_a_configuration_may_say_its_format(tmp_path: Path) -> None:
    path = tmp_path / "mission.toml"
    path.write_text(f"format = {Kept.CONFIGURATION.number}\nrequired_depth_m = 0.2\n")
    assert load_toml_model(path, MissionConfig).required_depth_m == 0.2


def test_shipped_configurations_say_their_format() -> None:
    folder = Path(__file__).resolve().parents[2] / "configs"
    files = list(folder.rglob("*.toml"))
    assert len(files) > 8
    for path in files:
        assert f"format = {Kept.CONFIGURATION.number}" in path.read_text(), path
