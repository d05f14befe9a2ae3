"""Unknown ground beyond the work area: worked no further than the site allows, and told."""

import json

import pytest

from tests.marks import some
from tests.planning.coverage.support import BENCH, MEDIUM, document, feature, planned, ring_lonlat, saved
from vehicle.contracts.errors import InputError
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.files.export import summary_of
from vehicle.planning.files.outside import furthest_m
from vehicle.planning.site.site import load_site

pytestmark = pytest.mark.long

SHELL = [(-22, -12), (20, -14), (27, 6), (4, 15), (-19, 9)]
STRIP = [(-22, -12), (-22, -22), (20, -24), (20, -14)]
OBLONG = [(0, 0), (38, 1), (38, 15), (0, 14)]
WEST, EAST = [(0, 0), (0, 14), (-10, 14), (-10, 0)], [(46, 0), (56, 0), (56, 15), (46, 15)]
"""Safe ground at one end, and 8 m of unknown ground before the other."""


def site_file(tmp_path, **fields):
    rows = (feature("work_area", ring_lonlat(SHELL)), feature("safe_ground", ring_lonlat(STRIP)))
    return saved(tmp_path, {**document(*rows, outside="unknown"), **fields})


@pytest.mark.parametrize("machine", some([BENCH, MEDIUM], 1, pytest.mark.release), ids=lambda m: m.name)
def test_nothing_is_worked_far_outside(tmp_path, machine):
    path = site_file(tmp_path)
    plan, report = planned(path, tmp_path / "plan", machine)
    assert report.complaints() == []
    site = load_site(path)
    assert 0.0 < furthest_m(plan, site) <= 2.0
    summary = summary_of(plan, site)
    assert summary["overrun_allowed_m"] == 2.0
    assert 5.0 < summary["swept_outside_m2"] < 400.0


def test_no_swath_runs_through_unknown_ground_to_safe_ground_beyond(tmp_path):
    rows = [feature("work_area", ring_lonlat(OBLONG))] + [feature("safe_ground", ring_lonlat(s)) for s in (WEST, EAST)]
    path = saved(tmp_path, document(*rows, outside="unknown"))
    plan, report = planned(path, tmp_path / "plan")
    assert report.complaints() == []
    assert furthest_m(plan, load_site(path)) <= 2.0


def test_a_site_may_allow_more_and_a_plan_take_less(tmp_path):
    wide = load_site(site_file(tmp_path, overrun_m=9.5))
    assert wide.overrun.allowed_m == 9.5
    assert wide.site_hash != load_site(site_file(tmp_path)).site_hash
    near = plan_site(wide, BENCH, PlanSettings(overrun_m=1.0))
    assert furthest_m(near, wide) <= 1.0 < furthest_m(plan_site(wide, BENCH), wide)


def test_a_plan_may_not_take_more_than_the_site_allows(tmp_path):
    site = load_site(site_file(tmp_path))
    with pytest.raises(InputError, match=r"--overrun 5: the site allows 0 to 2 m .*write overrun_m in the site file"):
        plan_site(site, BENCH, PlanSettings(overrun_m=5.0))
    with pytest.raises(InputError, match=r"an overrun of 0\.1 m leaves no room .*at least 0\.4 m"):
        plan_site(site, BENCH, PlanSettings(overrun_m=0.1))


@pytest.mark.parametrize("value", [-1.0, "wide", True, 1e9])
def test_an_overrun_that_is_none_is_refused(tmp_path, value):
    with pytest.raises(InputError, match=r"overrun_m is .*write metres, 0 to 100"):
        load_site(site_file(tmp_path, overrun_m=value))


def test_two_overruns_are_refused(tmp_path):
    path = site_file(tmp_path, overrun_m=3.0)
    found = json.loads(path.read_text())
    found["features"][0]["properties"]["overrun_m"] = 4.0
    path.write_text(json.dumps(found))
    with pytest.raises(InputError, match=r"overrun_m is declared twice, as 3\.0 and 4\.0"):
        load_site(path)
