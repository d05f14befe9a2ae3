"""The command line answers what a site file leaves open, and everybody is told what changed the worked ground."""

import json
import sys
from pathlib import Path

import pytest
import shapely

from flailpilot import cli
from tests.control.ledger import jobs
from tests.marks import reads_shared
from tests.planning.coverage.support import BENCH, document, feature, ring_lonlat, saved
from vehicle.config.drive import load_drive
from vehicle.contracts.errors import InputError
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.standing import check_assured
from vehicle.planning.files.export import write_plan_files
from vehicle.planning.site.site import load_site
from vehicle.reports.report import write_report
from vehicle.runtime.own_site import own_site

CASES = Path(__file__).parents[2] / ".." / "shared" / "cases" / "sites"
FIELD = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
STRIP = [(-30, -25), (30, -25), (30, -17), (-30, -17)]
DRIVE = """
vehicle_id = "flail-1"
machine = "memat"
[mission]
required_depth_m = 0.15
[controller]
port = "/dev/null"
[site]
file = "site.geojson"
outside = "safe"
{more}
"""


def flailpilot(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["flailpilot", *[str(argument) for argument in arguments]])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out = capsys.readouterr()
    return ended.value.code or 0, out.out, out.err


@reads_shared
@pytest.mark.long
def test_keep_out_or_work_is_answered_once(monkeypatch, capsys, tmp_path):
    site, out = CASES / "a_silent_inner.kml", tmp_path / "out"
    typed = ["plan", site, "--machine", "memat", "--out", out, "--outside", "safe"]
    status, said, told = flailpilot(monkeypatch, capsys, *typed)
    assert (status, said) == (2, "")
    assert "--unmarked keep_out | work_area" in told
    status, said, _ = flailpilot(monkeypatch, capsys, *typed, "--unmarked", "keep_out")
    assert status == 0
    assert said.splitlines()[0] == (
        "warning: placemark 1 (Inner 1) lies over placemark 0 (Boundary): keep_out by the answer given"
    )
    summary = json.loads((out / "summary.json").read_text())
    assert summary["area_m2"] == pytest.approx(1151.0, abs=0.5)
    assert summary["warnings"][0] == said.splitlines()[0].removeprefix("warning: ")


@reads_shared
def test_sim_takes_the_answers_too(monkeypatch, capsys, tmp_path):
    typed = ["sim", "--site", CASES / "a_silent_inner.kml", "--machine", "memat", "--out", tmp_path]
    assert "keep out or work?" in flailpilot(monkeypatch, capsys, *typed)[2]
    assert "unmarked is 'house'" in flailpilot(monkeypatch, capsys, *typed, "--unmarked", "house")[2]
    assert "--feature 9" in flailpilot(monkeypatch, capsys, *typed, "--feature", 9)[2]


def written(tmp_path, *features, more=""):
    saved(tmp_path, document(*features))
    (tmp_path / "drive.toml").write_text(DRIVE.format(more=more))
    return own_site(load_drive(tmp_path / "drive.toml"))


def test_drive_refuses_ground_that_nobody_answers_for(tmp_path):
    work = feature("work_area", ring_lonlat(FIELD))
    with pytest.raises(InputError, match=r"site\.geojson: feature 1 is safe_ground, but does not say said_by, basis"):
        written(tmp_path, work, feature("safe_ground", ring_lonlat(STRIP)))
    said = {"said_by": "survey team 2", "basis": "technical survey", "said_on": "2026-05-04"}
    found = written(tmp_path, work, feature("safe_ground", ring_lonlat(STRIP), **said))
    assert found is not None
    check_assured("x", found.place.assurances)


def test_drive_takes_the_answers_of_its_configuration(tmp_path):
    rows = [feature("", ring_lonlat(points)) for points in (FIELD, [(-3, -4), (2, -3), (1, 3), (-4, 2)])]
    for row in rows:
        del row["properties"]["role"]
    with pytest.raises(InputError, match="keep out or work"):
        written(tmp_path, *rows)
    found = written(tmp_path, *rows, more='unmarked = "keep_out"')
    assert found is not None
    assert found.ground.area == pytest.approx(shapely.Polygon(FIELD).area - 31.0, rel=1e-3)
    assert written(tmp_path, *rows, more='feature = "0"\nunmarked = "keep_out"') is not None


@pytest.mark.draws
@pytest.mark.long
def test_warnings_stand_on_the_map_and_in_the_report(tmp_path):
    pin = {"type": "Point", "coordinates": ring_lonlat([(40, 0)])[0]}
    start = {"type": "Feature", "properties": {"name": "Start here"}, "geometry": pin}
    stake = {"type": "Feature", "properties": {"role": "marker"}, "geometry": pin}
    site = load_site(saved(tmp_path, document(feature("work_area", ring_lonlat(FIELD)), start, stake)), "safe")
    assert "the plan begins" in site.warnings[0]
    plan = plan_site(site, BENCH)
    write_plan_files(plan, site, tmp_path / "out")
    with_lines = (tmp_path / "out" / "plan.png").stat().st_size
    assert with_lines > 10_000
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["warnings"] == list(site.warnings)
    assert summary["marks"][0]["role"] == "marker"
    facts = jobs.done_job(warnings=site.warnings)
    (tmp_path / "map.png").write_bytes(b"")
    write_report(tmp_path / "report.html", facts, tmp_path / "map.png")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.index("Read from the site file otherwise than drawn") < page.index("<h2>Map")
    assert "the plan begins where its own order is shortest" in page


@pytest.mark.long
def test_a_plan_in_which_nothing_is_worked_is_no_success(monkeypatch, capsys, tmp_path):
    fence = [(-8.2, -8.2), (8.2, -8.2), (8.2, 8.2), (-8.2, 8.2)]
    field = [(-20, -7), (20, -7), (20, 7), (-20, 7)]
    rows = [feature("work_area", ring_lonlat(field)), feature("perimeter", ring_lonlat(fence))]
    site = saved(tmp_path, document(*rows, outside="safe"))
    status, said, _ = flailpilot(monkeypatch, capsys, "plan", site, "--machine", "memat", "--out", tmp_path / "out")
    assert (status, "warning: the plan has no pass, because nothing could be worked" in said) == (1, True), said
