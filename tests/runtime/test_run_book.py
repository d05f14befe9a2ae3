"""A run of `drive`: its own folder, `run.json`, whose time it is and who says so."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcap.reader import make_reader

from campaign.fault_scenario import swath_plan
from tests import builders
from tests.operator_link.test_site_planning import Planned
from tests.runtime.support import JumpingClock, config_text, write
from vehicle.config.drive import DriveFile, load_drive
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import Event
from vehicle.contracts.plan import SegmentKind
from vehicle.contracts.sockets import TickRecord
from vehicle.control.state import VehicleState
from vehicle.host import utc
from vehicle.host.program import program
from vehicle.host.utc import TimeSource, UtcLine
from vehicle.records.writer import Recorder
from vehicle.runtime import app, run_book
from vehicle.runtime.run_book import RunBook, run_name

RECORDER = '\n[recorder]\nfolder = "runs"\n'
GNSS_US = 1_790_000_000_000_000
NEVER_SET = datetime(1970, 1, 1, 0, 0, 12, tzinfo=UTC)


def file_in(folder: Path, extra: str = RECORDER) -> DriveFile:
    return load_drive(write(folder, config_text(folder) + extra))


def book_in(folder: Path, extra: str = RECORDER) -> tuple[RunBook, VehicleState]:
    file = file_in(folder, extra)
    state = app.start_state(file)
    return RunBook(file, state, None, JumpingClock()), state


def manifest(book: RunBook) -> dict[str, object]:
    assert book.folder is not None
    return json.loads((book.folder / "run.json").read_text())


def test_each_start_has_a_folder_of_its_own(tmp_path: Path) -> None:
    folders = set()
    for _ in range(3):
        book, state = book_in(tmp_path)
        recorder = book.recorder()
        recorder.close()
        assert book.folder is not None
        folders.add(book.folder)
        assert (book.folder / "run.mcap").exists()
        assert (tmp_path / "runs" / f"{book.name}.mcap").samefile(book.folder / "run.mcap")
        found = manifest(book)
        assert found["session_id"] == f"{state.session_id:016x}"
        assert (found["vehicle_id"], found["required_depth_m"], found["simulated"]) == ("bench", 0.15, False)
        assert found["start_utc"] != ""
        assert found["program"] == program()
    assert len(folders) == 3


@pytest.mark.parametrize("taken", ["file", "run"])
def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path, taken: str) -> None:
    book, _ = book_in(tmp_path)
    if taken == "file":
        (tmp_path / "runs").write_text("")
    else:
        (tmp_path / "runs" / book.name).mkdir(parents=True)
    with pytest.raises(InputError, match=r"recorder\.folder"):
        book.recorder()


def test_a_clock_that_was_never_set_gives_no_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_book, "utc_now", lambda: NEVER_SET)
    book, state = book_in(tmp_path)
    recorder = book.recorder()
    assert recorder is not None
    recorder.note(Event(t_ns=5, tick=1, kind="note", text="x"))
    recorder.close()
    assert book.name == f"undated-{state.session_id:016x}"
    found = manifest(book)
    assert (found["start_utc"], found["time_source"]) == ("", "none")
    assert book.folder is not None
    assert "1970" not in (book.folder / "run.json").read_text()
    with (book.folder / "run.mcap").open("rb") as stream:
        (moment,) = [message.log_time for _, _, message in make_reader(stream).iter_messages()]
    assert datetime.fromtimestamp(moment / 1e9, UTC).year == 2025


def close(book: RunBook) -> None:
    recorder = book.recorder()
    assert recorder is not None
    recorder.close()


class Told:
    name = "told"
    healthy = True

    def __init__(self) -> None:
        self.events: list[Event] = []

    def begin(self, state: VehicleState, controller: object) -> None:
        raise NotImplementedError

    def accept(self, record: TickRecord) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def note(self, event: Event) -> None:
        self.events.append(event)


def kept(book: RunBook, state: VehicleState, said: list[str], done: Callable[[], bool]) -> Told:
    """The book's task, shown one state until `done`."""
    recorder: Recorder = Told()
    look = builders.tick_record(state=state, events=(Event(t_ns=1, tick=1, kind="plan", text="look"),))

    async def main() -> None:
        task = asyncio.create_task(book.run(recorder, said.append))
        async with asyncio.timeout(240.0):
            while not done():
                book.accept(look)
                await asyncio.to_thread(lambda: None)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert isinstance(recorder, Told)
    return recorder


def with_time(state: VehicleState, time_utc_us: int | None, t_ns: int) -> VehicleState:
    fix = msgspec.structs.replace(builders.gnss(0.0, 0.0, 0.0, 0.1), time_utc_us=time_utc_us)
    return msgspec.structs.replace(state, wire=msgspec.structs.replace(state.wire, gnss=fix, gnss_t_ns=t_ns))


