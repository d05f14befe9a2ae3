"""GeoPackage and Shapefile -> site file, through pyogrio (the extra `gis`); reprojected to WGS 84 with a report."""

import importlib
import json
import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely
from pyproj.aoi import AreaOfInterest
from pyproj.transformer import TransformerGroup

from vehicle.coverage.reading import POINT_ROLES, POLYGON_ROLES, SiteFile, collected
from vehicle.errors import InputError

ROLES = POLYGON_ROLES + POINT_ROLES
TOLD_FROM_M = 0.1
"""An accuracy of reprojection worse than this is said: it is of the size of an overlap."""


def read_gis(path: Path) -> SiteFile:
    """All layers; a feature's role is its field `role`, else the name of its layer, else a polygon is a work area."""
    try:
        pyogrio = importlib.import_module("pyogrio")
    except ImportError:
        raise InputError(f"{path}: this format needs pyogrio: install flailpilot[gis], or save as GeoJSON") from None
    repairs: list[str] = []
    features: list[dict[str, Any]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of measures and curves that a site does not use
        try:
            where = ""
            for name, kind in pyogrio.list_layers(path):
                where = f"layer {name} "
                if kind is not None:
                    features += _layer(pyogrio, path, str(name), repairs)
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001  the drivers raise many kinds; the user needs one line
            text = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f"{path}: {where}cannot be read ({text}); save it as GeoJSON") from None
    return collected(path, features, repairs)


def _layer(pyogrio: Any, path: Path, name: str, repairs: list[str]) -> Iterator[dict[str, Any]]:
    meta, fids, wkb, columns = pyogrio.raw.read(path, layer=name, return_fids=True, force_2d=True)
    shapes = shapely.from_wkb(wkb)
    project = _projection(path, name, meta["crs"], shapely.total_bounds(shapes), repairs)
    fields = [str(field) for field in meta["fields"]]
    for row, geometry in enumerate(shapes):
        place = f"layer {name} feature {int(fids[row])}"
        if geometry is None or geometry.is_empty:
            repairs.append(f"{place} has no geometry and was left out")
            continue
        values = {field: _plain(columns[k][row]) for k, field in enumerate(fields)}
        properties = {field: value for field, value in values.items() if value is not None}
        if "role" not in properties and name in ROLES:
            properties["role"] = name
        if "role" not in properties and geometry.geom_type not in ("Polygon", "MultiPolygon"):
            repairs.append(f"{place}: {geometry.geom_type} without a role was left out")
            continue
        degrees = geometry if project is None else shapely.transform(geometry, project)
        yield {
            "type": "Feature",
            "place": place,
            "properties": properties,
            "geometry": json.loads(shapely.to_geojson(degrees)),
        }


def _projection(path: Path, name: str, crs: str | None, bounds: np.ndarray, repairs: list[str]) -> Any:
    """None for WGS 84, else a function on (n, 2) arrays.

    Raises InputError where the file does not say its system, or no way from it to WGS 84 is known: PROJ would
    otherwise take the coordinates of another datum as they are, which is a hundred metres off in places.
    """
    if not np.all(np.isfinite(bounds)):
        return None  # an empty layer, or NaN that the reader of positions names
    if crs is None:
        raise InputError(
            f"{path}: layer {name} does not say its coordinate system; save it with one (a .prj), or as WGS 84"
        )
    try:
        system = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError:
        raise InputError(f"{path}: layer {name} is in {crs!r}, which is unknown; reproject it to EPSG:4326") from None
    if system.to_epsg() == 4326:
        return None
    group = TransformerGroup(
        system, "EPSG:4326", always_xy=True, allow_ballpark=False, area_of_interest=_around(system, bounds)
    )
    if not group.transformers:
        raise InputError(f"{path}: layer {name}: no known way from {system.name} to WGS 84; reproject it to EPSG:4326")
    best = group.transformers[0]
    loose = f", good to {best.accuracy:g} m only" if best.accuracy < 0.0 or best.accuracy > TOLD_FROM_M else ""
    loose = ", with unknown accuracy" if best.accuracy < 0.0 else loose
    grid = "; a better grid is known but not installed" if loose and not group.best_available else ""
    repairs.append(f"layer {name}: reprojected from {system.name} to WGS 84{loose}{grid}")
    return lambda xy: np.column_stack(best.transform(xy[:, 0], xy[:, 1]))


def _around(system: Any, bounds: np.ndarray) -> Any:
    """Where the layer lies, in degrees of its own datum, so that the transformation made for that land is taken."""
    if system.geodetic_crs is None:
        return None
    degrees = pyproj.Transformer.from_crs(system, system.geodetic_crs, always_xy=True)
    left, bottom, right, top = (float(value) for value in bounds)
    west, south, east, north = degrees.transform_bounds(left, bottom, right, top)
    legal = all(math.isfinite(value) for value in (west, south, east, north)) and -90.0 <= south <= north <= 90.0
    return AreaOfInterest(west, south, east, north) if legal else None


def _plain(value: Any) -> Any:
    """A field as JSON would hold it; what is empty is None."""
    if isinstance(value, np.generic):
        value = value.item()
    if value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
