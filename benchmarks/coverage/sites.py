"""Sites to plan: the real fields in both modes, and generated ones with everything a planner stumbles over.

A site is a GeoJSON document; with unknown ground outside it has one strip of safe ground along its longest edge.
"""

import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import shapely
from shapely import affinity
from shapely.geometry import shape

FIELDS = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "fields"
STRIP_M = 8.0
MODES = ("safe", "unknown")
Document = dict[str, Any]


def real_fields() -> list[Path]:
    """Files of the real fields, the smallest first."""
    return sorted(FIELDS.glob("*.geojson"), key=lambda path: area_m2(json.loads(path.read_text(encoding="utf-8"))))


def _local(geometry: Any) -> pyproj.Proj:
    middle = geometry.centroid
    return pyproj.Proj(proj="tmerc", lat_0=middle.y, lon_0=middle.x, ellps="WGS84")


def _flat(geometry: Any) -> Any:
    local = _local(geometry)
    return shapely.transform(geometry, lambda xy: np.column_stack(local(xy[:, 0], xy[:, 1])))


def area_m2(document: Document) -> float:
    """Of its first feature."""
    return float(_flat(shape(_features(document)[0]["geometry"])).area)


def _features(document: Document) -> list[Document]:
    if document["type"] == "FeatureCollection":
        return list(document["features"])
    return [document if document["type"] == "Feature" else {"type": "Feature", "properties": {}, "geometry": document}]


def with_strip(document: Document, width_m: float = STRIP_M) -> Document:
    """The document with a strip of safe ground along the longest edge of its largest polygon.

    The field says its role: beside another feature that has one, a name with *holes* in it would be asked about.
    """
    features = _features(document)
    features[0] = {**features[0], "properties": {**(features[0].get("properties") or {}), "role": "work_area"}}
    geometry = max(shapely.get_parts(shape(features[0]["geometry"])), key=lambda polygon: polygon.area)
    local = _local(geometry)
    xy = np.column_stack(local(*np.array(geometry.exterior.coords)[:, :2].T))
    longest = int(np.argmax(np.hypot(*np.diff(xy, axis=0).T)))
    start, end = xy[longest], xy[longest + 1]
    along = (end - start) / np.hypot(*(end - start))
    outward = np.array([along[1], -along[0]])
    if shapely.Polygon(xy).contains(shapely.Point(0.5 * (start + end) + 0.05 * outward)):
        outward = -outward
    ring = np.array([start, end, end + width_m * outward, start + width_m * outward, start])
    return {"type": "FeatureCollection", "features": [*features, feature("safe_ground", _lonlat(local, ring))]}


def feature(role: str, *rings: list[list[float]]) -> Document:
    """A polygon in degrees with its role."""
    geometry = {"type": "Polygon", "coordinates": list(rings)}
    return {"type": "Feature", "properties": {"role": role}, "geometry": geometry}


def _lonlat(local: pyproj.Proj, ring_m: np.ndarray) -> list[list[float]]:
    east_m, north_m = np.asarray(ring_m, dtype=float).T
    lon, lat = local(east_m, north_m, inverse=True)
    return [[(float(a) + 180.0) % 360.0 - 180.0, float(b)] for a, b in zip(lon, lat, strict=True)]


# --- made sites: large, with many keep-outs, the same at every call ---------------------------------------------------
MADE = {"made_150ha_50holes": (150.0, 50, (2.0, 22.0), 150), "made_103ha_1000holes": (103.0, 1000, (0.6, 3.5), 1000)}
"""Name -> hectares, keep-outs, least and greatest radius of a keep-out [m], seed."""


def made(name: str) -> Document:
    """A site of `MADE`: a concave outline of 40 corners, keep-outs of 4 to 12 corners that do not touch each other."""
    hectares, count, (least_m, most_m), seed = MADE[name]
    draw = random.Random(seed)
    shell = _outline(draw, 1e4 * hectares)
    x0, y0, x1, y1 = shell.bounds
    found: list[Any] = []
    while len(found) < count:
        middle = (draw.uniform(x0, x1), draw.uniform(y0, y1))
        radius_m = math.exp(draw.uniform(math.log(least_m), math.log(most_m)))
        around = shapely.Point(middle).buffer(radius_m + 1.0)
        corners = draw.randint(4, 12)
        angles = [2.0 * math.pi * (k + draw.uniform(-0.3, 0.3)) / corners for k in range(corners)]
        radii = [radius_m * draw.uniform(0.7, 1.0) for _ in angles]
        ring = [(middle[0] + r * math.cos(a), middle[1] + r * math.sin(a)) for a, r in zip(angles, radii, strict=True)]
        if shell.contains(around) and not shapely.intersects(around, found).any():
            found.append(shapely.Polygon(ring))
    local = pyproj.Proj(proj="tmerc", lat_0=48.3, lon_0=37.1, ellps="WGS84")
    rings = [_lonlat(local, shapely.get_coordinates(polygon)) for polygon in (shell, *found)]
    return {"type": "FeatureCollection", "features": [feature("work_area", *rings)]}


def _outline(draw: random.Random, area_m2: float) -> Any:
    """A field of some size: radii that wander about their mean."""
    angles = [2.0 * math.pi * (k + draw.uniform(-0.2, 0.2)) / 40 for k in range(40)]
    waves = [(draw.uniform(0.02, 0.12), draw.uniform(0.0, 2.0 * math.pi)) for _ in range(4)]
    radii = [1.0 + sum(a * math.cos((k + 2) * angle + p) for k, (a, p) in enumerate(waves)) for angle in angles]
    ring = np.array([(1.6 * r * math.cos(a), r * math.sin(a)) for a, r in zip(angles, radii, strict=True)])
    return shapely.Polygon(ring * math.sqrt(area_m2 / shapely.Polygon(ring).area))


