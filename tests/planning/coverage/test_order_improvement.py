"""The order of a whole plan: what is swept stays, what bears comes first, the hours fall."""

import random
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import shapely

from tests.marks import some
from tests.planning.coverage.checker import check_folder
from tests.planning.coverage.support import BENCH, document, feature, ring_lonlat, saved
from vehicle.planning.coverage.attempt import attempt_in
from vehicle.planning.coverage.connections import NOWHERE, Connection
from vehicle.planning.coverage.ground_model import first_model
from vehicle.planning.coverage.job import plan_job
from vehicle.planning.coverage.order_improvement import StopOrder
from vehicle.planning.coverage.planner import directions_for
from vehicle.planning.coverage.precedence import Precedence
from vehicle.planning.coverage.route import TourStop, change_s
from vehicle.planning.coverage.settings import PlanSettings, reach_of
from vehicle.planning.coverage.swath import Move
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.coverage.work_limit import SECONDS, Work, WorkLimit
from vehicle.planning.files.export import write_plan_files
from vehicle.planning.site.site import load_site

pytestmark = pytest.mark.long

SHELL = [(-34, -21), (33, -24), (36, 18), (2, 25), (-31, 19)]
KEPT_OUT = ([(-18, -6), (-11, -7), (-10, 2), (-16, 4)], [(9, -2), (15, 1), (12, 8), (7, 6)])


def worked(tmp_path, outside):
    """The whole tour of a small field with two keep-outs, before anything changes places."""
    holes = [feature("keep_out", ring_lonlat(ring)) for ring in KEPT_OUT]
    safe = feature("safe_ground", ring_lonlat([(-34, -21), (-36, -31), (35, -34), (33, -24)]))
    doc = document(feature("work_area", ring_lonlat(SHELL)), *holes, safe, outside=outside)
    site, wishes = load_site(saved(tmp_path, doc)), PlanSettings(overlap_m=0.2)
    ground = first_model(plan_job(site, BENCH, wishes))
    return doc, site, attempt_in(ground, Tour(BENCH), directions_for(ground))


def swept(plan):
    """The tool-down lines without their order."""
    return sorted(s.points_m for s in plan.segments if s.tool_down)


@pytest.mark.parametrize("outside", some(["safe", "unknown"], 1, pytest.mark.release))
def test_a_plan_in_order_takes_less_time_and_keeps_its_properties(tmp_path, outside):
    doc, site, attempt = worked(tmp_path, outside)
    before, after = attempt.closed(), attempt.in_better_order().closed()
    assert after.time_s < 0.98 * before.time_s
    assert swept(after) == swept(before)
    assert [s.seq for s in after.segments] == list(range(len(after.segments)))
    write_plan_files(after, site, tmp_path, poses=True)
    assert check_folder(tmp_path, doc).complaints() == []


def swath(y_m, low_m, high_m, *, reverse):
    """Eastward along y, entered and left 2.5 m clear of its ends, or backed out of."""
    out_m = low_m - 4.5 if reverse else high_m + 2.5
    move = Move(low_m, high_m, low_m - 4.5, out_m, reverse)
    return TourStop(0.0, y_m, (low_m, high_m), move, (low_m - 4.5, y_m, 0.0), (out_m, y_m, 0.0), (high_m - low_m) / 0.3)


def test_a_visit_waits_for_the_ground_that_it_turns_on():
    wishes = PlanSettings(overlap_m=0.2)
    reach = reach_of(BENCH, wishes, "possible", "safe")
    closed = np.array([shapely.box(0.0, 0.0, 40.0, 12.0)], dtype=object)
    columns = [swath(y, -0.2, 12.0, reverse=True) for y in (1.0, 2.8, 4.6, 6.4)]
    inner = swath(3.7, 12.0, 30.0, reverse=True)  # turned into amid what the columns opened
    stops = [*columns, inner]
    strips = [np.array([shapely.box(v.move.a_m, v.y_m - 1.0, v.move.b_m, v.y_m + 1.0)], dtype=object) for v in stops]
    precedence = Precedence(closed, strips, stops, reach)
    assert precedence.of_stops == [set(), set(), set(), set(), {0, 1, 2, 3}]
    assert precedence.of_way([(-3.0, 3.7), (7.5, 3.7)]) == {1, 2}
    assert precedence.of_way([columns[3].entry[:2], columns[3].exit[:2]]) == {3}
    assert precedence.of_way([(-6.0, -6.0), (-6.0, 20.0)]) == set()


