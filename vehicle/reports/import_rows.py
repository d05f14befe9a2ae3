"""Reads the polygons of a file of others, in degrees of the machine's frame, with what is written beside each.

GeoJSON and KML are read as site files are, GeoPackage through pyogrio, CSV with a column of WKT.
"""

import importlib
import json
import math
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from vehicle.contracts.errors import InputError
from vehicle.planning.site.features import WGS84
from vehicle.planning.site.kml import WHY_MAX, Times, kml_features, kmz_features
from vehicle.planning.site.notes import Notes
from vehicle.planning.site.projected import DRIVEN_TO_M, Projection, loosely_known, projection
from vehicle.planning.site.reading import geojson_in_degrees
from vehicle.planning.site.shapes import Shapes
from vehicle.reports.import_times import fields_of_time
from vehicle.reports.spreadsheet import plain_heading, spreadsheet

SUFFIXES: Final = (".geojson", ".json", ".csv", ".gpkg", ".kml", ".kmz")
FORMATS: Final = f"give one of {', '.join(SUFFIXES)}"
BYTES_MAX: Final = 64 * 2**20
WKT_HEADINGS: Final = ("wkt", "wktgeom", "geometry", "geom", "thegeom", "perimeterwkt", "polygon")
"""Headings of the column with the polygons, in the form of `plain_heading`."""
SQLITE: Final = b"SQLite format 3\0"
"""How every GeoPackage begins."""
CHANGES: Final = ("-wal", "-journal")
"""Endings of the files in which SQLite holds changes while a program has the database open."""
_EWKT: Final = re.compile(r"\s*SRID=(\d+);", re.IGNORECASE)


class Row(msgspec.Struct, frozen=True):
    """Polygons (shapely, degrees) of one feature or line, with what is written beside them; `place` names it."""

    place: str
    polygons: tuple[Any, ...]
    fields: Mapping[str, str]


def rows_of(path: Path, content: bytes, frame: str = WGS84) -> list[Row]:
    """Return every polygon of a file; at least one.

    Raises:
        InputError: One line: the file, the feature, what to do.
    """
    suffix, notes = path.suffix.lower(), Notes()
    if suffix not in SUFFIXES:
        raise InputError(f"{path}: its name ends in none of {', '.join(SUFFIXES)}; save it as one of these")
    if suffix == ".csv":
        rows = list(_table(path, content, frame))
    elif suffix == ".gpkg":
        rows = list(_layers(path, content, frame))
    elif suffix in (".kml", ".kmz"):
        features = (kml_features if suffix == ".kml" else kmz_features)(path, content, notes)
        rows = [_row(str(path), str(feature["place"]), feature, notes, feature["times"]) for feature in features]
        _refuse_left_out(path, notes)
    else:
        rows = _geojson(path, content, notes, frame)
    if not rows:
        raise InputError(f"{path}: no feature in it; draw a polygon round the ground")
    return rows


def _refuse_left_out(path: Path, notes: Notes) -> None:
    """Refuse what the reader of sites only warns of, such as a picture."""
    if left_out := notes.warnings():
        raise InputError(f"{path}: {left_out[0]}; save the polygons alone")


def _geojson(path: Path, content: bytes, notes: Notes, frame: str) -> list[Row]:
    document, ways = geojson_in_degrees(path, content, notes, frame, FORMATS)
    for way in ways:
        _check_known(str(path), way)
    if document["type"] == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list):
            raise InputError(f"{path}: FeatureCollection without a list of features; save it again")
        places = [f"feature {number}" for number in range(1, len(features) + 1)]
    else:
        features, places = [document], ["the feature"]
        if document["type"] != "Feature":
            features = [{"type": "Feature", "geometry": document}]
    for place, feature in zip(places, features, strict=True):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise InputError(f"{path}: {place} is not a GeoJSON Feature; save it again")
    return [_row(str(path), place, feature, notes) for place, feature in zip(places, features, strict=True)]


def _row(label: str, place: str, feature: Mapping[str, Any], notes: Notes, times: Times = ()) -> Row:
    """Return the row of a GeoJSON feature in degrees; `times`: what KML says beside the fields."""
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        raise InputError(f"{label}: {place}: properties is not an object; write {{}} or key and value pairs")
    fields = {str(key): _text(value) for key, value in properties.items()}
    for key, value in times:
        fields |= fields_of_time(key, value)
    return Row(f"{label}: {place}", _polygons(label, place, feature.get("geometry"), notes), fields)


def _text(value: Any) -> str:
    """Return a value as people wrote it; nothing is the empty text, and 0 is not nothing."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _polygons(label: str, place: str, geometry: Any, notes: Notes) -> tuple[Any, ...]:
    """Return the polygons of a GeoJSON geometry in degrees; a line or point among them is refused."""
    if geometry is None:
        raise InputError(f"{label}: {place}: has no shape; draw a polygon round the ground, or delete it")
    shapes = Shapes(label, place, geometry, notes)
    if other := ("a line" if shapes.lines else "a point" if shapes.points else ""):
        raise InputError(f"{label}: {place}: is {other}; draw a polygon round the ground, or delete it")
    found = []
    for number, rings in enumerate(shapes.polygons, start=1):
        if any(len(ring) < 3 for ring in rings):
            raise InputError(
                f"{label}: {place}: polygon {number} has a ring of fewer than three corners; draw it again"
            )
        polygon = shapely.Polygon(rings[0], rings[1:])
        if not shapely.is_valid(polygon):
            why = shapely.is_valid_reason(polygon)
            raise InputError(f"{label}: {place}: its border crosses or touches itself ({why}); draw it again")
        found.append(polygon)
    return tuple(found)


def _check_known(label: str, way: Projection) -> None:
    """Check a conversion. Raises InputError if the ground would lie elsewhere by more than a track's width."""
    if way.accuracy_m > DRIVEN_TO_M:
        raise InputError(
            f"{label}: {loosely_known(way.system, way.accuracy_m)}: the ground may lie elsewhere; save it as WGS 84 "
            "with the national grid file"
        )


