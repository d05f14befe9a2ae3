"""Fences: circles drawn on the safe side, several inclusions bind together, overlaps are never turned into ground."""

import math
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from vehicle.contracts.frames import LocalFrame
from vehicle.polygons.fences import circle_lonlat, circle_m, fenced, held_in, mended, round_about

RADII = st.floats(0.05, 5_000.0)


def truly_round(radius_m):
    angles = np.linspace(0.0, 2.0 * math.pi, 721)
    return np.column_stack([radius_m * np.cos(angles), radius_m * np.sin(angles)])


@pytest.mark.long
@given(radius_m=RADII)
def test_a_circle_that_keeps_out_holds_the_whole_circle(radius_m):
    drawn = shapely.Polygon(circle_m(0.0, 0.0, radius_m, outward=True))
    assert drawn.buffer(1e-9 * radius_m).covers(shapely.MultiPoint(truly_round(radius_m)))
    assert drawn.area < 1.01 * math.pi * radius_m**2


@given(radius_m=RADII, height_m=st.floats(-100.0, 3_000.0))
def test_a_circle_that_holds_in_lies_in_the_circle_at_every_height(radius_m, height_m):
    ring = circle_lonlat(39.99, 46.93, radius_m, outward=False)
    at = LocalFrame(39.99, 46.93, height_m).enu_from_lonlat_array(np.array(ring))
    assert float(np.hypot(*at.T).max()) <= radius_m * (1.0 + 1e-6)
    assert shapely.Polygon(at).area > 0.98 * math.pi * radius_m**2


def test_round_about_a_line_holds_every_point_within_its_radius():
    tape = shapely.LineString([(0, 0), (10, 3), (12, 20)])
    drawn = round_about(tape, 0.5)
    assert drawn.covers(shapely.buffer(tape, 0.5, quad_segs=400))


def test_several_inclusions_bind_together():
    one, other, third = shapely.box(0, 0, 30, 30), shapely.box(20, 0, 50, 30), shapely.box(0, 10, 60, 20)
    assert held_in([one, other, third]).equals(shapely.box(20, 10, 30, 20))
    assert held_in([one, shapely.box(100, 0, 110, 10)]).is_empty


def test_a_work_area_is_cut_and_the_rest_is_named_and_barred():
    work, fence = shapely.box(0, 0, 40, 30), shapely.box(-5, -5, 25, 35)
    found = fenced(work, [fence])
    assert found.inside.equals(shapely.box(0, 0, 25, 30))
    assert found.outside.equals(shapely.box(25, 0, 40, 30))
    assert found.barred.intersection(fence).area == 0.0
    assert found.barred.covers(shapely.box(25.5, -20, 60, 50))
    free = fenced(work, [])
    assert free.inside.equals(work)
    assert free.outside.is_empty
    assert free.barred.is_empty


def test_a_fence_elsewhere_leaves_nothing():
    assert fenced(shapely.box(0, 0, 10, 10), [shapely.box(50, 50, 60, 60)]).inside.is_empty


@pytest.mark.parametrize("shift", [0.0, 3.0, 7.5])
def test_the_overlap_of_two_shells_is_never_turned_into_ground(shift):
    one, other = shapely.box(0, 0, 10, 10), shapely.box(shift, 2, shift + 10, 8)
    both = mended(shapely.MultiPolygon([one, other]))
    assert both.symmetric_difference(one.union(other)).area < 1e-9


def test_no_room_mends_by_the_other_way():
    """The default of make_valid is even-odd: the overlap of two keep-outs becomes ground."""
    root = Path(__file__).parents[2]
    files = [path for room in ("vehicle", "flailpilot") for path in (root / room).rglob("*.py")]
    calls = [line for path in files for line in path.read_text(encoding="utf-8").splitlines() if "make_valid(" in line]
    assert calls
    assert all('method="structure"' in line for line in calls), calls
