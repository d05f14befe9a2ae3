"""KML and KMZ -> site file. A placemark's role is its data field `role`, else what its name begins with."""

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from vehicle.coverage.reading import POINT_ROLES, POLYGON_ROLES, SiteFile, collected
from vehicle.errors import InputError

KMZ_MAX_BYTES = 64 * 1024 * 1024
"""A site is kilobytes; more is no site, or an archive made to burst."""

NAME_MAX = 40
"""So much of a placemark's name is told in a message."""


def read_kml(path: Path) -> SiteFile:
    """Placemarks with polygons and points. Raises InputError for what is no KML."""
    return _site_of(path, path.read_bytes())


def read_kmz(path: Path) -> SiteFile:
    """The first KML inside the archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".kml")]
            if not names:
                raise InputError(f"{path}: no .kml inside; save the site as KML")
            if names[0].file_size > KMZ_MAX_BYTES:
                raise InputError(f"{path}: {names[0].filename} has {names[0].file_size} bytes, too many for a site")
            return _site_of(path, archive.read(names[0]))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise InputError(f"{path}: not a KMZ archive that can be read ({error}); save the site as KML") from None


class _Builder(ET.TreeBuilder):
    """Entities are declared in a DOCTYPE, and they are how a small file bursts; whatever its encoding."""

    def doctype(self, *_: str | None) -> None:
        raise _DoctypeError


class _DoctypeError(Exception):
    pass


def _site_of(path: Path, text: bytes) -> SiteFile:
    try:
        root = ET.fromstring(text, ET.XMLParser(target=_Builder()))  # noqa: S314  the builder takes no entities
    except _DoctypeError:
        raise InputError(f"{path}: declares a DOCTYPE, which no site needs; save it as plain KML") from None
    except (ET.ParseError, ValueError, LookupError) as error:  # the latter two: encodings that nobody knows
        raise InputError(f"{path}: not well-formed XML ({error}); save the site as KML again") from None
    if _tag(root) != "kml":
        raise InputError(f"{path}: XML, but not KML (its root is {_tag(root)!r})")
    repairs: list[str] = []
    features = [
        feature
        for number, placemark in enumerate(node for node in root.iter() if _tag(node) == "Placemark")
        for feature in _features(path, placemark, f"placemark {number}", repairs)
    ]
    return collected(path, features, repairs)


def _features(path: Path, placemark: Any, place: str, repairs: list[str]) -> Iterator[dict[str, Any]]:
    name = " ".join((_text(placemark, "name") or "").split())[:NAME_MAX]
    place = f"{place} ({name})" if name else place
    properties = _data(placemark)
    told = properties.get("role") or _role_of(name)
    if told:
        properties["role"] = told
    polygons = [_polygon(path, node, place) for node in placemark.iter() if _tag(node) == "Polygon"]
    points = [at for node in placemark.iter() if _tag(node) == "Point" for at in _positions(path, node, place)]
    lines = [_positions(path, node, place) for node in placemark.iter() if _tag(node) == "LineString"]
    if polygons:
        yield _feature(place, properties, "MultiPolygon", polygons)
        if points or lines:
            repairs.append(f"{place}: points and lines beside its polygons were left out")
        return
    if points and told:
        yield _feature(place, properties, "MultiPoint", points)
    elif points:
        repairs.append(f"{place}: a point without the role of a benchmark or turning point was left out")
    for line in lines:
        yield _feature(place, properties, "LineString", line)


def _role_of(name: str) -> str | None:
    """`keep_out`, `Keep-out 3` and `safe ground, road` begin with a role."""
    words = " ".join(name.lower().replace("-", " ").replace("_", " ").replace(",", " ").split()) + " "
    return next((role for role in POLYGON_ROLES + POINT_ROLES if words.startswith(role.replace("_", " ") + " ")), None)


def _feature(place: str, properties: dict[str, Any], kind: str, coordinates: list[Any]) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "place": place, "properties": properties, "geometry": geometry}


def _polygon(path: Path, node: Any, place: str) -> list[Any]:
    shells = [ring for part in node if _tag(part) == "outerBoundaryIs" for ring in part]
    holes = [ring for part in node if _tag(part) == "innerBoundaryIs" for ring in part]
    if len(shells) != 1:
        raise InputError(f"{path}: {place}: a Polygon needs one outerBoundaryIs, this has {len(shells)}")
    return [_positions(path, ring, place) for ring in (*shells, *holes)]


def _positions(path: Path, node: Any, place: str) -> list[list[float]]:
    rows = []
    for number, words in enumerate((_text(node, "coordinates") or "").split()):
        try:
            rows.append([float(value) for value in words.split(",") if value])
        except ValueError:
            raise InputError(f"{path}: {place} position {number} is {words!r}, not lon,lat") from None
    return rows


def _data(placemark: Any) -> dict[str, Any]:
    """ExtendedData as properties: Data with a value, or SimpleData; a slope's degrees as a number."""
    found: dict[str, Any] = {}
    for node in placemark.iter():
        key = node.get("name")
        if _tag(node) == "Data" and key:
            found[key] = (_text(node, "value") or "").strip()
        elif _tag(node) == "SimpleData" and key:
            found[key] = (node.text or "").strip()
    if "slope_deg" in found:
        with contextlib.suppress(ValueError):  # told to the user where slopes are read
            found["slope_deg"] = float(found["slope_deg"])
    return {key: value for key, value in found.items() if value != ""}


def _text(node: Any, tag: str) -> str | None:
    return next((part.text for part in node.iter() if _tag(part) == tag), None)


def _tag(node: Any) -> str:
    """Name without its namespace."""
    return str(node.tag).rsplit("}", 1)[-1]
