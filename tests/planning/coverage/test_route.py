"""Ways and tours: as short as over all legs, clear of every obstacle, no far trip for little work."""

import math
from copy import copy
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.coverage.__main__ import HEAD, told
from benchmarks.coverage.one import row_of
from benchmarks.coverage.sites import generated
from tests.marks import some
from tests.planning.coverage.support import BENCH
from vehicle.planning.coverage.route import FAR_S, TourStop, order_stops
from vehicle.planning.coverage.swath import Move
from vehicle.planning.coverage.tiled_polygons import TiledPolygons
from vehicle.planning.coverage.transit import Roadmap, length_m
from vehicle.planning.coverage.work_limit import SECONDS, Deadline, Work, WorkLimit

pytestmark = pytest.mark.long

BOX = (-60.0, -60.0, 60.0, 60.0)


def blocks(draw):
    """Turned rectangles, some of which overlap."""
    found = []
    for east, north, half, ratio, angle in draw:
        corners = np.array([(-half, -ratio * half), (half, -ratio * half), (half, ratio * half), (-half, ratio * half)])
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        found.append(shapely.Polygon(corners @ turn + (east, north)))
    return np.array(found, dtype=object)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.floats(-30, 30), st.floats(-40, 40), st.floats(1, 14), st.floats(0.1, 1.0), st.floats(0.05, 1.5)),
        min_size=1,
        max_size=7,
    )
)
def test_a_way_is_clear_and_as_short_as_over_all_legs(draw):
    start, goal = (-55.0, -3.1), (55.0, 2.7)
    roadmap = Roadmap(blocks(draw), BOX, np.empty((0, 2, 2)))
    way = roadmap.way(start, goal)
    every = roadmap._search(np.array([start, goal]), math.inf, every_connection=True)
    assert (way is None) == (every is None)
    if way is not None:
        assert every is not None
        assert all(roadmap.clear(a, np.array([b]))[0] for a, b in pairwise(way))
        assert length_m(way) <= 1.02 * length_m(every) + 0.5


def hall(draw):
    """Closed ground all round, with turned rectangles as rooms in it, some of which are joined."""
    rooms = shapely.buffer(shapely.union_all(blocks(draw)), 2.0, quad_segs=3)
    return shapely.difference(shapely.box(*BOX), rooms)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.floats(-30, 30), st.floats(-40, 40), st.floats(4, 14), st.floats(0.2, 1.0), st.floats(0.05, 1.5)),
        min_size=2,
        max_size=6,
    )
)
def test_a_way_inside_closed_ground_is_as_short_as_one_can_be(draw):
    """Free ground in a hole of closed ground: the ways follow its inward corners, not those that lie in its ends."""
    walls = hall(draw)
    start, goal = ((float(east), float(north)) for east, north, *_ in (draw[0], draw[-1]))
    roadmap = Roadmap(np.array([walls], dtype=object), BOX, np.empty((0, 2, 2)))
    way = roadmap.way(start, goal)
    shrunk = shapely.buffer(shapely.difference(shapely.box(*BOX), walls), -0.8)
    joined = any(
        shapely.distance(part, shapely.Point(start)) == shapely.distance(part, shapely.Point(goal)) == 0.0
        for part in shapely.get_parts(shrunk)
    )
    assert way is not None or not joined
    if way is None:
        return
    assert all(roadmap.clear(a, np.array([b]))[0] for a, b in pairwise(way))
    assert length_m(way) <= 1.02 * shortest_m(shrunk, start, goal) + 0.5 or not joined


def shortest_m(free, start, goal):
    """Length [m] of the shortest way over all lines between the corners of free ground (Floyd-Warshall)."""
    places = np.array([start, goal, *np.unique(shapely.get_coordinates(free), axis=0)])
    lines = shapely.linestrings(np.stack(np.broadcast_arrays(places[:, None], places[None, :]), axis=2))
    ground = shapely.buffer(free, 1e-6)
    shapely.prepare(ground)
    ways_m = np.where(shapely.covers(ground, lines), shapely.length(lines), math.inf)
    for k in range(len(places)):
        ways_m = np.minimum(ways_m, ways_m[:, k : k + 1] + ways_m[k : k + 1])
    return float(ways_m[0, 1])


def test_a_search_for_a_way_ends_with_the_time():
    wall = np.array([shapely.box(-1.0, -50.0, 1.0, 50.0)], dtype=object)
    open_ended = Roadmap(wall, BOX, np.empty((0, 2, 2)))
    assert open_ended.way((-9.0, 0.3), (9.0, 0.4)) is not None
    limit = WorkLimit(SECONDS[Work.ROADMAPS])
    roadmap = Roadmap(wall, BOX, np.empty((0, 2, 2)), Deadline(limit))
    assert roadmap.way((-9.0, 0.3), (9.0, 0.4)) is None
    assert limit.done[Work.LEGS] < 20
    assert roadmap.way((-9.0, 0.3), (-9.0, 0.4)) == [(-9.0, 0.3), (-9.0, 0.4)]


def test_no_way_is_told_where_it_would_be_longer_than_asked():
    wall = np.array([shapely.box(-1.0, -50.0, 1.0, 50.0)], dtype=object)
    roadmap = Roadmap(wall, BOX, np.empty((0, 2, 2)))
    assert roadmap.way((-9.0, 0.3), (9.0, 0.4), 60.0) is None
    way = roadmap.way((-9.0, 0.3), (9.0, 0.4), 160.0)
    assert way is not None
    assert 100.0 < length_m(way) < 110.0


def stop(east, length):
    """A swath to the north-east that begins and ends where the machine may turn."""
    move = Move(a_m=east, b_m=east + length, in_m=east - 2.0, out_m=east + length, reverse=False)
    entry, end = (east - 2.0, 0.2 * east, 0.3), (east + length, 0.2 * east, 0.3)
    return TourStop(0.3, 0.2 * east, (east, east + length), move, entry, end, length / BENCH.working_speed_mps)


@pytest.mark.parametrize(("length", "waits"), [(3.0, True), (70.0, False)])
def test_a_far_trip_waits_unless_the_work_there_is_worth_it(length, waits):
    far = 1.8 * FAR_S * BENCH.transit_speed_mps
    roadmap = Roadmap(np.empty(0, dtype=object), (-9e3, -9e3, 9e3, 9e3), np.empty((0, 2, 2)))
    options = [[stop(0.0, 9.0)], [stop(14.0, 9.0)], [stop(far, length)]]
    ordered, ways, ended = order_stops(options, None, roadmap, BENCH, lambda: False)
    assert (len(ordered), len(ways), ended) == ((2, 2, True) if waits else (3, 3, False))


def test_a_copy_of_a_patchwork_is_a_book_of_its_own():
    whole = TiledPolygons(shapely.box(0.0, 0.0, 10.0, 9.0), 1e-7)
    trial = copy(whole)
    trial.subtract(np.array([shapely.box(1.0, 1.0, 4.0, 8.0)], dtype=object))
    assert (whole.area_m2, trial.area_m2) == pytest.approx((90.0, 69.0))


@pytest.mark.parametrize("mode", some(["safe", "unknown"], 1, pytest.mark.release))
def test_a_row_of_the_table_is_checked_independently(tmp_path, mode):
    row = row_of(generated(4, mode), mode, 60.0, tmp_path)
    assert row["complaints"] == []
    assert row["certified_missed_m2"] == row["missed_m2"] == 0.0
    assert sum(row["kind_h"].values()) == pytest.approx(row["time_h"])
    assert len(told("seed 4", row)) == len(HEAD)
