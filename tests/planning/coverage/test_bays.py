"""A long edge of a keep-out between two inward corners, where no pass along the edge can be entered."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.planning.coverage.support import document, feature, planned, ring_lonlat, saved
from vehicle.planning.coverage.remnants import NEAR_RAD, along_edges, between_inward_corners
from vehicle.planning.coverage.settings import PlanSettings

FIELD = [(-48, -24), (48, -24), (48, 24), (-48, 24)]
BAY = [(-32, -9), (32, -9), (32, 7), (20, 7), (20, 0), (-20, 0), (-20, 7), (-32, 7)]
"""A keep-out whose edge of 40 m lies 7 m deep between two arms."""


def turned(points_m, angle_rad):
    """Points turned about the origin."""
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    return [(x * cos - y * sin, x * sin + y * cos) for x, y in points_m]


@pytest.mark.long
@pytest.mark.parametrize(
    "angle_rad", [pytest.param(0.0, id="aligned"), pytest.param(0.15, id="turned", marks=pytest.mark.release)]
)
def test_an_edge_between_two_inward_corners_is_worked_without_a_row_of_stubs(tmp_path, angle_rad):
    """Before, 35 of 126 passes at the turned keep-out were half a metre long, each for less than 0.1 m2."""
    doc = document(
        feature("work_area", ring_lonlat(FIELD)),
        feature("keep_out", ring_lonlat(turned(BAY, angle_rad))),
        outside="safe",
    )
    plan, report = planned(saved(tmp_path, doc), tmp_path, settings=PlanSettings(overlap_m=0.2))
    assert report.complaints() == []
    lengths_m = [math.dist(s.points_m[0], s.points_m[-1]) for s in plan.segments if s.tool_down]
    assert sum(length_m < 1.0 for length_m in lengths_m) <= 4
    assert len(lengths_m) <= 100
    left_m2 = [row.area_m2 for row in plan.untreatable if row.reason == "no_approach"]
    assert len(left_m2) <= 4
    assert sum(left_m2) < 0.02


ANGLES = st.floats(-math.pi, math.pi)


def off_rad(a_rad, b_rad):
    """Between two directions up to quarter turns."""
    return abs(math.remainder(a_rad - b_rad, 0.5 * math.pi))


@given(angles_rad=st.lists(ANGLES, max_size=5), edges_rad=st.lists(ANGLES, max_size=4))
def test_directions_follow_an_edge_that_they_nearly_follow_and_stay_otherwise(angles_rad, edges_rad):
    moved = along_edges(angles_rad, edges_rad)
    assert len(moved) == len(angles_rad)
    for before, after in zip(angles_rad, moved, strict=True):
        near = [edge for edge in edges_rad if off_rad(before, edge) < NEAR_RAD]
        assert abs(after - before) < NEAR_RAD
        assert off_rad(after, near[0]) < 1e-9 if near else after == before


def test_only_the_long_edge_of_the_bay_lies_between_inward_corners():
    ring = np.array([*BAY, BAY[0]], dtype=float)
    assert np.flatnonzero(between_inward_corners(ring)).tolist() == [4]
    assert not between_inward_corners(np.array([*FIELD, FIELD[0]], dtype=float)).any()
