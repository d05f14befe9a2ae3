"""A site in ENU metres: work area, keep-outs, safe ground, access, and what the file declares (design.md section 6)."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely

from vehicle.coverage.area import parts_of, polygon_of, polygons_of, thinned
from vehicle.coverage.formats import read_site_file
from vehicle.coverage.reading import WGS84, Feature, SiteFile
from vehicle.errors import InputError
from vehicle.frames import LocalFrame

FAR_M = 50_000.0
"""Beyond this from the datum, coordinates are swapped or the datum is another site's (design.md section 6)."""
AREA_MAX_M2 = 1e8
"""100 km2: beyond any task, and a sign of swapped or garbled coordinates."""
BEARING = ("safe_ground", "access")
"""Roles on which tracks may stand at the start."""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Polygons are shapely (Multi)Polygons in ENU metres about `datum`; `repairs` tells what reading changed."""

    name: str
    datum: LocalFrame
    work_area: Any
    keep_out: Any
    safe_ground: Any
    access: Any
    slopes: tuple[tuple[float, Any], ...] = ()
    benchmarks_m: tuple[tuple[float, float], ...] = ()
    turning_points_m: tuple[tuple[float, float], ...] = ()
    outside: str = "safe"
    outside_assumed: bool = False
    tripwires: str = "possible"
    required_depth_m: float | None = None
    source_system: str = ""
    source_accuracy_m: float = 0.0
    repairs: tuple[str, ...] = ()
    site_hash: str = ""


def load_site(
    path: Path,
    outside: str | None = None,
    datum: LocalFrame | None = None,
    tripwires: str | None = None,
    base_frame: str = WGS84,
) -> Site:
    """Read and check a site file; `outside` and `tripwires` given here win over the file's own words.

    `base_frame`: the system of the machine's fixes, to which projected coordinates are brought.

    Raises InputError with one line (file, place, what to do).
    """
    return site_from_file(read_site_file(Path(path), base_frame), str(path), outside, datum, tripwires)


def site_from_file(
    raw: SiteFile, label: str, outside: str | None = None, datum: LocalFrame | None = None, tripwires: str | None = None
) -> Site:
    """The site of features already read; `label` names the source in messages."""
    if not any(feature.polygons for feature in raw.features if feature.role == "work_area"):
        raise InputError(f"{label}: no polygon with role work_area; draw the ground to be processed")
    for key, value, legal in (
        ("outside", outside, ("safe", "unknown")),
        ("tripwires", tripwires, ("possible", "none")),
    ):
        if value is not None and value not in legal:
            raise InputError(f"{key} is {value!r}; write one of {', '.join(legal)}")
    frame = datum if datum is not None else _datum_of(raw)
    _check_distance(raw, label, frame, given=datum is not None)
    repairs = list(raw.repairs)
    layers = _layers(raw, label, frame, repairs)
    says = outside or raw.outside
    wires = tripwires or raw.tripwires or "possible"
    if says is None:
        repairs.append("outside is not declared: taken as safe; declare outside = safe | unknown")
    return Site(
        name=raw.name,
        datum=frame,
        outside=says or "safe",
        outside_assumed=says is None,
        tripwires=wires,
        required_depth_m=raw.required_depth_m,
        source_system=raw.source_system,
        source_accuracy_m=raw.source_accuracy_m,
        benchmarks_m=_points(raw, frame, "benchmark"),
        turning_points_m=_points(raw, frame, "turning_point"),
        repairs=tuple(repairs),
        site_hash=_site_hash(raw, says or "safe", wires),
        **layers,
    )


def _layers(raw: SiteFile, label: str, frame: LocalFrame, repairs: list[str]) -> dict[str, Any]:
    shells: dict[str, list[Any]] = {"work_area": [], "safe_ground": [], "access": []}
    slopes: list[tuple[float, Any]] = []
    keep_outs: list[Any] = []
    named: list[tuple[str, Any]] = []
    for feature in raw.features:
        for number, rings in enumerate(feature.polygons):
            place = f"{label}: {feature.place}" + (f" part {number}" if len(feature.polygons) > 1 else "")
            metres = [frame.enu_from_lonlat_array(np.array(ring)) for ring in rings]
            shell, holes = polygon_of(metres, place, _where(frame), repairs)
            outward = feature.role not in BEARING
            shell = thinned(shell, place, repairs, outward=outward)
            if feature.role == "work_area":
                keep_outs.append(thinned(holes, f"{place} holes", repairs, outward=True))
                shells["work_area"].append(shell)
                continue
            whole = shapely.difference(shell, holes)
            if feature.role == "slope":
                slopes.append((_slope_rad(feature, place), whole))
            elif feature.role == "keep_out":
                keep_outs.append(whole)
                named.append((place, whole))
            else:
                shells[feature.role].append(whole)
    work, keep = _united(shells["work_area"], "work areas", repairs), polygons_of(shapely.union_all(keep_outs))
    if work.area > AREA_MAX_M2:
        raise InputError(f"{label}: the work area measures {work.area / 1e6:.0f} km2; check its coordinates")
    if polygons_of(work.difference(keep)).area < 1e-2:
        raise InputError(f"{label}: the keep-outs leave nothing of the work area; check their roles")
    _report_keep_outs(work, named, repairs)
    _report_merged(keep_outs, keep, repairs)
    safe = polygons_of(shapely.union_all(shells["safe_ground"] + shells["access"]))
    access = polygons_of(shapely.union_all(shells["access"]))
    return {"work_area": work, "keep_out": keep, "safe_ground": safe, "access": access, "slopes": tuple(slopes)}


def _united(shells: list[Any], what: str, repairs: list[str]) -> Any:
    union = polygons_of(shapely.union_all(shells))
    if sum(shell.area for shell in shells) > union.area + 1e-6 * union.area:
        repairs.append(f"{what} overlap: united ({union.area:.1f} m2)")
    return union


def _report_keep_outs(work: Any, named: list[tuple[str, Any]], repairs: list[str]) -> None:
    for place, keep in named:
        if not keep.intersects(work):
            repairs.append(f"{place} lies outside the work area: kept, the machine avoids it")
        elif not work.covers(keep):
            repairs.append(f"{place} crosses the boundary: subtracted from the work area")


def _report_merged(keep_outs: list[Any], keep: Any, repairs: list[str]) -> None:
    """Those within one feature were told by `polygon_of`."""
    before, after = sum(len(parts_of(one)) for one in keep_outs), len(parts_of(keep))
    if after < before:
        repairs.append(f"keep-outs touch or overlap: {before} merged into {after}")


def _slope_rad(feature: Feature, place: str) -> float:
    slope = feature.properties.get("slope_deg")
    if isinstance(slope, bool) or not isinstance(slope, int | float) or not 0.0 <= slope < 90.0:
        raise InputError(f"{place}: a slope polygon needs slope_deg from 0 to 90, not {slope!r}")
    return float(np.radians(slope))


def _where(frame: LocalFrame) -> Any:
    def text(east_m: float, north_m: float) -> str:
        lon_deg, lat_deg = frame.lonlat_from_enu_array([(east_m, north_m)])[0]
        return f"lon {lon_deg:.6f} lat {lat_deg:.6f}"

    return text


def _all_positions(raw: SiteFile) -> np.ndarray:
    rings = [ring for feature in raw.features for rings in feature.polygons for ring in rings]
    return np.array([position for ring in rings for position in ring], dtype=float).reshape(-1, 2)


def _datum_of(raw: SiteFile) -> LocalFrame:
    """The first benchmark, else the middle of the corners as unit vectors (good across the antimeridian)."""
    for feature in raw.features:
        if feature.role == "benchmark" and feature.points:
            return LocalFrame(feature.points[0][1], feature.points[0][0], feature.height_m or 0.0)
    lon, lat = np.radians(_all_positions(raw)).T
    x, y, z = np.mean(np.cos(lat) * np.cos(lon)), np.mean(np.cos(lat) * np.sin(lon)), np.mean(np.sin(lat))
    return LocalFrame(
        round(float(np.degrees(np.arctan2(z, np.hypot(x, y)))), 7), round(float(np.degrees(np.arctan2(y, x))), 7)
    )


def _check_distance(raw: SiteFile, label: str, frame: LocalFrame, *, given: bool) -> None:
    """Ground distance by chord, so that the far side of the globe is far too."""
    positions = _all_positions(raw)
    away_m = _chord_m(positions, frame)
    if float(away_m.max()) <= FAR_M:
        return
    number = int(away_m.argmax())
    lon_deg, lat_deg = positions[number]
    swapped = abs(lon_deg) <= 90.0 and float(_chord_m(positions[number : number + 1, ::-1], frame)[0]) <= FAR_M
    advice = "latitude and longitude are swapped: write [lon, lat]" if swapped else "check coordinates and datum"
    marked = any(feature.role == "benchmark" and feature.points for feature in raw.features)
    what = "the datum" if given else "the benchmark" if marked else "the middle of the site"
    raise InputError(
        f"{label}: lon {lon_deg:g} lat {lat_deg:g} is {away_m[number] / 1000.0:.0f} km from {what}; {advice}"
    )


def _chord_m(positions: np.ndarray, frame: LocalFrame) -> np.ndarray:
    lon, lat = np.radians(positions.T)
    lon0, lat0 = np.radians(frame.lon_deg), np.radians(frame.lat_deg)
    half = np.sin((lat - lat0) / 2) ** 2 + np.cos(lat) * np.cos(lat0) * np.sin((lon - lon0) / 2) ** 2
    return np.asarray(2.0 * 6_371_000.0 * np.sqrt(half))


def _points(raw: SiteFile, frame: LocalFrame, role: str) -> tuple[tuple[float, float], ...]:
    found = [point for feature in raw.features if feature.role == role for point in feature.points]
    return tuple((float(e), float(n)) for e, n in frame.enu_from_lonlat_array(np.array(found))) if found else ()


def _site_hash(raw: SiteFile, outside: str, tripwires: str) -> str:
    """Names the ground, not the file: order of keys, spaces and the datum do not matter; 1e-9 deg is 0.1 mm."""
    rows = [
        [f.role, [[[[round(c, 9) for c in p] for p in ring] for ring in rings] for rings in f.polygons], f.points]
        for f in raw.features
    ]
    text = json.dumps([rows, outside, tripwires], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
