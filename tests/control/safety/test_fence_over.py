"""How far over a boundary the machine is, and what leads out again; against an independent geometry library."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point

from tests.builders import estimate
from tests.control.safety.fenced import AROUND, BLUNT, EDGES, FRONT, GROUND, HALF, MACHINE, WALL, footprint
from tests.control.safety.gate_inputs import CONFIG
from vehicle.contracts.geometry import edges_of
from vehicle.contracts.messages import DriveRequest
from vehicle.control.safety import fence


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
