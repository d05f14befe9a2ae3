"""A plan that only drives: whatever moment it begins at, the tracks keep to ground that is safe or was swept before."""

import math
import random
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from shapely import affinity

from tests.marks import examples
from tests.planning.coverage.support import BENCH, document, feature, ring_lonlat, saved
from vehicle.config.load import load_machine
from vehicle.config.vehicle import footprint
from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.plan import MachineFootprint, Plan, Segment, SegmentKind
from vehicle.planning.coverage.certificate import rings_of, sweep_corners
from vehicle.planning.coverage.closing import check_certificate, plan_hash_of
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import Goal, PlanSettings, StartPose
from vehicle.planning.coverage.way_plan import WayRequest, way_plan
from vehicle.planning.site.site import Site, load_site
from vehicle.polygons.boundary import area_of

FIELD = [(-28, -17), (31, -15), (27, 22), (-30, 19)]
POST = [(3, 2), (5, 2.4), (4.6, 4.5), (2.7, 4.1)]
STRIP = [(-28, -17), (-28, -25), (31, -23), (31, -15)]
BAY = [(10, -20), (10, -36), (12.6, -36), (12.6, -20)]
"""A narrow bay south of the safe strip: the machine can drive in, and cannot turn there."""
WISHES = PlanSettings(overlap_m=0.2)
MEMATT, DEEP = footprint(load_machine("memat")), PlanSettings(required_depth_m=0.15)
PARKING = Goal(name="parking", east_m=-24.0, north_m=-21.0)
IN_BAY = Goal(name="the bay", east_m=11.3, north_m=-31.0, yaw_rad=-0.5 * math.pi)
AT_ORIGIN = LocalFrame(39.99, 46.93)
STEP_M, STEP_RAD = 0.1, math.radians(2.0)
JOINT_M = 0.13
"""A path may begin this far beside the machine: the error of position, and what it stands off its own path."""