# --- generated sites -------------------------------------------------------------------------------------------------
def generated(seed: int, mode: str) -> Document:
    """A site of its own for every seed: shape, size, keep-outs and place are drawn."""
    draw = random.Random(seed)
    size_m = math.exp(draw.uniform(math.log(14.0), math.log(160.0)))
    shell = draw.choice((_star, _comb, _needle, _rectangle, _ribbon))(draw, size_m)
    keep_outs = _keep_outs(draw, shell, size_m)
    lat, lon = draw.uniform(-58.0, 66.0), draw.choice((draw.uniform(-180.0, 180.0), 180.0, -179.9999, 0.0))
    local = pyproj.Proj(proj="tmerc", lat_0=lat, lon_0=lon, ellps="WGS84")
    work = feature("work_area", _lonlat(local, shapely.get_coordinates(shell)))
    features = [work, *[feature("keep_out", _lonlat(local, shapely.get_coordinates(k))) for k in keep_outs]]
    document: Document = {"type": "FeatureCollection", "features": features}
    if mode == "unknown":
        document["features"].append(feature("safe_ground", _lonlat(local, _strip_of(shell))))
    return document


def _strip_of(shell: Any) -> np.ndarray:
    xy = shapely.get_coordinates(shell)
    longest = int(np.argmax(np.hypot(*np.diff(xy, axis=0).T)))
    start, end = xy[longest], xy[longest + 1]
    along = (end - start) / np.hypot(*(end - start))
    outward = np.array([along[1], -along[0]])
    if shell.contains(shapely.Point(0.5 * (start + end) + 0.02 * outward)):
        outward = -outward
    return np.array([start, end, end + STRIP_M * outward, start + STRIP_M * outward, start])


def _polygon(points: Any) -> Any:
    whole = shapely.make_valid(shapely.Polygon(points))
    return shapely.Polygon(max(shapely.get_parts(whole), key=lambda part: part.area).exterior)


def _star(draw: random.Random, size_m: float) -> Any:
    """Concave, round about a middle; some corners doubled."""
    angles = sorted(draw.uniform(0.0, 2.0 * math.pi) for _ in range(draw.randint(5, 24)))
    radii = [0.5 * size_m * draw.uniform(0.35, 1.0) for _ in angles]
    points = [(r * math.cos(a), r * math.sin(a)) for a, r in zip(angles, radii, strict=True)]
    if draw.random() < 0.3:
        points.insert(1, points[0])
    return _polygon(points)


def _comb(draw: random.Random, size_m: float) -> Any:
    """Teeth with bays between them, some narrower than the machine."""
    teeth, depth = draw.randint(2, 5), size_m * draw.uniform(0.2, 0.6)
    x, points = 0.0, [(0.0, -0.3 * size_m)]
    for _ in range(teeth):
        wide, bay = size_m / teeth * draw.uniform(0.4, 0.8), size_m / teeth * draw.uniform(0.05, 0.5)
        points += [(x, depth), (x + wide, depth), (x + wide, 0.0), (x + wide + bay, 0.0)]
        x += wide + bay
    points.append((x, -0.3 * size_m))
    return _turned(draw, _polygon(points))


def _needle(draw: random.Random, size_m: float) -> Any:
    """A triangle with an acute corner."""
    return _turned(
        draw, _polygon([(0.0, 0.0), (size_m, draw.uniform(2.5, 9.0)), (size_m * 0.9, -draw.uniform(2.5, 30.0))])
    )


def _rectangle(draw: random.Random, size_m: float) -> Any:
    """Neatly drawn, a little out of square."""
    h = size_m * draw.uniform(0.2, 1.0)
    return _turned(draw, _polygon([(0.0, 0.0), (size_m, 0.02 * size_m), (size_m, h), (-0.01 * size_m, h)]))


def _ribbon(draw: random.Random, size_m: float) -> Any:
    """A bent strip of about the machine's width or a few."""
    x = np.linspace(0.0, size_m, draw.randint(3, 7))
    line = shapely.LineString([(a, draw.uniform(-0.2, 0.2) * size_m) for a in x])
    return _turned(draw, _polygon(shapely.get_coordinates(line.buffer(draw.uniform(2.0, 9.0), quad_segs=2).exterior)))


def _turned(draw: random.Random, polygon: Any) -> Any:
    angle = draw.uniform(0.0, 2.0 * math.pi)
    matrix = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return shapely.transform(polygon, lambda xy: xy @ matrix)


def _keep_outs(draw: random.Random, shell: Any, size_m: float) -> list[Any]:
    """Up to six: anywhere, also touching each other, across the boundary, or no bigger than a post."""
    found: list[Any] = []
    x0, y0, x1, y1 = shell.bounds
    for _ in range(draw.choice((0, 0, 1, 1, 2, 3, 6))):
        middle = (draw.uniform(x0, x1), draw.uniform(y0, y1))
        radius = draw.choice((0.15, 0.5, 0.03 * size_m, 0.08 * size_m))
        angles = sorted(draw.uniform(0.0, 2.0 * math.pi) for _ in range(draw.randint(3, 9)))
        ring = [(middle[0] + radius * math.cos(a), middle[1] + radius * math.sin(a)) for a in angles]
        polygon = shapely.Polygon(ring)
        if polygon.is_valid and polygon.area > 0.02 and polygon.intersects(shell):
            found.append(polygon)
            if draw.random() < 0.2:
                found.append(affinity.translate(polygon, 1.5 * radius, 0.1 * radius))
    return found if shell.difference(shapely.union_all(found)).area > 20.0 else []
