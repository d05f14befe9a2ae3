"""Pockets beyond closed edges: a plan with them is kept only where it is cheaper, and stays within the overrun."""

import math
from typing import Any, cast

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.marks import examples
from tests.planning.coverage.support import BENCH, document, feature, planned, ring_lonlat, saved
from tests.planning.coverage.test_way_plan import check_moves, polygons
from vehicle.config.load import load_machine
from vehicle.config.vehicle import footprint
from vehicle.contracts.plan import SegmentKind, UntreatableReason
from vehicle.planning.coverage import planner as planner_room
from vehicle.planning.coverage.attempt import LEFT_S_PER_M2
from vehicle.planning.coverage.certificate import sweep_corners
from vehicle.planning.coverage.ground_model import first_model
from vehicle.planning.coverage.headlands import has_room_for_pockets
from vehicle.planning.coverage.job import Opening, plan_job
from vehicle.planning.coverage.planner import attempts_with_pockets, plan_site
from vehicle.planning.coverage.replan import ReplanRequest, replan, united
from vehicle.planning.coverage.settings import Goal, PlanSettings, StartPose
from vehicle.planning.coverage.trials import WITHOUT_POCKETS
from vehicle.planning.coverage.way_plan import WayRequest, way_plan
from vehicle.planning.coverage.work_limit import SECONDS, Work, WorkLimit
from vehicle.planning.files.outside import furthest_m
from vehicle.planning.site.site import load_site

pytestmark = pytest.mark.long

MEMATT = footprint(load_machine("memat"))
BLOCK = [(0, 0), (58, 0), (58, 41), (0, 41)]
BELOW = [(0, 0), (0, -9), (58, -9), (58, 0)]

SHELL = [(0, 0), (50, 1), (49, 27), (1, 26)]
STRIP = [(0, 0), (0, -9), (50, -8), (50, 1)]
TRIANGLE = [(-52, 41), (-29, -31), (36, 25)]
BESIDE = [(-32.5, -34.0), (-27.3, -40.1), (45.0, 22.2), (39.8, 28.3)]


def site_file(tmp_path, shell=SHELL, strip=STRIP, **fields):
    rows = (feature("work_area", ring_lonlat(shell)), feature("safe_ground", ring_lonlat(strip)))
    return saved(tmp_path, {**document(*rows, outside="unknown"), **fields})


def without_pockets(site, machine=BENCH, wishes=None):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planner_room, "has_room_for_pockets", lambda *_: False)
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


def test_the_mematt_has_pockets_at_the_overrun_that_a_site_has_without_a_word(tmp_path):
    job = plan_job(load_site(site_file(tmp_path)), MEMATT, PlanSettings())
    assert has_room_for_pockets(job)
    narrower = plan_job(load_site(site_file(tmp_path, overrun_m=1.8)), MEMATT, PlanSettings())
    assert not has_room_for_pockets(narrower)


def test_rows_along_closed_edges_are_entered_and_not_cut_into_stubs(tmp_path):
    path = site_file(tmp_path, BLOCK, BELOW)
    plan, report = planned(path, tmp_path / "plan", MEMATT)
    assert report.complaints() == []
    assert furthest_m(plan, load_site(path)) <= 2.0
    assert short_passes(plan) == 0


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
    assert [job.opening for job in made] == [WITHOUT_POCKETS]
    assert hashes[0] == hashes[1]


@settings(max_examples=examples(8))
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
    """A whole plan with its cost; `cut_short`: the limit ended it."""

    def __init__(self, ground, cost_s, cut_short):
        self.ground, self.cost_s, self.cut_short = ground, cost_s, cut_short
        self.direction_rad, self.cells = 0.3, ()


@settings(max_examples=60)
@given(made=st.lists(st.tuples(st.floats(100.0, 200.0), st.booleans(), st.booleans()), min_size=5, max_size=5))
def test_what_is_kept_beside_the_first_is_never_cut_short_and_one_is_without_pockets(tmp_path_factory, made):
    site = load_site(site_file(tmp_path_factory.mktemp("field")))
    ground = first_model(plan_job(site, BENCH, PlanSettings()))
    asked: list[Opening] = []

    def tried(opened, _directions, _cells, most_s):
        asked.append(opened.job.opening)
        cost_s, cut_short, given_up = made[len(asked) - 1]
        return [] if given_up and math.isfinite(most_s) else [Tried(opened, cost_s, cut_short)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planner_room, "_attempt", tried)
        patch.setattr(planner_room, "is_good", lambda _: False)
        kept = cast("list[Any]", attempts_with_pockets(ground, [0.0, 0.1, 0.2]))
    assert [opening.pockets for opening in asked] == [True] * (len(asked) - 1) + [False]
    assert len(asked) > 2
    assert not any(one.cut_short for one in kept[1:])
    whole = [cost_s for cost_s, cut_short, given_up in made[1 : len(asked)] if not cut_short and not given_up]
    assert min(one.cost_s for one in kept) == min([made[0][0], *whole])


def test_with_little_left_of_the_limit_no_further_attempt_is_made(tmp_path, monkeypatch):
    site, asked = load_site(site_file(tmp_path)), []
    limit = WorkLimit(1000.0)
    ground = first_model(plan_job(site, BENCH, PlanSettings(), limit))

    def tried(opened, *_):
        asked.append(opened.job.opening)
        limit.tell(Work.VIEWS, round(700.0 / SECONDS[Work.VIEWS]))
        return [Tried(opened, 100.0, False)]

    monkeypatch.setattr(planner_room, "_attempt", tried)
    assert len(attempts_with_pockets(ground, [0.0, 0.1, 0.2])) == len(asked) == 1


def test_a_machine_that_stands_in_a_pocket_finds_a_way_out_and_goes_on_working(tmp_path):
    """Wherever it turns beside a closed edge, it stands half turned, so that its own axis leads nowhere."""
    site = load_site(site_file(tmp_path, BLOCK, BELOW))
    plan = plan_site(site, MEMATT)
    edge = shapely.difference(site.work_area.exterior, shapely.buffer(site.safe_ground, 5.0))
    turns = [one for one in plan.segments if one.kind is SegmentKind.TURN and abs(one.turn_rad) > 1.0]
    beside = [one for one in turns if shapely.distance(edge, shapely.Point(one.points_m[0])) < 1.0]
    assert beside
    for turn in beside[:: max(1, len(beside) // 3)]:
        corners = sweep_corners(plan.segments[: turn.seq], MEMATT.tool_width_m, MEMATT.tool_ahead_m)
        swept = polygons(shapely.union_all(shapely.polygons(corners)))
        east_m, north_m = turn.points_m[0]
        pose = StartPose(east_m=east_m, north_m=north_m, yaw_rad=turn.yaw_start_rad + 0.5 * turn.turn_rad)
        there = shapely.point_on_surface(site.safe_ground)
        goal = Goal(name="parking", east_m=there.x, north_m=there.y)
        request = WayRequest(site_hash=site.site_hash, swept=swept, pose=pose, goals=(goal,))
        check_moves(way_plan(site, MEMATT, PlanSettings(), request), site, united(swept), MEMATT)
        left = polygons(shapely.difference(site.work_area, united(swept)))
        rest = ReplanRequest(
            request_id=1, plan_hash=plan.plan_hash, site_hash=site.site_hash, missed=left, swept=swept, pose=pose
        )
        further = replan(site, MEMATT, PlanSettings(), rest).plan
        assert sum(row.area_m2 for row in further.untreatable if row.reason is UntreatableReason.NO_APPROACH) < 5.0
