"""Which whole plans are tried, put in order and closed: each costs seconds, and only one is kept."""

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from shapely.geometry import Polygon, box

from tests.planning.coverage.support import BENCH, document, feature, ring_lonlat, saved
from vehicle.config.load import load_machine
from vehicle.config.vehicle import footprint
from vehicle.planning.coverage import attempt as attempts_room
from vehicle.planning.coverage import planner as planner_room
from vehicle.planning.coverage.attempt import attempt_in
from vehicle.planning.coverage.closing import closed_plan
from vehicle.planning.coverage.ground_model import first_model
from vehicle.planning.coverage.job import plan_job
from vehicle.planning.coverage.phases import Outcome, unless_failed
from vehicle.planning.coverage.planner import attempts_in, best_in_order, directions_for, plan_site, tries_for
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.site.site import load_site

LONG = [(0, 0), (60, 0), (60, 12), (0, 12)]
ROUND = [(0, 0), (14, -3), (20, 9), (12, 20), (-2, 17), (-7, 8)]


def site_of(tmp_path, shell):
    return load_site(saved(tmp_path, document(feature("work_area", ring_lonlat(shell)))), "safe")


def tries(tmp_path, shell):
    ground = first_model(plan_job(site_of(tmp_path, shell), BENCH, PlanSettings()))
    return tries_for(ground, directions_for(ground))


def test_a_direction_with_a_dear_estimate_is_not_planned(tmp_path):
    assert tries(tmp_path, LONG) == 1
    assert tries(tmp_path, ROUND) > 1


def test_with_unknown_ground_outside_the_estimate_rules_out_fewer_directions(tmp_path):
    shell, strip = [(0, 0), (30, 0), (30, 27), (0, 27)], [(0, -8), (30, -8), (30, 0), (0, 0)]
    features = feature("work_area", ring_lonlat(shell)), feature("safe_ground", ring_lonlat(strip))
    counts = []
    for outside in ("safe", "unknown"):
        site = load_site(saved(tmp_path, document(*features)), outside)
        ground = first_model(plan_job(site, BENCH, PlanSettings()))
        counts.append(tries_for(ground, directions_for(ground)))
    assert counts[0] < counts[1]


def test_only_the_winner_is_closed(tmp_path, monkeypatch):
    closed, close = [], closed_plan
    monkeypatch.setattr(attempts_room, "closed_plan", lambda *asked: closed.append(1) or close(*asked))
    plan = plan_site(site_of(tmp_path, ROUND), BENCH)
    assert plan.certificate.missed_nominal_m2 == 0.0
    assert len(closed) == 1


ARM = [(0, 0), (60, 0), (60, 14), (44, 14), (76, 66), (64, 74), (26, 14), (0, 14)]
POND = [(10, 4), (14, 4), (14, 8), (10, 8)]


@pytest.mark.parametrize(
    ("rings", "alone"),
    [((ARM,), True), ((ARM, POND), False), ((LONG,), True)],
    ids=["arm", "arm and keep-out", "one cell"],
)
def test_cells_are_planned_alone_only_where_the_closed_form_can_be_trusted(tmp_path, monkeypatch, rings, alone):
    made = []
    monkeypatch.setattr(planner_room, "attempt_in", lambda *asked: made.append(attempt_in(*asked)) or made[-1])
    site = load_site(saved(tmp_path, document(feature("work_area", *map(ring_lonlat, rings)))), "safe")
    ground = first_model(plan_job(site, BENCH, PlanSettings()))
    attempts = attempts_in(ground, directions_for(ground))
    assert (len(made) == 1) == alone
    assert attempts == [attempt for attempt in made if not attempt.given_up]
    courses = {round(stop.theta_rad, 2) for stop in attempts[0].tour.stops}
    assert (len(courses) > 1) == (rings[0] is ARM)


