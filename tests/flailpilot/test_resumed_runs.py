"""Folders of runs that a plan rests on: journal and recording are those of the run, and the newest run is last."""

from pathlib import Path

import msgspec
import pytest

from flailpilot import resumed_runs
from flailpilot.resumed_runs import check_journals, check_recorded
from vehicle.contracts.errors import InputError
from vehicle.host.utc import TimeSource
from vehicle.records.journal import Journal
from vehicle.records.records import Session
from vehicle.runtime.run_manifest import MANIFEST, Manifest, named

MADE = Manifest(
    run="day-1", vehicle_id="v1", machine="MEMATT", required_depth_m=0.15, session_id=f"{7:016x}",
    start_utc="2026-05-04T06:00:00.000Z", time_source=TimeSource.GNSS,
)  # fmt: skip


def record(*sessions: int) -> Journal:
    rows = tuple(Session(session_id=number, utc="") for number in sessions)
    return Journal(records=rows, valid_bytes=0, dropped_bytes=0, check=0)


def folder(place: Path, name: str, **facts: object) -> Path:
    run = place / name
    run.mkdir()
    made = msgspec.structs.replace(MADE, run=name, **facts)
    (run / MANIFEST).write_bytes(msgspec.json.encode(made))
    return run


def test_a_journal_of_another_run_is_refused(tmp_path: Path) -> None:
    run = folder(tmp_path, "day-1")
    check_journals([run], [record(3, 7)])
    with pytest.raises(InputError, match="holds no session 0000000000000007"):
        check_journals([run], [record(3)])
    (run / MANIFEST).unlink()
    check_journals([run], [record(3)])


def test_the_newest_run_is_named_last(tmp_path: Path) -> None:
    one = folder(tmp_path, "day-1")
    two = folder(tmp_path, "day-2", start_utc="2026-05-05T06:00:00.000Z")
    unknown = folder(tmp_path, "day-3", start_utc="")
    rows = [record(7), record(7), record(7)]
    check_journals([one, unknown, two], rows)
    with pytest.raises(InputError, match=r"day-1: began at 2026-05-04.*name the newest run last"):
        check_journals([two, unknown, one], rows)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"simulated": "True"}, "says simulated False, the recording of the run says True"),
        ({"session_id": f"{9:016x}"}, "is of session 0000000000000009, the run's own"),
        ({"machine": "MV-4"}, "is of machine MV-4"),
        ({"required_depth_m": "0.2"}, "says required_depth_m 0.15"),
    ],
)
def test_no_place_is_taken_from_a_recording_of_another_run(monkeypatch, tmp_path: Path, told, words) -> None:
    run = folder(tmp_path, "day-1")
    monkeypatch.setattr(resumed_runs, "told_by", lambda _: named(MADE) | told)
    with pytest.raises(InputError, match=words):
        check_recorded(run, record(7))


def test_without_a_manifest_the_journal_must_hold_the_session(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(resumed_runs, "told_by", lambda _: named(MADE))
    check_recorded(tmp_path, record(3, 7))
    check_recorded(tmp_path, record())
    with pytest.raises(InputError, match=r"which ledger\.journal does not hold"):
        check_recorded(tmp_path, record(3))


def test_a_recording_that_is_not_there_is_told_by_its_reader(tmp_path: Path) -> None:
    check_recorded(folder(tmp_path, "day-1"), record(7))
