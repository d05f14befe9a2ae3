"""The raster of the certificate: counted slab by slab, the same as by points in polygons, in little memory."""

import math
import tracemalloc

import numpy as np
import pytest
import shapely

from vehicle.planning.coverage import bitmap
from vehicle.planning.coverage.bitmap import missed_by_bitmap_m2


def strips(count, length_m, pitch_m):
    """Anticlockwise rectangles 2 m wide side by side, aslant."""
    turn = np.array([[math.cos(0.3), math.sin(0.3)], [-math.sin(0.3), math.cos(0.3)]])
    one = np.array([(0.0, -1.0), (length_m, -1.0), (length_m, 1.0), (0.0, 1.0)])
    return np.array([(one + np.array([0.0, pitch_m * k])) @ turn for k in range(count)])


@pytest.mark.parametrize("slab_cells", [700, 10**9])
def test_the_same_as_points_in_polygons(monkeypatch, slab_cells):
    monkeypatch.setattr(bitmap, "SLAB_CELLS", slab_cells)
    asked = shapely.Polygon(
        [(1.0, 2.0), (22.1, 7.3), (15.2, 24.7), (2.3, 19.9)], [[(9.1, 9.2), (13.3, 10.4), (11.5, 14.6)]]
    )
    sweep, cell_m = strips(7, 23.0, 2.3), 0.3137
    x0, y0, x1, y1 = asked.bounds
    x, y = (np.arange(low + 0.5 * cell_m, high + cell_m, cell_m) for low, high in ((x0, x1), (y0, y1)))
    centres = shapely.points(*np.meshgrid(x, y)).ravel()
    swept = shapely.union_all(shapely.polygons(sweep))
    wanted = int((shapely.contains(asked, centres) & ~shapely.intersects(swept, centres)).sum())
    assert wanted > 50
    found = missed_by_bitmap_m2(asked, (sweep, sweep[:0]), cell_m)
    assert found[0] == pytest.approx(wanted * cell_m**2)
    assert found[1] == pytest.approx(int(shapely.contains(asked, centres).sum()) * cell_m**2)


def test_a_large_field_takes_little_memory():
    asked, sweep = shapely.box(0.1, 0.2, 900.0, 800.0), strips(600, 1500.0, 1.7)
    tracemalloc.start()
    missed_by_bitmap_m2(asked, (sweep,), 0.3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6
