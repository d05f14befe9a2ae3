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

from vehicle.contracts.errors import InputError
from vehicle.planning.site.features import WGS84
from vehicle.planning.site.notes import Notes
from vehicle.planning.site.projected import Projection, projection
from vehicle.planning.site.reading import SiteFile, collected
from vehicle.planning.site.role_sources import Kind, Source
from vehicle.planning.site.role_words import heard_whole


def read_gis(path: Path, frame: str = WGS84) -> SiteFile:
    """Read all layers, in degrees of `frame`.

    A layer's name gives the role of features that have none of their own.

    Raises:
        InputError: the file cannot be read, or pyogrio is not installed.
    """
    try:
        pyogrio = importlib.import_module("pyogrio")
    except ImportError:
        raise InputError(f"{path}: this format needs pyogrio: install flailpilot[gis], or save as GeoJSON") from None
    notes = Notes()
    features: list[dict[str, Any]] = []
    ways: list[Projection] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about measures and curves, which a site does not use
        try:
            where = ""
            for name, kind in pyogrio.list_layers(path):
                where = f"layer {name} "
                if kind is None:
                    notes += _table(path, str(name))
                else:
                    features += _layer(pyogrio, path, str(name), notes, ways, frame)
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001  the drivers raise many error types; the user needs one line
            text = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f"{path}: {where}cannot be read ({text}); save it as GeoJSON") from None
    return collected(path, features, notes, ways)


def _layer(
    pyogrio: Any, path: Path, name: str, notes: Notes, ways: list[Projection], frame: str
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
        notes.append(f"layer {name}: {way.told}")
    fields = [str(field) for field in meta["fields"]]
    for row, geometry in enumerate(shapes):
        place = f"layer {name} feature {int(fids[row])}"
        values = {field: _plain(columns[k][row]) for k, field in enumerate(fields)}
        empty = geometry is None or geometry.is_empty
        degrees = geometry if way.project is None or empty else shapely.transform(geometry, way.project)
        yield {
            "type": "Feature",
            "place": place,
            "number": int(fids[row]),
            "properties": {field: value for field, value in values.items() if value is not None},
            "says": (Source(Kind.FOLDER, "layer", name),),
            "geometry": None if empty else json.loads(shapely.to_geojson(degrees)),
        }


def _table(path: Path, name: str) -> list[str]:
    """Skip a table without geometry. Raises InputError if its name means keep-out, because nothing is drawn in it."""
    found = heard_whole(name)
    if found is not None and found.role == "keep_out":
        raise InputError(f"{path}: layer {name} is a keep_out without a geometry; draw it, or delete it")
    return []


def _plain(value: Any) -> Any:
    """Return a field as a JSON value; empty values become None."""
    if isinstance(value, np.generic):
        value = value.item()
    if value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
