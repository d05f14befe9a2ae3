"""A site in ENU metres: work area, keep-outs, safe ground, access, and what the file declares."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import AWAY_MAX_M, LocalFrame
from vehicle.planning.coverage.standing import Assurance, Mark
from vehicle.planning.site.chosen import chosen, settled
from vehicle.planning.site.declared import declared, site_wide
from vehicle.planning.site.features import WGS84, Feature
from vehicle.planning.site.formats import read_site_file
from vehicle.planning.site.layers import layers_of
from vehicle.planning.site.nesting import ANSWERS, Answer
from vehicle.planning.site.notes import Notes, Rank
from vehicle.planning.site.reading import SiteFile
from vehicle.planning.site.rim import Overrun
from vehicle.planning.site.roles import STANDING

EMPTY = shapely.Polygon()


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Polygons are shapely (Multi)Polygons in ENU metres about `datum`. `repairs`: what the reading changed.

    `warnings`: those of them that change the ground to be worked. `outside_fence`: work that inclusion fences exclude.
    `overrun`: how far beyond the work area unknown ground may be worked.
    """

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
    overrun: Overrun = Overrun()
    required_depth_m: float | None = None
    task_role: str | None = None
    source_system: str = ""
    source_accuracy_m: float = 0.0
    outside_fence: Any = EMPTY
    marks: tuple[Mark, ...] = ()
    assurances: tuple[Assurance, ...] = ()
    repairs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    site_hash: str = ""


def load_site(
    path: Path,
    outside: str | None = None,
    datum: LocalFrame | None = None,
    tripwires: str | None = None,
    base_frame: str = WGS84,
    *,
    feature: str | None = None,
    unmarked: str | None = None,
) -> Site:
    """Read and check a site file; `outside` and `tripwires` given here win over the file's own words.

    `base_frame`: the system of the machine's fixes, to which projected coordinates are brought. `feature`: the work, a
    number or KEY=VALUE. `unmarked`: the user's answer for polygons without a role.

    Raises InputError with one line (file, place, what to do).
    """
    raw = read_site_file(Path(path), base_frame)
    return site_from_file(raw, str(path), outside, datum, tripwires, feature=feature, unmarked=unmarked)


def site_from_file(
    raw: SiteFile,
    label: str,
    outside: str | None = None,
    datum: LocalFrame | None = None,
    tripwires: str | None = None,
    *,
    feature: str | None = None,
    unmarked: str | None = None,
) -> Site:
    """Return the site from features; `label` names the source in messages. Raises InputError if they are no site."""
    for key, value, legal in (
        ("outside", outside, ("safe", "unknown")),
        ("tripwires", tripwires, ("possible", "none")),
        ("unmarked", unmarked, ANSWERS),
    ):
        if value is not None and value not in legal:
            raise InputError(f"{key} is {value!r}; write one of {', '.join(legal)}")
    answer: Answer | None = "keep_out" if unmarked == "keep_out" else "work_area" if unmarked is not None else None
    notes = Notes(raw.repairs, raw.ranks)
    features = chosen(raw.features, label, feature, notes)
    features = settled(features, label, answer, notes, picked=feature is not None)
    raw = msgspec.structs.replace(raw, features=features)
    _check_work(raw, label)
    frame = datum if datum is not None else _datum_of(raw)
    _check_distance(raw, label, frame, given=datum is not None)
    said = declared(label, raw.fields, features)
    for line in said.told:
        notes.warn(line, Rank.ASSUMED)
    _tell_overruled("outside", outside, said.outside, notes)
    _tell_overruled("tripwires", tripwires, said.tripwires, notes)
    says = outside or said.outside
    layers = layers_of(
        features,
        label,
        frame,
        notes,
        answer=answer,
        bounds_may_work=raw.bounds_may_work,
        outside=says or "safe",
        site_wide=site_wide(label, raw.fields),
    )
    wires = tripwires or said.tripwires or "possible"
    if says is None:
        notes.warn("outside is not declared: taken as safe; declare outside = safe | unknown", Rank.ASSUMED)
    return Site(
        name=raw.name,
        datum=frame,
        work_area=layers.work_area,
        keep_out=layers.keep_out,
        safe_ground=layers.safe_ground,
        access=layers.access,
        slopes=layers.slopes,
        outside_fence=layers.outside_fence,
        marks=layers.marks,
        assurances=layers.assurances,
        outside=says or "safe",
        outside_assumed=says is None,
        tripwires=wires,
        overrun=Overrun() if said.overrun_m is None else Overrun(said.overrun_m, said=True),
        required_depth_m=said.required_depth_m,
        task_role=said.task_role,
        source_system=raw.source_system,
        source_accuracy_m=raw.source_accuracy_m,
        benchmarks_m=_points(raw, frame, "benchmark"),
        turning_points_m=_points(raw, frame, "turning_point"),
        repairs=notes.ranked(),
        warnings=notes.warnings(),
        site_hash=_site_hash(raw, (says or "safe", wires), said.overrun_m, layers.turned_out),
    )


