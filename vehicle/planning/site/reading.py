"""Converts GeoJSON, and the GeoJSON made from other formats, to features in degrees. Errors name their place."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.planning.site.features import WGS84, Feature, features_of
from vehicle.planning.site.notes import Notes, Rank

if TYPE_CHECKING:  # projections take 0.1 s to load, in every start
    from vehicle.planning.site.projected import Projection

WGS84_NAMES = ("urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326")
FORMATS = "a site is GeoJSON, or by its suffix .kml, .kmz, .gpkg, .shp, .fgb, .plan"


class SiteFile(msgspec.Struct, frozen=True, kw_only=True):
    """Content of a file before any geometry: features, fields of the whole file, and repairs that need no warning.

    `bounds_may_work`: inclusion fences are the work area if there is no other (the plan of a ground station).
    """

    name: str
    features: tuple[Feature, ...]
    fields: tuple[dict[str, Any], ...] = ()
    source_system: str = ""
    source_accuracy_m: float = 0.0
    bounds_may_work: bool = False
    repairs: tuple[str, ...] = ()
    ranks: dict[str, Rank] = {}


class TwiceError(Exception):
    """A key occurs twice in one object."""


DIGITS_MAX = 300
"""A whole number with more digits is beyond what a float holds; it becomes infinite, which no field takes."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object; a repeated key must have one value, because else the last role would win unnoticed."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and found[key] != value:
            raise TwiceError(key)
        found[key] = value
    return found


def json_of(content: bytes) -> Any:
    """Return the value of a JSON text, with or without a byte order mark.

    Raises:
        TwiceError: An object gives one key two values; the text is the key.
        ValueError: The content is not JSON.
        RecursionError: It is nested too deeply.
    """
    return json.loads(content.removeprefix(b"\xef\xbb\xbf"), object_pairs_hook=_once, parse_int=_whole)


def no_json_text(error: Exception, advice: str) -> str:
    """Return why `json_of` cannot read a content, and what to do: the advice, unless its letters are not in UTF-8."""
    if isinstance(error, UnicodeDecodeError):
        line = error.object.count(b"\n", 0, error.start) + 1
        return f"not in UTF-8 (line {line}, byte {error.start}); save it again as UTF-8"
    return f"not JSON ({error}); {advice}"


def _whole(text: str) -> float:
    return int(text) if len(text) <= DIGITS_MAX else math.copysign(math.inf, -1.0 if text.startswith("-") else 1.0)


def read_geojson(path: Path, frame: str = WGS84) -> SiteFile:
    """Read a GeoJSON FeatureCollection, Feature or bare geometry, in WGS 84 or converted from its `crs` to `frame`.

    Raises:
        InputError: The file is not GeoJSON, or gives one key two values.
    """
    notes = Notes()
    document, ways = geojson_in_degrees(path, path.read_bytes(), notes, frame, FORMATS)
    return site_file_of(path, document, notes, ways=ways)


def geojson_in_degrees(
    path: Path, content: bytes, notes: Notes, frame: str, formats: str
) -> tuple[dict[str, Any], list["Projection"]]:
    """Return a GeoJSON document with its coordinates in degrees of `frame`, and how they came to be so.

    `formats` tells the user what may be given instead.

    Raises:
        InputError: The content is not GeoJSON, gives one key two values, or is in a system that is not known.
    """
    try:
        document = json_of(content)
    except TwiceError as error:
        raise InputError(f"{path}: {str(error)!r} stands twice in one object; keep one") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: {no_json_text(error, formats)}") from None
    if isinstance(document, dict) and document.get("fileType") == "Plan":
        raise InputError(f"{path}: is a plan of QGroundControl; give its name the ending .plan")
    if not isinstance(document, dict) or not isinstance(document.get("type"), str):
        raise InputError(f'{path}: JSON, but not GeoJSON: no "type"; {formats}')
    return document, _in_degrees(path, document, notes, frame)


def site_file_of(
    path: Path,
    document: dict[str, Any],
    notes: Notes,
    places: Sequence[str] = (),
    ways: Sequence["Projection"] = (),
    *,
    bounds_may_work: bool = False,
) -> SiteFile:
    """Return the site file of a GeoJSON document in degrees, read or made from another format.

    `places` name the features to the user; `ways`: how their coordinates came to be degrees.
    """
    worst = max(ways, key=lambda way: way.accuracy_m, default=None)
    features = tuple(features_of(str(path), document, notes, places))
    properties = document.get("properties") if isinstance(document.get("properties"), dict) else {}
    own = {key: value for key, value in document.items() if key not in ("type", "features", "geometry", "properties")}
    return SiteFile(
        name=path.stem,
        features=features,
        fields=(own, properties or {}) if document["type"] == "FeatureCollection" else (own,),
        source_system=worst.system if worst is not None else "",
        source_accuracy_m=worst.accuracy_m if worst is not None else 0.0,
        bounds_may_work=bounds_may_work,
        repairs=tuple(notes),
        ranks=notes.ranks,
    )


def collected(
    path: Path,
    features: list[dict[str, Any]],
    notes: Notes,
    ways: Sequence["Projection"] = (),
    *,
    bounds_may_work: bool = False,
    fields: dict[str, Any] | None = None,
) -> SiteFile:
    """Build a collection of features from another format; each has the `place` that names it in its own file.

    `fields`: of the whole file.
    """
    document = {"type": "FeatureCollection", "features": features, "properties": fields or {}}
    places = [str(feature["place"]) for feature in features]
    return site_file_of(path, document, notes, places, ways, bounds_may_work=bounds_may_work)


def _in_degrees(path: Path, document: dict[str, Any], notes: Notes, frame: str) -> list["Projection"]:
    """Convert coordinates with a `crs` member to degrees, in place; a feature's own `crs` has priority."""
    members = document.get("features")
    features = [member for member in members if isinstance(member, dict)] if isinstance(members, list) else []
    ways: list[Projection] = []
    common = _crs_name(path, "the collection" if members is not None else "the file", document)
    for number, feature in enumerate(features or [document]):
        here = feature.get("geometry") if feature.get("type") == "Feature" else feature
        own = _crs_name(path, f"feature {number}", feature) if features else None
        inner = _crs_name(path, f"feature {number}", here) if isinstance(here, dict) and here is not feature else None
        crs = inner or own or common
        if crs is None or crs in WGS84_NAMES or not isinstance(here, dict):
            continue
        from vehicle.planning.site.projected import geometry_in_degrees  # noqa: PLC0415  0.1 s, for those who need it

        where = "the collection" if crs is common and features else f"feature {number}" if features else "the file"
        ways.append(geometry_in_degrees(f"{path}: {where}", here, crs, frame))
    notes.extend(dict.fromkeys(way.told for way in ways if way.told))
    return ways


def _crs_name(path: Path, where: str, node: dict[str, Any]) -> str | None:
    crs = node.get("crs")
    if crs is None:
        return None
    inner = crs.get("properties") if isinstance(crs, dict) else None
    name = inner.get("name") if isinstance(inner, dict) else None
    code = inner.get("code") if isinstance(inner, dict) else None
    if isinstance(name, str):
        return name
    if isinstance(code, int | str) and not isinstance(code, bool):  # the form used before 2008
        return f"EPSG:{code}"
    link = " is a link, which" if isinstance(crs, dict) and crs.get("type") == "link" else ""
    raise InputError(f"{path}: {where}: its crs{link} names no system; reproject it to {WGS84}")
