"""Legs between corners: what is told to lie apart is what a search over every leg does not reach."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planning.coverage.test_route import BOX, blocks
from vehicle.planning.coverage.transit import Roadmap
from vehicle.planning.coverage.work_limit import Deadline, Work, WorkLimit

drawn_blocks = st.lists(
    st.tuples(st.floats(-30, 30), st.floats(-30, 30), st.floats(1, 14), st.floats(0.1, 1.0), st.floats(0.05, 1.5)),
    max_size=6,
)
places = st.tuples(st.floats(-50, 50), st.floats(-50, 50))


def pen(gap_m):
    """Four walls round the middle, turned, with a gap in one of them."""
    walls = [shapely.box(-9, -9, 9, -7), shapely.box(-9, -9, -7, 9), shapely.box(7, -9, 9, 9)]
    walls += [shapely.box(-9, 7, -0.5 * gap_m, 9), shapely.box(0.5 * gap_m, 7, 9, 9)]
    turn = np.array([[math.cos(0.4), math.sin(0.4)], [-math.sin(0.4), math.cos(0.4)]])
    return np.array([shapely.transform(wall, lambda xy: xy @ turn) for wall in walls], dtype=object)


@pytest.mark.parametrize(("gap_m", "apart"), [(0.3, True), (4.0, False)])
def test_a_gap_too_narrow_to_steer_through(gap_m, apart):
    roadmap = Roadmap(pen(gap_m), BOX, np.empty((0, 2, 2)))
    for goal in ((0.1, -2.3), (0.4, 1.7)):
        assert (roadmap.way((-40.3, -31.0), goal) is None) is apart
        assert roadmap.visibility().known_apart((-40.3, -31.0), goal) is apart
        assert not roadmap.visibility().known_apart((-40.3, -31.0), (40.1, 12.0))


def test_a_strip_leads_through_a_gap_that_is_too_narrow_to_steer_through():
    start, goal = (-40.3, -31.0), (0.4, 1.7)
    inside, outside = (-0.8, 2.0), (-5.8, 13.8)
    strips = np.array([(inside, outside), ((-50.0, 3.0), (-50.0, 20.0))])
    assert Roadmap(pen(0.3), BOX, strips).way(start, goal) is None
    assert Roadmap(pen(0.3), BOX, strips[1:], necks=True).way(start, goal) is None
    assert Roadmap(pen(0.3), BOX, np.empty((0, 2, 2)), necks=True).way(start, goal) is None
    way = Roadmap(pen(0.3), BOX, strips, necks=True).way(start, goal)
    assert way is not None
    assert way[-3:-1] == [outside, inside]
    assert Roadmap(pen(0.3), BOX, strips, necks=True).way(start, goal, 500.0) is None, "only where the length is free"


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    drawn_blocks,
    st.floats(0.0, 2.0),
)
def test_apart_is_what_no_leg_joins(draw, gap_m):
    start, goal = (-55.0, -3.1), (0.3, 2.2)
    roadmap = Roadmap(np.array([*blocks(draw), *pen(gap_m)], dtype=object), BOX, np.empty((0, 2, 2)))
    if not roadmap.clear(start, np.array([goal]))[0]:
        way = roadmap._search(np.array([start, goal]), math.inf, every_connection=True)
        assert roadmap.visibility().apart(start, goal) is (way is None)
        assert roadmap.visibility().apart(goal, start) is (way is None)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    drawn_blocks,
    st.floats(0.0, 2.0),
    st.lists(st.tuples(places, places), max_size=5),
    places,
)
def test_apart_along_is_what_no_leg_and_no_strip_joins(draw, gap_m, strips, goal):
    start = (-55.0, -3.1)
    roadmap = Roadmap(np.array([*blocks(draw), *pen(gap_m)], dtype=object), BOX, np.empty((0, 2, 2)))
    for a, b in ((start, goal), (goal, start), (start, (0.3, 2.2))):
        loose = np.array([*(end for strip in strips for end in strip), a, b])
        way = roadmap._search(loose, math.inf, every_connection=True)
        assert roadmap.visibility().apart_along(loose, Deadline()) is (way is None)


@pytest.mark.parametrize("walled_in", ["goal", "start"])
def test_a_place_that_nothing_leads_to_is_known_after_a_few_looks(walled_in):
    strips = np.array([((-50.0, y_m), (50.0, y_m)) for y_m in np.linspace(-50.0, -20.0, 60)])
    pair = ((-40.3, -31.0), (0.4, 1.7))
    deadline = Deadline()
    roadmap = Roadmap(pen(0.3), BOX, strips, deadline, necks=True)
    assert roadmap.way(*(pair if walled_in == "goal" else pair[::-1])) is None
    assert deadline.limit.done[Work.LEGS] < 10 * (2 * len(strips))


def test_looking_ends_at_the_limit():
    strips = np.array([((-50.0, y_m), (50.0, y_m)) for y_m in np.linspace(-50.0, -20.0, 60)])
    loose, deadline = np.concatenate([strips.reshape(-1, 2), [(-40.3, -31.0), (0.4, 1.7)]]), Deadline(WorkLimit(0.001))
    roadmap = Roadmap(pen(4.0), BOX, strips, deadline, necks=True)
    assert not roadmap.visibility().apart_along(loose, Deadline()), "there is a way"
    told = deadline.limit.done[Work.LEGS]
    assert roadmap.visibility().apart_along(loose, deadline)
    assert deadline.struck
    assert deadline.limit.done[Work.LEGS] == told
