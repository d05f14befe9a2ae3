"""The fence against an independent geometry library."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point

from tests.builders import estimate
from tests.control.safety.fenced import AROUND, BLUNT, EDGES, FIELD, FRONT, GROUND, HALF, HOLE, MACHINE, WALL, footprint
from tests.control.safety.gate_inputs import CONFIG, configured
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.geometry import edges_of
from vehicle.contracts.messages import DriveRequest, Estimate
from vehicle.control.safety import fence


def out_of(edges: np.ndarray, belief: Estimate, config: VehicleConfig) -> bool:
    return fence.leaves(fence.room(edges, belief, config), belief.speed_mps, config)


def test_edges_close_every_ring() -> None:
    assert EDGES.shape == (8, 4)
    assert {(row[0], row[1]) for row in EDGES.tolist()} == set(FIELD) | set(HOLE)
    assert {(row[2], row[3]) for row in EDGES.tolist()} == set(FIELD) | set(HOLE)
    assert [tuple(row[2:]) for row in EDGES.tolist()] == [*FIELD, *HOLE]


def test_what_the_place_may_be_off_by_is_kept_from_every_boundary() -> None:
    sure = estimate(tool_sigma_m=0.02)
    doubtful = estimate(tool_sigma_m=0.02, doubt_m=0.25)
    assert fence.grown_m(sure) == pytest.approx(0.06)
    assert fence.grown_m(doubtful) == pytest.approx(0.31)
    near, far = fence.room(EDGES, doubtful, CONFIG), fence.room(EDGES, sure, CONFIG)
    assert far.behind_m - near.behind_m >= 0.249


@given(st.floats(-8.0, 8.0), st.floats(-8.0, 8.0), st.floats(0.0, 2.0), st.floats(-math.pi, math.pi))
def test_a_doubt_leaves_no_more_room_than_any_place_that_is_so_far_off(
    east_m: float, north_m: float, doubt_m: float, course_rad: float
) -> None:
    """Two places are held against one another: the fence is kept from both."""
    held = estimate(east_m, north_m, 0.4, tool_sigma_m=0.02, doubt_m=doubt_m)
    there = east_m + doubt_m * math.cos(course_rad), north_m + doubt_m * math.sin(course_rad)
    kept, other = (fence.room(EDGES, one, CONFIG) for one in (held, estimate(*there, 0.4, tool_sigma_m=0.02)))
    assert kept.ahead_m <= other.ahead_m + 1e-9
    assert kept.behind_m <= other.behind_m + 1e-9
    assert other.turns or not kept.turns


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


@pytest.mark.parametrize("front_m", [1.25, 2.0])
def test_row_101_who_would_touch_by_turning_has_no_room_to_turn(front_m: float) -> None:
    """The furthest corner is two metres along and one and a half aside, behind or ahead: two and a half off."""
    wide = configured("tool", ahead_m=1.0, length_m=0.5, width_m=3.0)
    body = wide.machine.body.model_copy(update={"front_m": front_m, "rear_m": 3.25 - front_m, "width_m": 1.5})
    wide = wide.model_copy(update={"machine": wide.machine.model_copy(update={"body": body})})
    for off_m, turns in ((2.45, False), (2.5, False), (2.5 + 1e-9, True)):
        ring = ((-64.0, -64.0), (64.0, -64.0), (64.0, off_m), (-64.0, off_m))
        assert fence.room(edges_of((ring,)), estimate(0.0, 0.0, 0.0, tool_sigma_m=0.0), wide).turns is turns


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