def test_the_receivers_time_is_taken_once_it_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_book, "utc_now", lambda: NEVER_SET)
    book, state = book_in(tmp_path)
    close(book)
    said: list[str] = []
    timed = with_time(state, GNSS_US, 3_000_000_000)
    recorder = kept(book, timed, said, lambda: manifest(book)["time_source"] == "gnss")
    found = manifest(book)
    start = utc.EPOCH.fromtimestamp(GNSS_US / 1e6 - 3.0, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert (found["start_utc"], found["time_source"]) == (start, "gnss")
    assert found["end_utc"] != ""
    assert [event.kind for event in recorder.events] == ["time"]
    assert "not set" in said[0]


def test_the_plan_that_was_driven_lies_in_the_runs_folder(tmp_path: Path) -> None:
    book, state = book_in(tmp_path)
    close(book)
    plan = swath_plan(state.config.machine)
    driving = msgspec.structs.replace(state, mission=msgspec.structs.replace(state.mission, plan=plan))
    assert book.folder is not None
    path = book.folder / "plan-drill.json"
    kept(book, driving, [], path.exists)
    found = manifest(book)
    assert (found["plan_hash"], found["site_hash"], found["site"]) == ("drill", "drill", "uploaded")
    assert json.loads(path.read_text())["plan_hash"] == "drill"
    way = msgspec.structs.replace(plan.segments[0], kind=SegmentKind.TRANSIT, tool_down=False)
    there = msgspec.structs.replace(plan, plan_hash="way", segments=(way,))
    parked = msgspec.structs.replace(state, mission=msgspec.structs.replace(state.mission, plan=there))
    kept(book, parked, [], (book.folder / "plan-way.json").exists)
    assert manifest(book)["plan_hash"] == "drill", "the run is about the work, not about the way to the parking"


@pytest.mark.parametrize(
    ("extra", "where"),
    [
        ("", "."),
        (RECORDER, "runs"),
        ('\n[recorder]\nfolder = "runs"\n# keys_file', "runs"),
    ],
)
def test_uploads_lie_below_the_state_folder(tmp_path: Path, extra: str, where: str) -> None:
    book, _ = book_in(tmp_path, extra)
    assert book.uploads.resolve() == (tmp_path / where / "uploads" / book.name).resolve()


def test_the_shipped_vehicle_keeps_uploads_where_its_unit_may_write() -> None:
    root = Path(__file__).resolve().parents[2]
    unit = (root / "configs/systemd/flailpilot.service").read_text()
    assert "StateDirectory=flailpilot\n" in unit
    file = load_drive(root / "configs/vehicle/vehicle.toml")
    assert file.state_folder == Path("/var/lib/flailpilot")


def test_an_upload_never_takes_the_name_of_another(tmp_path: Path) -> None:
    for number in range(1, 4):
        planning = Planned(tmp_path).planning
        path = planning._kept(f"{number}")
        assert path.name == f"upload-{number:03d}.geojson"
    assert [path.read_text() for path in sorted(tmp_path.iterdir())] == ["1", "2", "3"]


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**62), st.integers(-(2**62), 2**62) | st.none())
def test_any_time_makes_a_name_or_none(session: int, t_ns: int, zero_us: int | None) -> None:
    line = UtcLine(TimeSource.NONE, None if zero_us is None else zero_us % 4_000_000_000_000_000)
    assert f"{session:016x}"[:6] in run_name(line, t_ns % 10**18, session)


@pytest.mark.parametrize(
    ("now", "synchronised", "wanted"),
    [
        (NEVER_SET, True, TimeSource.NONE),
        (datetime(2026, 11, 29, tzinfo=UTC), True, TimeSource.NTP),
        (datetime(2026, 11, 29, tzinfo=UTC), False, TimeSource.NONE),
        (datetime(2136, 1, 1, tzinfo=UTC), True, TimeSource.NONE),
    ],
)
def test_who_says_what_time_it_is(now: datetime, synchronised: bool, wanted: TimeSource) -> None:
    line = utc.by_computer(now, 12_000_000_000, synchronised=synchronised)
    assert line.source is wanted
    known = 2025 <= now.year < 2100
    assert line.at(12_000_000_000) == (now if known else None)


@pytest.mark.parametrize("time_utc_us", [None, 0, -1, 2**63, 12_000_000])
def test_a_receiver_without_the_time_says_none(time_utc_us: int | None) -> None:
    assert utc.by_gnss(time_utc_us, 1) is None
