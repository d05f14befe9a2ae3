"""Surveys: strips from a base-line, judged by the checker that knows no planner; the rest is listed, none is missed."""

import json
import math

import pytest
import shapely

from tests.planning.coverage.checker import check_folder
from tests.planning.coverage.support import document, feature, ring_lonlat
from vehicle.config.load import load_machine
from vehicle.config.vehicle import footprint
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import SegmentKind, UntreatableReason
from vehicle.contracts.task_role import TaskRole
from vehicle.planning.coverage.certificate import polygon_from
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.files.export import write_plan_files
from vehicle.planning.site.site import load_site
from vehicle.planning.task.planned import plan_task
from vehicle.planning.task.wish import TaskWish, wish_of

pytestmark = pytest.mark.long

FIELD = [(-40, -30), (45, -34), (38, 31), (-36, 27)]
POST = [(3, 2), (6, 2), (5, 5)]
STRIP = [(-41, -42), (46, -46), (45, -34), (-40, -30)]
SAFE = document(feature("work_area", ring_lonlat(FIELD)), feature("keep_out", ring_lonlat(POST)), outside="safe")
UNKNOWN = document(
    feature("work_area", ring_lonlat(FIELD)), feature("safe_ground", ring_lonlat(STRIP)), outside="unknown"
)
SQUARE = document(
    feature("work_area", ring_lonlat([(-40, -30), (40, -30), (40, 30), (-40, 30)])),
    feature("safe_ground", ring_lonlat([(-42, -42), (42, -42), (42, -30), (-42, -30)])),
    outside="unknown",
)
MACHINE = footprint(load_machine("memat"))
SETTINGS = PlanSettings(required_depth_m=0.15)


def surveyed(folder, doc, survey):
    """The plan of a technical survey, checked by its files."""
    path = folder / "ground.geojson"
    path.write_text(json.dumps(doc), encoding="utf-8")
    site = load_site(path)
    plan = plan_task(site, MACHINE, SETTINGS, wish_of(TaskRole.TECHNICAL_SURVEY, survey))
    write_plan_files(plan, site, folder / "plan", poses=True)
    # the checker knows no tasks: ground that a survey leaves is no reason to it, but listed
    complaints = [line for line in check_folder(folder / "plan", doc).complaints() if "not_in_task" not in line]
    return plan, site, complaints


@pytest.mark.parametrize(
    ("doc", "survey"),
    [
        (SAFE, "spacing=9"),
        (SAFE, "spacing=14,widths=2,length=20"),
        (UNKNOWN, "spacing=11"),
        (UNKNOWN, "spacing=16,widths=2,length=25,stop=3"),
    ],
)
def test_a_survey_misses_nothing_and_drives_on_no_ground_between_its_strips(tmp_path, doc, survey):
    plan, site, complaints = surveyed(tmp_path, doc, survey)
    assert complaints == []
    rest = [polygon_from(row.rings_m) for row in plan.untreatable if row.reason is UntreatableReason.NOT_IN_TASK]
    rest_m2 = shapely.union_all(rest).area
    assert rest_m2 == pytest.approx(sum(one.area for one in rest))
    assert plan.task is not None
    assert plan.task.survey is not None
    assert 0.05 < plan.task.share < 0.4
    others_m2 = sum(row.area_m2 for row in plan.untreatable if row.reason is not UntreatableReason.NOT_IN_TASK)
    assert plan.task.share == pytest.approx(1.0 - (rest_m2 + others_m2) / plan.area_m2)
    assert plan.area_m2 == pytest.approx(site.work_area.area - site.keep_out.area)


def test_a_strip_is_worked_by_as_many_swaths_as_it_is_wide(tmp_path):
    for widths in (1, 2):
        plan, _, _ = surveyed(tmp_path, SQUARE, f"spacing=12,widths={widths}")
        swaths = [segment for segment in plan.segments if segment.kind is SegmentKind.SWATH]
        assert len(swaths) == widths * plan.task.survey.strips
        # all of them point away from the base-line, or back to it
        directions = {round(math.degrees(segment.yaw_start_rad) % 180.0, 3) for segment in swaths}
        assert len(directions) == 1


def test_all_ground_round_a_find_is_worked(tmp_path):
    path = tmp_path / "ground.geojson"
    path.write_text(json.dumps(SAFE), encoding="utf-8")
    site = load_site(path)
    lon, lat = site.datum.lonlat_from_enu_array([(-12.0, -3.0)])[0]
    plan, _, complaints = surveyed(tmp_path, SAFE, f"spacing=15,evidence={lat:.9f}:{lon:.9f},branch=6")
    assert complaints == []
    rest = shapely.union_all(
        [polygon_from(row.rings_m) for row in plan.untreatable if row.reason is UntreatableReason.NOT_IN_TASK]
    )
    find = shapely.Point(-12.0, -3.0)
    assert rest.distance(find) >= 6.0 - 0.06  # less what a strip is drawn narrower
    assert plan.task.survey.evidence_m[0] == pytest.approx((-12.0, -3.0), abs=1e-3)


def test_what_is_no_survey_works_everything(tmp_path):
    path = tmp_path / "ground.geojson"
    path.write_text(json.dumps(SAFE), encoding="utf-8")
    site = load_site(path)
    plan = plan_task(site, MACHINE, SETTINGS, wish_of(TaskRole.QUALITY_CONTROL, None))
    assert plan.task.survey is None
    assert plan.task.stop_after_detonations == 1
    assert plan.task.share > 0.97
    assert not any(row.reason is UntreatableReason.NOT_IN_TASK for row in plan.untreatable)


@pytest.mark.parametrize(
    ("survey", "word"),
    [
        ("spacing=1", "wider apart"),
        ("spacing=900", "only one strip"),
        ("spacing=9,base=39.99:46.93:39.99:46.93", "same place"),
        ("spacing=9,base=41:46:41.001:46", "no strip"),
        ("spacing=9,evidence=41:46,branch=5", "further than branch"),
    ],
)
def test_a_survey_that_fits_no_ground_is_refused_in_one_line(tmp_path, survey, word):
    path = tmp_path / "ground.geojson"
    path.write_text(json.dumps(SAFE), encoding="utf-8")
    with pytest.raises(InputError, match=word) as refused:
        plan_task(load_site(path), MACHINE, SETTINGS, wish_of(TaskRole.AREA_REDUCTION, survey))
    assert "\n" not in str(refused.value)


def test_without_ground_to_start_from_there_is_no_base_line(tmp_path):
    far = [(-41, -142), (46, -146), (45, -134), (-40, -130)]
    ground = (feature("work_area", ring_lonlat(FIELD)), feature("safe_ground", ring_lonlat(far)))
    path = tmp_path / "ground.geojson"
    path.write_text(json.dumps(document(*ground, outside="unknown")), encoding="utf-8")
    with pytest.raises(InputError, match="no edge of the work area"):
        plan_task(load_site(path), MACHINE, SETTINGS, TaskWish(role=TaskRole.AREA_REDUCTION, spacing_m=9.0))
