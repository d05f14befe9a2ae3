"""A task of several days: what its file may say, and the whole of the example with its completion report."""

import json
from pathlib import Path

import msgspec
import pytest

from campaign.days_file import load_days
from flailpilot import days as command
from flailpilot.ledger import verify_run
from flailpilot.report import Asked, facts_of_folders
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import Revoke
from vehicle.records import journal
from vehicle.records.records import Session

EXAMPLE = Path(__file__).parents[2] / "configs/scenarios/three_days/days.toml"
HEAD = 'name = "a"\nscenario = "s.toml"\ntask = "t.toml"\nvisits = "v.toml"\n'
RUN = '[[run]]\nname = "{}"\nstart_utc = {}\nsteps = [{}]\n'
FIRST, SECOND = "2025-05-05T05:00:00Z", "2025-05-06T05:00:00Z"


def test_the_example_has_every_trouble_of_a_task() -> None:
    found = load_days(EXAMPLE)
    done = [step.do for run in found.run for step in run.steps]
    assert {"stop", "crash", "sign_in", "hand_over", "depth_sensor", "strip", "check", "shift", "work"} <= set(done)
    assert [run.rest for run in found.run] == [False, False, False, False, True]
    assert len({run.start_utc.date() for run in found.run}) == 3
    assert len(found.follow_up) == 2
    assert len(found.release) == 1


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ("", "run"),
        (RUN.format("a", SECOND, "") + RUN.format("b", FIRST, ""), "follow each other in time"),
        (RUN.format("a", FIRST, "") + RUN.format("a", SECOND, ""), "a name of its own"),
        (RUN.format("a", FIRST, "") + "rest = true\n", "nothing before it"),
        (RUN.format("a", FIRST, '{ do = "fly" }'), "do"),
        (RUN.format("a", FIRST, '{ do = "work", until = 3 }'), "until"),
        (RUN.format("a", "2025-05-05T05:00:00", ""), "start_utc"),
    ],
)
def test_a_file_that_cannot_be_driven_is_one_line(runs: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "days.toml").write_text(HEAD + runs)
    with pytest.raises(InputError) as refused:
        load_days(tmp_path / "days.toml")
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


WORK = '  { do = "work", until_m2 = '
SHORT = """5.0 },
  { do = "check", what = "base" },
  { do = "work", until_m2 = 7.0 },
  { do = "crash" },
]
[[run]]
name = "started-again"
start_utc = 2025-05-05T06:20:00Z
steps = [
  { do = "sign_in", who = "operator 1", role = "operator" },
  { do = "depth_sensor", off_m = 0.07 },
  { do = "work", until_m2 = 10.0 },
  { do = "stop", stand_s = 20.0 },
  { do = "check", what = "depth" },
]
"""
"""After the opening of the example: worked, died, and then a reading finds that the sensor has slipped."""


@pytest.mark.slow
def test_a_morning_with_a_death_and_a_failed_reading_is_one_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "days.toml", tmp_path / "days"
    opening, _, _ = EXAMPLE.read_text().partition(WORK)
    for name in ("scenario", "task", "visits"):
        opening = opening.replace(f'"{name}.toml"', f'"{EXAMPLE.parent / name}.toml"')
    path.write_text(opening + WORK + SHORT)
    status = command.run(path, out)
    said = capsys.readouterr().out
    assert (status, "falsely credited 0.0000 m2" in said) == (0, True), said
    found = journal.read(out / "record" / "ledger.journal")
    assert sum(isinstance(row, Session) for row in found.records) == 2
    (withdrawn,) = [row for row in found.records if isinstance(row, Revoke)]
    assert withdrawn.reason.startswith("depth reading: ")
    facts = facts_of_folders(Asked(runs=tuple(out / run.name for run in load_days(path).run), kind="completion"))
    assert [row.note != "" for row in facts.runs] == [True, False], "the first one died"
    assert sum(row.processed_m2 for row in facts.runs) == pytest.approx(facts.found.processed_m2, abs=1e-6)
    (taken,) = [row.withdrawn_m2 for row in facts.acts if isinstance(row.act, Revoke)]
    assert taken is not None
    assert taken > 0.0


@pytest.mark.release
@pytest.mark.timeout(3_600)
def test_three_days_are_one_record_and_the_report_tells_what_happened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "days"
    assert command.run(EXAMPLE, out) == 0
    said = capsys.readouterr().out
    assert "falsely credited 0.0000 m2; completed" in said
    assert "does not fit the one before it" in said
    found = journal.read(out / "record" / "ledger.journal")
    assert sum(isinstance(row, Session) for row in found.records) == 5
    (withdrawn,) = [row for row in found.records if isinstance(row, Revoke)]
    assert withdrawn.reason.startswith("depth reading: ")
    runs = tuple(out / run.name for run in load_days(EXAMPLE).run)
    facts = facts_of_folders(Asked(runs=runs, kind="completion"))
    assert facts.found.missed_m2 == facts.found.withdrawn_m2 == 0.0
    assert [row.note != "" for row in facts.runs] == [True, False, False, False, False], "the first one died"
    (taken,) = [row.withdrawn_m2 for row in facts.acts if isinstance(row.act, Revoke)]
    assert taken is not None
    assert taken > 5.0
    assert facts.open_for_good
    assert 0.0 < facts.provisional_m2 < 20.0, "worked between the newest check of the base and the crash"
    assert sum(row.processed_m2 for row in facts.runs) == pytest.approx(facts.found.processed_m2, abs=1e-6)
    page = (out / "report" / "report.html").read_text(encoding="utf-8")
    for words in (
        "Provisional for good",
        "NC-1",
        "EX-2025-117",
        "operator 1 to operator 2",
        "dog team 1",
        "withdrawn, ",
    ):
        assert words in page, words
    assert (out / "report" / "report.pdf").stat().st_size > 100_000
    assert json.loads((out / "report" / "public.json").read_text())["status"] == "completed"
    assert verify_run(runs[2], as_json=False) == 0, "the recording of the second day makes its part of the journal"
    manifest = msgspec.json.decode((runs[0] / "run.json").read_bytes())
    assert "end_utc" not in manifest or not manifest["end_utc"]
