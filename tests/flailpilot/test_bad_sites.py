"""Bad sites as a user meets them: refused in one line that names file and place, or mended with a report.

The site reader alone: tests/planning/coverage/test_site.py and test_any_site.py; here it is the command.
"""

import json
import sys

import pytest

from flailpilot import cli
from tests.planning.coverage.checker import check_folder
from tests.planning.coverage.support import document, feature, ring_lonlat
from vehicle.contracts.errors import InputError

pytestmark = pytest.mark.long

FIELD = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
HOLE = [(-3, -4), (2, -3), (1, 3), (-4, 2)]
UTM = {"type": "name", "properties": {"name": "EPSG:32638"}}


def work(points=FIELD, *holes, **properties):
    return feature("work_area", ring_lonlat(points), *[ring_lonlat(hole) for hole in holes], **properties)


def keep(points, **properties):
    return feature("keep_out", ring_lonlat(points), **properties)


def marked(lon, lat):
    point = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "properties": {"role": "benchmark"}, "geometry": point}


def swapped(row):
    rings = [[[lat, lon] for lon, lat in ring] for ring in row["geometry"]["coordinates"]]
    return {**row, "geometry": {"type": "Polygon", "coordinates": rings}}


def moved(points, east_m, north_m=0.0):
    return [(x + east_m, y + north_m) for x, y in points]


REFUSED = {
    "not JSON": ("{", ("not JSON",)),
    "not GeoJSON": ("[]", ("not GeoJSON",)),
    "no polygon": (document(marked(46.93, 39.99)), ("no polygon", "work_area")),
    "bow-tie": (
        document(work([(0, 0), (20, 18), (21, 1), (1, 17)])),
        ("feature 0", "bow-tie", "lon 46.93", "lat 39.99"),
    ),
    "bow-tie of a hole": (document(work(FIELD, [(0, 0), (5, 4), (5, 1), (1, 4)])), ("hole 0", "bow-tie")),
    "swapped, beyond the pole": (
        document(swapped(feature("work_area", ring_lonlat(FIELD, lon_deg=146.93)))), ("position 0", "swapped")
    ),
    "swapped, by its benchmark": (document(swapped(work()), marked(46.93, 39.99)), ("swapped", "benchmark")),
    "far from its benchmark": (document(work(), marked(46.93, 41.99)), ("km from the benchmark",)),
    "zero area": (document(work([(0, 0), (10, 5), (20, 10)])), ("feature 0", "no area")),
    "two corners": (document(work([(0, 0), (10, 5)])), ("three different corners",)),
    "NaN": (json.dumps(document(work())).replace("39.98", "NaN, 39.98", 1), ("position 0", "not a number")),
    "a thousand digits": (
        json.dumps(document(work())).replace("[46.9", f"[{'9' * 1000}, 39.99], [46.9", 1),
        ("position 0", "not a number"),
    ),
    "projected": (document(work(), crs=UTM), ("the collection", "32638", "EPSG:4326")),
    "mixed systems": (document(work(), {**keep(HOLE), "crs": UTM}), ("feature 1", "32638")),
    "unknown role": (document(work(), feature("moon", ring_lonlat(HOLE))), ("feature 1", "moon", "keep_out")),
    "a keep-out that is a line": (
        document(
            work(),
            {**keep(HOLE), "geometry": {"type": "LineString", "coordinates": ring_lonlat(HOLE)[:3]}},
        ),
        ("feature 1", "without an area"),
    ),
    "keep-out over everything": (document(work(), keep([(3 * x, 3 * y) for x, y in FIELD])), ("leave nothing",)),
    "tool wider than the field": (document(work([(0, 0), (40, 0.5), (40, 1.5), (0, 1.0)])), ("1.", "wider than")),
    "unknown ground, nothing to stand on": (document(work(), outside="unknown"), ("safe_ground", "outside")),
    "outside misspelt": (document(work(), outside="save"), ("save", "unknown")),
    "a slope without its degrees": (document(work(), feature("slope", ring_lonlat(HOLE))), ("feature 1", "slope_deg")),
}  # fmt: skip


def flailpilot(monkeypatch, capsys, *arguments):
    """(exit status, stdout, stderr) of the command as typed."""
    monkeypatch.setattr(sys, "argv", ["flailpilot", *[str(argument) for argument in arguments]])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out = capsys.readouterr()
    return ended.value.code or 0, out.out, out.err


def saved(folder, doc):
    path = folder / "ground.geojson"
    path.write_text(doc if isinstance(doc, str) else json.dumps(doc), encoding="utf-8")
    return path


@pytest.mark.parametrize("command", ["plan", "sim"])
@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_line(monkeypatch, capsys, tmp_path, command, case):
    doc, words = REFUSED[case]
    path, out = saved(tmp_path, doc), tmp_path / "out"
    typed = ["plan", path, "--machine", "memat"] if command == "plan" else ["sim", "--site", path]
    status, said, told = flailpilot(monkeypatch, capsys, *typed, "--out", out)
    assert (status, said) == (2, "")
    assert told.count("\n") == 1
    for word in ("flailpilot: ", "ground", *words):
        assert word in told, told
    assert not list(out.glob("*.json"))


