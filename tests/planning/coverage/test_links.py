"""Links between passes: legal by what a footprint really sweeps, never slower than the connection that they replace."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from tests.planning.coverage.support import BENCH, MEDIUM
from vehicle.contracts.plan_times import whole_s
from vehicle.planning.coverage.ground import PIVOT_SLACK_M
from vehicle.planning.coverage.link_ground import AIM_RAD, FENCE_S, LinkGround
from vehicle.planning.coverage.links import candidates, end_of, passes_s, start_of, steps_of
from vehicle.planning.coverage.path import PathBuilder
from vehicle.planning.coverage.route import TourStop
from vehicle.planning.coverage.swath import Move

FOOTPRINT = (1.2, 2.9, 0.85)
"""Rear, front and half width [m]."""


def prepared(*parts):
    """An array of prepared polygons."""
    found = np.array(parts, dtype=object)
    shapely.prepare(found)
    return found


def ground(closed=(), barred=(), rate_radps=0.25):
    """Ground of links with one footprint for all tests."""
    return LinkGround(prepared(*closed), prepared(*barred), FOOTPRINT, FOOTPRINT, rate_radps)


def footprint_at(east_m, north_m, yaw_rad, grown_m=0.0):
    """The footprint at a pose, as a polygon; shares no code with the planner."""
    rear, front, half = (length + grown_m for length in FOOTPRINT)
    box = shapely.box(-rear, -half, front, half)
    return shapely.affinity.translate(
        shapely.affinity.rotate(box, yaw_rad, origin=(0.0, 0.0), use_radians=True), east_m, north_m
    )


def swept_by_turn(yaw_rad, turn_rad, more_rad):
    """What the footprint passes over in a pivot about the origin, in steps of two degrees."""
    angle_rad = turn_rad + math.copysign(more_rad, turn_rad)
    steps = max(2, math.ceil(abs(angle_rad) / math.radians(2.0)))
    return shapely.union_all([footprint_at(0.0, 0.0, yaw_rad + angle_rad * k / steps) for k in range(steps + 1)])


ANGLES = st.floats(-math.pi, math.pi)
OBSTACLES = st.builds(
    lambda away_m, at_rad, size_m: shapely.Point(away_m * math.cos(at_rad), away_m * math.sin(at_rad)).buffer(
        size_m, quad_segs=2
    ),
    st.floats(0.5, 4.5),
    ANGLES,
    st.floats(0.05, 1.5),
)


@pytest.mark.long
@given(obstacle=OBSTACLES, yaw_rad=ANGLES, turn_rad=ANGLES, rate_radps=st.floats(0.1, 0.5))
def test_a_free_pivot_passes_over_nothing_that_is_closed(obstacle, yaw_rad, turn_rad, rate_radps):
    place, yaw, turn = np.zeros((1, 2)), np.array([yaw_rad]), np.array([turn_rad])
    if ground(closed=[obstacle], rate_radps=rate_radps).turns(place, yaw, turn)[0]:
        assert not swept_by_turn(yaw_rad, turn_rad, AIM_RAD).intersects(obstacle)
    if ground(barred=[obstacle], rate_radps=rate_radps).turns(place, yaw, turn)[0]:
        assert not swept_by_turn(yaw_rad, turn_rad, FENCE_S * rate_radps).intersects(obstacle)


@pytest.mark.long
@given(obstacle=OBSTACLES, yaw_rad=ANGLES, turn_rad=ANGLES)
def test_a_pivot_is_refused_only_near_what_it_sweeps(obstacle, yaw_rad, turn_rad):
    """The rule is no disc in disguise: what lies clear of the sector with its spare does not hinder."""
    free = ground(closed=[obstacle]).turns(np.zeros((1, 2)), np.array([yaw_rad]), np.array([turn_rad]))[0]
    assert free or swept_by_turn(yaw_rad, turn_rad, AIM_RAD).distance(obstacle) < 2.0 * PIVOT_SLACK_M


@given(obstacle=OBSTACLES, yaw_rad=ANGLES, way_m=st.floats(-6.0, 6.0))
def test_a_free_straight_move_passes_over_nothing_that_is_closed(obstacle, yaw_rad, way_m):
    pose, way = np.array([[0.0, 0.0, yaw_rad]]), np.array([way_m])
    there = (way_m * math.cos(yaw_rad), way_m * math.sin(yaw_rad))
    swept = shapely.union_all([footprint_at(0.0, 0.0, yaw_rad), footprint_at(*there, yaw_rad)]).convex_hull
    assert ground(closed=[obstacle]).straight(pose, way)[0] != swept.intersects(obstacle)


def test_a_quarter_turn_needs_no_ground_behind_and_none_on_the_other_side():
    """The disc would refuse all four obstacles: each is 2.2 m away, the disc has 3.1 m."""
    yaw, turn = np.zeros(1), np.full(1, math.pi / 2.0)
    hindered = {
        name: not ground(closed=[shapely.Point(east_m, north_m).buffer(0.3)]).turns(np.zeros((1, 2)), yaw, turn)[0]
        for name, (east_m, north_m) in {
            "ahead": (2.2, 0.0), "left": (0.0, 2.2), "right": (0.0, -2.2), "behind": (-2.2, 0.0),
        }.items()
    }  # fmt: skip
    assert hindered == {"ahead": True, "left": True, "right": False, "behind": False}


# --- times -----------------------------------------------------------------------------------------------------------
def stop(theta_rad, y_m, a_m, b_m):
    """A pass entered and left 2 m away from its ends."""
    sign = 1.0 if b_m > a_m else -1.0
    move = Move(a_m, b_m, a_m - sign * 5.0, b_m + sign * 2.0, reverse=False)
    yaw_rad = theta_rad if sign > 0.0 else theta_rad + math.pi
    cos, sin = math.cos(theta_rad), math.sin(theta_rad)
    ends = [(cos * x - sin * y_m, sin * x + cos * y_m, yaw_rad) for x in (move.in_m, move.out_m)]
    return TourStop(theta_rad, y_m, (min(a_m, b_m), max(a_m, b_m)), move, ends[0], ends[1], 0.0)


@given(
    theta_rad=ANGLES,
    y_m=st.floats(-4.0, 4.0),
    a_m=st.floats(-3.0, 3.0),
    which=st.integers(0, 400),
    machine=st.sampled_from([MEDIUM, BENCH]),
)
def test_the_time_of_a_candidate_is_that_of_its_segments(theta_rad, y_m, a_m, which, machine):
    """Without the wait for the rotor, which depends on the last move."""
    first, second = stop(0.3, 0.0, 0.0, 8.0), stop(theta_rad, y_m, a_m, a_m + 5.0)
    end, start = end_of(first, machine), start_of(second, machine)
    found = candidates(end, start, machine)
    path = PathBuilder(machine, end)
    path.follow(steps_of(found, which, end, start))
    assert math.dist(path.pose[:2], start[:2]) < 1e-9
    assert math.isclose(math.cos(path.pose[2] - start[2]), 1.0)
    assert math.isclose(whole_s(path.segments, machine), found.time_s[which], rel_tol=1e-6, abs_tol=1e-4)


@given(theta_rad=ANGLES, y_m=st.floats(-4.0, 4.0), a_m=st.floats(-3.0, 3.0))
def test_candidates_come_in_order_of_time_and_no_link_beats_its_bound(theta_rad, y_m, a_m):
    first, second = stop(0.3, 0.0, 0.0, 8.0), stop(theta_rad, y_m, a_m, a_m + 5.0)
    end, start = end_of(first, MEDIUM), start_of(second, MEDIUM)
    found = candidates(end, start, MEDIUM)
    assert (np.diff(found.time_s) >= -1e-6).all()
    path = PathBuilder(MEDIUM, first.entry)
    path.work(first, leave=False)
    path.follow(steps_of(found, 0, end, start))
    path.work(second, leave=False)
    assert whole_s(path.segments, MEDIUM) >= found.time_s[0] + passes_s(first, second, MEDIUM) - 1e-6


def test_where_the_lines_of_two_passes_cross_one_pivot_is_enough():
    first, second = stop(0.0, 0.0, 0.0, 8.0), stop(math.pi / 3.0, -2.0, 3.0, 6.0)
    end, start = end_of(first, MEDIUM), start_of(second, MEDIUM)
    found = candidates(end, start, MEDIUM)
    crossing = [k for k in range(len(found.time_s)) if len(steps_of(found, k, end, start)) == 2]
    assert crossing
    path = PathBuilder(MEDIUM, end)
    path.follow(steps_of(found, crossing[0], end, start))
    assert sum(segment.kind == "turn" for segment in path.segments) == 1
