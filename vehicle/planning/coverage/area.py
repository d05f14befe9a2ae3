"""Rings in metres become valid polygons: repaired with a report, or refused with the place, never silently."""

from collections.abc import Callable

import numpy as np
import shapely

from vehicle.contracts.errors import InputError
from vehicle.planning.site.notes import Notes
from vehicle.polygons.fences import mended, polygonal

AREA_MIN_M2 = 0.01
"""Size of a hand: a smaller polygon is a drawing mistake."""
AMBIGUOUS_RATIO = 1e-6
"""If signed and repaired area of a ring differ by more than this share, the ring crosses itself."""
CROSSING_FREE_M2 = 1e-3
"""Loops below 10 cm2 in total come from rounded coordinates in the file; they are repaired and reported."""

THIN_FROM = 2_000
"""A feature with at least this many corners is thinned: a survey has hundreds, a recorded or traced line 10^5."""
THIN_M = 0.005
"""Half the distance by which thinning may move an outline: below the error of any survey."""

polygons_of = polygonal

Where = Callable[[float, float], str]
"""East, north [m] -> the place in words (lon, lat), for messages."""


def shell_of(ring_m: np.ndarray, place: str, where: Where, repairs: list[str]) -> shapely.Geometry:
    """Return a valid (multi)polygon of one ring, (n, 2) [m]; repairs are appended to `repairs`.

    Raises:
        InputError: a bow-tie, or a ring without area.
    """
    ring = _closed(ring_m)
    if len(ring) < 4:
        raise InputError(f"{place}: a ring needs three different corners, this has {max(0, len(ring) - 1)}")
    polygon = shapely.Polygon(ring)
    if polygon.is_valid:
        if polygon.area < AREA_MIN_M2:
            raise InputError(f"{place}: has no area ({polygon.area:.4f} m2); draw the polygon round the ground")
        return polygon
    reason, whole = shapely.is_valid_reason(polygon), mended(polygon)
    signed_m2 = abs(float(_signed_area_m2(ring)))
    if whole.area < AREA_MIN_M2:
        raise InputError(f"{place}: has no area ({whole.area:.4f} m2); draw the polygon round the ground")
    spot = _place_of(reason, ring, where)
    if abs(whole.area - signed_m2) > max(CROSSING_FREE_M2, AMBIGUOUS_RATIO * whole.area):
        raise InputError(f"{place}: the ring crosses itself near {spot} (a bow-tie); move the corners there apart")
    repairs.append(f"{place}: {reason.split('[')[0].lower()} near {spot}, repaired ({whole.area:.2f} m2)")
    return whole


def polygon_of(
    rings_m: list[np.ndarray], place: str, where: Where, notes: Notes
) -> tuple[shapely.Geometry, shapely.Geometry]:
    """Return (shell, union of holes) of rings, each (n, 2) [m].

    Holes outside the shell are kept as keep-outs and reported, touching ones merged. Raises InputError as `shell_of`
    does.
    """
    shell = shell_of(rings_m[0], place, where, notes)
    holes = [
        shell_of(ring, f"{place} hole {number}", where, notes) for number, ring in enumerate(rings_m[1:]) if len(ring)
    ]
    for number, hole in enumerate(holes):
        if not shell.covers(hole):
            kind = "crosses the boundary" if shell.intersects(hole) else "lies outside the polygon"
            notes.warn(f"{place} hole {number} {kind}: kept as a keep-out")
    union = shapely.union_all(holes) if holes else shapely.Polygon()
    parts = len(shapely.get_parts(union)) if holes else 0
    if parts < len(holes):
        notes.append(f"{place}: {len(holes)} holes touch or overlap: merged into {parts} keep-outs")
    return shell, union


def thinned(geometry: shapely.Geometry, place: str, repairs: list[str], *, outward: bool) -> shapely.Geometry:
    """Reduce corners and move the outline in one direction only: `outward` for work or keep-outs, else inward.

    Unchanged below THIN_FROM corners, and where thinning would not halve them.
    """
    corners = int(shapely.get_num_coordinates(geometry))
    if corners < THIN_FROM:
        return geometry
    coarse = shapely.simplify(geometry, THIN_M, preserve_topology=True)
    coarse = polygons_of(shapely.buffer(coarse, THIN_M if outward else -THIN_M, join_style="mitre", mitre_limit=1.5))
    left = int(shapely.get_num_coordinates(coarse))
    large, small = (coarse, geometry) if outward else (geometry, coarse)
    if 2 * left > corners or not shapely.covers(large, small):
        return geometry
    way = "outward" if outward else "inward"
    repairs.append(
        f"{place}: {corners} corners thinned to {left}, the outline moved {way} by up to {200 * THIN_M:g} cm"
    )
    return coarse


def parts_of(geometry: shapely.Geometry | np.ndarray) -> np.ndarray:
    """Return (n,) the non-empty polygons of a geometry or of an array (m,) of them; shapely also counts empty parts."""
    parts = shapely.get_parts(geometry)
    return np.asarray(parts[~shapely.is_empty(parts)])


def polygons_in(geometries: np.ndarray, least_m2: float) -> np.ndarray:
    """Return the polygons (n,) in geometries (m,) that are as large as this."""
    parts = shapely.get_parts(shapely.get_parts(geometries))
    return np.asarray(parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) >= least_m2)])


def _closed(ring_m: np.ndarray) -> np.ndarray:
    """Return the ring closed and without repeated corners (within 1 micrometre: below any survey, above rounding)."""
    ring = np.asarray(ring_m, dtype=float).reshape(-1, 2)
    if len(ring) < 2:
        return ring
    keep = np.r_[True, np.hypot(*np.diff(ring, axis=0).T) > 1e-6]
    ring = ring[keep]
    if len(ring) > 1 and np.hypot(*(ring[0] - ring[-1])) > 1e-6:
        return np.vstack([ring, ring[:1]])
    return np.vstack([ring[:-1], ring[:1]])


def _signed_area_m2(ring: np.ndarray) -> float:
    x, y = (ring - ring[0]).T
    return float(0.5 * np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def _place_of(reason: str, ring: np.ndarray, where: Where) -> str:
    """Return the place of an error: GEOS reports it as `Self-intersection[x y]`."""
    inside = reason[reason.find("[") + 1 : reason.find("]")].split() if "[" in reason else []
    try:
        return where(float(inside[0]), float(inside[1]))
    except (IndexError, ValueError):
        return where(float(ring[0, 0]), float(ring[0, 1]))
