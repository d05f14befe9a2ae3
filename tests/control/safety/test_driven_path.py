"""The driven track, and what RECOVERY may do on it."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import estimate
from vehicle.contracts.messages import DriveRequest
from vehicle.control.safety import driven_path

EMPTY = np.zeros((0, 3))


def drive(speed: float, yaw_rate: float = 0.0) -> DriveRequest:
    return DriveRequest(speed_mps=speed, yaw_rate_radps=yaw_rate)


def straight(length_m: float, yaw: float = 0.4) -> np.ndarray:
    poses = EMPTY
    for way in np.arange(0.0, length_m + 1e-9, 0.05):
        poses = driven_path.extended(poses, estimate(way * math.cos(yaw), way * math.sin(yaw), yaw))
    return poses


def test_a_pose_is_kept_every_quarter_metre_or_fifth_of_a_radian() -> None:
    poses = driven_path.extended(EMPTY, estimate(1.0, 2.0, 0.3))
    assert poses.tolist() == [[1.0, 2.0, 0.3]]
    assert len(driven_path.extended(poses, estimate(1.249, 2.0, 0.3))) == 1
    assert len(driven_path.extended(poses, estimate(1.25, 2.0, 0.3))) == 2
    assert len(driven_path.extended(poses, estimate(1.0, 2.249, 0.3))) == 1
    assert len(driven_path.extended(poses, estimate(1.0, 1.74, 0.3))) == 2
    assert len(driven_path.extended(poses, estimate(1.0, 2.0, 0.499))) == 1
    assert len(driven_path.extended(poses, estimate(1.0, 2.0, 0.501))) == 2
    assert len(driven_path.extended(poses, estimate(1.0, 2.0, 0.099))) == 2
    assert len(driven_path.extended(poses, estimate(1.13, 2.0, 0.41))) == 2
    assert driven_path.extended(poses, estimate(1.3, 2.0, 0.3))[-1].tolist() == [1.3, 2.0, 0.3]


def test_the_last_pose_decides_so_that_a_way_back_is_kept_too() -> None:
    poses = straight(2.0)
    assert len(driven_path.extended(poses, estimate(0.0, 0.0, 0.4))) == len(poses) + 1


def test_only_proven_poses_are_kept() -> None:
    assert len(driven_path.extended(EMPTY, estimate(1.0, 2.0, 0.3, position_proven=False))) == 0


def test_yaw_is_compared_round_the_circle() -> None:
    poses = driven_path.extended(EMPTY, estimate(0.0, 0.0, 3.1))
    assert len(driven_path.extended(poses, estimate(0.0, 0.0, -3.1))) == 1


def test_a_kilometre_is_remembered() -> None:
    poses = np.zeros((4000, 3))
    grown = driven_path.extended(poses, estimate(9.0, 9.0, 0.3))
    assert len(grown) == 4000
    assert grown[-1].tolist() == [9.0, 9.0, 0.3]


def test_back_and_forth_on_the_track_is_allowed() -> None:
    poses = straight(10.0)
    here = estimate(5 * math.cos(0.4), 5 * math.sin(0.4), 0.4)
    assert driven_path.retreats(poses, here, drive(-0.1), doubtful=False)
    assert driven_path.retreats(poses, here, drive(0.1), doubtful=False)
    assert driven_path.retreats(poses, here, drive(0.0), doubtful=False)


def test_beyond_its_end_is_not() -> None:
    poses = straight(10.0, 0.0)
    assert driven_path.retreats(poses, estimate(10.29, 0.0, 0.0), drive(0.1), doubtful=False)
    assert not driven_path.retreats(poses, estimate(10.31, 0.0, 0.0), drive(0.1), doubtful=False)
    assert driven_path.retreats(poses, estimate(10.31, 0.0, 0.0), drive(-0.1), doubtful=False)


def test_from_beside_the_track_only_towards_it() -> None:
    poses = straight(10.0, 0.0)
    beside = estimate(5.0, 0.8, 0.3)
    assert driven_path.retreats(poses, beside, drive(-0.1), doubtful=False)
    assert not driven_path.retreats(poses, beside, drive(0.1), doubtful=False)
    assert driven_path.retreats(poses, beside, drive(0.0), doubtful=False)


def test_a_pivot_only_where_it_pivoted() -> None:
    poses = straight(10.0, 0.0)
    here = estimate(5.0, 0.0, 0.0)
    assert driven_path.retreats(poses, here, drive(0.0, 0.2), doubtful=False)
    assert not driven_path.retreats(poses, here, drive(0.0, 0.26), doubtful=False)
    assert not driven_path.retreats(poses, here, drive(0.0, -0.26), doubtful=False)
    turned = poses
    for yaw in np.arange(0.0, 1.6, 0.05):
        turned = driven_path.extended(turned, estimate(5.0, 0.0, float(yaw)))
    assert driven_path.retreats(turned, here, drive(0.0, 0.26), doubtful=False)


@pytest.mark.parametrize(
    ("yaw_rate", "allowed"), [(0.0, True), (0.02, True), (-0.02, True), (0.0202, False), (-0.0202, False)]
)
def test_without_a_position_only_straight_back(yaw_rate: float, allowed: bool) -> None:
    for poses, belief in ((straight(3.0), estimate(valid=False)), (EMPTY, estimate())):
        assert driven_path.retreats(poses, belief, drive(-0.1, yaw_rate), doubtful=False) is allowed
        assert not driven_path.retreats(poses, belief, drive(0.1, yaw_rate), doubtful=False)
        assert driven_path.retreats(poses, belief, drive(0.0), doubtful=False)
        assert not driven_path.retreats(poses, belief, drive(0.0, 0.01), doubtful=False)


@given(speed=st.floats(-0.1, 0.1), rate=st.floats(-0.3, 0.3), yaw=st.floats(-3, 3))
def test_the_place_after_two_seconds_decides_and_curves_count(speed: float, rate: float, yaw: float) -> None:
    way, turn = speed * 2.0, rate * 2.0
    course = yaw + turn / 2.0
    end = np.array([[way * math.cos(course), way * math.sin(course), yaw + turn]])
    start = np.array([[0.0, 0.0, yaw]])
    belief = estimate(0.0, 0.0, yaw)
    assert driven_path.retreats(end, belief, drive(speed, rate), doubtful=False)
    alone = abs(way) / 0.5 + abs(turn) / 0.5
    if abs(alone - 1.0) > 1e-6:
        assert driven_path.retreats(start, belief, drive(speed, rate), doubtful=False) is (alone < 1.0)


@pytest.mark.parametrize(("inside", "outside"), [((0.249, 0.0), (0.251, 0.0)), ((0.0, -0.249), (0.0, -0.251))])
def test_it_looks_two_seconds_ahead(inside: tuple[float, float], outside: tuple[float, float]) -> None:
    """Half a metre or half a radian from the only pose of the track in two seconds, neither sooner nor later."""
    only = np.array([[1.0, 2.0, 0.3]])
    here = estimate(1.0, 2.0, 0.3)
    assert driven_path.retreats(only, here, drive(*inside), doubtful=False)
    assert not driven_path.retreats(only, here, drive(*outside), doubtful=False)


@pytest.mark.parametrize("side_m", [-1.0, 1.0])
def test_a_curve_ends_where_its_chord_does(side_m: float) -> None:
    """A metre a second and 0.4 rad/s for two seconds: the chord leaves by half of the turn."""
    yaw = 0.3
    end = np.array([2.0 * math.cos(yaw + 0.4), 2.0 * math.sin(yaw + 0.4), yaw + 0.8])
    across = np.array([-math.sin(yaw + 0.4), math.cos(yaw + 0.4), 0.0])
    start = np.array([0.0, 0.0, yaw])
    here = estimate(0.0, 0.0, yaw)
    near, far = (np.array([start, end + side_m * off_m * across]) for off_m in (0.495, 0.505))
    assert driven_path.retreats(near, here, drive(1.0, 0.4), doubtful=False)
    assert not driven_path.retreats(far, here, drive(1.0, 0.4), doubtful=False)


@given(there=st.floats(-30.0, 30.0), here=st.floats(-30.0, 30.0))
def test_a_turn_is_the_shorter_way_round(there: float, here: float) -> None:
    turn = abs(math.remainder(there - here, math.tau))
    assert driven_path._distance(np.array([[1.0, 2.0, there]]), 1.0, 2.0, here) == pytest.approx(turn / 0.5, abs=1e-9)


def test_far_off_a_curve_is_followed_to_its_end_and_not_along_its_tangent() -> None:
    belief = estimate(0.0, 0.0, 0.0)
    end = np.array([[3.0 * math.cos(0.5), 3.0 * math.sin(0.5), 1.0]])
    here = 3.0 / 0.5 + 1.0 / 0.5
    assert driven_path._distance(end, 0.0, 0.0, 0.0) == pytest.approx(here)
    assert driven_path.retreats(end, belief, drive(0.1, 0.05), doubtful=False)
    assert not driven_path.retreats(end, belief, drive(-0.1, -0.05), doubtful=False)


def test_a_machine_that_slid_aside_still_finds_its_way_along_the_track() -> None:
    poses = straight(10.0, 0.0)
    for aside_m in (0.6, 0.8, 1.5):
        for along_m in (2.0, 5.0, 5.1, 5.2):
            beside = estimate(along_m, aside_m, 0.0)
            assert driven_path.retreats(poses, beside, drive(-0.1), doubtful=False)
            assert driven_path.retreats(poses, beside, drive(0.1), doubtful=False)
            # pointing away from the track, only back
            assert not driven_path.retreats(poses, estimate(along_m, aside_m, 0.05), drive(0.1), doubtful=False)
            assert driven_path.retreats(poses, estimate(along_m, aside_m, 0.05), drive(-0.1), doubtful=False)


def test_between_two_poses_the_track_is_straight_and_turns_evenly() -> None:
    poses = np.array([[0.0, 0.0, 3.0], [0.4, 0.0, 3.0 + 0.4]])
    inside = 0.2, 0.49, 3.2  # half way, turned half
    assert driven_path.retreats(poses, estimate(*inside), drive(0.0, 0.0), doubtful=False)
    assert driven_path._distance(poses, *inside) == pytest.approx(0.49 / 0.5)
    assert driven_path._distance(poses, 0.2, 0.0, 3.2 - math.tau) == pytest.approx(0.0, abs=1e-9)
    # further apart nothing is known in between
    apart = poses * np.array([1.3, 1.0, 1.0])
    assert driven_path._distance(apart, 0.26, 0.0, 3.2) == pytest.approx((0.26 + 0.2) / 0.5)


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3)), min_size=1, max_size=6))
def test_the_distance_is_that_of_many_poses_in_between(points: list[tuple[float, float, float]]) -> None:
    poses = EMPTY
    for east, north, yaw in points:
        poses = np.concatenate((poses, [[0.1 * east, 0.1 * north, yaw]]))
    dense: list[tuple[float, ...]] = []
    for a, b in pairwise(poses):
        turn = (b[2] - a[2] + math.pi) % math.tau - math.pi
        dense += [(*(a[:2] + u * (b[:2] - a[:2])), a[2] + u * turn) for u in np.linspace(0.0, 1.0, 201)]
    looked_at = np.array([*dense, *poses.tolist()])
    looked_at = looked_at[np.all(np.isfinite(looked_at), axis=1)]
    turned = np.abs((looked_at[:, 2] - 0.3 + math.pi) % math.tau - math.pi)
    straight_m = np.hypot(looked_at[:, 0] - 1.0, looked_at[:, 1] + 0.5)
    found = driven_path._distance(poses, 1.0, -0.5, 0.3) * driven_path.CORRIDOR
    assert found >= np.min(straight_m + turned) - 0.05
    assert found <= np.min(np.hypot(poses[:, 0] - 1.0, poses[:, 1] + 0.5) + math.pi) + 1e-9


def test_no_pose_is_further_from_the_last_than_half_a_metre_without_a_gap() -> None:
    for apart_m, joined in ((0.495, True), (0.5, True), (0.505, False)):
        pair = np.array([[0.0, 0.0, 0.3], [apart_m, 0.0, 0.3]])
        assert (driven_path._distance(pair, apart_m / 2.0, 0.0, 0.3) < 0.1) is joined


def test_a_stretch_ends_where_its_poses_are() -> None:
    pair = np.array([[0.0, 0.0, 0.3], [0.5, 0.0, 0.3]])
    for east_m, off_m in ((-0.004, 0.004), (0.0, 0.0), (0.4925, 0.0), (0.498, 0.0), (0.5, 0.0), (0.505, 0.005)):
        assert driven_path._distance(pair, east_m, 0.0, 0.3) == pytest.approx(off_m / 0.5, abs=1e-9)
        assert driven_path._distance(pair[::-1], east_m, 0.0, 0.3) == pytest.approx(off_m / 0.5, abs=1e-9)


def test_half_a_metre_off_is_on_the_track_and_further_off_it_gains_to_within_a_billionth() -> None:
    only = np.array([[0.0, 0.0, 0.0]])
    for end_m, on in ((0.495, True), (0.5, True), (0.505, False)):
        assert driven_path.retreats(only, estimate(end_m - 0.25, 0.0, 0.0), drive(0.125), doubtful=False) is on
    # four metres off are eight corridors; a step in two seconds of so much more
    for more, gains in ((0.995e-9, True), (1.005e-9, False)):
        assert driven_path.retreats(only, estimate(4.0, 0.0, 0.0), drive(more / 4.0), doubtful=False) is gains


@pytest.mark.parametrize("yaw", [0.4, 1.2, 2.0, 2.8, -0.4, -1.2, -2.0, -2.8])
@pytest.mark.parametrize("turn", [-0.19, 0.19])
@pytest.mark.parametrize("way", [1.0, -1.0])
def test_in_doubt_only_the_way_it_came_counts(yaw: float, turn: float, way: float) -> None:
    """The last two poses tell it; the yaw of the last, and a track long before that went the other way."""
    course = yaw + turn / 2.0
    step = way * 0.25 * np.array([math.cos(course), math.sin(course), 0.0])
    last = np.array([3.0, -2.0, yaw + turn])
    before = last - step - np.array([0.0, 0.0, turn])
    here = estimate(3.0, -2.0, yaw + turn)
    for poses in (np.array([before, last]), np.array([before + 0.8 * step, before, last])):
        for speed in (-0.1, 0.1):
            back = speed * way < 0.0
            for rate, straight_ in ((0.0, True), (0.0199, True), (-0.0199, True)):
                assert driven_path.retreats(poses, here, drive(speed, rate), doubtful=True) is (back and straight_)
            assert driven_path.retreats(poses, here, drive(speed), doubtful=False)
            lost = estimate(3.0, -2.0, yaw, valid=False)
            assert driven_path.retreats(poses, lost, drive(speed), doubtful=True) is back
            # a curve back is judged by the track
            away = estimate(3.0, -2.0, yaw + turn + 1.5)
            assert not driven_path.retreats(poses, away, drive(speed, 0.3), doubtful=True)


def test_in_doubt_a_pivot_is_judged_by_the_track_and_a_pivot_at_its_end_is_no_reverse() -> None:
    poses = np.array([[1.0, 2.0, 0.3], [1.0, 2.0, 0.5]])
    here = estimate(1.0, 2.0, 0.5)
    assert driven_path.retreats(poses, here, drive(0.0, -0.3), doubtful=True)
    assert not driven_path.retreats(poses, here, drive(0.0, 0.3), doubtful=True)
    assert driven_path.retreats(poses, here, drive(-0.1), doubtful=True)
    assert not driven_path.retreats(poses, here, drive(0.1), doubtful=True)
    curve = np.array([[0.0, 0.0, 0.3]])
    assert driven_path.retreats(curve, estimate(0.0, 0.0, 0.3), drive(-0.1, 0.1), doubtful=True)
    assert not driven_path.retreats(curve, estimate(0.0, 0.0, 0.3), drive(0.1, 0.1), doubtful=True)
    assert not driven_path.retreats(curve, estimate(0.0, 0.0, 0.3), drive(0.1), doubtful=True)


@pytest.mark.parametrize("course", [0.4, 1.1, 2.0, 2.8, -0.4, -1.1, -2.0, -2.8])
def test_beside_a_stretch_the_way_to_it_is_square_to_it_and_its_turn_is_shared_out(course: float) -> None:
    along, across = np.array([math.cos(course), math.sin(course)]), np.array([-math.sin(course), math.cos(course)])
    origin = np.array([3.0, -2.0])
    for turn in (0.3, -0.3):
        for off_m in (0.2, -0.2):
            for share, way_m in ((0.3, 0.2), (0.85, 0.2), (-0.25, math.hypot(0.1, 0.2)), (1.25, math.hypot(0.1, 0.2))):
                east_m, north_m = (origin + 0.4 * share * along + off_m * across).tolist()
                pair = np.array([[*origin, 3.0], [*(origin + 0.4 * along), 3.0 + turn]])
                pair[:, 2] = (pair[:, 2] + math.pi) % math.tau - math.pi  # one of them beyond half a turn
                yaw = 3.0 + min(1.0, max(0.0, share)) * turn
                assert driven_path._distance(pair, east_m, north_m, yaw) == pytest.approx(way_m / 0.5)
                assert driven_path._distance(pair[::-1], east_m, north_m, yaw) == pytest.approx(way_m / 0.5)


def test_at_a_gap_either_side_of_it_is_the_track() -> None:
    for poses in ([[0.0, 0.0, 0.3], [9.0, 7.0, 0.3]], [[9.0, 7.0, 0.3], [0.0, 0.0, 0.3]]):
        assert driven_path._distance(np.array(poses), 0.1, 0.0, 0.3) == pytest.approx(0.1 / 0.5)


def test_in_doubt_a_place_that_may_be_wrong_forbids_no_way_straight_back() -> None:
    poses = straight(3.0, 0.0)
    elsewhere = estimate(1.0, 4.0, -0.9)
    assert not driven_path.retreats(poses, elsewhere, drive(-0.1), doubtful=False)
    assert driven_path.retreats(poses, elsewhere, drive(-0.1), doubtful=True)
    assert not driven_path.retreats(poses, elsewhere, drive(0.1), doubtful=True)


@pytest.mark.parametrize("yaw", [0.2, 0.7, 1.3, 2.1, 2.6, -0.5, -1.0, -1.4, -1.9, -2.9])
def test_the_last_step_against_where_it_points_at_its_end_was_in_reverse(yaw: float) -> None:
    for off in (-3.0, -2.4, -1.9, -1.6, -1.5, -1.2, -0.6, 0.0, 0.6, 1.2, 1.5, 1.6, 1.9, 2.4, 3.0):
        step = [0.2 * math.cos(yaw + off), 0.2 * math.sin(yaw + off)]
        for other in (yaw, yaw + math.pi):  # how it stood before does not count
            poses = np.array([[5.0, 5.0, other], [2.0, 1.0, other], [3.0, 4.0, other], [3 + step[0], 4 + step[1], yaw]])
            assert driven_path._came_in_reverse(poses) is (abs(off) > math.pi / 2.0)
            assert driven_path._came_in_reverse(poses[2:]) is (abs(off) > math.pi / 2.0)
    assert not driven_path._came_in_reverse(poses[:1])
    assert not driven_path._came_in_reverse(EMPTY)
