"""Every kind of feature as a user draws it: slopes by the machine's own limits, a road in, marks; and the picture."""

import json
import math

import numpy as np
import pytest
import shapely
from matplotlib.figure import Figure

from flailpilot import plan_progress
from tests.flailpilot.test_bad_sites import flailpilot
from tests.planning.coverage.checker import SiteTruth, check, read_legs
from tests.planning.coverage.support import document, feature, ring_lonlat, saved
from vehicle.config.load import load_machine
from vehicle.config.vehicle import footprint
from vehicle.contracts.plan import UntreatableReason
from vehicle.planning.coverage.certificate import sweep_corners
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings, on_slopes
from vehicle.planning.files.picture import REASON_COLOURS, _frame, draw_plan
from vehicle.planning.files.stored import load_plan
from vehicle.planning.site.site import load_site

pytestmark = pytest.mark.long

FIELD = [(-17, -11), (18, -10), (17, 13), (-16, 12)]
BANK = [(5, 2), (12, 3), (11, 9), (6, 8)]
BASE = [(-17, -11), (-17.5, -18), (18.5, -17), (18, -10)]
ROAD = [(-40, -17), (-40, -14), (-17.3, -13), (-17.5, -16)]


def mark(role, place):
    point = {"type": "Point", "coordinates": ring_lonlat([place])[0]}
    return {"type": "Feature", "properties": {"role": role}, "geometry": point}


def drawn(slope_deg):
    return document(
        feature("work_area", ring_lonlat(FIELD)),
        feature("slope", ring_lonlat(BANK), slope_deg=slope_deg),
        feature("safe_ground", ring_lonlat(BASE)),
        feature("access", ring_lonlat(ROAD)),
        mark("benchmark", (-30, -12)),
        mark("turning_point", (-17, -11)),
        outside="unknown",
    )


def planned(monkeypatch, capsys, tmp_path, doc):
    """(summary, report of the checker for a machine that may stand on 20 degrees)."""
    site, out = saved(tmp_path, doc), tmp_path / "out"
    monkeypatch.setattr(plan_progress, "LINE_EACH_S", math.inf)  # however slow the computer, no line of progress
    status, said, told = flailpilot(monkeypatch, capsys, "plan", site, "--machine", "memat", "--out", out, "--poses")
    assert (status, told) == (0, ""), said
    summary = json.loads((out / "summary.json").read_text())
    truth = SiteTruth(doc, summary["datum"], "unknown", slope_max_deg=20.0)
    return summary, check(summary, read_legs(out / "poses.csv"), truth)


def test_a_slope_beyond_the_machines_roll_is_listed_and_kept_from_the_tracks(monkeypatch, capsys, tmp_path):
    limits = load_machine("memat").limits
    assert limits.roll_max_deg < 22.0 < limits.pitch_max_deg
    summary, report = planned(monkeypatch, capsys, tmp_path, drawn(22))
    assert report.complaints() == []
    assert summary["untreatable_m2"]["slope"] == pytest.approx(shapely.Polygon(BANK).area, rel=0.01)


def test_a_slope_that_it_bears_is_worked_with_the_tool_as_wide_as_it_sweeps(monkeypatch, capsys, tmp_path):
    summary, report = planned(monkeypatch, capsys, tmp_path, drawn(17))
    assert report.complaints() == []
    assert "slope" not in summary["untreatable_m2"]
    site = load_site(tmp_path / "site.geojson")
    wishes = on_slopes(PlanSettings(slope_max_rad=math.radians(20.0)), site.slopes)
    assert wishes.side_slope_rad == pytest.approx(math.radians(17.0))
    assert on_slopes(PlanSettings(slope_max_rad=math.radians(16.0)), site.slopes).side_slope_rad == 0.0
    assert on_slopes(PlanSettings(side_slope_rad=0.4), site.slopes).side_slope_rad == 0.4
    plan = load_plan(tmp_path / "out", site, footprint(load_machine("memat")))
    width_m = plan.machine.tool_width_m * math.cos(math.radians(17.0))
    ahead_m, budget_m = plan.machine.tool_ahead_m, plan.certificate.cross_track_budget_m
    narrow = shapely.union_all(shapely.polygons(sweep_corners(plan.segments, width_m, ahead_m, budget_m)))
    listed = shapely.union_all([shapely.Polygon(row.rings_m[0], row.rings_m[1:]) for row in plan.untreatable])
    missed = site.work_area.difference(shapely.union_all([narrow, listed])).buffer(-1e-4)
    assert missed.area < 1e-4


def test_there_is_a_colour_for_every_reason():
    assert set(REASON_COLOURS) == set(UntreatableReason)


@pytest.mark.draws
def test_the_picture_shows_everything_worked_and_driven_over_and_the_ground_beside_it(tmp_path):
    site = load_site(saved(tmp_path, drawn(22)))
    plan = plan_site(site, footprint(load_machine("memat")))
    axes = Figure().add_subplot()
    _frame(axes, plan, site, sweep_corners(plan.segments, plan.machine.tool_width_m, plan.machine.tool_ahead_m))
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    window = shapely.box(x0, y0, x1, y1)
    ways = np.array([point for segment in plan.segments for point in segment.points_m])
    assert window.contains(shapely.MultiPoint(ways))
    base = shapely.transform(shapely.Polygon(ring_lonlat(BASE)), site.datum.enu_from_lonlat_array)
    assert window.contains(base)
    assert not window.contains(site.access)  # the road leads away
    draw_plan(plan, site, tmp_path / "plan.png")
    assert (tmp_path / "plan.png").read_bytes()[:4] == b"\x89PNG"
