"""GeoJSON -> features in lon/lat, and the way there for all other formats. Says where a file is wrong."""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from vehicle.errors import InputError
from vehicle.required_depth import agreed_m, declared_m

if TYPE_CHECKING:  # projections take 0.1 s to load, in every start
    from vehicle.coverage.projected import Projection

Ring = list[tuple[float, float]]
POLYGON_ROLES = ("work_area", "keep_out", "safe_ground", "access", "slope")
POINT_ROLES = ("benchmark", "turning_point")
WGS84_NAMES = ("urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326")
WGS84 = "EPSG:4326"
HEIGHTS_M = (-500.0, 9_000.0)
"""Where machines work; what lies beyond is no height."""
FORMATS = "a site is GeoJSON, or by its suffix .kml, .kmz, .gpkg, .shp, .fgb, .plan"


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One feature in degrees: polygons as lists of rings (shell first), or points; `place` names it to the user.

    `height_m`: of a benchmark that says one, for the length of a metre there; planning is in the plane.
    """

    role: str
    place: str
    polygons: tuple[tuple[tuple[tuple[float, float], ...], ...], ...] = ()
    points: tuple[tuple[float, float], ...] = ()
    properties: dict[str, Any] = {}
    height_m: float | None = None


class SiteFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says, before any geometry: features, its own declarations, and what was quietly mended."""

    name: str
    features: tuple[Feature, ...]
    outside: str | None = None
    tripwires: str | None = None
    required_depth_m: float | None = None
    source_system: str = ""
    source_accuracy_m: float = 0.0
    repairs: tuple[str, ...] = ()


def read_geojson(path: Path, frame: str = WGS84) -> SiteFile:
    """GeoJSON FeatureCollection, Feature or bare geometry; WGS 84, or as its `crs` says, brought to `frame`."""
    try:
        document = json.loads(path.read_bytes())
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error}); {FORMATS}") from None
    if not isinstance(document, dict) or not isinstance(document.get("type"), str):
        raise InputError(f'{path}: JSON, but not GeoJSON: no "type"; {FORMATS}')
    repairs: list[str] = []
    return site_file_of(path, document, repairs, ways=_in_degrees(path, document, repairs, frame))


def site_file_of(
    path: Path,
    document: dict[str, Any],
    repairs: list[str],
    places: Sequence[str] = (),
    ways: Sequence["Projection"] = (),
) -> SiteFile:
    """A GeoJSON document in degrees, read or made from another format, as a site file.

    `places` name the features to the user; `ways`: how their coordinates came to be degrees.
    """
    worst = max(ways, key=lambda way: way.accuracy_m, default=None)
    features = tuple(_features(path, document, repairs, places))
    _check_roles(path, features, repairs)
    properties = document.get("properties") if isinstance(document.get("properties"), dict) else {}
    outside = _declared(path, "outside", ("safe", "unknown"), document, properties, features)
    tripwires = _declared(path, "tripwires", ("possible", "none"), document, properties, features)
    return SiteFile(
        name=path.stem,
        features=features,
        outside=outside,
        tripwires=tripwires,
        required_depth_m=_depth_m(path, document, properties or {}, features),
        source_system=worst.system if worst is not None else "",
        source_accuracy_m=worst.accuracy_m if worst is not None else 0.0,
        repairs=tuple(repairs),
    )


def _depth_m(
    path: Path, document: dict[str, Any], properties: dict[str, Any], features: tuple[Feature, ...]
) -> float | None:
    """Of the collection, or of its work areas; a site has one, for the machine works it in one go."""
    told = {f"{path}": declared_m(f"{path}", document), f"{path} properties": declared_m(f"{path}", properties)}
    for feature in features:
        if feature.role == "work_area":
            told[f"{path}: {feature.place}"] = declared_m(f"{path}: {feature.place}", feature.properties)
    return agreed_m(told)


