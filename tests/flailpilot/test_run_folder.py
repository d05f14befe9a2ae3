"""A run has a folder of its own; every file in it says of which site, plan and machine it is, and when, in UTC."""

import json
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from mcap.reader import make_reader

from tests.flailpilot.broken_off import SCENARIO
from tests.flailpilot.test_bad_sites import flailpilot
from tests.flailpilot.test_resume import ground
from vehicle.planning.site.site import load_site
from vehicle.records import journal
from vehicle.records.records import Session


def simulated(folder: Path, out: Path, *options: object) -> tuple[int, str, str]:
    ground(folder)
    (folder / "scenario.toml").write_text(SCENARIO.format(sim_max_s=20.0))
    with pytest.MonkeyPatch.context() as patch:
        capture = Capture()
        patch.setattr("sys.stdout", capture.out)
        patch.setattr("sys.stderr", capture.err)
        patch.setattr("sys.argv", ["flailpilot", "sim", str(folder / "scenario.toml"), "--out", str(out),
                                   *map(str, options)])  # fmt: skip
        from flailpilot import cli  # noqa: PLC0415

        with pytest.raises(SystemExit) as ended:
            cli.main()
    return int(ended.value.code or 0), capture.out.getvalue(), capture.err.getvalue()


class Capture:
    def __init__(self) -> None:
        import io  # noqa: PLC0415

        self.out, self.err = io.StringIO(), io.StringIO()


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("job")
    assert simulated(folder, folder / "run")[0] == 1
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.long
def test_a_second_run_goes_to_a_folder_of_its_own_and_says_so(run: Path) -> None:
    before = content(run / "run")
    _, said, told = simulated(run, run / "run")
    assert "run holds another run" in said
    assert str(run / "run-2") in said
    assert told == ""
    _, said, told = simulated(run, run / "run", "--json")
    assert json.loads(said)["scenario"] == "broken-off"
    assert str(run / "run-3") in told
    assert content(run / "run") == before
    assert content(run / "run-2")["run.mcap"] == before["run.mcap"], "same seed, same bytes"


@pytest.mark.long
def test_every_file_names_site_plan_machine_and_times(run: Path) -> None:
    folder = run / "run"
    plan = json.loads((folder / "plan" / "summary.json").read_text())
    names = {plan["plan_hash"], plan["site_hash"], "MEMATT"}
    start, end = "2025-01-01T00:00:00.000Z", "2025-01-01T00:00:20.000Z"
    for name in ("run.json", "summary.json"):
        text = (folder / name).read_text()
        assert all(word in text for word in (*names, '"ground"', start, end, "simulated")), name
    for name in ("report.html", "ledger.geojson"):
        text = (folder / name).read_text()
        assert all(word in text for word in (*names, "ground", start, end, "simulated")), name
    base = sqlite3.connect(folder / "ledger.gpkg")
    job = dict(base.execute("SELECT name, value FROM job").fetchall())
    assert {job["plan_hash"], job["site_hash"], job["machine"]} == names
    assert (job["site"], job["start_utc"], job["end_utc"], job["time_source"]) == ("ground", start, end, "simulated")
    assert {row[0] for row in base.execute("SELECT last_change FROM gpkg_contents")} == {end}
    base.close()
    found = journal.read(folder / "ledger.journal")
    header, session = found.header, found.records[1]
    assert header is not None
    assert {header.plan_hash, header.site_hash, header.machine} == names
    assert header.site == "ground"
    assert isinstance(session, Session)
    assert (session.utc, session.time_source) == (start, "simulated")
    with (folder / "run.mcap").open("rb") as stream:
        reader = make_reader(stream)
        (run_row,) = [row for row in reader.iter_metadata() if row.name == "run"]
        moments = [message.log_time for _, _, message in reader.iter_messages()]
    assert {run_row.metadata[key] for key in ("plan_hash", "site_hash", "machine")} == names
    assert (run_row.metadata["start_utc"], run_row.metadata["time_source"]) == (start, "simulated")
    assert datetime.fromtimestamp(min(moments) / 1e9, UTC).year == 2025
    for name in ("plan.geojson", "plan.plan"):
        assert all(word in (folder / "plan" / name).read_text() for word in names), name


@pytest.mark.long
def test_no_file_holds_a_date_of_1970(run: Path) -> None:
    for name, text in content(run / "run").items():
        if not name.endswith((".png", ".html")):  # a picture's bytes may be anything
            assert not re.search(rb"1970-0?1-0?1", text), name


@pytest.mark.long
def test_no_plan_is_mixed_with_a_run(monkeypatch, capsys, run: Path) -> None:
    before = content(run / "run")
    typed = ("plan", run / "ground.geojson", "--machine", "memat", "--out", run / "run")
    for more in ((), ("--resume", run / "run")):
        status, said, told = flailpilot(monkeypatch, capsys, *typed, *more)
        assert (status, said) == (2, "")
        assert "holds a run" in told
    assert content(run / "run") == before


@pytest.mark.long
def test_a_plan_says_when_it_was_made(monkeypatch, capsys, tmp_path) -> None:
    ground(tmp_path)
    typed = ("plan", tmp_path / "ground.geojson", "--machine", "memat", "--out", tmp_path / "plan", "--json")
    assert flailpilot(monkeypatch, capsys, *typed)[0] == 0
    made = json.loads((tmp_path / "plan" / "summary.json").read_text())["made_utc"]
    assert datetime.fromisoformat(made).year >= 2025
    assert load_site(tmp_path / "ground.geojson").name == "ground"
