"""One boundary of several: where a fence lets the machine be, less what is kept out; rings in ENU metres, even-odd."""

from typing import Any

import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.geometry import WORLD, Ring

Rings = tuple[Ring, ...]
NOTHING_M2 = 0.01
"""Less ground than this is nothing."""


def joined(fence_m: Rings, *kept_out_m: Rings) -> Rings:
    """Inside the fence (everywhere, where there is none) and outside of all keep-outs; empty: nothing bounds.

    Raises:
        InputError: together they leave no place.
    """
    kept = [area for area in map(area_of, kept_out_m) if not area.is_empty]
    if not kept:
        return fence_m
    allowed = area_of(fence_m) if fence_m else shapely.Polygon(WORLD)
    allowed = shapely.difference(allowed, shapely.union_all(kept))
    if allowed.area < NOTHING_M2:
        raise InputError("fence and keep-outs together leave no ground")
    return rings_of(allowed)


def area_of(rings_m: Rings) -> Any:
    """What even-odd rings enclose."""
    lines = [shapely.LinearRing(ring) for ring in rings_m]
    return shapely.build_area(shapely.GeometryCollection(lines)) if lines else shapely.Polygon()


def rings_of(ground: Any) -> Rings:
    """All rings of a geometry's polygons, holes included."""
    return tuple(
        tuple((float(x), float(y)) for x, y in shapely.get_coordinates(ring))
        for polygon in shapely.get_parts(ground)
        if polygon.geom_type == "Polygon" and not polygon.is_empty
        for ring in (polygon.exterior, *polygon.interiors)
    )
