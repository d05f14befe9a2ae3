"""Recordings and journals cut or damaged anywhere: read as far as they go, said, and never a traceback."""

import json
import shutil
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flailpilot.resume import Stand, last_stand
from tests import builders
from tests.flailpilot.broken_off import SCENARIO
from tests.flailpilot.test_bad_sites import flailpilot
from tests.flailpilot.test_resume import ground
from tests.marks import every, examples
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import LedgerBand, LedgerStroke
from vehicle.contracts.messages import Event, Inputs
from vehicle.control.state import VehicleState
from vehicle.control.tick import tick as one_tick
from vehicle.records import journal, reader
from vehicle.records.records import Header, Session
from vehicle.records.writer import McapRecorder


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """Two minutes of a mission."""
    folder = tmp_path_factory.mktemp("job")
    ground(folder)
    (folder / "scenario.toml").write_text(SCENARIO.format(sim_max_s=120.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["flailpilot", "sim", str(folder / "scenario.toml"), "--out", str(folder / "run"),
                                   "--json"])  # fmt: skip
        from flailpilot import cli  # noqa: PLC0415

        with pytest.raises(SystemExit):
            cli.main()
    return folder


@pytest.fixture(scope="module")
def whole(run: Path) -> Stand:
    """What the recording says where nothing is torn."""
    return last_stand(run / "run" / "run.mcap")


def places(content: bytes) -> list[int]:
    """Where the records of a recording begin."""
    found, place = [], len(reader.MAGIC)
    while place + 9 <= len(content):
        found.append(place)
        place += 9 + int.from_bytes(content[place + 1 : place + 9], "little")
    return found


def cut_of(content: bytes, share: float, shift: int) -> int:
    """A record's border or near it, or any place."""
    borders = places(content)
    at = borders[min(len(borders) - 1, int(share * len(borders)))] if shift < 40 else int(share * len(content))
    return max(0, min(len(content), at + shift % 40 - 10))


@pytest.mark.slow
@given(st.floats(0.0, 1.0), st.integers(0, 79))
@settings(max_examples=examples(150))
def test_a_recording_cut_anywhere(run: Path, whole: Stand, share: float, shift: int) -> None:
    content = (run / "run" / "run.mcap").read_bytes()
    path = run / "cut.mcap"
    path.write_bytes(content[: cut_of(content, share, shift)])
    try:
        stand = last_stand(path)
    except InputError as refusal:
        assert "--at LAT,LON,HEADING" in str(refusal)  # noqa: PT017  either is right
        return
    assert whole.note == ""
    assert stand.t_ns <= whole.t_ns
    assert stand.note or stand == whole
    # of what was on the disk no more is lost than a chunk
    at_s = whole.t_ns / 1e9 * path.stat().st_size / len(content)
    assert stand.t_ns / 1e9 > 0.8 * at_s - 25.0


@pytest.mark.slow
@given(st.floats(0.0, 1.0), st.binary(min_size=1, max_size=60))
@settings(max_examples=examples(150))
def test_a_recording_damaged_anywhere(run: Path, whole: Stand, share: float, noise: bytes) -> None:
    content = bytearray((run / "run" / "run.mcap").read_bytes())
    at = int(share * (len(content) - 1))
    content[at : at + len(noise)] = noise
    path = run / "damaged.mcap"
    path.write_bytes(content)
    try:
        stand = last_stand(path)
    except InputError:
        return
    assert stand.t_ns <= whole.t_ns


@pytest.mark.slow
@pytest.mark.parametrize("share", every(2, [0.0, 0.02, 0.2, 0.5, 0.7, 0.9, 0.98, 0.999, 1.0]))
@pytest.mark.parametrize("torn", ["run.mcap", "ledger.journal", "both"])
def test_what_is_left_is_planned_or_refused_and_age_is_told(monkeypatch, capsys, tmp_path, run, share, torn) -> None:
    job = tmp_path / "job"
    shutil.copytree(run, job)
    names = ("run.mcap", "ledger.journal") if torn == "both" else (torn,)
    for name in names:
        content = (job / "run" / name).read_bytes()
        (job / "run" / name).write_bytes(content[: round(share * len(content))])
    typed = ("plan", job / "ground.geojson", "--machine", "memat", "--out", job / "rest", "--resume", job / "run")
    status, said, told = flailpilot(monkeypatch, capsys, *typed)
    assert status in (0, 1, 2)
    if status == 2:
        assert (said, told.count("\n")) == ("", 1)
        assert "run.mcap" in told or "ledger.journal" in told or "by stick" in told
        return
    repairs = json.loads((job / "rest" / "summary.json").read_text())["repairs"]
    for name in names if share < 1.0 else ():
        assert any(name in line and " s" in line for line in repairs), repairs
        assert name in said


def strokes(count: int) -> list[LedgerStroke]:
    band = LedgerBand(rear_m=0.0, front_m=0.1, right_m=-0.8, left_m=0.8, flags=1, depth_cm=15)
    return [
        LedgerStroke(
            number=number, t_ns=number * 10**9, east_m=0.1 * number, north_m=0.0, forward_east=1.0, forward_north=0.0,
            slope=0.0, bands=(band,),
        )
        for number in range(1, count + 1)
    ]  # fmt: skip


HEADER = Header(
    vehicle_id="v", site_hash="s", plan_hash="p", cell_m=0.05, datum_lat_deg=39.99, datum_lon_deg=46.93,
    datum_alt_m=0.0, required_depth_m=0.15, k_sigma=4.0,
)  # fmt: skip


@given(st.data())
def test_a_journal_cut_or_damaged_anywhere(tmp_path_factory, data) -> None:
    path = tmp_path_factory.mktemp("journal") / "ledger.journal"
    writer = journal.JournalWriter.open(path, HEADER, Session(session_id=1, utc=""))
    for stroke in strokes(6):
        writer.append(stroke)
    writer.close()
    content = bytearray(path.read_bytes())
    whole = journal.read(path).records
    at = data.draw(st.integers(0, len(content)))
    noise = data.draw(st.binary(max_size=30))
    path.write_bytes(bytes(content[:at]) + noise)
    try:
        found = journal.read(path)
    except InputError as refusal:
        assert "ledger.journal" in str(refusal)  # noqa: PT017  either is right
        return
    assert found.records == whole[: len(found.records)]
    assert found.valid_bytes + found.dropped_bytes >= min(at, 8)
    if found.header is not None:
        journal.rebuilt(found)


def recorded(path: Path, reports: int) -> None:
    """A recording of a vehicle that nobody speaks to."""
    recorder = McapRecorder(path, {"plan_hash": "p"})
    state = VehicleState(config=builders.config(), datum=builders.DATUM)
    for number in range(1, reports * 10 + 1):
        state, outputs = one_tick(state, Inputs(), number * 20_000_000)
        recorder.accept(builders.tick_record(number, controller_in=b"in", controller_out=b"out", report=outputs.report))
    recorder.note(Event(t_ns=1, tick=1, kind="note", text="x"))
    recorder.close()


def test_a_recording_is_never_written_over(tmp_path) -> None:
    recorded(tmp_path / "run.mcap", 2)
    with pytest.raises(FileExistsError):
        McapRecorder(tmp_path / "run.mcap", {})


def test_whole_damaged_and_cut_are_told_apart(tmp_path) -> None:
    path = tmp_path / "run.mcap"
    recorded(path, 20)
    content = path.read_bytes()
    found = reader.read(path, ("/report", "/notice"))
    assert (found.whole, found.damaged_chunks, found.read_bytes) == (True, 0, len(content))
    assert found.run["plan_hash"] == "p"
    assert msgspec.json.decode(found.newest["/notice"].data)["text"] == "x"
    chunk = next(place for place in places(content) if content[place] == 0x06)
    damaged = bytearray(content)
    damaged[chunk + 60] ^= 0xFF
    path.write_bytes(damaged)
    found = reader.read(path, ("/report",))
    assert (found.whole, found.damaged_chunks) == (False, 1)
    path.write_bytes(content[: chunk + 4])
    found = reader.read(path, ("/report",))
    assert (found.whole, found.damaged_chunks, found.read_bytes) == (False, 0, chunk)
    path.write_bytes(b"\x89PNG")
    with pytest.raises(InputError, match="no recording"):
        reader.read(path, ())


@pytest.mark.long
def test_a_report_older_than_the_journal_is_no_start(monkeypatch, capsys, tmp_path, run) -> None:
    job = tmp_path / "job"
    shutil.copytree(run, job)
    path = job / "run" / "run.mcap"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    typed = ("plan", job / "ground.geojson", "--machine", "memat", "--out", job / "rest", "--resume", job / "run")
    status, said, told = flailpilot(monkeypatch, capsys, *typed)
    assert (status, said) == (2, "")
    assert "s older than the newest stroke" in told
    assert "--at LAT,LON,HEADING" in told