@cache
def planned(outside: str, folder: Path) -> tuple[Site, Plan]:
    text = document(
        feature("work_area", ring_lonlat(FIELD)),
        feature("keep_out", ring_lonlat(POST)),
        feature("safe_ground", ring_lonlat(STRIP)),
        feature("safe_ground", ring_lonlat(BAY)),
        outside=outside,
    )
    site = load_site(saved(folder, text, f"{outside}.geojson"), datum=AT_ORIGIN)
    return site, plan_site(site, BENCH, WISHES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("way")


def polygons(shape):
    parts = shapely.get_parts(shape)
    return tuple(rings_of(part) for part in parts if part.geom_type == "Polygon" and part.area > 1e-4)


def at_moment(
    plan: Plan, share: float, machine: MachineFootprint = BENCH, off_m: float = 0.0, late_m: float = 0.0
) -> tuple[shapely.Geometry, StartPose]:
    """(swept so far, pose) after this share of the segments' ways; turns count as a metre.

    `off_m`: swaths lie this far beside their lines, every second one on the other side. `late_m`: how far behind its
    lowering the tool is proven to sweep.
    """
    ways_m = [max(1.0, math.dist(s.points_m[0], s.points_m[-1])) for s in plan.segments]
    left_m = share * sum(ways_m)
    done = []
    for segment, way_m in zip(plan.segments, ways_m, strict=True):
        if left_m < way_m:
            break
        left_m -= way_m
        done.append(segment)
    else:
        segment, way_m, left_m = plan.segments[-1], 1.0, 1.0
    part = left_m / way_m
    (x0, y0), (x1, y1) = segment.points_m[0], segment.points_m[-1]
    here = (x0 + part * (x1 - x0), y0 + part * (y1 - y0))
    yaw = segment.yaw_start_rad + (part * segment.turn_rad if segment.kind is SegmentKind.TURN else 0.0)
    done.append(msgspec.structs.replace(segment, points_m=(segment.points_m[0], here)))
    done = [beside(segment, off_m if segment.swath_id % 2 else -off_m) for segment in done]
    done = [begun(segment, late_m) for segment in done]
    corners = sweep_corners(tuple(done), machine.tool_width_m, machine.tool_ahead_m)
    return shapely.union_all(shapely.polygons(corners)), StartPose(east_m=here[0], north_m=here[1], yaw_rad=yaw)


def begun(segment: Segment, late_m: float) -> Segment:
    """A segment that begins so much later, or ends where it begins."""
    (x0, y0), (x1, y1) = segment.points_m[0], segment.points_m[-1]
    way_m = math.dist((x0, y0), (x1, y1))
    part = min(1.0, late_m / way_m) if way_m > 0.0 and segment.tool_down else 0.0
    first = (x0 + part * (x1 - x0), y0 + part * (y1 - y0))
    return msgspec.structs.replace(segment, points_m=(first, *segment.points_m[1:]))


def beside(segment: Segment, off_m: float) -> Segment:
    """A segment that was driven this far to the left of its line."""
    east_m, north_m = -off_m * math.sin(segment.yaw_start_rad), off_m * math.cos(segment.yaw_start_rad)
    points = tuple((east + east_m, north + north_m) for east, north in segment.points_m)
    return msgspec.structs.replace(segment, points_m=points)


def poses(plan: Plan):
    """Poses (east, north, yaw) along a plan of moves."""
    for segment in plan.segments:
        (x0, y0), (x1, y1) = segment.points_m[0], segment.points_m[-1]
        way_m = math.dist((x0, y0), (x1, y1))
        for part in np.linspace(0.0, 1.0, 2 + int(max(way_m / STEP_M, abs(segment.turn_rad) / STEP_RAD))):
            yaw = segment.yaw_start_rad + part * segment.turn_rad
            yield x0 + part * (x1 - x0), y0 + part * (y1 - y0), yaw


def box_at(pose, rear_m: float, front_m: float, half_m: float) -> shapely.Polygon:
    east, north, yaw = pose
    cos, sin = math.cos(yaw), math.sin(yaw)
    corners = [(-rear_m, -half_m), (front_m, -half_m), (front_m, half_m), (-rear_m, half_m)]
    return shapely.Polygon([(east + cos * a - sin * b, north + sin * a + cos * b) for a, b in corners])


def check_moves(
    plan: Plan, site: Site, swept: shapely.Geometry, machine: MachineFootprint = BENCH, *, slack_m: float = 1e-3
) -> None:
    """Nothing but moves, in one piece, on ground that bears; raised tool too; no part over a keep-out."""
    bears = shapely.union_all([site.safe_ground, swept])
    if site.outside == "safe":
        bears = shapely.union(bears, shapely.difference(shapely.box(-500, -500, 500, 500), site.work_area))
    bears = shapely.buffer(bears, slack_m)
    half_m, long_m = 0.5 * machine.track_outer_width_m, 0.5 * machine.track_length_m
    assert all(segment.kind is not SegmentKind.SWATH and not segment.tool_down for segment in plan.segments)
    assert [segment.seq for segment in plan.segments] == list(range(len(plan.segments)))
    under = [box_at(pose, long_m, long_m, half_m) for pose in poses(plan)]
    left_m2 = [shapely.difference(one, bears).area for one in under]
    assert max(left_m2) < 1e-6, f"{max(left_m2)} m2 of the tracks on unproven ground"
    whole = [box_at(p, machine.body_rear_m, machine.tool_ahead_m, 0.5 * machine.tool_width_m) for p in poses(plan)]
    assert not any(shapely.intersects(one, site.keep_out) for one in whole)
    joints = zip(plan.segments, plan.segments[1:], strict=False)
    assert all(math.dist(a.points_m[-1], b.points_m[0]) < JOINT_M for a, b in joints)


def asked(site: Site, swept: shapely.Geometry, pose: StartPose, *goals: Goal, error_m: float = 0.0) -> WayRequest:
    return WayRequest(site_hash=site.site_hash, swept=polygons(swept), pose=pose, goals=goals, error_m=error_m)


def check_out_and_back(folder: Path, outside: str, share: float, goal: Goal, error_m: float) -> None:
    site, plan = planned(outside, folder)
    swept, pose = at_moment(plan, share)
    there = way_plan(site, BENCH, WISHES, asked(site, swept, pose, goal, error_m=error_m))
    check_moves(there, site, swept)
    last = there.segments[-1]
    assert math.dist(last.points_m[-1], (goal.east_m, goal.north_m)) < 0.01
    yaw = last.yaw_end_rad
    assert goal.yaw_rad is None or abs(math.remainder(yaw - goal.yaw_rad, 2.0 * math.pi)) < 1e-6
    check_certificate(there)
    assert plan_hash_of(there) == there.plan_hash
    stands = StartPose(east_m=last.points_m[-1][0], north_m=last.points_m[-1][1], yaw_rad=yaw)
    work = Goal(name="the work", east_m=pose.east_m, north_m=pose.north_m, yaw_rad=pose.yaw_rad)
    back = way_plan(site, BENCH, WISHES, asked(site, swept, stands, work, error_m=error_m))
    check_moves(back, site, swept)
    assert math.dist(back.segments[-1].points_m[-1], (pose.east_m, pose.north_m)) < JOINT_M


@pytest.mark.long
@pytest.mark.parametrize("outside", ["safe", "unknown"])
@pytest.mark.parametrize("goal", [PARKING, IN_BAY], ids=["ground", "bay"])
def test_out_to_the_parking_and_back(folder: Path, outside: str, goal: Goal) -> None:
    check_out_and_back(folder, outside, 0.52, goal, 0.0)


@pytest.mark.long
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(share=0.9375, outside="unknown", goal=PARKING, error_m=0.064)  # less the error, no disc fits its pocket
@example(share=0.1063, outside="unknown", goal=PARKING, error_m=0.0)  # free ground that closed ground encloses
@example(share=0.2375, outside="unknown", goal=PARKING, error_m=0.0)
@given(
    share=st.floats(0.0, 1.0),
    outside=st.sampled_from(("safe", "unknown")),
    goal=st.sampled_from((PARKING, IN_BAY)),
    error_m=st.sampled_from((0.0, 0.064)),
)
def test_from_any_moment_of_a_plan(folder: Path, share: float, outside: str, goal: Goal, error_m: float) -> None:
    check_out_and_back(folder, outside, share, goal, error_m)


@cache
def planned_memat(seed: int, folder: Path) -> tuple[Site, Plan]:
    """A site with arms at random angles, unknown ground outside, and the plan of a large machine for it."""
    rng = random.Random(seed)
    long_m, wide_m, turn = rng.uniform(30.0, 55.0), rng.uniform(14.0, 24.0), rng.uniform(0.4, 2.4)
    block = shapely.box(0.0, 0.0, long_m, wide_m)
    arm = shapely.box(0.0, 0.0, rng.uniform(20.0, 45.0), rng.uniform(8.0, 14.0))
    arm = affinity.translate(affinity.rotate(arm, turn, (0.0, 0.0), use_radians=True), 0.4 * long_m, wide_m - 4.0)
    shell = shapely.get_coordinates(shapely.union(block, arm).exterior)[:-1].tolist()
    strip = [(0.0, 0.0), (0.0, -9.0), (long_m, -9.0), (long_m, 0.0)]
    rows = (feature("work_area", ring_lonlat(shell)), feature("safe_ground", ring_lonlat(strip)))
    site = load_site(saved(folder, document(*rows, outside="unknown"), f"arm{seed}.geojson"), datum=AT_ORIGIN)
    return site, plan_site(site, MEMATT, DEEP)


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 5), share=st.floats(0.0, 1.0), error_m=st.sampled_from((0.0, 0.064)), off_m=st.floats(0.0, 0.02)
)
def test_from_any_moment_of_a_plan_in_a_field_with_an_arm(
    folder: Path, seed: int, share: float, error_m: float, off_m: float
) -> None:
    """Swaths beside their lines by up to `off_m`, as they are driven: the record of a mission is no plan."""
    site, plan = planned_memat(seed, folder)
    swept, pose = at_moment(plan, share, MEMATT, off_m)
    centre = shapely.point_on_surface(site.safe_ground)
    goal = Goal(name="parking", east_m=centre.x, north_m=centre.y)
    there = way_plan(site, MEMATT, DEEP, asked(site, swept, pose, goal, error_m=error_m))
    check_moves(there, site, swept, MEMATT, slack_m=1e-3 + off_m)
    assert math.dist(there.segments[-1].points_m[-1], (goal.east_m, goal.north_m)) < 0.01


