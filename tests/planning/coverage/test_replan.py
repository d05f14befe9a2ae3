"""Re-planning: what is left after an interrupted job is covered, from where the machine stands, by the same rules."""

import math
from pathlib import Path

import msgspec
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from benchmarks.coverage.sites import generated
from tests.marks import examples, some
from tests.planning.coverage.checker import SiteTruth, check, read_legs
from tests.planning.coverage.support import BENCH, document, feature, ring_lonlat, saved
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import SegmentKind
from vehicle.planning.coverage.certificate import rings_of, sweep_corners
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.replan import ReplanRequest, check_site, replan, united
from vehicle.planning.coverage.settings import PlanSettings, StartPose
from vehicle.planning.files.export import summary_of, write_poses
from vehicle.planning.site.site import load_site

pytestmark = pytest.mark.long

FIELD = [(-28, -17), (31, -15), (27, 22), (-30, 19)]
POST = [(3, 2), (5, 2.4), (4.6, 4.5), (2.7, 4.1)]
WISHES = PlanSettings(overlap_m=0.2)


def field_document(outside):
    strip = ring_lonlat([(-28, -17), (-28, -25), (31, -23), (31, -15)])
    return document(
        feature("work_area", ring_lonlat(FIELD)),
        feature("keep_out", ring_lonlat(POST)),
        feature("safe_ground", strip),
        outside=outside,
    )


def polygons(shape):
    """As a request names them."""
    parts = shapely.get_parts(shape)
    return tuple(rings_of(part) for part in parts if part.geom_type == "Polygon" and part.area > 1e-4)


def interrupted(plan, swath, share):
    """(segments driven, pose) of a job that ended in the middle of a swath."""
    at = [i for i, s in enumerate(plan.segments) if s.kind is SegmentKind.SWATH][swath]
    last = plan.segments[at]
    (x0, y0), (x1, y1) = last.points_m[0], last.points_m[-1]
    here = (x0 + share * (x1 - x0), y0 + share * (y1 - y0))
    part = msgspec.structs.replace(last, points_m=(last.points_m[0], here))
    return (*plan.segments[:at], part), StartPose(east_m=here[0], north_m=here[1], yaw_rad=last.yaw_start_rad)


def rest_of(folder, doc, swath, share, *, craters=(), error_m=0.0):
    """Plan, drive up to a swath, plan the rest, and hold that against the checker: (result, report, missed)."""
    path = saved(folder, doc)
    site = load_site(path)
    plan = plan_site(site, BENCH, WISHES)
    done, pose = interrupted(plan, swath, share)
    swept = shapely.union_all(shapely.polygons(sweep_corners(done, BENCH.tool_width_m, BENCH.tool_ahead_m)))
    credited = shapely.union_all(shapely.polygons(sweep_corners(done, BENCH.tool_width_m, BENCH.tool_ahead_m, 0.075)))
    listed = shapely.union_all([shapely.Polygon(u.rings_m[0], u.rings_m[1:]) for u in plan.untreatable])
    missed = site.work_area.difference(shapely.union_all([site.keep_out, credited, listed]))
    request = ReplanRequest(
        request_id=7,
        plan_hash=plan.plan_hash,
        site_hash=site.site_hash,
        missed=polygons(missed),
        swept=polygons(swept),
        pose=pose,
        craters=craters,
        error_m=error_m,
    )
    result = replan(site, BENCH, WISHES, request)
    write_poses(result.plan, folder / "poses.csv")
    summary = summary_of(result.plan, site)
    truth = SiteTruth(doc, summary["datum"], site.outside)
    truth.safe = truth.safe.union(swept)
    truth.forbidden = truth.forbidden.union(shapely.union_all([shapely.Polygon(rings[0]) for rings in craters]))
    truth.keep_out = truth.keep_out.union(shapely.union_all([shapely.Polygon(rings[0]) for rings in craters]))
    truth.asked = missed
    summary["area_m2"] = missed.area
    return result, check(summary, read_legs(folder / "poses.csv"), truth), missed


