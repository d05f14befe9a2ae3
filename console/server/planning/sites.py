"""Reads site files with the project's readers and converts them for the page; runs in a worker process."""

import contextlib
import re
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from console.server.planning.document import Datum, Document, check_size, shapes_of
from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.planning.coverage.parking import parking_points
from vehicle.planning.coverage.standing import ALSO
from vehicle.planning.site.declared import declared, site_wide
from vehicle.planning.site.formats import read_site_file
from vehicle.planning.site.reading import SiteFile
from vehicle.planning.site.site import Site, load_site

WIDE: Final = ("overrun_m", "task_role", *(name for key, also in ALSO.items() for name in (key, *also)))
"""Fields of a file that the page does not show but that apply to every shape: they are kept unchanged."""
PLACE: Final = re.compile(r"lon (-?[\d.]+) lat (-?[\d.]+)|lat (-?[\d.]+) lon (-?[\d.]+)")
SAME_M2, SAME_SHARE = 0.01, 1e-6
"""Largest difference between areas of a file and of its drawing, caused by rounded corners."""


class SiteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A file and how to read it; None: not stated. `name`: its name in messages. `datum`: of a drawing.

    `near`: the connected vehicle's datum. The vehicle accepts a plan only with its own datum, so a site near enough
    uses that datum.
    """

    path: str
    name: str
    outside: str | None = None
    tripwires: str | None = None
    feature: str | None = None
    unmarked: str | None = None
    datum: Datum | None = None
    near: Datum | None = None


def read(asked: SiteRequest) -> Site:
    """Read the site. Raises InputError with the reader's text and the name that the user knows."""
    if asked.near is not None:
        with contextlib.suppress(InputError):
            return _read(asked, asked.near)
    try:
        return _read(asked, asked.datum)
    except InputError as refusal:
        raise InputError(named(str(refusal), asked)) from None


def _read(asked: SiteRequest, datum: Datum | None) -> Site:
    frame = datum.frame() if datum is not None else None
    path, wires = Path(asked.path), asked.tripwires
    return load_site(path, asked.outside, frame, wires, feature=asked.feature, unmarked=asked.unmarked)


def named(sentence: str, asked: SiteRequest) -> str:
    """Return the sentence with the path in the console's folder replaced by the user's file name."""
    stem = Path(asked.path).stem
    sentence = sentence.replace(asked.path, asked.name)
    return f"{asked.name}: {sentence.removeprefix(f'{stem}: ')}" if sentence.startswith(f"{stem}: ") else sentence


def told(asked: SiteRequest) -> dict[str, Any]:
    """Return a file for the page: the site, or the error and its place; in both cases also what can be edited."""
    raw = _raw(asked)
    if isinstance(raw, str):
        return {"error": raw, "where": None, "named": [], "document": None}
    frame = asked.datum.frame() if asked.datum is not None else frame_of(raw)
    try:
        if frame is not None:
            check_size(shapes_of(raw.features, frame), asked.name)
    except InputError as refusal:
        return {"error": str(refusal), "where": None, "named": [], "document": None}
    try:
        site = read(asked)
    except InputError as refusal:
        return _refused(str(refusal), raw, frame, asked)
    document = document_of(raw, site.datum, asked)
    return {"site": site_rows(site), "document": msgspec.to_builtins(document), "editable": editable(site, document)}


def _raw(asked: SiteRequest) -> SiteFile | str:
    try:
        return read_site_file(Path(asked.path))
    except InputError as refusal:
        return named(str(refusal), asked)


def _refused(sentence: str, raw: SiteFile, frame: LocalFrame | None, asked: SiteRequest) -> dict[str, Any]:
    """Return the sentence, the place (metres) and the shapes that it names, and all drawn shapes."""
    if frame is None:
        return {"error": sentence, "where": None, "named": [], "document": None}
    document = document_of(raw, frame, asked)
    names = [shape.id for shape in document.shapes if shape.place and _names(sentence, shape.place)]
    where = _where(sentence, frame) or _middle(document, names[:1])
    return {"error": sentence, "where": where, "named": names, "document": msgspec.to_builtins(document)}


def _names(sentence: str, place: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(place)}(?!\w)", sentence) is not None