@pytest.mark.draws
def test_everything_mended_is_told_and_the_plan_holds_on_the_ground_as_drawn(monkeypatch, capsys, tmp_path):
    touching = [(-12, -9), (0, -8.5), (12, -9), (14, 11), (0, -8.5), (-14, 10)]
    deep = work(touching, moved(HOLE, 40.0))
    deep["geometry"]["coordinates"][0] = [[*at, 312.5] for at in deep["geometry"]["coordinates"][0]]
    post, wall = [(6, 4), (8, 4), (8, 6), (6, 6)], [(8, 4.5), (9, 4.5), (9, 5.5), (8, 5.5)]
    parts = [{"type": "Polygon", "coordinates": [ring_lonlat(ring)]} for ring in (post, wall)]
    parts.append({"type": "LineString", "coordinates": ring_lonlat(post)})
    trees = {**keep(post), "geometry": {"type": "GeometryCollection", "geometries": parts}}
    doc = document(deep, trees, keep(moved(HOLE, -13.0, 9.0)), keep(moved(HOLE, 0.0, 60.0)), outside="safe")
    path, out = saved(tmp_path, doc), tmp_path / "out"
    status, said, _ = flailpilot(monkeypatch, capsys, "plan", path, "--machine", "memat", "--out", out, "--poses")
    assert status == 0
    warned = [line for line in said.splitlines() if line.startswith("warning: ")]
    mended = [line for line in said.splitlines() if line.startswith("repaired: ")]
    assert said.splitlines()[: len(warned)] == warned  # what changes the worked ground comes first
    for words in (
        ("feature 0", "self-intersection near lon 46.93", "repaired"),
        ("feature 0 hole 0 lies outside the polygon", "kept as a keep-out"),
        ("feature 0 ring 0", "heights were dropped"),
        ("feature 1 is a GeometryCollection",),
        ("feature 1", "a closed LineString was taken as a polygon"),
        ("keep-outs touch or overlap",),
        ("feature 2 crosses the boundary", "subtracted"),
        ("feature 3 lies outside the work area", "kept"),
    ):
        assert any(all(word in line for word in words) for line in [*warned, *mended]), (words, warned, mended)
    meant = document(work(touching), keep(moved(HOLE, 40.0)), *doc["features"][1:], outside="safe")
    assert check_folder(out, meant).complaints() == []
    summary = json.loads((out / "summary.json").read_text())
    assert summary["warnings"] == [line[len("warning: ") :] for line in warned]
    assert "feature 0 hole 0 lies outside the polygon" in summary["warnings"][0]
    assert summary["repairs"] == summary["warnings"] + [line[len("repaired: ") :] for line in mended]


@pytest.mark.draws
@pytest.mark.slow
@pytest.mark.release
def test_a_thousand_holes_end_at_the_limit_with_what_was_planned_until_then(monkeypatch, capsys, tmp_path):
    """1.2 ha with a post every 3.5 m: minutes of planning; what is not reached is listed, not missed."""
    posts = [
        moved([(-0.1, -0.1), (-0.1, 0.1), (0.1, 0.1), (0.1, -0.1)], 3.5 * (k % 40) + 0.3 * (k % 7), 3.5 * (k // 40))
        for k in range(1000)
    ]
    doc = document(work([(-4, -4), (144, -4), (144, 90), (-4, 90)], *posts), outside="safe")
    out = tmp_path / "out"
    typed = ["plan", saved(tmp_path, doc), "--machine", "memat", "--time-limit", 1, "--out", out]
    status, said, told = flailpilot(monkeypatch, capsys, *typed)
    assert (status, told) == (1, "")
    found = json.loads((out / "summary.json").read_text())
    assert found["untreatable_m2"]["planning_time"] > 1_000.0
    assert found["certificate"]["missed_nominal_m2"] == 0.0
    assert "planning was ended by its limit" in said
    assert "raise --time-limit" in said
    assert (out / "plan.png").stat().st_size > 10_000


def test_sim_plans_within_the_same_limit(monkeypatch, capsys, tmp_path):
    asked = []

    def planner(_site, _machine, settings, out_of_time, _roles):
        asked.append((settings.time_limit_s, out_of_time()))
        raise InputError("far enough")

    monkeypatch.setattr("flailpilot.simulate.plan_whole", planner)
    path = saved(tmp_path, document(work(), outside="safe"))
    status, _, told = flailpilot(monkeypatch, capsys, "sim", "--site", path, "--out", tmp_path / "out")
    assert (status, told) == (2, "flailpilot: far enough\n")
    assert asked == [(120.0, False)]