@pytest.mark.parametrize("outside", ["safe", "unknown"])
@pytest.mark.parametrize(("swath", "share"), some([(0, 0.3), (9, 0.55)], 1, pytest.mark.release))
def test_the_rest_is_covered_from_the_middle_of_a_swath(tmp_path, outside, swath, share):
    result, report, missed = rest_of(tmp_path, field_document(outside), swath, share)
    assert report.complaints() == []
    assert result.request_id == 7
    assert result.plan.plan_hash != result.replaces
    assert sum(row.area_m2 for row in result.plan.untreatable) < 0.03 * missed.area + 1.0


def test_the_plan_begins_where_the_machine_stands_and_never_turns_in_its_own_strip(tmp_path):
    result, _, _ = rest_of(tmp_path, field_document("unknown"), 4, 0.6)
    first = result.plan.segments[0]
    assert first.kind is SegmentKind.REVERSE
    assert not first.tool_down


def test_a_crater_is_kept_out_and_listed(tmp_path):
    crater = ((-12.0, 10.0), (-10.5, 10.2), (-10.7, 11.6), (-12.1, 11.2), (-12.0, 10.0))
    result, report, _ = rest_of(tmp_path, field_document("safe"), 3, 0.5, craters=((crater,),))
    assert report.complaints() == []
    listed = shapely.union_all([shapely.Polygon(u.rings_m[0], u.rings_m[1:]) for u in result.plan.untreatable])
    assert listed.buffer(1e-3).covers(shapely.Polygon(crater).intersection(listed.envelope))


def test_an_error_of_position_keeps_the_tracks_from_the_rim_of_old_work(tmp_path):
    result, report, _ = rest_of(tmp_path, field_document("unknown"), 12, 0.5, error_m=0.1)
    assert report.complaints() == []
    assert result.plan.segments


def test_nothing_missed_is_an_empty_plan(tmp_path):
    site = load_site(saved(tmp_path, field_document("safe")))
    pose = StartPose(east_m=0.0, north_m=-20.0, yaw_rad=0.3)
    request = ReplanRequest(
        request_id=1, plan_hash="", site_hash=site.site_hash, missed=(), swept=(rings_of(site.work_area),), pose=pose
    )
    assert replan(site, BENCH, WISHES, request).plan.segments == ()


def test_another_site_is_refused(tmp_path):
    site = load_site(saved(tmp_path, field_document("safe")))
    with pytest.raises(InputError, match="plan this site anew"):
        check_site("0123456789abcdef", site)


def test_a_machine_amid_unprocessed_ground_is_told_so(tmp_path):
    site = load_site(saved(tmp_path, field_document("unknown")))
    request = ReplanRequest(
        request_id=1,
        plan_hash="",
        site_hash=site.site_hash,
        missed=(rings_of(site.work_area),),
        swept=(),
        pose=StartPose(east_m=0.0, north_m=0.0, yaw_rad=math.radians(33.0)),
    )
    with pytest.raises(InputError, match="by stick"):
        replan(site, BENCH, WISHES, request)


@pytest.mark.slow
@settings(max_examples=examples(3), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(1000, 1200), mode=st.sampled_from(["safe", "unknown"]), share=st.floats(0.05, 0.95))
@example(seed=2, mode="unknown", share=0.37)
def test_any_site_any_place(tmp_path_factory, seed, mode, share):
    doc = generated(seed, mode)
    doc["outside"] = mode
    folder: Path = tmp_path_factory.mktemp("rest")
    path = saved(folder, doc)
    try:
        swaths = sum(s.tool_down for s in plan_site(load_site(path), BENCH, WISHES).segments)
    except InputError:
        return
    if swaths:
        _, report, _ = rest_of(folder, doc, int(share * swaths), share)
        assert report.complaints() == []


def test_a_crater_drawn_with_overlapping_rings_keeps_the_overlap_out():
    """A ring that runs over itself: the default way of mending turns what it covers twice into ground."""
    shell = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (0.0, 0.0))
    loop = ((10.0, 0.0), (14.0, 4.0), (14.0, 0.0), (10.0, 4.0), (10.0, 0.0))
    lapped = ((20.0, 0.0), (28.0, 0.0), (28.0, 6.0), (22.0, 6.0), (22.0, -2.0), (26.0, -2.0), (26.0, 4.0), (20.0, 4.0))
    drawn = united((((*shell,),), ((*loop,),), ((*lapped, lapped[0]),)))
    assert drawn.covers(shapely.box(22.1, 0.1, 25.9, 3.9))
