"""GeoPackage, Shapefile, FlatGeobuf -> site file, through pyogrio (the extra `gis`); reprojected with a report."""

import importlib
import json
import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from vehicle.coverage.projected import WGS84, Projection, projection
from vehicle.coverage.reading import POINT_ROLES, POLYGON_ROLES, SiteFile, collected
from vehicle.errors import InputError

ROLES = POLYGON_ROLES + POINT_ROLES


def read_gis(path: Path, frame: str = WGS84) -> SiteFile:
    """All layers, in degrees of `frame`.

    A feature's role is its field `role`, else the name of its layer, else a polygon is a work area.
    """
    try:
        pyogrio = importlib.import_module("pyogrio")
    except ImportError:
        raise InputError(f"{path}: this format needs pyogrio: install flailpilot[gis], or save as GeoJSON") from None
    repairs: list[str] = []
    features: list[dict[str, Any]] = []
    ways: list[Projection] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of measures and curves that a site does not use
        try:
            where = ""
            for name, kind in pyogrio.list_layers(path):
                where = f"layer {name} "
                if kind is not None:
                    features += _layer(pyogrio, path, str(name), repairs, ways, frame)
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001  the drivers raise many kinds; the user needs one line
            text = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f"{path}: {where}cannot be read ({text}); save it as GeoJSON") from None
    return collected(path, features, repairs, ways)


def _layer(
    pyogrio: Any, path: Path, name: str, repairs: list[str], ways: list[Projection], frame: str
) -> Iterator[dict[str, Any]]:
    meta, fids, wkb, columns = pyogrio.raw.read(path, layer=name, return_fids=True, force_2d=True)
    shapes = shapely.from_wkb(wkb)
    if meta["crs"] is None and not shapely.is_empty(shapes[shapes != None]).all():  # noqa: E711  elementwise
        raise InputError(
            f"{path}: layer {name} does not say its coordinate system; save it with one (a .prj), or as WGS 84"
        )
    way = projection(f"{path}: layer {name}", meta["crs"], shapely.total_bounds(shapes), frame)
    ways.append(way)
    if way.told:
        repairs.append(f"layer {name}: {way.told}")
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
        degrees = geometry if way.project is None else shapely.transform(geometry, way.project)
        yield {
            "type": "Feature",
            "place": place,
            "properties": properties,
            "geometry": json.loads(shapely.to_geojson(degrees)),
        }


def _plain(value: Any) -> Any:
    """A field as JSON would hold it; what is empty is None."""
    if isinstance(value, np.generic):
        value = value.item()
    if value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