class Tried:
    """A whole plan of a field, with what it costs before and after its stops are put in order."""

    def __init__(self, found_s, ordered_s, area):
        keep_out = Polygon()
        self.ground = SimpleNamespace(job=SimpleNamespace(site=SimpleNamespace(work_area=area, keep_out=keep_out)))
        self.cost_s, self.ordered_s, self.asked = found_s, ordered_s, 0

    def in_better_order(self):
        self.asked += 1
        return SimpleNamespace(cost_s=self.ordered_s)


@pytest.mark.parametrize(
    ("side_m", "best_s", "asked"),
    [(100.0, 960.0, [1, 1, 0]), (200.0, 990.0, [1, 0, 0])],
    ids=["of a small field what is near", "of a large one the best"],
)
def test_what_is_put_in_order(side_m, best_s, asked):
    area = box(0.0, 0.0, side_m, side_m)
    tried = [Tried(1000.0, 990.0, area), Tried(1008.0, 960.0, area), Tried(1012.0, 900.0, area)]
    assert best_in_order(cast("Any", tried)).cost_s == best_s
    assert [one.asked for one in tried] == asked


def test_an_attempt_is_given_up_only_where_its_cost_must_exceed_what_was_asked(tmp_path):
    rings = (ROUND, POND)
    site = load_site(saved(tmp_path, document(feature("work_area", *map(ring_lonlat, rings)))), "safe")
    ground = first_model(plan_job(site, BENCH, PlanSettings()))
    directions = directions_for(ground)
    whole = attempt_in(ground.afresh(), Tour(BENCH), directions)
    assert not attempt_in(ground.afresh(), Tour(BENCH), directions, most_s=whole.cost_s + 0.1).given_up
    lost = attempt_in(ground.afresh(), Tour(BENCH), directions, most_s=0.5 * whole.cost_s)
    assert lost.given_up
    assert len(lost.tour.stops) < len(whole.tour.stops)
    assert not lost.cut_short


def test_time_driven_so_far_is_that_of_the_path(tmp_path):
    memat = footprint(load_machine("memat"))
    assert memat.pace is not None
    slow = msgspec.structs.replace(memat.pace, spin_up_s=40.0, spin_down_s=200.0)
    machine = msgspec.structs.replace(memat, pace=slow)  # a rotor that turns long after each swath
    ground = first_model(plan_job(site_of(tmp_path, ROUND), machine, PlanSettings()))
    tour = Tour(machine)
    whole = attempt_in(ground.afresh(), tour, directions_for(ground))
    asked_at_once = tour.driven_s()
    again = Tour(machine)
    for stop, way in zip(tour.stops, tour.connections, strict=True):
        again.append([stop], [way])
        again.driven_s()
    assert asked_at_once == pytest.approx(whole.time_s, abs=1e-6)
    assert again.driven_s() == pytest.approx(whole.time_s, abs=1e-6)


def test_what_failed_is_tried_again_only_after_ground_was_opened(tmp_path):
    ground = first_model(plan_job(site_of(tmp_path, LONG), BENCH, PlanSettings()))
    calls = []

    def in_vain():
        calls.append(1)
        return Outcome(0, no_way=True)

    for _ in range(3):
        assert unless_failed(ground, ("edges", b"part"), in_vain).no_way
    assert len(calls) == 1
    unless_failed(ground, ("edges", b"another part"), in_vain)
    unless_failed(ground.afresh(), ("edges", b"part"), in_vain)
    assert len(calls) == 3
    whole = attempt_in(ground.afresh(), Tour(BENCH), directions_for(ground))
    ground.grow(whole.tour.stops[:1])
    unless_failed(ground, ("edges", b"part"), in_vain)
    assert len(calls) == 4


def test_an_attempt_that_succeeds_is_no_failure(tmp_path):
    ground = first_model(plan_job(site_of(tmp_path, LONG), BENCH, PlanSettings()))
    found = [unless_failed(ground, ("edges", b"part"), lambda: Outcome(2)).swaths for _ in range(2)]
    assert found == [2, 2]
