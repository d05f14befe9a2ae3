"""Pockets beyond closed edges: a plan with them is kept only where it is cheaper, and stays within the overrun."""

import math
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planning.coverage.support import BENCH, document, feature, planned, ring_lonlat, saved
from vehicle.contracts.plan import SegmentKind, UntreatableReason
from vehicle.planning.coverage import planner as planner_room
from vehicle.planning.coverage.attempt import LEFT_S_PER_M2
from vehicle.planning.coverage.ground_model import first_model
from vehicle.planning.coverage.job import plan_job
from vehicle.planning.coverage.planner import cheaper_with_pockets, plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.files.outside import furthest_m
from vehicle.planning.site.site import load_site

pytestmark = pytest.mark.long

SHELL = [(0, 0), (50, 1), (49, 27), (1, 26)]
STRIP = [(0, 0), (0, -9), (50, -8), (50, 1)]
TRIANGLE = [(-52, 41), (-29, -31), (36, 25)]
BESIDE = [(-32.5, -34.0), (-27.3, -40.1), (45.0, 22.2), (39.8, 28.3)]


def site_file(tmp_path, shell=SHELL, strip=STRIP, **fields):
    rows = (feature("work_area", ring_lonlat(shell)), feature("safe_ground", ring_lonlat(strip)))
    return saved(tmp_path, {**document(*rows, outside="unknown"), **fields})


def without_pockets(site, machine=BENCH, wishes=None):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planner_room, "cheaper_with_pockets", lambda *asked: asked[-1])
        return plan_site(site, machine, wishes)


def short_passes(plan):
    """Number of passes shorter than 3 m."""
    swaths = [segment for segment in plan.segments if segment.kind is SegmentKind.SWATH]
    return sum(math.dist(segment.points_m[0], segment.points_m[-1]) < 3.0 for segment in swaths)


def test_rows_along_closed_edges_take_the_place_of_stubs(tmp_path):
    path = site_file(tmp_path, TRIANGLE, BESIDE)
    plan, report = planned(path, tmp_path / "plan")
    assert report.complaints() == []
    before = without_pockets(load_site(path))
    assert plan.time_s < 0.97 * before.time_s
    assert short_passes(plan) < 0.5 * short_passes(before)
    assert 1.0 < furthest_m(plan, load_site(path)) <= 2.0


def test_an_overrun_without_room_for_a_pocket_leaves_the_plan_as_it_was(tmp_path):
    site = load_site(site_file(tmp_path, overrun_m=0.8))
    plan, before = plan_site(site, BENCH), without_pockets(site)
    assert plan.plan_hash == before.plan_hash


def test_safe_ground_outside_has_no_pockets(tmp_path, monkeypatch):
    site = load_site(saved(tmp_path, document(feature("work_area", ring_lonlat(SHELL)))), "safe")
    hashes = [without_pockets(site).plan_hash]
    made = []
    attempts_in = planner_room.attempts_in
    monkeypatch.setattr(planner_room, "attempts_in", lambda *asked: made.append(asked[0].job) or attempts_in(*asked))
    hashes.append(plan_site(site, BENCH).plan_hash)
    assert [job.pockets for job in made] == [False]
    assert hashes[0] == hashes[1]


@settings(max_examples=8)
@given(
    width_m=st.floats(14.0, 45.0),
    depth_m=st.floats(12.0, 30.0),
    skew_m=st.floats(-6.0, 6.0),
    bend_m=st.floats(-4.0, 4.0),
)
def test_no_field_becomes_dearer(tmp_path_factory, width_m, depth_m, skew_m, bend_m):
    shell = [(0, 0), (width_m, 0), (width_m + skew_m, depth_m), (0.5 * width_m, depth_m + bend_m), (skew_m, depth_m)]
    strip = [(0, 0), (0, -8), (width_m, -8), (width_m, 0)]
    folder = tmp_path_factory.mktemp("field")
    path = site_file(folder, shell, strip)
    plan, report = planned(path, folder / "plan")
    assert report.complaints() == []
    before = without_pockets(load_site(path))
    assert cost_s(plan) <= cost_s(before) + 0.5
    assert furthest_m(plan, load_site(path)) <= 2.0


def cost_s(plan):
    """Time and penalty [s] for ground that is left to people."""
    left = [row.area_m2 for row in plan.untreatable if row.reason is UntreatableReason.NO_APPROACH]
    return plan.time_s + LEFT_S_PER_M2 * sum(left)


class Tried:
    """A whole plan with what it costs before and after its stops are put in order."""

    def __init__(self, ground, found_s, ordered_s, cut_short=False):
        self.ground, self.cost_s, self.ordered_s, self.cut_short = ground, found_s, ordered_s, cut_short
        self.direction_rad = 0.0

    def in_better_order(self):
        return Tried(self.ground, self.ordered_s, self.ordered_s, self.cut_short)


GROUND_S = st.tuples(st.floats(100.0, 200.0), st.floats(0.8, 1.0), st.booleans())


@settings(max_examples=60)
@given(plain=st.lists(GROUND_S, min_size=1, max_size=3), pocketed=st.lists(GROUND_S, max_size=3))
def test_the_choice_is_never_dearer_and_never_cut_short(tmp_path_factory, plain, pocketed):
    site = load_site(site_file(tmp_path_factory.mktemp("field")))
    ground = first_model(plan_job(site, BENCH, PlanSettings()))
    made = [Tried(ground, found_s, found_s * share) for found_s, share, _ in plain]
    further = [Tried(ground, found_s, found_s * share, cut) for found_s, share, cut in pocketed]
    best = planner_room.best_in_order(cast("Any", made))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planner_room, "attempts_in", lambda *asked: [*asked[-1], *further])
        kept = cheaper_with_pockets(ground, [0.0], cast("Any", made), best)
    assert kept.cost_s <= best.cost_s
    assert not kept.cut_short
    whole = [one for one in further if not one.cut_short]
    if whole:
        assert kept.cost_s <= min(whole, key=lambda one: one.cost_s).ordered_s


def test_a_plan_that_was_cut_short_is_not_tried_again(tmp_path, monkeypatch):
    ground = first_model(plan_job(load_site(site_file(tmp_path)), BENCH, PlanSettings()))
    cut, cheap = Tried(ground, 100.0, 100.0, cut_short=True), Tried(ground, 50.0, 50.0)
    monkeypatch.setattr(planner_room, "attempts_in", lambda *asked: [*asked[-1], cheap])
    assert cheaper_with_pockets(ground, [0.0], cast("Any", [cut]), cast("Any", cut)) is cast("Any", cut)