def _where(sentence: str, frame: LocalFrame) -> list[float] | None:
    found = PLACE.search(sentence)
    if found is None:
        return None
    lon, lat = (found[1], found[2]) if found[1] is not None else (found[4], found[3])
    east_m, north_m, _ = frame.enu_from_geodetic(float(lat), float(lon))
    return [east_m, north_m]


def _middle(document: Document, ids: list[int]) -> list[float] | None:
    for shape in document.shapes:
        if shape.id in ids:
            points = [*(shape.rings[0] if shape.rings else ()), *shape.line, *([shape.point] if shape.point else [])]
            east_m, north_m = np.mean(np.array(points), axis=0).tolist()
            return [east_m, north_m]
    return None


def frame_of(raw: SiteFile) -> LocalFrame | None:
    """Return a plane at the centre of a file's content, for files that give no site; None without positions."""
    places = [at for one in raw.features for rings in (*one.polygons, one.lines) for ring in rings for at in ring]
    places += [at for one in raw.features for at in one.points]
    if not places:
        return None
    lon, lat = np.median(np.array(places), axis=0).tolist()
    return LocalFrame(round(lat, 7), round(lon, 7))


def document_of(raw: SiteFile, frame: LocalFrame, asked: SiteRequest) -> Document:
    """Convert a file to a drawing, with the file's own declarations."""
    said = declared(asked.name, raw.fields, raw.features)
    wide = site_wide(asked.name, raw.fields)
    return Document(
        name=Path(asked.name).stem,
        datum=Datum(lat_deg=frame.lat_deg, lon_deg=frame.lon_deg, alt_m=frame.alt_m),
        shapes=shapes_of(raw.features, frame),
        outside=asked.outside or said.outside,
        tripwires=asked.tripwires or said.tripwires,
        required_depth_m=said.required_depth_m,
        kept={key: wide[key] for key in WIDE if wide.get(key) is not None},
    )


def editable(site: Site, document: Document) -> bool:
    """Whether the drawing gives the same site as the file; roles from layers or nesting may be lost in it."""
    drawn = {role: shapely.union_all(_polygons(document, role)) for role in ("work_area", "keep_out")}
    net = shapely.difference(site.work_area, site.keep_out)
    return _is_same(net, shapely.difference(drawn["work_area"], drawn["keep_out"]))


def _polygons(document: Document, role: str) -> list[Any]:
    alike = {"work_area": ("work_area", None)}.get(role, (role,))
    return [shapely.Polygon(s.rings[0], s.rings[1:]) for s in document.shapes if s.rings and s.role in alike]


def _is_same(one: Any, other: Any) -> bool:
    try:
        apart_m2 = float(shapely.symmetric_difference(one, other).area)
    except shapely.errors.GEOSException:
        return False
    return apart_m2 <= SAME_M2 + SAME_SHARE * float(one.area)


def site_rows(site: Site) -> dict[str, Any]:
    """Return a site as GET /api/site does: areas by role in metres from its datum, and what reading it changed."""
    areas = [
        *_rows("work_area", site.work_area),
        *_rows("safe_ground", site.safe_ground),
        *_rows("keep_out", site.keep_out),
        *({"role": mark.role, "name": "", "point": [mark.east_m, mark.north_m]} for mark in parking_points(site)),
        *({"role": "benchmark", "name": "", "point": [float(x), float(y)]} for x, y in site.benchmarks_m),
    ]
    return {
        "hash": site.site_hash,
        "name": site.name,
        "datum": {"lat_deg": site.datum.lat_deg, "lon_deg": site.datum.lon_deg, "alt_m": site.datum.alt_m},
        "areas": areas,
        "area_m2": float(shapely.difference(site.work_area, site.keep_out).area),
        "outside": None if site.outside_assumed else site.outside,
        "required_depth_m": site.required_depth_m,
        "warnings": list(site.warnings),
        "repairs": [line for line in site.repairs if line not in site.warnings],
    }


def _rows(role: str, geometry: Any) -> list[dict[str, Any]]:
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon" and not part.is_empty]
    return [{"role": role, "name": "", "rings": rings_of(part)} for part in parts]


def rings_of(part: Any) -> list[list[list[float]]]:
    """Return shell and holes of a polygon as lists, rounded to 0.1 mm."""
    return [np.round(shapely.get_coordinates(ring), 4).tolist() for ring in (part.exterior, *part.interiors)]
