"""Passes whose ground others sweep too are left out or shortened; what is opened, swept and claimed stays enough."""

import pytest

from tests.marks import some
from tests.planning.coverage.checker import check_folder
from tests.planning.coverage.support import BENCH, document, feature, ring_lonlat, saved
from vehicle.planning.coverage import spare_samples, spare_sweeps
from vehicle.planning.coverage.attempt import Attempt, attempt_in
from vehicle.planning.coverage.ground_model import first_model
from vehicle.planning.coverage.job import plan_job
from vehicle.planning.coverage.own_ground import OwnGround
from vehicle.planning.coverage.planner import directions_for
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.spare_sweeps import without_spare_sweeps
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.coverage.work_limit import WorkLimit
from vehicle.planning.files.export import write_plan_files
from vehicle.planning.site.site import load_site

pytestmark = pytest.mark.long

SHELL = [(-26, -16), (25, -18), (27, 15), (1, 19), (-24, 14)]
ROUND = [(3, -4), (6, -3), (7, 0), (6, 3), (3, 4), (0, 3), (-1, 0), (0, -3)]


@pytest.fixture(scope="module", params=some(["safe", "unknown"], 1, pytest.mark.release))
def worked(request, tmp_path_factory):
    """Document, site and finished attempt of a small field about a round keep-out."""
    safe = feature("safe_ground", ring_lonlat([(-26, -16), (-27, -25), (26, -27), (25, -18)]))
    keep = feature("keep_out", ring_lonlat(ROUND))
    doc = document(feature("work_area", ring_lonlat(SHELL)), keep, safe, outside=request.param)
    site = load_site(saved(tmp_path_factory.mktemp("spare"), doc))
    ground = first_model(plan_job(site, BENCH, PlanSettings(overlap_m=0.2)))
    return doc, site, attempt_in(ground, Tour(BENCH), directions_for(ground))


def complaints(attempt, worked, folder):
    """What the independent checker says about the plan of an attempt."""
    doc, site, _ = worked
    write_plan_files(attempt.closed(), site, folder, poses=True)
    return check_folder(folder, doc).complaints()


def test_hours_fall_and_the_six_properties_stay(worked, tmp_path):
    attempt = worked[2]
    spared = attempt.spared()
    assert spared.time_s < attempt.time_s - 10.0
    assert spared.ground.unswept.area_m2 <= attempt.ground.unswept.area_m2 + 0.01
    assert complaints(spared, worked, tmp_path) == []


def test_a_pass_that_is_driven_twice_is_left_out(worked, tmp_path):
    attempt = worked[2].spared()
    short = next(stop for stop in attempt.tour.stops[-2::-1] if abs(stop.move.b_m - stop.move.a_m) < 16.0)
    last = attempt.tour.stops[-1]
    twice = attempt.tour.in_order(
        [*attempt.tour.stops, short], [*attempt.tour.connections, [last.exit[:2], short.entry[:2]]]
    )
    spared = Attempt(attempt.ground, twice, twice.segments, cut_short=False).spared()
    assert len(spared.tour.stops) <= len(attempt.tour.stops)
    assert complaints(spared, worked, tmp_path) == []


def test_who_needs_the_ground_decides(worked, tmp_path, monkeypatch):
    """Planted: nobody is asked who stands, turns and drives on what a pass opened."""
    monkeypatch.setattr(OwnGround, "opens_for_others", lambda *_: False)
    monkeypatch.setattr(OwnGround, "is_open_before", lambda *_: True)
    assert complaints(worked[2].spared(), worked, tmp_path)


def test_own_ground_decides(worked, monkeypatch):
    """Planted: a pass counts as having no ground of its own; the ground driven anew shows it, and nothing is spared."""
    monkeypatch.setattr(OwnGround, "own", lambda *_: [])
    attempt = worked[2]
    assert without_spare_sweeps(attempt.ground, attempt.tour) == (attempt.ground, attempt.tour)


def test_a_pass_without_a_connection_in_its_place_stays(worked, tmp_path, monkeypatch):
    class Nowhere:
        def way(self, *_):
            return None

    monkeypatch.setattr(spare_sweeps, "roadmap_for", lambda *_: Nowhere())
    attempt = worked[2]
    spared = attempt.spared()
    assert len(spared.tour.stops) == len(attempt.tour.stops)
    assert complaints(spared, worked, tmp_path) == []


def test_an_attempt_at_its_limit_stays_as_it_is(worked):
    attempt = worked[2]
    cut = Attempt(attempt.ground, attempt.tour, attempt.segments, cut_short=True)
    assert cut.spared() is cut


def test_the_limit_counts_the_work(worked):
    limit = worked[2].ground.job.deadline.limit
    assert isinstance(limit, WorkLimit)
    before_s = limit.spent_s()
    without_spare_sweeps(worked[2].ground, worked[2].tour)
    assert limit.spent_s() > before_s


def test_samples_pass_over_no_end_that_is_worth_a_change(worked, monkeypatch):
    """The same passes are shortened as where every end of every pass is looked at."""
    attempt, looked_at = worked[2], []

    def every_end(passes, _least_s):
        return [(k, end) for k, stop in enumerate(passes.stops) if stop is not None for end in (False, True)]

    def counted(passes, least_s):
        ends = spare_samples.shared_ends(passes, least_s)
        looked_at.append((len(ends), len(every_end(passes, least_s))))
        return ends

    monkeypatch.setattr(spare_sweeps, "shared_ends", counted)
    sampled = attempt.spared()
    monkeypatch.setattr(spare_sweeps, "shared_ends", every_end)
    assert sampled.tour.stops == attempt.spared().tour.stops
    assert sampled.tour.stops != attempt.tour.stops
    assert all(some_ends < 0.5 * all_ends for some_ends, all_ends in looked_at)
