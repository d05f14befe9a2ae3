"""What fences mean, for site files and for fences that come by radio: one rule for circles, one for several fences.

- A circle that keeps out is drawn round itself (circumscribed), one that holds in inside itself (inscribed).
- Several inclusion fences bind together: the machine stays inside all of them. An inclusion fence is never work.
- What crosses itself or overlaps is mended by structure: the overlap of two keep-outs stays kept out.

Polygons are shapely's, in ENU metres.
"""

import math
from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
import shapely

from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.geometry import Ring

RADIUS_MAX_M = 50_000.0
"""No fence of a site is larger."""
SAG_M = 0.01
"""A circle is drawn with so many corners that its outline is this near to it."""
CORNERS_MIN, CORNERS_MAX = 32, 720
HEIGHT_SHARE = 5e-4
"""A metre at 3 km of height spans so much less of a degree; what holds in is drawn smaller by it."""
ROUNDING_M = 1e-5
"""Of a place in degrees and back."""
ROUND_SEGMENTS, GEOS_SHARE = 8, 0.97
"""Corners of a quarter circle; GEOS simplifies what it buffers, by 2 % of the radius at most in trials."""
BEYOND_M = 60.0
"""So wide is the band round everything drawn that is closed where a fence holds in."""


class Fenced(msgspec.Struct, frozen=True):
    """What a fence makes of a work area.

    `inside`: what of it is to be worked, keep-outs not yet taken off; `outside`: what the fence takes away;
    `barred`: where neither track nor tool may go because of the inclusion fences (empty where there are none).
    """

    inside: Any
    outside: Any
    barred: Any


def fenced(work: Any, inclusions: Iterable[Any], seen: Iterable[Any] = ()) -> Fenced:
    """A work area under inclusion fences; `seen` are other shapes of the site that the barred band must go round.

    Without a fence everything is inside. `inside` is empty where the fences leave nothing: that is to be refused.
    """
    fences = list(inclusions)
    if not fences:
        return Fenced(work, shapely.Polygon(), shapely.Polygon())
    bound = held_in(fences)
    everything = shapely.union_all([work, *fences, *seen])
    barred = polygonal(shapely.difference(shapely.box(*everything.buffer(BEYOND_M).bounds), bound))
    outside = polygonal(shapely.difference(work, bound))
    return Fenced(polygonal(shapely.intersection(work, bound)), outside, barred)


def held_in(inclusions: Iterable[Any]) -> Any:
    """The ground inside all inclusion fences; empty where they have nothing in common."""
    fences = [mended(fence) for fence in inclusions]
    bound = fences[0] if fences else shapely.Polygon()
    for fence in fences[1:]:
        bound = polygonal(shapely.intersection(bound, fence))
    return bound


def mended(geometry: Any) -> Any:
    """A valid (multi)polygon. By structure: the default way turns the overlap of two shells into a hole."""
    return polygonal(geometry if geometry.is_valid else shapely.make_valid(geometry, method="structure"))


def circle_m(east_m: float, north_m: float, radius_m: float, *, outward: bool) -> Ring:
    """Corners of a circle, the first repeated: round it where it keeps out (`outward`), inside it where it holds in."""
    corners = _corners(radius_m)
    drawn_m = radius_m / math.cos(math.pi / corners) + ROUNDING_M if outward else radius_m * (1.0 - HEIGHT_SHARE)
    angles = 2.0 * math.pi * np.arange(corners + 1) / corners
    return tuple((east_m + drawn_m * math.cos(a), north_m + drawn_m * math.sin(a)) for a in angles.tolist())


def circle_lonlat(lat_deg: float, lon_deg: float, radius_m: float, *, outward: bool) -> Ring:
    """`circle_m` about a place in degrees, as (longitude, latitude)."""
    ring = circle_m(0.0, 0.0, radius_m, outward=outward)
    rows = LocalFrame(lat_deg, lon_deg).lonlat_from_enu_array(list(ring)).tolist()
    return tuple((float(lon), float(lat)) for lon, lat in rows)


def round_about(geometry: Any, radius_m: float) -> Any:
    """Everything within a radius of a point or a line, and no less: what stands there keeps out."""
    drawn_m = radius_m / (math.cos(math.pi / (4 * ROUND_SEGMENTS)) * GEOS_SHARE)
    return shapely.buffer(geometry, drawn_m, quad_segs=ROUND_SEGMENTS)


def polygonal(geometry: Any) -> Any:
    """Only the polygons of a geometry; lines and points that overlays leave are dropped."""
    parts = shapely.get_parts(geometry)
    while np.any(shapely.get_type_id(parts) > 3):  # collections of collections
        parts = shapely.get_parts(parts)
    areal = parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)]
    if len(areal) == 1:
        return areal[0]
    return shapely.MultiPolygon(list(areal)) if len(areal) else shapely.Polygon()


def _corners(radius_m: float) -> int:
    """Enough for SAG_M."""
    angle = math.acos(1.0 / (1.0 + SAG_M / max(radius_m, SAG_M)))
    return min(CORNERS_MAX, max(CORNERS_MIN, 4 * math.ceil(math.pi / angle / 4)))