@cache
def planned_from_one_side(folder: Path) -> tuple[Site, Plan]:
    """A small field with a pole, unknown ground outside but for a strip at its west side: swaths begin there askew."""
    rows = (
        feature("work_area", ring_lonlat([(-1, 3.3), (9, 3.3), (9, 9.3), (-1, 9.3)])),
        feature("keep_out", ring_lonlat([(5, 6.3), (5.5, 6.3), (5.5, 6.8), (5, 6.8)])),
        feature("safe_ground", ring_lonlat([(-13, -26.7), (-1, -26.7), (-1, 9.3), (-13, 9.3)])),
    )
    site = load_site(saved(folder, document(*rows, outside="unknown"), "one_side.geojson"), datum=AT_ORIGIN)
    askew = PlanSettings(required_depth_m=0.15, direction_rad=0.262)
    return site, plan_site(site, MEMATT, askew)


@pytest.mark.long
@pytest.mark.parametrize(("late_m", "off_m"), [(0.0, 0.0), (0.15, 0.0), (0.15, 0.01)])
def test_from_swaths_in_which_the_tool_is_proven_a_little_late(folder: Path, late_m: float, off_m: float) -> None:
    """As in a drive: the first centimetres after lowering do not count as swept."""
    site, plan = planned_from_one_side(folder)
    goal = Goal(name="parking", east_m=-7.0, north_m=-21.7)
    for share in np.linspace(0.02, 0.98, 33).tolist():
        swept, pose = at_moment(plan, share, MEMATT, off_m, late_m)
        there = way_plan(site, MEMATT, DEEP, asked(site, swept, pose, goal, error_m=0.064))
        check_moves(there, site, swept, MEMATT, slack_m=0.06 + off_m)