def collected(
    path: Path, features: list[dict[str, Any]], repairs: list[str], ways: Sequence["Projection"] = ()
) -> SiteFile:
    """Features that another format's reader made; each carries the `place` that names it in its own file."""
    document = {"type": "FeatureCollection", "features": features}
    return site_file_of(path, document, repairs, [str(feature["place"]) for feature in features], ways)


def _check_roles(path: Path, features: tuple[Feature, ...], repairs: list[str]) -> None:
    """A polygon without a role is a work area; but not beside one that says so: it may be the house."""
    silent = [feature for feature in features if feature.polygons and "role" not in feature.properties]
    if not silent or len(silent) == len(features):
        return
    if any(feature.properties.get("role") == "work_area" for feature in features):
        raise InputError(f"{path}: {silent[0].place} has no role, others have; write one of {', '.join(POLYGON_ROLES)}")
    repairs.extend(f"{feature.place} has no role: taken as a work area" for feature in silent)


def _declared(
    path: Path, key: str, legal: tuple[str, ...], document: Any, properties: Any, features: tuple[Feature, ...]
) -> str | None:
    """A site's own property: of the collection, or of a work area."""
    values = [document.get(key), (properties or {}).get(key)]
    values += [feature.properties.get(key) for feature in features if feature.role == "work_area"]
    told = [value for value in values if value is not None]
    if not told:
        return None
    if any(value not in legal for value in told):
        raise InputError(f"{path}: {key} is {told[0]!r}; write one of {', '.join(legal)}")
    if len(set(told)) > 1:
        raise InputError(f"{path}: {key} is declared twice, as {told[0]!r} and {told[1]!r}; keep one")
    return str(told[0])


def _in_degrees(path: Path, document: dict[str, Any], repairs: list[str], frame: str) -> list["Projection"]:
    """Bring what a `crs` member says to be in another system to degrees, in place; a feature's own goes before."""
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
        from vehicle.coverage.projected import geometry_in_degrees  # noqa: PLC0415  0.1 s, for those who need it

        where = "the collection" if crs is common and features else f"feature {number}" if features else "the file"
        ways.append(geometry_in_degrees(f"{path}: {where}", here, crs, frame))
    repairs.extend(dict.fromkeys(way.told for way in ways if way.told))
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
    if isinstance(code, int | str) and not isinstance(code, bool):  # as it was written before 2008
        return f"EPSG:{code}"
    raise InputError(f"{path}: {where} is in {crs!r}, which names no system; reproject it to {WGS84}")


def _features(path: Path, document: dict[str, Any], repairs: list[str], places: Sequence[str]) -> Iterator[Feature]:
    kind = document["type"]
    if kind == "FeatureCollection":
        members = document.get("features")
        if not isinstance(members, list):
            raise InputError(f"{path}: FeatureCollection without a list of features")
        for number, member in enumerate(members):
            yield from _feature(path, places[number] if places else f"feature {number}", member, repairs)
    elif kind == "Feature":
        yield from _feature(path, "the feature", document, repairs)
    else:
        yield _geometry_feature(path, "the geometry", "work_area", document, {}, repairs)


def _feature(path: Path, place: str, member: Any, repairs: list[str]) -> Iterator[Feature]:
    if not isinstance(member, dict) or member.get("type") != "Feature":
        raise InputError(f"{path}: {place} is not a GeoJSON Feature")
    properties = member.get("properties") or {}
    if not isinstance(properties, dict):
        raise InputError(f"{path}: {place}: properties is not an object")
    geometry = member.get("geometry")
    if geometry is None:
        repairs.append(f"{place} has no geometry and was left out")
        return
    role = properties.get("role", "work_area")
    if role not in POLYGON_ROLES + POINT_ROLES:
        legal = ", ".join(POLYGON_ROLES + POINT_ROLES)
        raise InputError(f"{path}: {place} has role {role!r}; write one of {legal}")
    yield _geometry_feature(path, place, str(role), geometry, properties, repairs)


