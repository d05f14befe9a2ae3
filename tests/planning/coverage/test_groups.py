"""Swaths in groups, as plan.png shows them: cells of parallel swaths, headlands and edge passes beside them."""

import math

from hypothesis import given
from hypothesis import strategies as st

from tests import builders
from tests.planning.coverage.support import BENCH
from vehicle.planning.files.groups import swath_groups


def block(count: int, east_m: float, yaw_rad: float, length_m: float = 20.0):
    """So many swaths beside each other, driven to and fro."""
    swaths = []
    for row in range(count):
        x, y = -1.8 * row * math.sin(yaw_rad), 1.8 * row * math.cos(yaw_rad)
        back = row % 2
        along_m = back * (length_m + 4.0)
        start = (east_m + x + along_m * math.cos(yaw_rad), y + along_m * math.sin(yaw_rad))
        swaths.append(builders.swath(row, length_m, yaw_rad + back * math.pi, start))
    return swaths


@given(st.integers(1, 9), st.integers(1, 9), st.floats(0.0, math.pi), st.floats(0.1, 3.0), st.randoms())
def test_each_swath_is_in_one_group_whatever_the_order(one, other, yaw_rad, apart_rad, chance):
    swaths = [*block(one, 0.0, yaw_rad), *block(other, 200.0, yaw_rad + apart_rad)]
    chance.shuffle(swaths)
    groups = swath_groups(builders.plan(tuple(swaths), BENCH))
    assert sorted(number for group in groups for number in group.numbers) == list(range(1, one + other + 1))
    assert sorted(len(group.numbers) for group in groups) == sorted([one, other])
    assert sum(group.is_cell for group in groups) == (one >= 4) + (other >= 4)


def test_a_headland_across_the_ends_is_none_of_the_cell():
    cell = block(6, 0.0, 0.0)
    across = block(2, 21.0, 0.5 * math.pi, 9.0)
    groups = swath_groups(builders.plan((*across, *cell), BENCH))
    assert [(len(group.numbers), group.is_cell, round(group.heading_deg)) for group in groups] == [
        (2, False, 0),
        (6, True, 90),
    ]


def test_no_swath_no_group():
    assert swath_groups(builders.plan((), BENCH)) == []
