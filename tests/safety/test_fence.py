"""The fence against an independent geometry library."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.affinity import rotate, translate
from shapely.geometry import Point, Polygon, box

from tests.builders import estimate
from tests.safety.moments import CONFIG, configured
from vehicle.config import VehicleConfig
from vehicle.geometry import edges_of
from vehicle.messages import DriveRequest, Estimate
from vehicle.safety import fence

MACHINE = CONFIG.machine
FRONT = max(MACHINE.body.front_m, MACHINE.tool.ahead_m + MACHINE.tool.length_m / 2.0)
HALF = max(MACHINE.body.width_m, MACHINE.tool.width_m, MACHINE.tracks.outer_width_m) / 2.0
FIELD = ((-30.0, -20.0), (30.0, -25.0), (35.0, 22.0), (2.0, 8.0), (-28.0, 24.0))
HOLE = ((5.0, -10.0), (12.0, -9.0), (11.0, -2.0))
EDGES = edges_of((FIELD, HOLE))
GROUND = Polygon(FIELD, [HOLE])


def out_of(edges: np.ndarray, belief: Estimate, config: VehicleConfig) -> bool:
    return fence.leaves(fence.room(edges, belief, config), belief.speed_mps, config)


def footprint(east: float, north: float, yaw: float, speed: float, sigma: float) -> Polygon:
    way = fence.stopping_m(speed, CONFIG)
    grown = 3.0 * sigma
    shape = box(
        -MACHINE.body.rear_m - grown + min(0.0, way), -HALF - grown, FRONT + grown + max(0.0, way), HALF + grown
    )
    return translate(rotate(shape, yaw, origin=(0, 0), use_radians=True), east, north)


def test_edges_close_every_ring() -> None:
    assert EDGES.shape == (8, 4)
    assert {(row[0], row[1]) for row in EDGES.tolist()} == set(FIELD) | set(HOLE)
    assert {(row[2], row[3]) for row in EDGES.tolist()} == set(FIELD) | set(HOLE)
    assert [tuple(row[2:]) for row in EDGES.tolist()] == [*FIELD, *HOLE]


def test_the_stopping_distance_is_reaction_and_ramp_of_either_sign() -> None:
    decel = MACHINE.tracks.decel_mps2
    assert fence.stopping_m(1.2, CONFIG) == pytest.approx(0.6 + 1.44 / (2 * decel))
    assert fence.stopping_m(-1.2, CONFIG) == pytest.approx(-0.6 - 1.44 / (2 * decel))
    assert fence.stopping_m(0.0, CONFIG) == 0.0


@given(
    east=st.floats(-40, 40),
    north=st.floats(-30, 30),
    yaw=st.floats(-3.1, 3.1),
    speed=st.floats(-2, 2.5),
    sigma=st.floats(0.0, 0.2),
)
def test_row_101_as_shapely_says(east: float, north: float, yaw: float, speed: float, sigma: float) -> None:
    shape = footprint(east, north, yaw, speed, sigma)
    inside = GROUND.contains(shape)
    clear = shape.distance(GROUND.boundary) > 1e-6 and (inside or not shape.intersects(GROUND.boundary))
    if not clear and abs(shape.intersection(GROUND.boundary).length) < 1e-6:
        return  # a hair's breadth: either answer is right
    belief = estimate(east, north, yaw, speed_mps=speed, tool_sigma_m=sigma)
    assert out_of(EDGES, belief, CONFIG) is not inside


@pytest.mark.parametrize("turn_deg", [0.0, 17.0, 90.0, 211.0])
def test_row_101_the_place_where_it_says_so_is_the_stopping_distance_before_the_fence(turn_deg: float) -> None:
    turn = math.radians(turn_deg)
    square = [
        (math.cos(a + turn) * 40, math.sin(a + turn) * 40)
        for a in (0.7, 0.7 + math.pi / 2, 0.7 + math.pi, 0.7 - math.pi / 2)
    ]
    edges = edges_of((tuple(square),))
    yaw = 0.7 + math.pi / 4 + turn
    reach = 40.0 / math.sqrt(2.0)
    limit = reach - FRONT - fence.stopping_m(1.5, CONFIG) - 0.6
    for way, out in ((limit - 0.005, False), (limit + 0.005, True)):
        belief = estimate(way * math.cos(yaw), way * math.sin(yaw), yaw, speed_mps=1.5, tool_sigma_m=0.2)
        assert out_of(edges, belief, CONFIG) is out
    back = reach - MACHINE.body.rear_m + fence.stopping_m(-1.5, CONFIG) - 0.6
    for way, out in ((back - 0.005, False), (back + 0.005, True)):
        belief = estimate(-way * math.cos(yaw), -way * math.sin(yaw), yaw, speed_mps=-1.5, tool_sigma_m=0.2)
        assert out_of(edges, belief, CONFIG) is out
    side = reach - HALF - 0.6
    for way, out in ((side - 0.005, False), (side + 0.005, True)):
        belief = estimate(way * math.sin(yaw), -way * math.cos(yaw), yaw, speed_mps=1.5, tool_sigma_m=0.2)
        assert out_of(edges, belief, CONFIG) is out


@given(east=st.floats(-30, 35), north=st.floats(-25, 24), yaw=st.floats(-3.1, 3.1), sigma=st.floats(0.0, 0.1))
def test_row_101_the_room_is_the_way_until_shapely_sees_a_boundary_touched(
    east: float, north: float, yaw: float, sigma: float
) -> None:
    left = fence.room(EDGES, estimate(east, north, yaw, tool_sigma_m=sigma), CONFIG)
    if not GROUND.contains(footprint(east, north, yaw, 0.0, sigma)):
        assert max(left.ahead_m, left.behind_m) < 1e-6
        return
    for free_m, sign in ((left.ahead_m, 1.0), (left.behind_m, -1.0)):
        for share, inside in ((0.999, True), (1.001, False)):
            way = sign * share * min(free_m, 99.0)
            shape = footprint(east + way * math.cos(yaw), north + way * math.sin(yaw), yaw, 0.0, sigma)
            swept = shape.union(footprint(east, north, yaw, 0.0, sigma)).convex_hull
            if free_m > 1e-3:
                assert GROUND.contains(swept) is inside


@pytest.mark.parametrize("speed", [1.2, -1.2])
def test_row_101_who_would_stand_on_the_boundary_has_left_already(speed: float) -> None:
    way_m = abs(fence.stopping_m(speed, CONFIG))
    for room_m, out in ((way_m - 1e-9, True), (way_m, True), (way_m + 1e-9, False)):
        left = fence.Room(room_m, math.inf) if speed > 0.0 else fence.Room(math.inf, room_m)
        assert fence.leaves(left, speed, CONFIG) is out
    assert not fence.leaves(fence.Room(1e-9, 1e-9), 0.0, CONFIG)
    assert fence.leaves(fence.NONE_LEFT, 0.0, CONFIG)
    assert fence.leaves(fence.NONE_LEFT, speed, CONFIG)


@given(free=st.floats(0.0, 20.0), speed=st.floats(-3.0, 3.0), yaw_rate=st.floats(-0.5, 0.5))
def test_row_101_what_is_let_through_stops_inside_or_creeps(free: float, speed: float, yaw_rate: float) -> None:
    left = fence.Room(free, math.inf) if speed > 0.0 else fence.Room(math.inf, free)
    wanted = DriveRequest(speed_mps=speed, yaw_rate_radps=yaw_rate)
    drive = fence.slowed(left, wanted, CONFIG)
    way_m = abs(fence.stopping_m(drive.speed_mps, CONFIG)) + abs(drive.speed_mps) * 0.1
    assert way_m <= free + 1e-9 or abs(drive.speed_mps) <= 0.05 + 1e-9
    if drive != wanted:
        assert way_m == pytest.approx(free) or abs(drive.speed_mps) == pytest.approx(0.05)
        assert drive.yaw_rate_radps / drive.speed_mps == pytest.approx(yaw_rate / speed)


def test_row_101_a_boundary_behind_does_not_slow_the_way_ahead() -> None:
    ahead, back = DriveRequest(speed_mps=0.9), DriveRequest(speed_mps=-0.9)
    assert fence.slowed(fence.Room(math.inf, 0.2), ahead, CONFIG) == ahead
    assert fence.slowed(fence.Room(0.2, math.inf), back, CONFIG) == back
    assert abs(fence.slowed(fence.Room(math.inf, 0.2), back, CONFIG).speed_mps) < 0.35
    turn = DriveRequest(yaw_rate_radps=0.2)
    assert fence.slowed(fence.Room(0.1, 0.1), turn, CONFIG) == turn


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_row_101_before_the_fence_it_creeps_and_half_a_metre_off_it_is_slow(sign: float) -> None:
    fast = DriveRequest(speed_mps=sign * 2.0, yaw_rate_radps=0.4)
    creep = fence.slowed(fence.Room(0.0, 0.0), fast, CONFIG)
    assert (creep.speed_mps, creep.yaw_rate_radps) == (pytest.approx(sign * 0.05), pytest.approx(0.01))
    slow = abs(fence.slowed(fence.Room(0.5, 0.5), fast, CONFIG).speed_mps)
    assert slow * (0.5 + 0.1) + slow * slow / (2.0 * MACHINE.tracks.decel_mps2) == pytest.approx(0.5)


# --- exact places: no turn, no sigma, numbers that binary fractions hold ---------------------------------------------
BLUNT = configured("tool", ahead_m=1.0, length_m=0.5, width_m=2.0)
BLUNT = BLUNT.model_copy(
    update={
        "machine": BLUNT.machine.model_copy(
            update={
                "body": BLUNT.machine.body.model_copy(update={"front_m": 1.0, "rear_m": 1.5, "width_m": 1.5}),
                "tracks": BLUNT.machine.tracks.model_copy(update={"outer_width_m": 1.0}),
            }
        )
    }
)
"""A footprint from 1.5 m behind to 1.25 m ahead, a metre to either side."""
AROUND = ((-64.0, -64.0), (64.0, -64.0), (64.0, 64.0), (-64.0, 64.0))


def room_beside(*keep_out: tuple[float, float]) -> tuple[float, float]:
    found = fence.room(edges_of((AROUND, keep_out)), estimate(0.0, 0.0, 0.0, tool_sigma_m=0.0), BLUNT)
    return found.ahead_m, found.behind_m


def test_row_101_room_is_counted_from_the_footprint() -> None:
    assert room_beside((5.0, -3.0), (6.0, -3.0), (6.0, 3.0), (5.0, 3.0)) == (3.75, 62.5)
    assert room_beside((-5.0, -3.0), (-6.0, -3.0), (-6.0, 3.0), (-5.0, 3.0)) == (62.75, 3.5)


@pytest.mark.parametrize("turned", [False, True])
def test_row_101_a_corner_that_reaches_into_the_way_counts_from_where_it_comes_in(turned: bool) -> None:
    """The long side comes into the way with its last hundredth, and recedes: its corner is further off than that."""
    ring = ((10.0, 10.9), (12.0, 0.9), (14.0, 10.9))
    for side in (1.0, -1.0):
        corner = tuple((east, side * north) for east, north in (reversed(ring) if turned else ring))
        assert room_beside(*corner) == (pytest.approx(11.98 - 1.25), 62.5)
        assert room_beside(*((-east, north) for east, north in corner)) == (62.75, pytest.approx(11.98 - 1.5))


def test_row_101_a_touch_leaves_no_room_either_way() -> None:
    assert room_beside((1.25, -3.0), (6.0, -3.0), (6.0, 3.0), (1.25, 3.0)) == (0.0, 0.0)
    assert room_beside((-1.5, -3.0), (-6.0, -3.0), (-6.0, 3.0), (-1.5, 3.0)) == (0.0, 0.0)
    assert room_beside((0.25, 1.0), (1.0, 3.0), (-0.5, 3.0)) == (0.0, 0.0)
    assert room_beside((0.25, -1.0), (1.0, -3.0), (-0.5, -3.0)) == (0.0, 0.0)


def test_row_101_a_hair_off_is_no_touch() -> None:
    hair = 2.0**-40
    assert room_beside((0.25, 1.0 + hair), (1.0, 3.0), (-0.5, 3.0)) == (62.75, 62.5)
    assert room_beside((1.25 + hair, -3.0), (6.0, -3.0), (6.0, 3.0), (1.25 + hair, 3.0)) == (hair, 62.5)


def test_a_corner_straight_ahead_is_one_crossing() -> None:
    diamond = edges_of((((5.0, 0.0), (0.0, 5.0), (-5.0, 0.0), (0.0, -5.0)),))
    assert fence.room(diamond, estimate(0.0, 0.0, 0.0, tool_sigma_m=0.0), BLUNT).ahead_m == 4.0 - 1.25
    assert fence.room(diamond, estimate(-8.0, 0.0, 0.0), BLUNT) == fence.NONE_LEFT


def test_a_long_tool_reaches_half_its_length_beyond_its_axis() -> None:
    long = configured("tool", length_m=1.6)
    reach = 30.0 - long.machine.tool.ahead_m - 0.8 - 0.06
    square = edges_of((((-30.0, -30.0), (30.0, -30.0), (30.0, 30.0), (-30.0, 30.0)),))
    for east, out in ((reach - 0.005, False), (reach + 0.005, True)):
        assert out_of(square, estimate(east, 0.0, 0.0, tool_sigma_m=0.02), long) is out


def test_a_keep_out_smaller_than_the_machine_is_seen() -> None:
    pin = ((0.3, 0.3), (0.4, 0.3), (0.35, 0.4))
    edges = edges_of((FIELD, pin))
    assert out_of(edges, estimate(0.0, 0.0, 0.3), CONFIG)
    assert not out_of(edges, estimate(-9.0, -9.0, 0.3), CONFIG)


def depth(east: float, north: float) -> float:
    point = Point(east, north)
    distance = float(point.distance(GROUND.boundary))
    return distance if GROUND.contains(point) else -distance


@pytest.mark.parametrize("share", [-0.004, 0.004, 0.5, 0.996, 1.004])
def test_the_depth_beside_an_edge_and_round_its_ends_is_shapelys(share: float) -> None:
    for east, north, to_east, to_north in EDGES.tolist():
        length = math.hypot(to_east - east, to_north - north)
        for off_m in (-0.05, 0.05, 0.7):
            x = east + share * (to_east - east) - off_m * (to_north - north) / length
            y = north + share * (to_north - north) + off_m * (to_east - east) / length
            found = fence._nearest_m(*fence._body_frame(EDGES, fence.Pose(x, y, 0.4)))
            assert found == pytest.approx(abs(depth(x, y)), abs=1e-9)


def over(east: float, north: float, yaw: float, grown: float = 0.0) -> float:
    return fence.over_m(EDGES, fence.Pose(east, north, yaw), CONFIG, grown)


@given(
    east=st.floats(-32, 37),
    north=st.floats(-27, 26),
    yaw=st.floats(-3.1, 3.1),
    grown=st.sampled_from([0.0, 0.06, 0.3]),
)
def test_row_102_how_far_over_is_what_shapely_has_to_cut_off_the_footprint(
    east: float, north: float, yaw: float, grown: float
) -> None:
    shape = footprint(east, north, yaw, 0.0, grown / 3.0)
    over_m = over(east, north, yaw, grown)
    if not GROUND.contains(Point(east, north)):
        edge_m = Point(east, north).distance(GROUND.boundary)
        rear, front, half = MACHINE.body.rear_m, FRONT, HALF
        assert over_m == pytest.approx(rear + front + half + 3.0 * grown + edge_m)
        return
    if over_m == 0.0:
        assert shape.buffer(-1e-6).disjoint(GROUND.boundary)
        return
    # drawn in by so much on every side, it just touches
    for share, touches in ((0.999, True), (1.001, False)):
        inner = footprint(east, north, yaw, 0.0, (grown - share * over_m) / 3.0)
        if 1e-3 < over_m < HALF + grown - 0.01:
            assert inner.intersects(GROUND.boundary) is touches


@pytest.mark.parametrize("share", [0.4, 0.97, 0.99, 1.01, 1.03])
def test_row_102_the_deepest_place_of_an_edge_is_found_near_its_end_and_never_beyond(share: float) -> None:
    """Along the edge the depth grows by its way ahead to 2/3 m, then falls by its way aside."""
    run = (2.0 / 3.0 + 1.0) / share
    end = (2.25 - run, 3.0 - 2.0 * run)
    deepest = 2.0 / 3.0 if share <= 1.0 else run - 1.0
    for ring in (((2.25, 3.0), end, (30.0, end[1])), (end, (2.25, 3.0), (30.0, end[1]))):
        for side in (1.0, -1.0):
            edges = edges_of((AROUND, tuple((east, side * north) for east, north in ring)))
            assert fence.over_m(edges, fence.Pose(0.0, 0.0, 0.0), BLUNT) == pytest.approx(deepest, abs=1e-9)


@given(east=st.floats(-30, 35), north=st.floats(-25, 24), yaw=st.floats(-3.1, 3.1), turn=st.floats(-3.1, 3.1))
def test_row_101_where_there_is_room_to_turn_no_turn_touches(
    east: float, north: float, yaw: float, turn: float
) -> None:
    left = fence.room(EDGES, estimate(east, north, yaw, tool_sigma_m=0.0), CONFIG)
    if left.turns:
        assert GROUND.contains(footprint(east, north, yaw + turn, 0.0, 0.0))
    elif GROUND.contains(Point(east, north)):
        reach = math.hypot(max(FRONT, MACHINE.body.rear_m), HALF)
        assert Point(east, north).distance(GROUND.boundary) <= reach + 1e-9


WALL = edges_of((((-30.0, -30.0), (30.0, -30.0), (30.0, 1.2), (-30.0, 1.2)),))
"""A boundary along the left side; the half width is 0.85 m."""


def test_row_101_a_turn_that_would_touch_is_a_creep_and_a_correction_on_the_way_is_none() -> None:
    here = estimate(0.0, 0.0, 0.0, tool_sigma_m=0.02)
    assert not fence.room(WALL, here, CONFIG).turns
    free = DriveRequest(yaw_rate_radps=0.05)
    assert fence.turned_slowly(WALL, here, free, CONFIG) == free
    for rate, sign in ((0.26, 1.0), (-0.26, -1.0)):  # either end swings left
        slow = fence.turned_slowly(WALL, here, DriveRequest(yaw_rate_radps=rate), CONFIG)
        assert slow.yaw_rate_radps == pytest.approx(sign * fence.CREEP_RADPS)
    close = estimate(0.0, 0.25, 0.0, tool_sigma_m=0.02)
    correction = DriveRequest(speed_mps=0.28, yaw_rate_radps=0.056)
    assert fence.turned_slowly(WALL, close, correction, CONFIG) == correction
    correction = DriveRequest(speed_mps=0.625, yaw_rate_radps=0.125)  # a radius of exactly five metres
    assert fence.turned_slowly(WALL, close, correction, CONFIG) == correction
    for rate, turns in ((0.0561, True), (-0.0561, True), (-0.056, False)):
        slow = fence.turned_slowly(WALL, close, DriveRequest(speed_mps=-0.28, yaw_rate_radps=rate), CONFIG)
        assert (abs(slow.speed_mps) < 0.051) is turns
    sharp = DriveRequest(speed_mps=0.28, yaw_rate_radps=0.2)
    slow = fence.turned_slowly(WALL, close, sharp, CONFIG)
    assert slow.speed_mps == pytest.approx(0.028)
    assert slow.yaw_rate_radps == pytest.approx(0.02)


def test_row_102_over_a_boundary_only_what_leads_out() -> None:
    beside = estimate(0.0, 0.4, 0.0)  # 5 cm over, parallel
    for drive, leads in (
        (DriveRequest(speed_mps=0.3), True),
        (DriveRequest(speed_mps=-0.3), True),
        (DriveRequest(yaw_rate_radps=0.1), False),
        (DriveRequest(yaw_rate_radps=-0.1), False),
        (DriveRequest(), True),
    ):
        assert fence.eases(WALL, beside, drive, CONFIG) is leads, drive
    toward = estimate(0.0, 0.2, 0.25)  # the tool's left end reaches over
    assert fence.over_m(WALL, fence.pose_of(toward), CONFIG) > 0.1
    assert not fence.eases(WALL, toward, DriveRequest(speed_mps=0.2), CONFIG)
    assert fence.eases(WALL, toward, DriveRequest(speed_mps=-0.2), CONFIG)
    assert fence.eases(WALL, toward, DriveRequest(yaw_rate_radps=-0.1), CONFIG)
    assert not fence.eases(WALL, toward, DriveRequest(yaw_rate_radps=0.1), CONFIG)
    outside = estimate(0.0, 4.0, 1.6)
    assert fence.eases(WALL, outside, DriveRequest(speed_mps=-0.2), CONFIG)
    assert not fence.eases(WALL, outside, DriveRequest(speed_mps=0.2), CONFIG)


def test_row_102_deep_over_a_boundary_ahead_no_nearer_either() -> None:
    """Over by more than half its width the depth at right angles to the sides no longer grows on the way ahead."""
    ahead, back = DriveRequest(speed_mps=0.1), DriveRequest(speed_mps=-0.1)
    for over_ahead_m in (0.1, HALF - 0.05, HALF + 0.05, FRONT - 0.15):
        deep = estimate(30.0 - FRONT + over_ahead_m, -12.0, 0.0)
        assert not fence.eases(WALL, deep, ahead, CONFIG)
        assert fence.eases(WALL, deep, back, CONFIG)
        assert fence.eases(WALL, deep, DriveRequest(), CONFIG)
        round_ = estimate(-30.0 + FRONT - over_ahead_m, -12.0, math.pi)
        assert not fence.eases(WALL, round_, ahead, CONFIG)


def test_row_102_what_will_not_be_over_may_come_as_near_as_it_likes() -> None:
    assert fence.eases(WALL, estimate(29.8 - FRONT, -12.0, 0.0), DriveRequest(speed_mps=0.1), CONFIG)
    assert not fence.eases(WALL, estimate(math.nan, -12.0, 0.0), DriveRequest(speed_mps=0.1), CONFIG)


@pytest.mark.parametrize("front_m", [1.25, 2.0])
def test_row_101_who_would_touch_by_turning_has_no_room_to_turn(front_m: float) -> None:
    """The furthest corner is two metres along and one and a half aside, behind or ahead: two and a half off."""
    wide = configured("tool", ahead_m=1.0, length_m=0.5, width_m=3.0)
    body = wide.machine.body.model_copy(update={"front_m": front_m, "rear_m": 3.25 - front_m, "width_m": 1.5})
    wide = wide.model_copy(update={"machine": wide.machine.model_copy(update={"body": body})})
    for off_m, turns in ((2.45, False), (2.5, False), (2.5 + 1e-9, True)):
        ring = ((-64.0, -64.0), (64.0, -64.0), (64.0, off_m), (-64.0, off_m))
        assert fence.room(edges_of((ring,)), estimate(0.0, 0.0, 0.0, tool_sigma_m=0.0), wide).turns is turns


def test_row_102_no_deeper_is_to_within_a_millimetre() -> None:
    """In front of a wall that 0.25 m of the footprint reach over; in a second."""
    wall, here, step = edges_of((AROUND,)), estimate(63.0, 0.0, 0.0), 1.0 / 1024.0
    assert fence.over_m(wall, fence.pose_of(here), BLUNT) == 0.25
    for way_m, leads in ((step, True), (step * 1.001, False), (-1.0, True)):
        assert fence.eases(wall, here, DriveRequest(speed_mps=way_m), BLUNT) is leads
    deep = estimate(63.0 - 0.25 + 1.0, 0.0, 0.0)  # as deep as it can be; the origin a quarter metre before the wall
    assert fence.over_m(wall, fence.pose_of(deep), BLUNT) == 1.0
    for way_m, leads in ((step, True), (step * 1.001, False), (-0.25, True)):
        assert fence.eases(wall, deep, DriveRequest(speed_mps=way_m), BLUNT) is leads


@given(east=st.floats(-29, 34), north=st.floats(-24, 23), yaw=st.floats(-3.1, 3.1))
def test_row_102_from_wherever_a_boundary_is_touched_some_way_leads_out(east: float, north: float, yaw: float) -> None:
    here = estimate(east, north, yaw)
    ways = [DriveRequest(speed_mps=v, yaw_rate_radps=w) for v in (-0.2, 0.0, 0.2) for w in (-0.1, 0.0, 0.1) if v or w]
    assert any(fence.eases(EDGES, here, way, CONFIG) for way in ways)


@given(speed=st.floats(-1, 1), rate=st.floats(-0.5, 0.5), yaw=st.floats(-3, 3))
def test_the_pose_after_a_twist_is_the_chord_of_its_arc(speed: float, rate: float, yaw: float) -> None:
    there = fence.moved(fence.Pose(3.0, -2.0, yaw), DriveRequest(speed_mps=speed, yaw_rate_radps=rate), 0.6)
    assert there.yaw_rad == pytest.approx(yaw + 0.6 * rate)
    assert math.hypot(there.east_m - 3.0, there.north_m + 2.0) == pytest.approx(abs(0.6 * speed))
    if abs(speed) > 1e-3:
        course = math.atan2((there.north_m + 2.0) / speed, (there.east_m - 3.0) / speed)
        assert math.cos(course - yaw - 0.3 * rate) == pytest.approx(1.0)


@pytest.mark.parametrize("speed", [math.nan, math.inf, -math.inf])
def test_a_speed_that_is_no_number_is_no_room(speed: float) -> None:
    assert fence.leaves(fence.Room(0.5, 0.5), speed, CONFIG)


def test_vertical_and_level_edges() -> None:
    square = edges_of((((-10.0, -10.0), (10.0, -10.0), (10.0, 10.0), (-10.0, 10.0)),))
    assert not out_of(square, estimate(0.0, 0.0, 0.0), CONFIG)
    assert out_of(square, estimate(9.0, 0.0, 0.0), CONFIG)
    assert out_of(square, estimate(0.0, 9.5, 0.0), CONFIG)
    assert out_of(square, estimate(30.0, 0.0, 0.0), CONFIG)
    assert isinstance(out_of(square, estimate(), CONFIG), bool)
    assert np.all(square == np.array(square))


def test_a_point_on_the_fence_is_outside() -> None:
    ring = ((0.0, -1.0), (0.0, 1.0), (-4.0, 1.0), (-4.0, -1.0))
    for before_m, inside in ((-1e-9, True), (0.0, False), (1e-9, False)):
        for side in (1.0, -1.0):
            edges = edges_of((tuple((side * (x - before_m), y) for x, y in ring),))
            assert fence._inside(edges[:, 0::2], edges[:, 1::2]) is inside
