"""Overlays that do not fail: snapped to a fixed grid, so that no sliver can make the next overlay invalid.

GEOS overlays in floating point raise an error on nearly coincident edges or, worse, return a wrong area. Adjacent
swaths often produce such edges. On a grid of 10 micrometres snap-rounding makes every overlay valid
and exact to the grid.
"""

from typing import Any

import numpy as np
import shapely

from vehicle.planning.coverage.area import polygons_of

GRID_M = 1e-5


def snapped(geometry: Any) -> Any:
    """Return the geometry snapped to the grid and valid; only its areas are kept."""
    return shapely.set_precision(geometry, GRID_M)


def union(geometries: Any) -> Any:
    """Union of an array or list of polygons."""
    try:
        return shapely.union_all(np.asarray(geometries, dtype=object), grid_size=GRID_M)
    except shapely.errors.GEOSException:
        return shapely.union_all(_areal(np.asarray(geometries, dtype=object)), grid_size=GRID_M)


def rough_union(geometries: Any) -> Any:
    """Union without the grid, three times as fast: for outlines used in routing, not for areas."""
    try:
        return shapely.union_all(np.asarray(geometries, dtype=object))
    except shapely.errors.GEOSException:
        return union(geometries)


def difference(a: Any, b: Any) -> Any:
    """A without b, element by element."""
    try:
        return shapely.difference(a, b, grid_size=GRID_M)
    except shapely.errors.GEOSException:
        return shapely.difference(_areal(a), _areal(b), grid_size=GRID_M)


def intersection(a: Any, b: Any) -> Any:
    """What a and b share, element by element."""
    try:
        return shapely.intersection(a, b)
    except shapely.errors.GEOSException:
        return shapely.intersection(_areal(a), _areal(b), grid_size=GRID_M)


def _areal(geometry: Any) -> Any:
    """Keep only polygons: overlays may leave lines where edges met, and GEOS refuses input of mixed dimension."""
    if isinstance(geometry, np.ndarray):
        return np.array([polygons_of(one) for one in geometry.ravel()], dtype=object).reshape(geometry.shape)
    return polygons_of(geometry)
