"""Plans through their files and the independent checker."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import shapely

from tests.marks import reads_shared
from tests.planning.coverage.support import BENCH, MEDIUM, document, feature, planned, ring_lonlat, saved
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import SegmentKind, UntreatableReason
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings, ToolBounds
from vehicle.planning.files.export import write_plan_files
from vehicle.planning.site.site import load_site
from vehicle.polygons.boundary import area_of

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "configs" / "sites" / "example.geojson"
FIELDS = ROOT / ".." / "shared" / "data" / "fields"


@pytest.mark.parametrize("machine", [BENCH, MEDIUM], ids=lambda m: m.name)
def test_example_site_misses_nothing(tmp_path, machine):
    plan, report = planned(EXAMPLE, tmp_path, machine)
    assert report.complaints() == []
    assert plan.certificate.missed_nominal_m2 == 0.0
    assert {row.reason for row in plan.untreatable} <= {
        UntreatableReason.KEEP_OUT_CLEARANCE,
        UntreatableReason.KEEP_OUT_CREDIT_MARGIN,
    }


def test_side_slope_narrows_the_swaths(tmp_path):
    flat, _ = planned(EXAMPLE, tmp_path / "flat")
    slope = PlanSettings(side_slope_rad=math.radians(20.0))
    steep = plan_site(load_site(EXAMPLE), BENCH, slope)
    assert sum(s.tool_down for s in steep.segments) > sum(s.tool_down for s in flat.segments)


def test_same_site_same_plan_same_name():
    site = load_site(EXAMPLE)
    first, second = plan_site(site, BENCH), plan_site(site, BENCH)
    assert first == second
    assert plan_site(site, MEDIUM).plan_hash != first.plan_hash


def test_a_plan_names_every_keep_out_and_every_work_area(tmp_path):
    """What bounds the machine and what bears nothing: all parts, not only those of a site with one of each."""
    doc = document(
        feature("work_area", ring_lonlat([(0, 0), (14, 0), (14, 12), (0, 12)])),
        feature("work_area", ring_lonlat([(40, 0), (54, 0), (54, 12), (40, 12)])),
        feature("keep_out", ring_lonlat([(6, 5), (8, 5), (8, 7), (6, 7)])),
        feature("keep_out", ring_lonlat([(46, 5), (48, 5), (48, 7), (46, 7)])),
        outside="safe",
    )
    site = load_site(saved(tmp_path, doc))
    plan = plan_site(site, BENCH)
    for rings_m, ground in ((plan.keep_out_m, site.keep_out), (plan.unproven_m, site.work_area)):
        assert shapely.symmetric_difference(area_of(rings_m), ground).area < 1e-3


def test_overlap_follows_the_credit_rule():
    settings = PlanSettings(k_sigma=4.0, tool_sigma_m=0.02, tracking_error_m=0.05, cell_m=0.1)
    assert settings.overlap_at_m(math.radians(30.0)) == pytest.approx(2 * (0.08 + 0.05) + 0.1 * (0.8660254 + 0.5))
    assert PlanSettings(overlap_m=0.33).overlap_at_m(1.0) == 0.33


def test_ends_of_swaths_have_a_budget_of_their_own():
    site, settings = load_site(EXAMPLE), PlanSettings(bounds=ToolBounds(0.04, 0.14))
    plan = plan_site(site, BENCH, settings)
    assert plan.overlap_m == plan_site(site, BENCH, PlanSettings(bounds=ToolBounds(0.04))).overlap_m
    credited = []
    for segment in plan.segments:
        if segment.kind is SegmentKind.SWATH:
            along = np.array([math.cos(segment.yaw_start_rad), math.sin(segment.yaw_start_rad)])
            left = np.array([-along[1], along[0]]) * (0.5 * BENCH.tool_width_m - settings.cross_track_m())
            start = np.array(segment.points_m[0]) + (BENCH.tool_ahead_m + settings.run_in_m + settings.end_m()) * along
            end = np.array(segment.points_m[-1]) + (BENCH.tool_ahead_m - settings.end_m()) * along
            if (end - start) @ along > 0.0:
                credited.append(shapely.Polygon([start - left, end - left, end + left, start + left]))
    listed = [shapely.Polygon(row.rings_m[0], row.rings_m[1:]) for row in plan.untreatable]
    asked = site.work_area.difference(shapely.union_all([site.keep_out, *listed]))
    assert asked.difference(shapely.union_all(credited).buffer(1e-6)).area < 1e-3


def test_tool_wider_than_the_field_is_refused(tmp_path):
    path = saved(tmp_path, document(feature("work_area", ring_lonlat([(0, 0), (30, 4), (30, 5.5), (0, 1.5)]))))
    with pytest.raises(InputError, match="wider than the field"):
        plan_site(load_site(path), BENCH)


@reads_shared
def test_unknown_outside_wants_ground_to_begin_on():
    site = load_site(FIELDS / "de_sh_0p85ha_4holes.geojson", outside="unknown")
    with pytest.raises(InputError, match="no feature has the role safe_ground or access"):
        plan_site(site, BENCH)


@reads_shared
@pytest.mark.release
def test_small_real_field_with_four_holes(tmp_path):
    path = FIELDS / "de_sh_0p85ha_4holes.geojson"
    plan, report = planned(path, tmp_path)
    assert report.complaints() == []
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary["plan_hash"] == plan.plan_hash
    assert summary["outside_assumed"] is True


@pytest.mark.draws
def test_poses_are_written_on_request_and_the_rest_is_small(tmp_path):
    """A plan of 150 ha with 50 keep-outs has some 15,600 segments; a map takes less than 1 MB."""
    site = load_site(EXAMPLE)
    plan = plan_site(site, BENCH)
    write_plan_files(plan, site, tmp_path / "default")
    write_plan_files(plan, site, tmp_path / "whole", poses=True)
    assert not (tmp_path / "default" / "poses.csv").exists()
    assert (tmp_path / "whole" / "poses.csv").stat().st_size > 10_000
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "default").iterdir()}
    assert sizes.pop("plan.png") < 1e6
    assert sum(sizes.values()) / len(plan.segments) * 15_600 < 19e6
