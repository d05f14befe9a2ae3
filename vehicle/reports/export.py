"""Exports for other people's programs: GeoPackage, GeoJSON and CSV, all in WGS 84.

The GeoPackage (OGC 12-128r18, version 1.3) is written with sqlite3 and WKB alone. The CSV carries the minimum data
that IMAS 05.10 asks of a land product and is refused while a mandatory field is empty.
"""

import csv
import json
import sqlite3
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.reports.facts import STATEMENT, JobFacts
from vehicle.reports.products import LAYER_TEXT, Feature

SRS_ID: Final = 4326
APPLICATION_ID: Final = 0x47504B47
USER_VERSION: Final = 10300
NO_TIME: Final = "2000-01-01T00:00:00.000Z"
"""The format wants a date where nobody knows one; the table `job` says that `end_utc` is not stated."""
"""Written where a job has no time of its own (simulation): the same job then gives the same bytes."""

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
    "benchmarks": "POINT",
}
SQL_TYPES: Final = {str: "TEXT", int: "INTEGER", float: "DOUBLE"}


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
        _write_job(base, facts)
        base.commit()
    finally:
        base.close()


def _write_layer(base: sqlite3.Connection, layer: str, rows: list[Feature], facts: JobFacts) -> None:
    kind = GEOMETRY_OF_LAYER.get(layer, "MULTIPOLYGON")
    names = list(rows[0].values)
    columns = "".join(f", {name} {SQL_TYPES[type(rows[0].values[name])]}" for name in names)
    base.execute(f"CREATE TABLE {layer} (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {kind}{columns})")
    shapes = [_degrees(_as(kind, row.geometry), facts.plan.datum) for row in rows]
    box = shapely.total_bounds(shapes).tolist()
    stamp = facts.end_utc or NO_TIME
    base.execute(
        "INSERT INTO gpkg_contents VALUES (?,'features',?,?,?,?,?,?,?,?)",
        (layer, layer, LAYER_TEXT[layer], stamp, *box, SRS_ID),
    )
    base.execute("INSERT INTO gpkg_geometry_columns VALUES (?,'geom',?,?,0,0)", (layer, kind, SRS_ID))
    marks = ",".join("?" * (len(names) + 1))
    base.executemany(
        f"INSERT INTO {layer} (geom{''.join(', ' + name for name in names)}) VALUES ({marks})",  # noqa: S608 - own names
        [(_blob(shape), *row.values.values()) for shape, row in zip(shapes, rows, strict=True)],
    )


def _write_job(base: sqlite3.Connection, facts: JobFacts) -> None:
    """Facts of the job as a table without geometry."""
    base.execute("CREATE TABLE job (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, name TEXT, value TEXT)")
    base.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) VALUES (?,?,?,?,?)",
        ("job", "attributes", "job", "facts of the task", facts.end_utc or NO_TIME),
    )
    base.executemany("INSERT INTO job (name, value) VALUES (?,?)", list(job_values(facts).items()))


def job_values(facts: JobFacts) -> dict[str, str]:
    """The facts of a job as text, by the names that every export uses."""
    found, machine = facts.found, facts.plan.machine
    return {
        "statement": STATEMENT,
        "simulated": "yes" if facts.simulated else "no",
        "site": facts.site.name,
        "task_id": facts.task_id,
        "organisation": facts.organisation,
        "operator": facts.operator,
        "method": f"mechanical ground processing ({facts.config.machine.tool.kind}), {machine.name}",
        "start_utc": facts.start_utc,
        "end_utc": facts.end_utc,
        "time_source": facts.time_source,
        "machine": machine.name,
        "status": facts.status,
        "required_depth_m": f"{facts.config.mission.required_depth_m:.3f}",
        "area_m2": f"{found.area_m2:.4f}",
        "processed_m2": f"{found.processed_m2:.4f}",
        "missed_m2": f"{found.missed_m2:.4f}",
        "untreatable_m2": f"{found.listed_m2:.4f}",
        "processed_below_depth_m2": f"{found.below_depth_m2:.4f}",
        "provisional_m2": f"{facts.provisional_m2:.4f}",
        "withdrawn_m2": f"{found.withdrawn_m2:.4f}",
        "time_s": f"{facts.time_s:.1f}",
        "plan_hash": facts.plan.plan_hash,
        "site_hash": facts.plan.site_hash,
        "cell_m": f"{facts.cell_m:g}",
        "k_sigma": f"{facts.config.mission.k_sigma:g}",
    }


