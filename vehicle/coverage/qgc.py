"""QGroundControl `.plan` -> site file: survey polygons are work areas, fences work areas and keep-outs."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vehicle.coverage.reading import SiteFile, collected
from vehicle.errors import InputError
from vehicle.frames import LocalFrame

CIRCLE_CORNERS = 32
RADIUS_MAX_M = 50_000.0


def read_plan(path: Path) -> SiteFile:
    """Survey polygons are work areas, else inclusion fences are; exclusion fences are keep-outs."""
    try:
        document = json.loads(path.read_bytes())
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON ({error}); save the plan again") from None
    if not isinstance(document, dict) or document.get("fileType") != "Plan":
        raise InputError(f'{path}: no QGroundControl plan ("fileType" is not "Plan")')
    surveys = list(_surveys(path, document))
    fences = list(_fences(path, document))
    inside = [fence for fence in fences if fence["properties"]["role"] == "work_area"]
    features, repairs = fences, []
    if surveys:
        features = surveys + [fence for fence in fences if fence not in inside]
        repairs = [f"{fence['place']} (inclusion) was left out: the survey is the work area" for fence in inside]
    if not any(feature["properties"]["role"] == "work_area" for feature in features):
        raise InputError(f"{path}: neither a survey polygon nor an inclusion fence; draw the ground to be processed")
    return collected(path, features, repairs)


def _surveys(path: Path, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A structure to be scanned and a corridor are complex items too, but no ground to be processed."""
    for number, item in enumerate(_rows(path, document.get("mission"), "mission", "items")):
        if item.get("type") == "ComplexItem" and item.get("complexItemType", "survey") == "survey":
            yield _feature(path, f"mission item {number}", "work_area", item.get("polygon"))


def _fences(path: Path, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    fence = document.get("geoFence")
    for number, row in enumerate(_rows(path, fence, "geoFence", "polygons")):
        yield _feature(path, f"fence polygon {number}", _role(row), row.get("polygon"))
    for number, row in enumerate(_rows(path, fence, "geoFence", "circles")):
        place, role = f"fence circle {number}", _role(row)
        yield _feature(path, place, role, _circle(path, place, row.get("circle"), outward=role == "keep_out"))
    first = fence.get("polygon") if isinstance(fence, dict) else None
    if first:  # version 1 knew one inclusion polygon
        yield _feature(path, "the fence polygon", "work_area", first)


def _rows(path: Path, node: Any, name: str, key: str) -> list[dict[str, Any]]:
    rows = node.get(key) if isinstance(node, dict) else None
    if rows is None:
        return []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path}: {name} {key} is no list of objects; save the plan again")
    return rows


def _role(row: dict[str, Any]) -> str:
    return "work_area" if row.get("inclusion", True) else "keep_out"


def _circle(path: Path, place: str, circle: Any, *, outward: bool) -> list[list[float]]:
    """Corners [lat, lon] of a polygon round a keep-out circle, or inside an inclusion circle."""
    try:
        lat_deg, lon_deg = (float(value) for value in circle["center"])
        radius_m = float(circle["radius"])
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{path}: {place} needs a center [lat, lon] and a radius") from None
    if not (0.0 < radius_m <= RADIUS_MAX_M and abs(lat_deg) <= 90.0 and abs(lon_deg) <= 360.0):  # False for NaN too
        raise InputError(f"{path}: {place} has radius {radius_m:g} m at lat {lat_deg:g} lon {lon_deg:g}; correct it")
    radius_m /= math.cos(math.pi / CIRCLE_CORNERS) if outward else 1.0
    angles = [2.0 * math.pi * k / CIRCLE_CORNERS for k in range(CIRCLE_CORNERS)]
    ring = [(radius_m * math.cos(a), radius_m * math.sin(a)) for a in angles]
    return [[lat, lon] for lon, lat in LocalFrame(lat_deg, lon_deg).lonlat_from_enu_array(ring).tolist()]


def _feature(path: Path, place: str, role: str, corners: Any) -> dict[str, Any]:
    """QGroundControl writes [lat, lon], open rings."""
    if not isinstance(corners, list) or not all(isinstance(c, list) and len(c) >= 2 for c in corners):
        raise InputError(f"{path}: {place} is no list of [lat, lon]")
    ring = [[corner[1], corner[0]] for corner in corners]
    geometry = {"type": "Polygon", "coordinates": [ring + ring[:1]]}
    return {"type": "Feature", "place": place, "properties": {"role": role}, "geometry": geometry}
