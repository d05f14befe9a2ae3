"""Reads site files by suffix; each reader converts its format to a GeoJSON document."""

from collections.abc import Callable
from pathlib import Path

from vehicle.contracts.errors import InputError
from vehicle.planning.site.features import WGS84
from vehicle.planning.site.kml import read_kml, read_kmz
from vehicle.planning.site.qgc import read_plan
from vehicle.planning.site.reading import FORMATS, SiteFile, read_geojson

BYTES_MAX = 128 * 2**20
"""Largest file size; a site with a million corners has half of it."""


def _read_gis(path: Path, frame: str) -> SiteFile:
    from vehicle.planning.site.gis import read_gis  # noqa: PLC0415  its projections take 0.1 s to load at every start

    return read_gis(path, frame)


READERS: dict[str, Callable[[Path, str], SiteFile]] = {
    ".kml": lambda path, _: read_kml(path),
    ".kmz": lambda path, _: read_kmz(path),
    ".plan": lambda path, _: read_plan(path),
    ".gpkg": _read_gis,
    ".shp": _read_gis,
    ".fgb": _read_gis,
}
NAMED = {
    ".gml": "GML",
    ".gpx": "GPX",
    ".tab": "MapInfo",
    ".mif": "MapInfo",
    ".dxf": "DXF",
    ".dwg": "DWG",
    ".zip": "a ZIP archive",
    ".shz": "a ZIP archive",
    ".parquet": "GeoParquet",
    ".geoparquet": "GeoParquet",
    ".topojson": "TopoJSON",
    ".csv": "a table",
    ".tsv": "a table",
    ".wkt": "well-known text",
    ".geojsonl": "GeoJSON with one feature a line",
    ".geojsons": "GeoJSON with one feature a line",
    ".ndjson": "GeoJSON with one feature a line",
    ".osm": "OpenStreetMap XML",
    ".tif": "a raster image",
    ".tiff": "a raster image",
    ".poly": "a polygon of Mission Planner",
    ".fen": "a fence of Mission Planner",
    ".waypoints": "a list of waypoints",
}
STARTS = (
    (b"fgb\x03", "FlatGeobuf"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"SQLite format 3", "a GeoPackage or another SQLite file"),
    (b"PAR1", "GeoParquet"),
    (b"\x00\x00\x27\x0a", "a Shapefile"),
    (b"%PDF", "PDF"),
    (b"QGC WPL", "a list of waypoints"),
    (b"#saved by", "a polygon or fence of Mission Planner"),
    (b"\x1e", "GeoJSON with one feature a line"),
    (b"POLYGON", "well-known text"),
    (b"MULTIPOLYGON", "well-known text"),
    (b"<", "XML (KML, GML or GPX)"),
    (b"\xef\xbb\xbf<", "XML (KML, GML or GPX)"),
)


def _named(path: Path) -> str:
    """Return the kind of a file without a reader; "" if it is unknown."""
    if name := NAMED.get(path.suffix.lower()):
        return name
    with path.open("rb") as stream:
        start = stream.read(16).lstrip()
    return next((name for begin, name in STARTS if start.startswith(begin)), "")


def read_site_file(path: Path, frame: str = WGS84) -> SiteFile:
    """Read a site by its suffix; projected coordinates are converted to degrees in `frame`.

    Raises InputError with one line: file, place, what to do.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise InputError(f"{str(path)!a}: its name is not UTF-8; rename the file") from None
    if not path.exists():
        raise InputError(f"{path}: no such file; give the path of a site file")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the path of a site file")
    if not path.is_file():
        raise InputError(f"{path}: is no ordinary file; give the path of a site file")
    reader: Callable[[Path, str], SiteFile] = READERS.get(path.suffix.lower(), read_geojson)
    try:
        if reader is read_geojson and (what := _named(path)):
            raise InputError(f"{path}: is {what}, which is not read here; save it as GeoJSON or GeoPackage; {FORMATS}")
        if path.stat().st_size > BYTES_MAX:
            raise InputError(f"{path}: is larger than {BYTES_MAX // 2**20} MiB, no site is; choose another file")
        return reader(path, frame)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({(error.strerror or str(error)).lower()})") from None
    except RecursionError:
        raise InputError(f"{path}: is nested too deeply for a site; save it again") from None