def _geometry_feature(
    path: Path, place: str, role: str, geometry: Any, properties: dict[str, Any], repairs: list[str]
) -> Feature:
    polygons: list[Any] = []
    points: list[tuple[float, float]] = []
    _collect(path, place, geometry, polygons, points, repairs)
    if role in ("keep_out", "slope") and not polygons:
        raise InputError(f"{path}: {place}: a {role} without an area; draw a polygon round what is meant")
    if points and role not in POINT_ROLES:
        repairs.append(f"{place}: a point carries no area and was left out")
    if role in POINT_ROLES and not points:
        repairs.append(f"{place}: a {role} is a point; this was left out")
    return Feature(
        role=role,
        place=place,
        polygons=tuple(tuple(tuple(ring) for ring in rings) for rings in polygons),
        points=tuple(points),
        properties=properties,
        height_m=_height_m(geometry) if role == "benchmark" else None,
    )


def _height_m(geometry: Any) -> float | None:
    """The third coordinate of a point, if it can be one; above the ellipsoid or the sea makes no difference here."""
    position = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(position, list) or len(position) < 3 or isinstance(position[2], bool):
        return None
    height = position[2]
    return float(height) if isinstance(height, int | float) and HEIGHTS_M[0] <= height <= HEIGHTS_M[1] else None


def _collect(
    path: Path, place: str, geometry: Any, polygons: list[Any], points: list[tuple[float, float]], repairs: list[str]
) -> None:
    """Sort the parts of a geometry; lines carry no area and are reported, not used."""
    if not isinstance(geometry, dict):
        raise InputError(f"{path}: {place}: geometry is not an object")
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "GeometryCollection":
        repairs.append(f"{place} is a GeometryCollection: its polygons were taken one by one")
        parts = geometry.get("geometries")
        if not isinstance(parts, list):
            raise InputError(f"{path}: {place}: GeometryCollection without a list of geometries")
        for part in parts:
            _collect(path, place, part, polygons, points, repairs)
    elif kind in ("Polygon", "MultiPolygon"):
        many = coordinates if kind == "MultiPolygon" else [coordinates]
        for rings in many if isinstance(many, list) else [None]:
            if not isinstance(rings, list) or not rings:
                raise InputError(f"{path}: {place}: {kind} without rings")
            polygons.append([positions(path, f"{place} ring {n}", ring, repairs) for n, ring in enumerate(rings)])
    elif kind in ("Point", "MultiPoint"):
        points.extend(positions(path, place, [coordinates] if kind == "Point" else coordinates, repairs))
    else:
        repairs.append(f"{place}: {kind} carries no area and was left out")


def positions(path: Path, place: str, raw: Any, repairs: list[str]) -> Ring:
    """Positions as (lon, lat) pairs of finite degrees; heights are dropped with a report."""
    if not isinstance(raw, list):
        raise InputError(f"{path}: {place}: coordinates are not a list")
    pairs: Ring = []
    for number, position in enumerate(raw):
        legal = (
            isinstance(position, list | tuple)
            and len(position) >= 2
            and all(isinstance(value, int | float) and not isinstance(value, bool) for value in position)
        )
        if not legal:
            raise InputError(f"{path}: {place} position {number} is not [lon, lat]")
        lon_deg, lat_deg = (float(value) if abs(value) < 1e9 else math.inf for value in position[:2])
        if not (math.isfinite(lon_deg) and math.isfinite(lat_deg)):
            raise InputError(f"{path}: {place} position {number} is not a number (NaN, or too large)")
        if abs(lat_deg) > 90.0:
            swapped = abs(lon_deg) <= 90.0 and abs(lat_deg) <= 180.0
            advice = "latitude and longitude are swapped: write [lon, lat]" if swapped else "reproject it to WGS 84"
            raise InputError(f"{path}: {place} position {number} has latitude {lat_deg:g}; {advice}")
        if abs(lon_deg) > 360.0:
            raise InputError(f"{path}: {place} position {number} has longitude {lon_deg:g}; reproject it to WGS 84")
        pairs.append((lon_deg, lat_deg))
    if any(len(position) > 2 for position in raw):
        note = f"{place}: heights were dropped, planning is in the plane"
        if note not in repairs:
            repairs.append(note)
    return pairs
