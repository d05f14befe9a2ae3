"""Converts projected coordinates to degrees in the frame of the machine's fixes, with the known accuracy."""

import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np
import pyproj
from pyproj.aoi import AreaOfInterest
from pyproj.transformer import TransformerGroup

from vehicle.contracts.errors import InputError
from vehicle.planning.site.features import WGS84

TOLD_FROM_M = 0.1
"""A worse accuracy of reprojection is reported: it is as large as an overlap of swaths."""
DRIVEN_TO_M = 0.5
"""With this accuracy or worse a site is planned but not driven: keep-outs may be off by a track's width."""
GLOBAL_ELLIPSOIDS = ("WGS 84", "GRS 1980")
"""Receivers use the first ellipsoid; the second differs from it by 0.1 mm."""
Project = Callable[[np.ndarray], np.ndarray]


class Projection(msgspec.Struct, frozen=True):
    """A conversion to degrees: `project` takes arrays (n, 2) and is None if the coordinates are in degrees already.

    `accuracy_m`: as stated by the registry of systems; infinite if none is stated. `told`: one line for the user, or
    "".
    """

    project: Project | None = None
    system: str = ""
    accuracy_m: float = 0.0
    told: str = ""


AS_IT_IS = Projection()


def projection(place: str, crs: Any, bounds: np.ndarray, frame: str = WGS84) -> Projection:
    """Return the conversion from `crs` for coordinates within `bounds`, (4,): west, south, east, north.

    `frame` is the system of the machine's fixes, which is that of the base's coordinates. `place` names the file and
    layer to the user.

    Raises:
        InputError: the system is not known, or no way from it is: PROJ would otherwise take the coordinates of another
            datum as they are, which is a hundred metres off in places. Or it has metres, and the coordinates degrees.
    """
    if not np.all(np.isfinite(bounds)):
        return AS_IT_IS  # an empty layer, or NaN that the reader of positions names
    try:
        system = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError:
        raise InputError(f"{place} is in {crs!r}, which is unknown; reproject it to {WGS84}") from None
    if system.to_epsg() == 4326 or system.to_authority() == ("OGC", "CRS84"):
        return AS_IT_IS
    if system.is_projected and float(np.abs(bounds).max()) <= 360.0:  # no grid is used so near to its origin
        raise InputError(
            f"{place} is in {crs} by its crs, but its coordinates look like degrees; correct the crs, or reproject it "
            f"to {WGS84}"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about grids that are not installed; the caller reports the accuracy
        group = TransformerGroup(
            system, frame, always_xy=True, allow_ballpark=False, area_of_interest=_around(system, bounds)
        )
    if not group.transformers:
        raise InputError(f"{place}: no known way from {system.name} to {name_of(frame)}; reproject it to {WGS84}")
    best = group.transformers[0]
    accuracy_m = best.accuracy if best.accuracy >= 0.0 else math.inf
    loose = f", good to {accuracy_m:g} m only" if accuracy_m > TOLD_FROM_M else ""
    loose = ", with unknown accuracy" if math.isinf(accuracy_m) else loose
    grid = "; a better grid is known but not installed" if loose and not group.best_available else ""
    return Projection(
        project=lambda xy: np.column_stack(best.transform(xy[:, 0], xy[:, 1])),
        system=system.name,
        accuracy_m=accuracy_m,
        told=f"reprojected from {system.name} to {name_of(frame)}{loose}{grid}",
    )


def loosely_known(system: str, accuracy_m: float) -> str:
    """Return the accuracy of a site's coordinates in words if it is poor; else ""."""
    if accuracy_m <= TOLD_FROM_M:
        return ""
    how = f"to {accuracy_m:g} m only" if math.isfinite(accuracy_m) else "with unknown accuracy"
    return f"coordinates known {how} ({system})"


def check_known(place: str, system: str, accuracy_m: float, frame: str = WGS84) -> None:
    """Check the accuracy. Raises InputError if the site's system is tied to the machine's frame only to metres."""
    if accuracy_m <= DRIVEN_TO_M:
        return
    own = geodetic_name(system)
    raise InputError(
        f"{place}: {loosely_known(system, accuracy_m)}: its keep-outs may lie elsewhere on the ground: not driven; "
        f"reproject it with the national grid file to {name_of(frame)}; where the base's coordinates are {own} too, "
        f'write base_frame = "{own}" in the [site] table'
    )


def checked_frame(frame: str) -> str:
    """Return the name of a system that a base can use. Raises InputError for any other."""
    try:
        system = pyproj.CRS.from_user_input(frame)
    except pyproj.exceptions.CRSError:
        raise InputError(f"base_frame {frame!r} is unknown; write a name such as ETRS89, or an EPSG code") from None
    if not system.is_geographic or system.ellipsoid is None or system.ellipsoid.name not in GLOBAL_ELLIPSOIDS:
        raise InputError(
            f"base_frame {system.name}: no receiver gives positions in it; write WGS 84, ETRS89, NAD83 or the like"
        )
    return frame


def name_of(frame: str) -> str:
    """Return the usual name of a system."""
    return str(pyproj.CRS.from_user_input(frame).name)


def geodetic_name(crs: Any) -> str:
    """Return the name of the datum: ETRS89 for any of its projections."""
    system = pyproj.CRS.from_user_input(crs)
    return str(system.geodetic_crs.name if system.geodetic_crs is not None else system.name)


def _around(system: Any, bounds: np.ndarray) -> Any:
    """Return the layer's area in degrees of its datum, to select the transformation made for that region."""
    if system.geodetic_crs is None:
        return None
    degrees = pyproj.Transformer.from_crs(system, system.geodetic_crs, always_xy=True)
    left, bottom, right, top = (float(value) for value in bounds)
    west, south, east, north = degrees.transform_bounds(left, bottom, right, top)
    legal = all(math.isfinite(value) for value in (west, south, east, north)) and -90.0 <= south <= north <= 90.0
    return AreaOfInterest(west, south, east, north) if legal else None


def geometry_in_degrees(place: str, geometry: dict[str, Any], crs: Any, frame: str = WGS84) -> Projection:
    """Convert the positions of a GeoJSON geometry to degrees, in place; other values are left to the reader.

    Raises:
        InputError: the system is unknown, or does not fit the coordinates.
    """
    found = [position for part in _parts(geometry) for position in _positions(part.get("coordinates"))]
    xy = np.array([position[:2] for position in found], dtype=float).reshape(-1, 2)
    bounds = np.array([*xy.min(axis=0), *xy.max(axis=0)]) if len(xy) else np.full(4, np.nan)
    way = projection(place, crs, bounds, frame)
    if way.project is not None:
        for position, (lon_deg, lat_deg) in zip(found, way.project(xy).tolist(), strict=True):
            position[0], position[1] = lon_deg, lat_deg
    return way


def _parts(geometry: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(geometry, dict):
        return
    members = geometry.get("geometries")
    yield geometry
    for member in members if isinstance(members, list) else []:
        yield from _parts(member)


def _positions(node: Any) -> Iterator[list[Any]]:
    """Yield lists that begin with two finite numbers, at any depth."""
    if not isinstance(node, list):
        return
    if len(node) >= 2 and all(_is_number(value) for value in node[:2]):
        yield node
        return
    for part in node:
        yield from _positions(part)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12
