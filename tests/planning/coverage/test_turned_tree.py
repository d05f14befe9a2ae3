"""Trees along the swaths find what an exact test of every pair finds."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import affinity

from vehicle.planning.coverage.turned_tree import TurnedTree

METRES = st.floats(-60.0, 60.0).map(lambda value: round(value, 3))
TURNS = st.sampled_from([0.0, math.pi / 2.0, 0.3, -1.2, 2.9])


@st.composite
def strips(draw):
    """A rectangle at some angle; now and then nothing."""
    east, north, length = draw(METRES), draw(METRES), draw(st.floats(0.1, 80.0))
    if draw(st.integers(0, 9)) == 0:
        return shapely.Polygon()
    return affinity.rotate(shapely.box(east, north, east + length, north + 1.7), draw(TURNS), (0, 0), use_radians=True)


@pytest.mark.long
@given(st.lists(strips(), min_size=1, max_size=12), st.lists(strips(), min_size=1, max_size=6), TURNS)
def test_finds_every_pair_that_meets_and_no_other(polygons, others, theta_rad):
    every, shapes = np.array(polygons, dtype=object), np.array(others, dtype=object)
    found = set(zip(*(numbers.tolist() for numbers in TurnedTree(every, theta_rad).meeting(shapes)), strict=True))
    assert found == {(a, b) for a, one in enumerate(shapes) for b, other in enumerate(every) if one.intersects(other)}


@given(st.lists(strips(), min_size=1, max_size=12), strips(), st.floats(0.0, 10.0), TURNS)
def test_near_leaves_out_nothing_within_the_rim(polygons, shape, rim_m, theta_rad):
    near = TurnedTree(np.array(polygons, dtype=object), theta_rad).near(shape, rim_m)
    within = [k for k, polygon in enumerate(polygons) if polygon.distance(shape) < rim_m]
    assert near == sorted(near)
    assert set(within) <= set(near)


@pytest.mark.parametrize(("theta_rad", "found"), [(0.3, 1), (0.3 + math.pi / 4.0, 20)])
def test_along_the_strips_a_box_meets_its_own_strip_alone(theta_rad, found):
    rows = [shapely.box(0.0, 2.0 * k, 100.0, 2.0 * k + 1.5) for k in range(20)]
    turned = [affinity.rotate(row, 0.3, (0, 0), use_radians=True) for row in rows]
    tree = TurnedTree(np.array(turned, dtype=object), theta_rad)
    assert len(tree.near(turned[7], 0.0)) == found