def _tell_overruled(key: str, given: str | None, drawn: str | None, notes: Notes) -> None:
    if given is not None and drawn not in (None, given):
        notes.warn(f"{key} is taken as {given}, as it was asked for; the file says {drawn}", Rank.ASSUMED)


def _check_work(raw: SiteFile, label: str) -> None:
    """Check the work area. Raises InputError if it is empty, with the names that were taken for keep-outs."""
    work = any(feature.polygons for feature in raw.features if feature.role == "work_area")
    bounds = [feature for feature in raw.features if feature.role == "perimeter"]
    if work or (bounds and (raw.bounds_may_work or all(feature.why for feature in bounds))):
        return
    read_so = next((feature for feature in raw.features if feature.why and feature.polygons), None)
    why = f" ({read_so.place} is a {read_so.role} by its {read_so.why})" if read_so is not None else ""
    raise InputError(
        f"{label}: no polygon with role work_area{why}; draw the ground to be processed, or give it that role"
    )


def _all_positions(raw: SiteFile) -> np.ndarray:
    rings = [ring for feature in raw.features for rings in (*feature.polygons, feature.lines) for ring in rings]
    rings += [feature.points for feature in raw.features if feature.role in STANDING or feature.role == "keep_out"]
    return np.array([position for ring in rings for position in ring], dtype=float).reshape(-1, 2)


def _datum_of(raw: SiteFile) -> LocalFrame:
    """Return the first benchmark, else the mean of the corners as unit vectors (valid across the antimeridian)."""
    for feature in raw.features:
        if feature.role == "benchmark" and feature.points:
            return LocalFrame(feature.points[0][1], feature.points[0][0], feature.height_m or 0.0)
    lon, lat = np.radians(_all_positions(raw)).T
    x, y, z = np.mean(np.cos(lat) * np.cos(lon)), np.mean(np.cos(lat) * np.sin(lon)), np.mean(np.sin(lat))
    return LocalFrame(
        round(float(np.degrees(np.arctan2(z, np.hypot(x, y)))), 7), round(float(np.degrees(np.arctan2(y, x))), 7)
    )


def _check_distance(raw: SiteFile, label: str, frame: LocalFrame, *, given: bool) -> None:
    """Check distances by chord, so that the opposite side of the globe counts as far."""
    positions = _all_positions(raw)
    away_m = _chord_m(positions, frame)
    if float(away_m.max()) <= AWAY_MAX_M:
        return
    number = int(away_m.argmax())
    lon_deg, lat_deg = positions[number]
    swapped = abs(lon_deg) <= 90.0 and float(_chord_m(positions[number : number + 1, ::-1], frame)[0]) <= AWAY_MAX_M
    advice = "latitude and longitude are swapped: write [lon, lat]" if swapped else "check coordinates and datum"
    fields = sum(bool(feature.polygons) for feature in raw.features if feature.role == "work_area")
    if fields > 1 and not swapped:
        advice = f"{fields} polygons are work areas: choose with --feature N or KEY=VALUE, or {advice}"
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


def _has_heading(feature: Feature) -> bool:
    return feature.role == "parking" and bool(feature.points) and "heading_deg" in feature.properties


def _site_hash(raw: SiteFile, words: tuple[str, str], overrun_m: float | None, turned_out: tuple[int, ...]) -> str:
    """Return a hash of the ground, not of the file: key order, spaces and datum do not matter; 1e-9 deg is 0.1 mm."""
    rows: list[Any] = [
        [f.role, [[[[round(c, 9) for c in p] for p in ring] for ring in rings] for rings in f.polygons], f.points]
        for n, f in enumerate(raw.features)
        if not f.unchosen or n in turned_out
    ]
    rows += [[[round(c, 9) for p in line for c in p] for line in f.lines] for f in raw.features if f.lines]
    said = ("radius_m", "taken_down", "slope_deg")
    rows += [[key, f.properties[key]] for f in raw.features for key in said if key in f.properties]
    rows += [["heading_deg", f.properties.get("heading_deg")] for f in raw.features if _has_heading(f)]
    rows += [list(turned_out)] if turned_out else []
    rows += [["overrun_m", overrun_m]] if overrun_m is not None else []
    text = json.dumps([rows, *words], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
