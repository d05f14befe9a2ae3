"""QGroundControl `.plan` becomes a site file: survey polygons are work areas, fences hold in or keep out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vehicle.contracts.errors import InputError
from vehicle.planning.site.notes import Notes
from vehicle.planning.site.plain_number import plain_number
from vehicle.planning.site.reading import SiteFile, TwiceError, collected, json_of, no_json_text
from vehicle.planning.site.role_sources import TOLD_MAX
from vehicle.polygons.fences import RADIUS_MAX_M, circle_lonlat

KNOWN_PARTS = frozenset(["fileType", "version", "groundStation", "mission", "geoFence", "rallyPoints", "flailpilot"])


def read_plan(path: Path) -> SiteFile:
    """Read a plan: survey polygons are work areas; inclusion fences hold in, exclusion fences keep out.

    Without a survey the inclusion fences are the work area: the ground inside all of them.

    Raises:
        InputError: The file is no QGroundControl plan, or it has no ground to work.
    """
    try:
        document = json_of(path.read_bytes())
    except TwiceError as error:
        raise InputError(f"{path}: {str(error)!r} stands twice in one object; save the plan again") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: {no_json_text(error, 'save the plan again')}") from None
    if not isinstance(document, dict) or document.get("fileType") != "Plan":
        raise InputError(f'{path}: no QGroundControl plan ("fileType" is not "Plan"); save it from QGroundControl')
    notes = Notes()
    features = [*_surveys(path, document, notes), *_fences(path, document)]
    _tell_rest(document, notes)
    if not any(feature["properties"]["role"] in ("work_area", "perimeter") for feature in features):
        raise InputError(f"{path}: neither a survey polygon nor an inclusion fence; draw the ground to be processed")
    return collected(path, features, notes, bounds_may_work=True)


def _surveys(path: Path, document: dict[str, Any], notes: Notes) -> Iterator[dict[str, Any]]:
    """Return surveys; structure scans and corridors are complex items too, but no ground to process: reported."""
    simple = 0
    for number, item in enumerate(_rows(path, document.get("mission"), "mission", "items")):
        kind = item.get("complexItemType", "survey")
        if item.get("type") != "ComplexItem":
            simple += 1
        elif isinstance(kind, str) and kind.casefold() == "survey":
            yield _feature(path, f"mission item {number}", "work_area", item.get("polygon"))
        else:
            notes.warn(f"mission item {number} ({kind}) was left out: only surveys are worked")
    if simple:
        notes.warn(f"{simple} mission items that are no survey (waypoints, commands) were left out")


def _fences(path: Path, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    fence = document.get("geoFence")
    for number, row in enumerate(_rows(path, fence, "geoFence", "polygons")):
        place = f"fence polygon {number}"
        yield _feature(path, place, _role(path, place, row), row.get("polygon"), row)
    for number, row in enumerate(_rows(path, fence, "geoFence", "circles")):
        place = f"fence circle {number}"
        role = _role(path, place, row)
        yield _feature(path, place, role, _circle(path, place, row.get("circle"), outward=role == "keep_out"), row)
    if not isinstance(fence, dict):
        return
    if fence.get("polygon"):  # version 1 knew one inclusion polygon
        yield _feature(path, "the fence polygon", "perimeter", fence["polygon"])
    for key in sorted(fence.keys() - {"polygons", "circles", "polygon", "version", "breachReturn"}):
        if isinstance(fence[key], list | dict) and fence[key]:
            raise InputError(f"{path}: geoFence has {key!r}, which is not known; save the plan again")


def _tell_rest(document: dict[str, Any], notes: Notes) -> None:
    """Report other items of a plan that are left out."""
    rally = document.get("rallyPoints")
    points = rally.get("points") if isinstance(rally, dict) else None
    if isinstance(points, list) and points:
        notes.warn(f"{len(points)} rally points were left out")
    for key in sorted(document.keys() - KNOWN_PARTS):
        if isinstance(document[key], list | dict) and document[key]:
            notes.warn(f"the plan's {key!r} is not known and was left out")


def _rows(path: Path, node: Any, name: str, key: str) -> list[dict[str, Any]]:
    rows = node.get(key) if isinstance(node, dict) else None
    if rows is None:
        return []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path}: {name} {key} is no list of objects; save the plan again")
    return rows


def _role(path: Path, place: str, row: dict[str, Any]) -> str:
    inclusion = row.get("inclusion")
    if not isinstance(inclusion, bool):
        raise InputError(f'{path}: {place}: "inclusion" is {inclusion!r}; write true (stay inside) or false (keep out)')
    return "perimeter" if inclusion else "keep_out"


def _circle(path: Path, place: str, circle: Any, *, outward: bool) -> list[list[float]]:
    """Return corners [lat, lon] of a polygon around a keep-out circle, or inside an inclusion circle."""
    try:
        lat_deg, lon_deg = map(plain_number, circle["center"])
        radius_m = plain_number(circle["radius"])
    except (KeyError, TypeError, ValueError):
        lat_deg = lon_deg = radius_m = None
    if lat_deg is None or lon_deg is None or radius_m is None:
        told = f"needs a center [lat, lon] and a radius, and has {str(circle)[:TOLD_MAX]}"
        raise InputError(f"{path}: {place} {told}; draw the circle again")
    if not (0.0 < radius_m <= RADIUS_MAX_M and abs(lat_deg) <= 90.0 and abs(lon_deg) <= 360.0):  # also False for NaN
        raise InputError(f"{path}: {place} has radius {radius_m:g} m at lat {lat_deg:g} lon {lon_deg:g}; correct it")
    return [[lat, lon] for lon, lat in circle_lonlat(lat_deg, lon_deg, radius_m, outward=outward)]


def _feature(path: Path, place: str, role: str, corners: Any, row: dict[str, Any] | None = None) -> dict[str, Any]:
    """QGroundControl writes [lat, lon], open rings."""
    if not isinstance(corners, list) or not all(isinstance(c, list) and len(c) >= 2 for c in corners):
        raise InputError(f"{path}: {place} is no list of [lat, lon]; save the plan again")
    ring = [[corner[1], corner[0]] for corner in corners]
    geometry = {"type": "Polygon", "coordinates": [ring + ring[:1]]}
    words = {key: value for key, value in (row or {}).items() if isinstance(value, str)}  # may contradict the role
    return {"type": "Feature", "place": place, "properties": words | {"role": role}, "geometry": geometry}
