"""Shapes of the record in longitude and latitude as other programs want them: valid, of one kind, after RFC 7946."""

from typing import Any, Final

import numpy as np
import shapely

from vehicle.contracts.frames import LocalFrame

DIGITS: Final = 8
"""Decimals of a degree in text: 1.1 mm."""
FINE_DIGITS: Final = 10
"""Where a sliver would vanish otherwise: 0.01 mm."""


def multipolygon(shape: Any) -> Any:
    """A polygon as a MultiPolygon of one; every ring wound as RFC 7946 3.1.6 has it: shells anticlockwise."""
    whole = shapely.MultiPolygon([shape]) if shape.geom_type == "Polygon" else shape
    return shapely.orient_polygons(whole, exterior_cw=False)


def in_degrees(shape: Any, datum: LocalFrame) -> Any:
    """A geometry in ENU metres in longitude and latitude; polygons become MultiPolygons, wound right."""
    moved = shapely.transform(shape, lambda points_m: np.asarray(datum.lonlat_from_enu_array(points_m)))
    return multipolygon(moved) if moved.geom_type in {"Polygon", "MultiPolygon"} else moved


def rounded(shape: Any) -> Any:
    """The same with as few decimals as leave it valid, with the same number of pieces; nothing vanishes.

    Slivers thinner than a millimetre keep ten decimals, or all of them.
    """
    for digits in (DIGITS, FINE_DIGITS):
        found = shapely.transform(shape, lambda points, digits=digits: np.round(points, digits))
        if shapely.is_valid(found) and not found.is_empty and not _touches_itself(found):
            return found
    return shape


def _touches_itself(shape: Any) -> bool:
    """Valid, and yet a line without length or an area without ground."""
    if shape.geom_type == "LineString":
        return bool(shape.length == 0.0)
    if shape.geom_type == "MultiPolygon":
        return bool((shapely.area(shapely.get_parts(shape)) <= 0.0).any())
    return False