def write_geojson(path: Path, facts: JobFacts, products: Sequence[Feature]) -> None:
    """All layers in one FeatureCollection; `layer` in the properties."""
    rows = [
        {
            "type": "Feature",
            "properties": {"layer": feature.layer, **feature.values},
            "geometry": json.loads(shapely.to_geojson(_degrees(feature.geometry, facts.plan.datum))),
        }
        for feature in products
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "properties": job_values(facts), "features": rows}))


MANDATORY: Final = ("task_id", "organisation", "operator", "start_utc", "end_utc", "status")
CSV_COLUMNS: Final = (
    "product", "reason", "depth_cm", "area_m2", "perimeter_wkt", "benchmark_lon_deg", "benchmark_lat_deg",
    "task_id", "organisation", "operator", "method", "start_utc", "end_utc", "status", "required_depth_m", "simulated",
    "plan_hash", "statement",
)  # fmt: skip


def missing_fields(facts: JobFacts) -> list[str]:
    """Mandatory fields of the table that nobody has stated."""
    values = job_values(facts)
    empty = [name for name in MANDATORY if not values[name]]
    if not facts.site.benchmarks_m:
        empty.append("benchmark (a point with role benchmark in the site file)")
    return empty


def write_csv(path: Path, facts: JobFacts, products: Sequence[Feature]) -> None:
    """One row per product polygon. Raises InputError that names the mandatory fields that are empty."""
    values, empty = job_values(facts), missing_fields(facts)
    if empty:
        raise InputError(f"{path}: mandatory fields of the report are empty: {', '.join(empty)}; state them first")
    mark_lon, mark_lat = facts.plan.datum.lonlat_from_enu_array([facts.site.benchmarks_m[0]])[0].tolist()
    common = values | {"benchmark_lon_deg": f"{mark_lon:.9f}", "benchmark_lat_deg": f"{mark_lat:.9f}"}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, CSV_COLUMNS, extrasaction="ignore")
        writer.writeheader()
        for feature in products:
            if feature.layer in {"processed", "processed_below_depth", "missed", "untreatable"}:
                shape = _degrees(feature.geometry, facts.plan.datum)
                own = {"product": feature.layer, "perimeter_wkt": shapely.to_wkt(shape, rounding_precision=9)}
                writer.writerow(common | feature.values | own)


def _as(kind: str, shape: Any) -> Any:
    """A polygon in a layer of multipolygons."""
    return shapely.MultiPolygon([shape]) if kind == "MULTIPOLYGON" and shape.geom_type == "Polygon" else shape


def _degrees(shape: Any, datum: LocalFrame) -> Any:
    """The geometry in longitude and latitude."""
    return shapely.transform(shape, lambda points_m: np.asarray(datum.lonlat_from_enu_array(points_m)))


def _blob(shape: Any) -> bytes:
    """GeoPackage binary: header with the envelope (none for a point), then WKB, little endian."""
    wkb: bytes = shapely.to_wkb(shape, byte_order=1, flavor="iso")
    if shape.geom_type == "Point":
        return struct.pack("<2sBBi", b"GP", 0, 0b001, SRS_ID) + wkb
    west, south, east, north = shape.bounds
    return struct.pack("<2sBBidddd", b"GP", 0, 0b011, SRS_ID, west, east, south, north) + wkb
