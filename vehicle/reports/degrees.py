"""Converts shapes to longitude and latitude for other programs: valid, of one kind, according to RFC 7946."""

from typing import Any, Final

import numpy as np
import shapely

from vehicle.contracts.frames import LocalFrame

DIGITS: Final = 8
"""Decimals of a degree in text; the last is 1.1 mm."""
FINE_DIGITS: Final = 10
"""Decimals for slivers that would otherwise vanish; the last is 0.01 mm."""


def multipolygon(shape: Any) -> Any:
    """Return a polygon as a MultiPolygon; rings have the direction of RFC 7946 3.1.6: shells anticlockwise."""
    whole = shapely.MultiPolygon([shape]) if shape.geom_type == "Polygon" else shape
    return shapely.orient_polygons(whole, exterior_cw=False)


def in_degrees(shape: Any, datum: LocalFrame) -> Any:
    """Convert a geometry from ENU metres to degrees; polygons become MultiPolygons with correct ring direction."""
    moved = shapely.transform(shape, lambda points_m: np.asarray(datum.lonlat_from_enu_array(points_m)))
    return multipolygon(moved) if moved.geom_type in {"Polygon", "MultiPolygon"} else moved


def rounded(shape: Any) -> Any:
    """Round a geometry to the fewest decimals that keep it valid and keep all its pieces.

    Slivers thinner than a millimetre keep ten decimals, or all of them.
    """
    for digits in (DIGITS, FINE_DIGITS):
        found = shapely.transform(shape, lambda points, digits=digits: np.round(points, digits))
        if shapely.is_valid(found) and not found.is_empty and not _touches_itself(found):
            return found
    return shape


def _touches_itself(shape: Any) -> bool:
    """Whether a valid geometry is a line without length or a polygon without area."""
    if shape.geom_type == "LineString":
        return bool(shape.length == 0.0)
    if shape.geom_type == "MultiPolygon":
        return bool((shapely.area(shapely.get_parts(shape)) <= 0.0).any())
    return False
