"""GeoPackage (OGC 12-128r18, version 1.3) in WGS 84, written with sqlite3 and WKB alone; GDAL and QGIS read it.

`layer_styles` holds a style for each layer, so that QGIS shows the colours of the printed map. Times are stored as text
and as whole seconds since 1970.
"""

import sqlite3
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import shapely

from vehicle.reports.about import job_values, tags
from vehicle.reports.degrees import in_degrees
from vehicle.reports.facts import JobFacts
from vehicle.reports.layer_styles import style_qml
from vehicle.reports.products import Feature, described

SRS_ID: Final = 4326
APPLICATION_ID: Final = 0x47504B47
USER_VERSION: Final = 10300
NO_TIME: Final = "2000-01-01T00:00:00.000Z"
"""Placeholder if the date is unknown, because the format requires one; table `job` says that `end_utc` is missing."""

WGS84_WKT: Final = (
    'GEOGCS["WGS 84",DATUM["World Geodetic System 1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG",'
    '"7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",'
    '0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
)
SCHEMA: Final = """
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')), min_x DOUBLE, min_y DOUBLE,
  max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""
SRS_ROWS: Final = (
    ("Undefined cartesian SRS", -1, "NONE", -1, "undefined", "undefined cartesian coordinate reference system"),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined", "undefined geographic coordinate reference system"),
    ("WGS 84 geodetic", SRS_ID, "EPSG", SRS_ID, WGS84_WKT, "longitude and latitude in degrees on WGS 84"),
)
GEOMETRY_OF_LAYER: Final = {
    "planned_swaths": "LINESTRING",
    "driven_way": "LINESTRING",
    "events": "POINT",
    "named_points": "POINT",
}
SQL_TYPES: Final = {str: "TEXT", int: "INTEGER", float: "DOUBLE"}
STYLES: Final = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME);
"""
"""The table as QGIS creates it; QGIS reads the default style of a layer from it."""


def write_gpkg(path: Path, facts: JobFacts, products: Sequence[Feature]) -> None:
    """Write the GeoPackage of `features(facts)`; an older file of this name is replaced."""
    path.unlink(missing_ok=True)
    base = sqlite3.connect(path)
    try:
        base.executescript(f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={USER_VERSION};")
        base.executescript(SCHEMA)
        base.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)", SRS_ROWS)
        layers: dict[str, list[Feature]] = {}
        for feature in products:
            layers.setdefault(feature.layer, []).append(feature)
        for layer, rows in layers.items():
            _write_layer(base, layer, rows, facts)
        _write_styles(base, list(layers), facts)
        _write_job(base, facts)
        base.commit()
    finally:
        base.close()


def _write_layer(base: sqlite3.Connection, layer: str, rows: list[Feature], facts: JobFacts) -> None:
    kind = GEOMETRY_OF_LAYER.get(layer, "MULTIPOLYGON")
    common = tags(facts, layer)
    names = [*rows[0].values, *common]
    columns = "".join(f", {quoted(name)} {_sql_type(rows, name)}" for name in names)
    table = quoted(layer)
    base.execute(f"CREATE TABLE {table} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {kind}{columns})")
    shapes = [in_degrees(row.geometry, facts.plan.datum) for row in rows]
    box = shapely.total_bounds(shapes).tolist()
    stamp = _stamp(facts)
    base.execute(
        "INSERT INTO gpkg_contents VALUES (?,'features',?,?,?,?,?,?,?,?)",
        (layer, layer, described(layer), stamp, *box, SRS_ID),
    )
    base.execute("INSERT INTO gpkg_geometry_columns VALUES (?,'geom',?,?,0,0)", (layer, kind, SRS_ID))
    marks = ",".join("?" * (len(names) + 1))
    base.executemany(
        f"INSERT INTO {table} (geom{''.join(', ' + quoted(name) for name in names)}) VALUES ({marks})",  # noqa: S608
        [(_blob(shape), *row.values.values(), *common.values()) for shape, row in zip(shapes, rows, strict=True)],
    )


def quoted(name: str) -> str:
    """Return a quoted SQL name, because attributes such as `when` and `order` are also SQL keywords."""
    return '"' + name.replace('"', '""') + '"'


def _write_job(base: sqlite3.Connection, facts: JobFacts) -> None:
    """Write the facts of the job as a table without geometry."""
    base.execute("CREATE TABLE job (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, name TEXT, value TEXT)")
    base.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) VALUES (?,?,?,?,?)",
        ("job", "attributes", "job", "facts of the task", _stamp(facts)),
    )
    base.executemany("INSERT INTO job (name, value) VALUES (?,?)", list(job_values(facts).items()))


def _stamp(facts: JobFacts) -> str:
    """Return the end of the job in the format's date form, with milliseconds."""
    end = facts.end_utc or NO_TIME
    return end if "." in end else end.replace("Z", ".000Z")


def _sql_type(rows: list[Feature], name: str) -> str:
    """Return the SQL type of the first known value; TEXT if none is known, but INTEGER for seconds."""
    known = next((row.values[name] for row in rows if row.values.get(name) is not None), None)
    return SQL_TYPES[type(known)] if known is not None else "INTEGER" if name.endswith("epoch_s") else "TEXT"


def _write_styles(base: sqlite3.Connection, layers: list[str], facts: JobFacts) -> None:
    base.executescript(STYLES)
    stamp = _stamp(facts)
    base.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) VALUES (?,?,?,?,?)",
        ("layer_styles", "attributes", "layer_styles", "styles for QGIS", stamp),
    )
    base.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
        "styleQML, styleSLD, useAsDefault, description, owner, update_time) VALUES ('','',?,'geom',?,?,'',1,?,'',?)",
        [(layer, layer, style_qml(layer), described(layer), stamp) for layer in layers],
    )


def _blob(shape: Any) -> bytes:
    """Return GeoPackage binary: header with the envelope (none for a point), then WKB, little endian."""
    wkb: bytes = shapely.to_wkb(shape, byte_order=1, flavor="iso")
    if shape.geom_type == "Point":
        return struct.pack("<2sBBi", b"GP", 0, 0b001, SRS_ID) + wkb
    west, south, east, north = shape.bounds
    return struct.pack("<2sBBidddd", b"GP", 0, 0b011, SRS_ID, west, east, south, north) + wkb
