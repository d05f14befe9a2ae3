"""Overlays take what overlays leave: polygons with lines where two edges met."""

import numpy as np
import pytest
import shapely

from vehicle.planning.coverage import robust_overlay

FIELD = shapely.Polygon([(0.3, 0.1), (9.2, 0.7), (8.8, 6.1), (0.1, 5.9)])
MIXED = shapely.GeometryCollection([shapely.box(2.0, 2.0, 4.0, 3.5), shapely.LineString([(1.0, 1.0), (6.0, 1.3)])])
EMPTY = shapely.GeometryCollection([shapely.Point(1.0, 1.0), shapely.LineString([(1.0, 1.0), (6.0, 1.3)])])


def test_the_library_refuses_what_this_room_takes():
    with pytest.raises(shapely.errors.GEOSException, match="mixed-dimension"):
        shapely.difference(FIELD, MIXED, grid_size=robust_overlay.GRID_M)


def test_difference_union_and_intersection_of_mixed_dimension():
    assert robust_overlay.difference(FIELD, MIXED).area == pytest.approx(FIELD.area - 3.0, abs=1e-3)
    assert robust_overlay.difference(MIXED, FIELD).area == pytest.approx(0.0, abs=1e-6)
    assert robust_overlay.intersection(FIELD, MIXED).area == pytest.approx(3.0, abs=1e-6)
    assert robust_overlay.union([FIELD, MIXED]).area == pytest.approx(FIELD.area, abs=1e-3)
    assert robust_overlay.difference(FIELD, EMPTY).area == pytest.approx(FIELD.area, abs=1e-3)


def test_element_by_element():
    both = np.array([FIELD, MIXED], dtype=object)
    found = robust_overlay.difference(both, MIXED)
    assert found.shape == (2,)
    assert shapely.area(found) == pytest.approx([FIELD.area - 3.0, 0.0], abs=1e-3)
