"""The room in plain floats is the room in arrays, to the last bit."""

import math
from collections.abc import Callable
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.builders import estimate
from tests.control.safety.fenced import EDGES
from tests.control.safety.gate_inputs import CONFIG
from vehicle.contracts.geometry import Ring, edges_of
from vehicle.control.safety import fence, fence_few

QUARTERS = st.integers(-32, 32).map(lambda count: count / 4.0)
SIZES = st.integers(1, 12).map(lambda count: count / 4.0)
COORDINATES = st.one_of(QUARTERS, st.floats(-40.0, 40.0))
POINTS = st.tuples(COORDINATES, COORDINATES)
RINGS = st.lists(st.lists(POINTS, min_size=3, max_size=9, unique=True).map(tuple), max_size=2).map(tuple)
POSES = st.builds(
    fence.Pose, QUARTERS, QUARTERS, st.one_of(st.sampled_from((0.0, math.pi / 2.0)), st.floats(-math.pi, math.pi))
)
REACHES = st.tuples(SIZES, SIZES, SIZES)
BLUNT_M = (1.25, 1.5, 1.0)
AROUND: Ring = ((-9.0, -9.0), (9.0, -9.0), (9.0, 9.0), (-9.0, 9.0))
"""Beside the holes that follow there is room."""


def edges_round(rings: tuple[Ring, ...]) -> np.ndarray:
    """A square round the origin, and whatever lies in or across it."""
    return edges_of((AROUND, *rings))


@given(rings=RINGS, pose=POSES, reach_m=REACHES)
@example(rings=(((1.25, 1.0), (3.0, 1.0), (3.0, 2.0)),), pose=fence.Pose(0.0, 0.0, 0.0), reach_m=BLUNT_M)
@example(rings=(((-1.5, 0.0), (-3.0, -1.0), (-3.0, 1.0)),), pose=fence.Pose(0.0, 0.0, 0.0), reach_m=BLUNT_M)
@example(rings=(((-1.5, -0.5), (-3.0, -0.5), (-2.0, 0.5)),), pose=fence.Pose(0.0, 0.0, 0.0), reach_m=BLUNT_M)
@example(rings=(((1.25, -0.5), (3.0, -0.5), (2.0, 0.5)),), pose=fence.Pose(0.0, 0.0, 0.0), reach_m=BLUNT_M)
@example(rings=(((0.0, 0.0), (3.0, -0.5), (2.0, 0.5)),), pose=fence.Pose(0.0, 0.0, 0.0), reach_m=BLUNT_M)
@example(rings=(((-2.0, 1.0), (2.0, 1.0), (0.0, 4.0)),), pose=fence.Pose(0.0, 0.0, 0.0), reach_m=BLUNT_M)
@example(rings=(((-2.0, 2.0), (2.0, 2.0), (0.0, 4.0)),), pose=fence.Pose(0.0, 0.0, 0.0), reach_m=BLUNT_M)
@example(rings=(((-3.0, -1.0), (-4.0, 0.0), (-3.0, 1.0)),), pose=fence.Pose(0.0, 0.0, 0.0), reach_m=BLUNT_M)
@example(rings=(((-3.0, 1.0), (-4.0, 0.0), (-3.0, -1.0)),), pose=fence.Pose(0.0, 0.0, 0.0), reach_m=BLUNT_M)
@example(rings=(((-5.0, 0.0), (-2.0, 1.01), (-5.0, 3.0)),), pose=fence.Pose(0.0, 0.0, 0.0), reach_m=BLUNT_M)
def test_row_101_edge_by_edge_is_all_at_once(
    rings: tuple[Ring, ...], pose: fence.Pose, reach_m: tuple[float, float, float]
) -> None:
    edges_m = edges_round(rings)
    assert fence.room_of_few(edges_m, pose, reach_m) == fence.room_of_many(edges_m, pose, reach_m)


@given(rings=RINGS, pose=POSES)
def test_row_101_the_nearest_boundary_is_as_near_edge_by_edge(rings: tuple[Ring, ...], pose: fence.Pose) -> None:
    edges_m = edges_round(rings)
    ends = fence_few.near(edges_m, pose.east_m, pose.north_m, pose.yaw_rad, math.inf)
    assert fence_few.nearest_m(ends) == fence._nearest_m(*fence._body_frame(edges_m, pose))


def test_an_edge_without_length_counts_as_touched() -> None:
    assert fence_few.nearest_m([(5.0, 5.0, 5.0, 5.0), (7.0, 5.0, 7.0, 6.0)]) == 0.0


def test_without_edges_nobody_is_inside() -> None:
    assert fence.room_of_few(edges_of(()), fence.Pose(0.0, 0.0, 0.0), BLUNT_M) == fence.NONE_LEFT


