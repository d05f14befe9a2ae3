"""Readers of site files other than GeoJSON, by suffix. Each makes a GeoJSON document of what it finds."""

from collections.abc import Callable
from pathlib import Path

from vehicle.coverage.gis import read_gis
from vehicle.coverage.kml import read_kml, read_kmz
from vehicle.coverage.qgc import read_plan
from vehicle.coverage.reading import SiteFile

READERS: dict[str, Callable[[Path], SiteFile]] = {
    ".kml": read_kml,
    ".kmz": read_kmz,
    ".plan": read_plan,
    ".gpkg": read_gis,
    ".shp": read_gis,
}