@pytest.mark.long
def test_a_nick_in_the_rim_of_its_own_strip_keeps_no_machine_in_it(folder: Path) -> None:
    """Under the edge of a track, less deep than the vehicle's own watch allows; a deeper one bars the way."""
    site, plan = planned_from_one_side(folder)
    goal, half_m = Goal(name="parking", east_m=-7.0, north_m=-21.7), 0.5 * MEMATT.track_outer_width_m
    barred = 0
    for share in np.linspace(0.02, 0.6, 30).tolist():
        swept, pose = at_moment(plan, share, MEMATT)
        beside = (-math.sin(pose.yaw_rad) * half_m, math.cos(pose.yaw_rad) * half_m)
        edge = shapely.Point(pose.east_m + beside[0], pose.north_m + beside[1])
        small, deep = (
            asked(site, shapely.difference(swept, edge.buffer(nick_m)), pose, goal) for nick_m in (0.04, 0.3)
        )
        try:
            way_plan(site, MEMATT, DEEP, deep)
        except InputError:
            barred += 1
            check_moves(way_plan(site, MEMATT, DEEP, small), site, swept, MEMATT)
    assert barred > 0


@pytest.mark.long
def test_where_there_is_no_way_nothing_is_planned(folder: Path) -> None:
    site, plan = planned("unknown", folder)
    swept, pose = at_moment(plan, 0.31)
    island = Goal(name="parking", east_m=60.0, north_m=40.0)
    with pytest.raises(InputError, match=r"no way over safe or swept ground from .* to parking; the machine stays"):
        way_plan(site, BENCH, WISHES, asked(site, swept, pose, island))
    for yaw_rad in (None, 0.0):  # the bay has no room to turn, and none across
        narrow = msgspec.structs.replace(IN_BAY, yaw_rad=yaw_rad)
        with pytest.raises(InputError, match="to the bay"):
            way_plan(site, BENCH, WISHES, asked(site, swept, pose, narrow))
    stands = StartPose(east_m=PARKING.east_m, north_m=PARKING.north_m, yaw_rad=1.0)
    with pytest.raises(InputError, match="stands there already"):
        way_plan(site, BENCH, WISHES, asked(site, swept, stands, PARKING))
    with pytest.raises(InputError, match="was made for site"):
        way_plan(site, BENCH, WISHES, msgspec.structs.replace(asked(site, swept, pose, PARKING), site_hash="other"))


@pytest.mark.long
def test_ground_that_was_not_swept_is_driven_round(folder: Path) -> None:
    """The straight line to the parking lies across ground to be worked; a crater in the way is driven round too."""
    site, plan = planned("unknown", folder)
    swept, pose = at_moment(plan, 0.65)
    free = way_plan(site, BENCH, WISHES, asked(site, swept, pose, PARKING))
    on_it = shapely.Point(free.segments[-1].points_m[0]).buffer(1.0)
    if shapely.distance(on_it, shapely.Point(PARKING.east_m, PARKING.north_m)) < 4.0:
        on_it = shapely.LineString(free.segments[-1].points_m).interpolate(0.5, normalized=True).buffer(1.0)
    request = msgspec.structs.replace(asked(site, swept, pose, PARKING), craters=polygons(on_it))
    round_it = way_plan(site, BENCH, WISHES, request)
    check_moves(round_it, site, swept)
    assert not any(shapely.intersects(box_at(p, 1.2, 2.0, 1.0), on_it) for p in poses(round_it))
    assert any(shapely.intersects(box_at(p, 1.2, 2.0, 1.0), on_it) for p in poses(free))
    kept_m2 = area_of(round_it.keep_out_m).area - area_of(free.keep_out_m).area
    assert kept_m2 == pytest.approx(on_it.area, abs=1e-3)