def test_row_101_many_edges_are_measured_at_once() -> None:
    def used(count: int) -> tuple[int, int]:
        with mock.patch.object(fence, "room_of_few") as few, mock.patch.object(fence, "room_of_many") as many:
            fence.room(np.resize(EDGES, (count, 4)), estimate(), CONFIG)
        return few.call_count, many.call_count

    assert used(8) == used(100) == (1, 0)
    assert used(101) == used(300) == (0, 1)


def test_row_101_the_room_is_the_same_on_either_side_of_the_number() -> None:
    field = [(20.0 * math.cos(turn), 20.0 * math.sin(turn)) for turn in np.linspace(0.0, 6.25, 101).tolist()]
    belief = estimate(2.0, 1.0, 0.3)
    many = fence.room(edges_of((tuple(field),)), belief, CONFIG)
    few = fence.room(edges_of((tuple(field[:-1]),)), belief, CONFIG)
    assert many.turns
    assert many.ahead_m == pytest.approx(few.ahead_m, abs=0.01)
    assert many.behind_m == pytest.approx(few.behind_m, abs=0.01)


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_left_out_is_what_lies_wholly_beyond_on_one_side(side: float) -> None:
    def seen(left_m: float, to_left_m: float) -> bool:
        edges_m = np.array([[0.0, side * left_m, 1.0, side * to_left_m]])
        return fence_few.near(edges_m, 0.0, 0.0, 0.0, 5.0) != []

    assert seen(5.0, 9.0)
    assert seen(9.0, 5.0)
    assert seen(6.0, -6.0)
    assert not seen(5.25, 9.0)
    assert not seen(9.0, 5.25)


@pytest.mark.parametrize("reach_m", [(4.0, 0.5, 3.0), (0.5, 4.0, 3.0), (3.0, 0.5, 4.0)])
def test_row_101_what_the_footprint_touches_by_turning_is_not_left_out(reach_m: tuple[float, float, float]) -> None:
    pose = fence.Pose(0.0, 0.0, 0.0)
    for left_m in (4.25, 4.99, 5.0):
        edges_m = edges_round((((-1.0, left_m), (1.0, left_m), (0.0, 8.0)),))
        assert not fence.room_of_few(edges_m, pose, reach_m).turns
    assert fence.room_of_few(edges_round((((-1.0, 5.25), (1.0, 5.25), (0.0, 8.0)),)), pose, reach_m).turns


def test_row_101_who_stands_on_a_boundary_is_not_inside() -> None:
    assert not fence_few.inside([(0.0, -1.0, 0.0, 1.0)])
    assert not fence_few.inside([(-1.0, -1.0, -1.0, 1.0), (0.0, -1.0, 0.0, 1.0), (1.0, -1.0, 1.0, 1.0)])
    assert fence_few.inside([(-1.0, -1.0, -1.0, 1.0), (1.0, -1.0, 1.0, 1.0)])


@pytest.mark.parametrize("measure", [fence.room_of_few, fence.room_of_many])
def test_row_101_between_two_fields_nobody_is_inside(measure: Callable[..., fence.Room]) -> None:
    """There is a boundary ahead and one behind, and the machine is in neither field."""
    ahead, behind = (
        ((6.0, -5.0), (16.0, -5.0), (16.0, 5.0), (6.0, 5.0)),
        ((-16.0, -5.0), (-6.0, -5.0), (-6.0, 5.0), (-16.0, 5.0)),
    )
    assert measure(edges_of((ahead, behind)), fence.Pose(0.0, 0.0, 0.0), BLUNT_M) == fence.NONE_LEFT


@pytest.mark.parametrize("measure", [fence.room_of_few, fence.room_of_many])
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_row_101_a_boundary_ends_at_its_corner(measure: Callable[..., fence.Room], side: float) -> None:
    """A notch points at the machine: the room ahead and behind is the way to its tip, not beyond."""
    tip, rear_tip = (10.0, 0.2 * side), (-9.0, 0.2 * side)
    field = (
        *((-30.0, -30.0), (30.0, -30.0), (30.0, -5.0), tip, (30.0, 5.0), (30.0, 30.0)),
        *((-30.0, 30.0), (-30.0, 5.0), rear_tip, (-30.0, -5.0)),
    )
    found = measure(edges_of((field,)), fence.Pose(0.0, 0.0, 0.0), BLUNT_M)
    assert found.ahead_m == pytest.approx(tip[0] - BLUNT_M[0], abs=1e-6)
    assert found.behind_m == pytest.approx(-rear_tip[0] - BLUNT_M[1], abs=1e-6)
