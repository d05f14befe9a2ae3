"""The limit of planning time: kept with the closing of the books, with the best plan so far."""

import itertools
import json

import pytest

from tests.planning.coverage.checker import check_folder
from tests.planning.coverage.support import BENCH, document, feature, ring_lonlat, saved
from vehicle.contracts.plan import UntreatableReason
from vehicle.host.clock import TimeLimit
from vehicle.planning.coverage.attempt import attempt_in
from vehicle.planning.coverage.closing import check_certificate, is_whole
from vehicle.planning.coverage.ground_model import first_model
from vehicle.planning.coverage.job import plan_job
from vehicle.planning.coverage.planner import CLOSING_SHARE, plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.files.export import write_plan_files
from vehicle.planning.site.site import load_site

pytestmark = pytest.mark.long

FIELD = [(-60, -45), (66, -39), (57, 48), (-63, 42)]


def posts(count):
    """Rows of posts in the field."""
    places = itertools.islice(itertools.product(range(-45, 46, 10), range(-30, 31, 10)), count)
    return [[(x - 0.4, y - 0.3), (x + 0.5, y - 0.4), (x + 0.3, y + 0.5)] for x, y in places]


def test_what_is_kept_comes_off_the_limit():
    at_s = [100.0]
    limit = TimeLimit(10.0, lambda: at_s[0])
    at_s[0] = 109.9
    assert not limit()
    assert limit.spent_s() == pytest.approx(9.9)
    limit.keep(1.0, 0.25)
    assert limit()
    at_s[0] = 107.1
    assert not limit()
    at_s[0] = 107.3
    assert limit()


def test_there_is_room_for_what_fits_into_what_is_left():
    at_s = [0.0]
    limit = TimeLimit(10.0, lambda: at_s[0])
    at_s[0] = 4.0
    assert limit.has_room(1.5)
    assert not limit.has_room(1.51)
    limit.keep(1.0, 0.25)
    assert limit.has_room(1.0)
    assert not limit.has_room(1.01)


@pytest.mark.slow
def test_an_order_is_not_begun_that_could_not_be_ended(tmp_path):
    """The plan that is whole already stays as it is."""
    path = saved(tmp_path, document(feature("work_area", ring_lonlat(FIELD), *map(ring_lonlat, posts(40)))))
    job = plan_job(load_site(path, "safe"), BENCH, PlanSettings())
    attempt = attempt_in(first_model(job), Tour(BENCH), [0.0])
    hours = {}
    for left_s in (1e-3, 1e9):
        now_s = itertools.count()
        job.deadline.limit = TimeLimit(100.0 + left_s, lambda now_s=now_s: 100.0 * min(1, next(now_s)))
        hours[left_s] = attempt.plan_in_order().time_s
    assert hours[1e-3] == attempt.plan.time_s > hours[1e9]


def test_a_plan_that_was_cut_short_is_legal_and_leaves_time_to_be_closed(tmp_path):
    """The clock goes on by a hundredth of a second whenever it is asked."""
    path = saved(tmp_path, document(feature("work_area", ring_lonlat(FIELD), *map(ring_lonlat, posts(40)))))
    ticks, limit_s = itertools.count(), 1.0
    limit = TimeLimit(limit_s, lambda: 0.01 * next(ticks))
    site = load_site(path, "safe")
    plan = plan_site(site, BENCH, PlanSettings(), limit)
    assert limit_s / (1.0 + CLOSING_SHARE) - 0.1 < limit.spent_s() <= limit_s
    assert not is_whole(plan)
    check_certificate(plan)
    assert any(row.reason is UntreatableReason.PLANNING_TIME for row in plan.untreatable)
    write_plan_files(plan, site, tmp_path / "plan")
    report = check_folder(tmp_path / "plan", json.loads(path.read_text(encoding="utf-8")))
    assert [line for line in report.complaints() if "planning_time" not in line] == []