def _table(path: Path, content: bytes, frame: str) -> Iterator[Row]:
    """Yield the lines of a table with one column of polygons."""
    found = spreadsheet(path, content)
    drawn = [number for number, heading in enumerate(found.headings) if plain_heading(heading) in WKT_HEADINGS]
    if found.headings and len(drawn) != 1:
        there = "no column wkt" if not drawn else f"more than one column of polygons ({found.headings[drawn[0]]}, ...)"
        raise InputError(f"{path}: has {there}; put the polygons into one column wkt, as POLYGON ((lon lat, ...))")
    for number, line in found.lines:
        polygons = _from_wkt(path, f"line {number}", line[drawn[0]], frame)
        yield Row(f"{path}: line {number}", polygons, dict(zip(found.headings, line, strict=True)))


def _from_wkt(path: Path, place: str, text: str, frame: str) -> tuple[Any, ...]:
    """Return the polygons of a WKT in longitude and latitude, or of an EWKT that names its system."""
    named = _EWKT.match(text)
    try:
        with np.errstate(invalid="ignore", over="ignore"):  # a coordinate that is no number is told below
            shape = shapely.from_wkt(text[named.end() :] if named else text) if text.strip() else None
    except NotImplementedError:
        raise InputError(f"{path}: {place}: its border has a curve; draw it with straight sides") from None
    except shapely.errors.GEOSException:
        comma = "; decimals have a point, not a comma" if re.search(r"\d,\d", text) else ""
        raise InputError(f"{path}: {place}: its WKT cannot be read; write POLYGON ((lon lat, ...)){comma}") from None
    way = _way(f"{path}: {place}", f"EPSG:{named[1]}" if named else WGS84, shape, frame)
    return _in_degrees(str(path), place, shape, way)


def _way(label: str, system: str, shapes: Any, frame: str) -> Projection:
    """Return the conversion of shapes from a system. Raises InputError if there is none that is good enough."""
    way = projection(label, system, np.array(shapely.total_bounds(shapes)), frame)
    _check_known(label, way)
    return way


def _in_degrees(label: str, place: str, shape: Any, way: Projection) -> tuple[Any, ...]:
    if shape is None or shape.is_empty:
        return _polygons(label, place, None, Notes())
    degrees = shapely.force_2d(shape) if way.project is None else shapely.transform(shape, way.project)
    return _polygons(label, place, json.loads(shapely.to_geojson(degrees)), Notes())


def _check_package(path: Path, content: bytes) -> None:
    """Check that the file itself holds all its ground. Raises InputError if it is none, or has changes beside it."""
    if not content.startswith(SQLITE):
        raise InputError(f"{path}: is no GeoPackage, whatever its name says; save it as one, or name it as what it is")
    beside = (path.with_name(path.name + end) for end in CHANGES)
    if held := next((file for file in beside if file.exists() and file.stat().st_size), None):
        raise InputError(
            f"{path}: changes of it stand in {held.name} beside it, because another program has it open or did not "
            "close it; close it there, or save it there under another name"
        )


def _layers(path: Path, content: bytes, frame: str) -> Iterator[Row]:
    """Yield the rows of all layers of a GeoPackage, from its bytes: opened by name, the file itself may change."""
    _check_package(path, content)
    try:
        pyogrio = importlib.import_module("pyogrio")
    except ImportError:
        raise InputError(f"{path}: this format needs pyogrio: install flailpilot[gis], or give a CSV") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about measures and curves, which are not used
        try:
            for name, kind in pyogrio.list_layers(content):
                if kind is not None:
                    yield from _layer(pyogrio, path, content, str(name), frame)
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001  the drivers raise many error types; the user needs one line
            text = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f"{path}: cannot be read as a GeoPackage ({text[:WHY_MAX]}); save it again") from None


def _layer(pyogrio: Any, path: Path, content: bytes, name: str, frame: str) -> Iterator[Row]:
    meta, fids, wkb, columns = pyogrio.raw.read(
        content, layer=name, force_2d=True, datetime_as_string=True, return_fids=True
    )
    shapes = shapely.from_wkb(wkb)
    if not len(shapes):
        return
    if meta["crs"] is None:
        raise InputError(f"{path}: layer {name} does not say its coordinate system; save it with one, or as WGS 84")
    way = _way(f"{path}: layer {name}", meta["crs"], shapes, frame)
    fields = [str(field) for field in meta["fields"]]
    for row, shape in enumerate(shapes):
        place = f"layer {name} feature {int(fids[row])}"
        values = {field: _text(columns[k][row]) for k, field in enumerate(fields)}
        yield Row(f"{path}: {place}", _in_degrees(str(path), place, shape, way), values)
