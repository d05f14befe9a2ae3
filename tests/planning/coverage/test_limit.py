"""The limit of planning time: kept with the closing of the books, with the best plan so far."""

import itertools
import json
import time

import pytest

from tests.planning.coverage.checker import check_folder
from tests.planning.coverage.support import BENCH, document, feature, ring_lonlat, saved
from vehicle.contracts.plan import UntreatableReason
from vehicle.planning.coverage.attempt import attempt_in
from vehicle.planning.coverage.closing import check_certificate, is_whole
from vehicle.planning.coverage.ground_model import first_model
from vehicle.planning.coverage.job import plan_job
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.coverage.work_limit import SECONDS, Deadline, Work, WorkLimit
from vehicle.planning.files.export import write_plan_files
from vehicle.planning.site.site import load_site

pytestmark = pytest.mark.long

FIELD = [(-60, -45), (66, -39), (57, 48), (-63, 42)]


def posts(count):
    """Rows of posts in the field."""
    places = itertools.islice(itertools.product(range(-45, 46, 10), range(-30, 31, 10)), count)
    return [[(x - 0.4, y - 0.3), (x + 0.5, y - 0.4), (x + 0.3, y + 0.5)] for x, y in places]


def at(limit, spent_s):
    """Work told until the limit counts so many seconds."""
    limit.tell(Work.VIEWS, round((spent_s - limit.spent_s()) / SECONDS[Work.VIEWS]))
    return limit


def test_what_is_kept_comes_off_the_limit():
    limit = WorkLimit(10.0)
    assert not at(limit, 9.9)()
    assert limit.spent_s() == pytest.approx(9.9)
    limit.keep(1.0, 0.25)
    assert limit()
    limit = WorkLimit(10.0)
    limit.keep(1.0, 0.25)
    assert not at(limit, 7.1)()
    assert at(limit, 7.3)()


def test_there_is_room_for_what_fits_into_what_is_left():
    limit = at(WorkLimit(10.0), 4.0)
    assert limit.has_room(1.49)
    assert not limit.has_room(1.51)
    limit.keep(1.0, 0.25)
    assert limit.has_room(0.99)
    assert not limit.has_room(1.01)


def test_one_attempt_remembers_what_ended_it():
    limit = WorkLimit(1.0)
    first, second = Deadline(limit), Deadline(limit)
    assert not first()
    at(limit, 1.1)
    assert second()
    assert (first.struck, second.struck) == (False, True)


@pytest.mark.slow
def test_an_order_is_not_begun_that_could_not_be_ended(tmp_path):
    """The plan that is whole already stays as it is."""
    path = saved(tmp_path, document(feature("work_area", ring_lonlat(FIELD), *map(ring_lonlat, posts(40)))))
    job = plan_job(load_site(path, "safe"), BENCH, PlanSettings())
    attempt = attempt_in(first_model(job), Tour(BENCH), [0.0])
    hours = {}
    for left_s in (1e-3, 1e9):
        job.deadline.limit = at(WorkLimit(100.0 + left_s), 100.0)
        hours[left_s] = attempt.in_better_order().closed().time_s
    assert hours[1e-3] == attempt.closed().time_s > hours[1e9]


LIMIT_S = 0.5


def cut_short(path):
    """A plan that the limit ends, with what was counted."""
    limit = WorkLimit(LIMIT_S)
    return plan_site(load_site(path, "safe"), BENCH, PlanSettings(), limit), limit.spent_s()


def test_a_plan_that_was_cut_short_is_legal_and_leaves_room_to_be_closed(tmp_path):
    path = saved(tmp_path, document(feature("work_area", ring_lonlat(FIELD), *map(ring_lonlat, posts(40)))))
    site = load_site(path, "safe")
    plan, spent_s = cut_short(path)
    assert 0.5 * LIMIT_S < spent_s <= LIMIT_S
    assert not is_whole(plan)
    check_certificate(plan)
    assert any(row.reason is UntreatableReason.PLANNING_TIME for row in plan.untreatable)
    write_plan_files(plan, site, tmp_path / "plan", poses=True)
    report = check_folder(tmp_path / "plan", json.loads(path.read_text(encoding="utf-8")))
    assert [line for line in report.complaints() if "planning_time" not in line] == []


def test_a_busy_computer_cuts_the_same_plan(tmp_path, monkeypatch):
    """The clock of the second run is a thousand times as fast."""
    path = saved(tmp_path, document(feature("work_area", ring_lonlat(FIELD), *map(ring_lonlat, posts(12)))))
    quiet, _ = cut_short(path)
    now_s = itertools.count()
    for name in ("perf_counter", "monotonic", "process_time", "time"):
        monkeypatch.setattr(time, name, lambda: 1e3 * next(now_s))
    busy, _ = cut_short(path)
    assert not is_whole(quiet)
    assert busy.plan_hash == quiet.plan_hash
