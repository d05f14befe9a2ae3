"""What RFC 7946 asks of a GeoJSON text, clause by clause; written from the standard, not from our writer."""

import json
from itertools import pairwise
from typing import Any

TYPES = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
DEPTH = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}


def faults(text: str) -> list[str]:
    """Every breach of a MUST, and of the SHOULDs on winding and closed rings; empty for a good file."""
    whole = json.loads(text, parse_constant=lambda word: f"not JSON: {word}")
    found: list[str] = []
    if whole.get("type") != "FeatureCollection" or not isinstance(whole.get("features"), list):
        return ["no FeatureCollection with a list of features (3.3)"]
    found += [
        f"a FeatureCollection with {key} (7.1)"
        for key in ("coordinates", "geometries", "geometry", "properties")
        if key in whole
    ]
    if "crs" in whole:
        found.append("crs (4)")
    for number, feature in enumerate(whole["features"]):
        found += [f"feature {number}: {fault}" for fault in _feature(feature)]
    return found


def _feature(feature: dict[str, Any]) -> list[str]:
    found = []
    if feature.get("type") != "Feature" or "geometry" not in feature or "properties" not in feature:
        found.append("type, geometry or properties is missing (3.2)")
    found += [f"a Feature with {key} (7.1)" for key in ("features", "coordinates", "geometries") if key in feature]
    if not isinstance(feature.get("properties"), dict | None):
        found.append("properties is no object (3.2)")
    geometry = feature.get("geometry")
    return found + (_geometry(geometry) if geometry is not None else [])


def _geometry(geometry: dict[str, Any]) -> list[str]:
    kind = geometry.get("type")
    coordinates: Any = geometry.get("coordinates")
    if kind not in DEPTH:
        return [f"geometry {kind!r} (3.1)"]
    found = [f"position {place}" for place in _positions(coordinates, DEPTH[kind]) if not _is_position(place)]
    if kind == "LineString" and len(coordinates) < 2:
        found.append("a line of less than two positions (3.1.4)")
    polygons = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(kind, [])
    for rings in polygons:
        for place, ring in enumerate(rings):
            found += _ring(ring, is_shell=place == 0)
    return found


def _ring(ring: list[list[float]], *, is_shell: bool) -> list[str]:
    found = []
    if len(ring) < 4 or ring[0] != ring[-1]:
        found.append("a ring that is not closed, or of less than four positions (3.1.6)")
    x0, y0 = ring[0][:2]  # near the ring: far from it rounding hides a small area
    area = sum((a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0) for a, b in pairwise(ring))
    if (area > 0.0) is not is_shell:
        found.append(f"a {'shell' if is_shell else 'hole'} wound the wrong way (3.1.6)")
    return found


def _positions(coordinates: Any, depth: int) -> list[Any]:
    return [coordinates] if depth == 0 else [p for part in coordinates for p in _positions(part, depth - 1)]


def _is_position(place: Any) -> bool:
    return (
        isinstance(place, list)
        and len(place) in {2, 3}
        and all(isinstance(value, int | float) for value in place)
        and -180.0 <= place[0] <= 180.0
        and -90.0 <= place[1] <= 90.0
    )
