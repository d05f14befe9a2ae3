"""Site files by their suffix. Each reader makes a GeoJSON document of what it finds."""

from collections.abc import Callable
from pathlib import Path

from vehicle.coverage.kml import read_kml, read_kmz
from vehicle.coverage.qgc import read_plan
from vehicle.coverage.reading import SiteFile, read_geojson
from vehicle.errors import InputError

BYTES_MAX = 128 * 2**20
"""A site with a million corners has half of that."""


def _read_gis(path: Path) -> SiteFile:
    from vehicle.coverage.gis import read_gis  # noqa: PLC0415  its projections take 0.1 s to load, in every start

    return read_gis(path)


READERS: dict[str, Callable[[Path], SiteFile]] = {
    ".kml": read_kml,
    ".kmz": read_kmz,
    ".plan": read_plan,
    ".gpkg": _read_gis,
    ".shp": _read_gis,
}


def read_site_file(path: Path) -> SiteFile:
    """Read a site by its suffix. Raises InputError with one line: file, place, what to do."""
    if not path.exists():
        raise InputError(f"{path}: no such file; give the path of a site file")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the path of a site file")
    if not path.is_file():
        raise InputError(f"{path}: is no ordinary file; give the path of a site file")
    reader: Callable[[Path], SiteFile] = READERS.get(path.suffix.lower(), read_geojson)
    try:
        if path.stat().st_size > BYTES_MAX:
            raise InputError(f"{path}: is larger than {BYTES_MAX // 2**20} MiB, no site is; choose another file")
        return reader(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({(error.strerror or str(error)).lower()})") from None
    except RecursionError:
        raise InputError(f"{path}: is nested too deeply for a site; save it again") from None
