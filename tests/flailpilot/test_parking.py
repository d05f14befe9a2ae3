"""`plan --to-parking` and `--back-to-work` as typed, after a simulated job that was broken off in a swath."""

import json
import math
import shutil
from pathlib import Path

import msgspec
import pytest

from tests.flailpilot.broken_off import FIELD, broken_off_in
from tests.flailpilot.test_bad_sites import flailpilot
from tests.planning.coverage.support import document, feature, ring_lonlat
from tests.planning.coverage.test_parking import parking
from vehicle.config.footprint import footprint
from vehicle.config.load import load_machine
from vehicle.contracts.plan import SegmentKind, works
from vehicle.planning.coverage.parking import parking_points
from vehicle.planning.files.stored import load_plan
from vehicle.planning.site.site import load_site
from vehicle.records import journal
from vehicle.records.records import JobMark

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def broken_off(tmp_path_factory) -> Path:
    """Two minutes of a mission."""
    folder = tmp_path_factory.mktemp("parking")
    doc = document(feature("work_area", ring_lonlat(FIELD)), parking(14, -14, heading_deg=200), outside="safe")
    broken_off_in(folder, doc, 120.0)
    return folder


@pytest.fixture
def job(broken_off: Path, tmp_path: Path) -> Path:
    shutil.copytree(broken_off, tmp_path / "job")
    return tmp_path / "job"


def typed(monkeypatch, capsys, job: Path, option: str, *more):
    words = ["plan", job / "ground.geojson", "--machine", "memat", option, job / "run", "--out", job / "way", *more]
    return flailpilot(monkeypatch, capsys, *words)


def test_the_way_there_and_back(monkeypatch, capsys, job: Path) -> None:
    site, machine = load_site(job / "ground.geojson"), footprint(load_machine("memat"))
    (mark,) = parking_points(site)
    assert mark.yaw_rad is not None
    status, said, _ = typed(monkeypatch, capsys, job, "--to-parking")
    assert (status, "to the parking:" in said) == (0, True)
    there = load_plan(job / "way", site, machine)
    assert not works(there)
    assert there.segments[0].kind is SegmentKind.REVERSE, "it backs out of the swath in which it stands"
    end = there.segments[-1]
    assert math.dist(end.points_m[-1], (mark.east_m, mark.north_m)) < 0.01
    assert math.remainder(end.yaw_end_rad - mark.yaw_rad, 2.0 * math.pi) == pytest.approx(0.0, abs=1e-6)
    lon, lat = site.datum.lonlat_from_enu_array([end.points_m[-1]])[0]
    shutil.rmtree(job / "way")
    at = ("--at", f"{lat:.9f},{lon:.9f},200", "--json")
    status, said, _ = typed(monkeypatch, capsys, job, "--back-to-work", *at)
    facts = json.loads(said)
    back = load_plan(job / "way", site, machine)
    assert (status, facts["plan_hash"], facts["time_s"]) == (0, back.plan_hash, round(back.time_s, 1))
    work = load_plan(job / "run" / "plan", site, machine)
    mark_left = journal.read(job / "run" / "ledger.journal").job
    assert mark_left is not None
    swath = work.segments[mark_left.index]
    along_m = math.dist(back.segments[-1].points_m[-1], swath.points_m[0])
    assert swath.kind is SegmentKind.SWATH
    assert back.segments[-1].yaw_end_rad == pytest.approx(swath.yaw_start_rad)
    assert 0.0 < along_m < math.dist(swath.points_m[0], swath.points_m[-1])


def test_the_plan_that_a_vehicle_program_kept_is_read_too(monkeypatch, capsys, job: Path) -> None:
    work = json.loads((job / "run" / "plan" / "plan.json").read_text())
    (job / "run" / f"plan-{work['plan_hash']}.json").write_text(json.dumps(work))
    shutil.rmtree(job / "run" / "plan")
    assert typed(monkeypatch, capsys, job, "--to-parking")[0] == 0
    work["overlap_m"] += 0.1
    (job / "run" / f"plan-{work['plan_hash']}.json").write_text(json.dumps(work))
    status, _, told = typed(monkeypatch, capsys, job, "--to-parking")
    assert (status, "was changed" in told) == (2, True)


@pytest.mark.parametrize(
    ("option", "more", "refusal"),
    [
        ("--to-parking", ("--role", "ground_preparation"), "--role: not allowed with --to-parking"),
        ("--to-parking", ("--resume", "run"), "--resume and --to-parking: give one of them"),
        ("--back-to-work", ("--at", "39.99000,46.93000,90"), "no way over safe or swept ground"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_one_line(monkeypatch, capsys, job, option, more, refusal) -> None:
    status, said, told = typed(monkeypatch, capsys, job, option, *more)
    assert (status, said, told.count("\n")) == (2, "", 1)
    assert refusal in told
    assert not (job / "way").exists()


def test_without_a_parking_point_and_without_work_left(monkeypatch, capsys, job: Path) -> None:
    found = journal.read(job / "run" / "ledger.journal")
    assert found.job is not None
    done = msgspec.structs.replace(found.job, done=True)
    monkeypatch.setattr("flailpilot.resume.journal.read", lambda _: msgspec.structs.replace(
        found, records=(*(row for row in found.records if not isinstance(row, JobMark)), done)))  # fmt: skip
    status, _, told = typed(monkeypatch, capsys, job, "--back-to-work")
    assert (status, "is done; there is no work to go back to" in told) == (2, True)
    monkeypatch.undo()
    doc = json.loads((job / "ground.geojson").read_text())
    doc["features"] = doc["features"][:1]
    (job / "ground.geojson").write_text(json.dumps(doc))
    status, _, told = typed(monkeypatch, capsys, job, "--to-parking")
    assert status == 2
    assert "plan this site anew" in told or "no parking point" in told