class OpenGround:
    """Connections straight as the crow flies, and needs drawn at random."""

    def __init__(self, seed, count):
        draw = random.Random(seed)
        self.machine, self.start = BENCH, None
        places = [(draw.uniform(-90, 90), draw.uniform(-70, 70)) for _ in range(count)]
        self.stops = [swath(y, x, x + draw.uniform(3, 20), reverse=draw.random() < 0.5) for x, y in places]
        needs = [{u for u in range(k) if draw.random() < 0.08} for k in range(count)]
        self.precedence = SimpleNamespace(of_stops=needs)
        self.way_needs = {(a, b): draw.getrandbits(a + 1) & ~1 if draw.random() < 0.2 else 0 for a, b in self.pairs()}

    def pairs(self):
        return [(a, b) for a in range(len(self.stops) + 1) for b in range(1, len(self.stops) + 1) if a != b]

    def free(self, a, b):
        return a == 0 or b > len(self.stops)

    def is_tried(self, *_pair):
        return True

    def at_last_s(self, a, b):
        if self.free(a, b):
            return 0.0
        return float(change_s(np.array([self.stops[a - 1].exit]), np.array([self.stops[b - 1].entry]), BENCH)[0])

    def ready(self, a, b, done):
        needs = 0 if self.free(a, b) else self.way_needs[a, b]
        join = NOWHERE if self.free(a, b) else Connection([], self.at_last_s(a, b), needs)
        return join if not needs & ~done else None

    def connection(self, *_joint):
        return None

    def first_tour(self):
        count = len(self.stops)
        joins = [
            Connection([], self.at_last_s(k, k + 1), self.way_needs[k, k + 1] & ((1 << k + 1) - 1))
            for k in range(count)
        ]
        return StopOrder(cast("Any", self), joins)


def keeps(order, joins, ground):
    """No stop and no way comes before what it stands on."""
    behind = set()
    for join, node in zip(joins, order[1:].tolist(), strict=True):
        needed = {u + 1 for u in ground.precedence.of_stops[node - 1]}
        needed |= {k for k in range(1, len(order)) if join.needs >> k & 1}
        if needed - behind:
            return False
        behind.add(node)
    return True


@pytest.mark.parametrize("seed", range(6))
def test_swaps_save_time_and_keep_what_bears(seed):
    ground = OpenGround(seed, 60)
    tour = ground.first_tour()
    before_s = tour.time_s.sum()
    assert keeps(tour.order, tour.joins, ground)
    tour.improve(WorkLimit())
    assert tour.time_s.sum() < 0.85 * before_s
    assert sorted(tour.order.tolist()) == list(range(61))
    assert keeps(tour.order, tour.joins, ground)
    for join, a, b in zip(tour.joins, tour.order[:-1], tour.order[1:], strict=True):
        assert join.time_s == pytest.approx(ground.at_last_s(int(a), int(b)), abs=1e-3)


def test_cuts_are_those_that_keep_precedence():
    ground = OpenGround(3, 14)
    tour = ground.first_tour()
    offered = {cut for x in range(14) for _, cut in tour.cuts(x)}
    assert len(offered) > 10
    for i in range(14):
        for j in range(i + 1, 14):
            for k in range(j + 1, 15):
                order = np.r_[tour.order[: i + 1], tour.order[j + 1 : k + 1], tour.order[i + 1 : j + 1]]
                order = np.r_[order, tour.order[k + 1 :]]
                joins = [*tour.joins[:i], NOWHERE, *tour.joins[j + 1 : k], NOWHERE, *tour.joins[i + 1 : j]]
                joins = [*joins, NOWHERE, *tour.joins[k + 1 :]][:14]
                lawful = keeps(order, joins, ground)
                assert lawful == bool(tour.bar_row(j)[k] <= i) == bool(tour.bar_column(k)[j] <= i)
                assert lawful or (i, j, k) not in offered


def test_out_of_time_the_order_stays():
    ground = OpenGround(1, 40)
    tour = ground.first_tour()
    tour.improve(WorkLimit(-1.0))
    assert tour.order.tolist() == list(range(41))


def test_no_search_begins_once_the_time_is_up(monkeypatch):
    tour = OpenGround(1, 40).first_tour()
    searched = []
    monkeypatch.setattr(StopOrder, "_improve_at", lambda _tour, place: bool(searched.append(place)))
    tour.improve(WorkLimit(4.5 * SECONDS[Work.SWAPS]))
    assert len(searched) == 5
