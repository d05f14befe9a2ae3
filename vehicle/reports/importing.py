"""Checks follow-up layers and released land of others against the site of a run, and refuses impossible values."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.planning.site.features import WGS84
from vehicle.planning.site.shapes import DEGREE_M
from vehicle.reports.import_rows import BYTES_MAX, Row, rows_of
from vehicle.reports.import_times import day, moment
from vehicle.reports.import_words import TEXT_MAX, check_named, check_paper, check_text, layer_of, said_in
from vehicle.reports.imported import Category, FollowUp, Polygon, Release, hash_of

OUTSIDE_MAX_M: Final = 10.0
"""Teams search a little beyond the perimeter; ground further out is another site, or its coordinates are wrong."""
ROUNDING_M2: Final = 0.01
COARSE_DECIMALS: Final = 5
"""Degrees with so many decimals or fewer are told: the fifth is 1.1 m."""


class Ground(msgspec.Struct, frozen=True):
    """The site that a run belongs to: its name, hash, work area (shapely, ENU metres), and the journal's seal.

    `frame`: the system of the base's coordinates, to which those of a file are brought.
    """

    name: str
    site_hash: str
    work_area: Any
    datum: LocalFrame
    seal: str
    frame: str = WGS84


def follow_ups(path: Path, ground: Ground, said: Mapping[str, str], now: datetime) -> tuple[FollowUp, ...]:
    """Read every polygon of a file; `said` holds the values that the command line gives for all of them.

    Raises:
        InputError: One line: the file, the feature, what to do.
    """
    content = _content(path)
    found = []
    for row in rows_of(path, content, ground.frame):
        facts = said_in(row.place, row.fields, said)
        layer, team = layer_of(row.place, facts)
        for name in ("who", "method", "result"):
            check_text(row.place, name, facts[name])
        check_named(row.place, "who", facts["who"])
        found.append(
            FollowUp(
                layer=layer,
                team=team,
                who=facts["who"],
                when=moment(row.place, facts["when"], now),
                method=facts["method"],
                result=facts["result"],
                polygons_deg=_polygons(row, ground),
                source=path.name,
                source_hash=hash_of(content),
                imported_utc=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                site_hash=ground.site_hash,
                seal=ground.seal,
            )
        )
    return tuple(found)


def release(
    path: Path, document: Path, ground: Ground, said: Mapping[str, str], held: Iterable[Release], now: datetime
) -> Release:
    """Read the land of one document of the authority: all polygons of a file, with values from the command line.

    Raises:
        InputError: One line: the file, the feature, what to do.
    """
    for name in ("authority", "number", "person"):
        value = said.get(name, "")
        if not value.strip() or not value.isprintable() or len(value) > TEXT_MAX:
            raise InputError(f"--{name}: write one line of text, as in the document")
    for name in ("authority", "person"):
        check_named("ledger release", f"--{name}", said[name])
    category = said.get("category", "").strip().casefold()
    if category not in list(Category):
        raise InputError(
            f"--category {said.get('category', '')!r}: write cancelled, reduced or cleared, as in the document"
        )
    date = day("--date", said.get("date", ""), now)
    content = _content(path)
    rows = rows_of(path, content, ground.frame)
    for row in rows:
        check_paper(row.place, row.fields, said)
    polygons = tuple(polygon for row in rows for polygon in _polygons(row, ground))
    if not (paper := _content(document)):
        raise InputError(f"{document}: is empty; give the document itself, a PDF or scan")
    found = Release(
        authority=said["authority"].strip(),
        number=said["number"].strip(),
        date=date,
        person=said["person"].strip(),
        category=Category(category),
        polygons_deg=polygons,
        document=document.name,
        document_hash=hash_of(paper),
        source=path.name,
        source_hash=hash_of(content),
        imported_utc=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        site_hash=ground.site_hash,
        seal=ground.seal,
    )
    for other in held:
        check_apart(str(path), found, other, ground.datum)
    return found


def check_apart(place: str, found: Release, other: Release, datum: LocalFrame) -> None:
    """Check a document against one that is held. Raises InputError if both cannot be valid."""
    if other.number == found.number:
        raise InputError(f"{place}: a document with number {found.number} has already been imported")
    shared_m2 = shapely.intersection(area_of(found.polygons_deg, datum), area_of(other.polygons_deg, datum)).area
    if other.category is not found.category and shared_m2 > ROUNDING_M2:
        raise InputError(
            f"{place}: {shared_m2:,.1f} m2 of it are already {other.category} by document {other.number}; "
            "land can be released only once: ask the authority which document is valid"
        )


def area_of(polygons_deg: Iterable[Polygon], datum: LocalFrame) -> Any:
    """Return polygons in degrees as one shape in ENU metres from a datum."""
    rings = [[datum.enu_from_lonlat_array(np.array(ring)) for ring in polygon] for polygon in polygons_deg]
    return shapely.union_all([shapely.Polygon(shell, holes) for shell, *holes in rings])


def coarse_text(polygons_deg: Iterable[Polygon]) -> str:
    """Return how roughly a file writes its degrees, if that is rougher than a metre; else ""."""
    degrees = np.array([position for polygon in polygons_deg for ring in polygon for position in ring])
    decimals = next((n for n in range(COARSE_DECIMALS + 1) if np.array_equal(degrees, degrees.round(n))), None)
    if decimals is None:
        return ""
    step_m = DEGREE_M / 10**decimals
    return f"its degrees have {decimals} decimals, which is {step_m:,.{1 if step_m < 10 else 0}f} m on the ground"


def _polygons(row: Row, ground: Ground) -> tuple[Polygon, ...]:
    """Return the polygons of a row after a check against the site."""
    polygons = tuple(
        tuple(
            tuple((x, y) for x, y in shapely.get_coordinates(ring).tolist())
            for ring in (part.exterior, *part.interiors)
        )
        for part in row.polygons
    )
    metres = area_of(polygons, ground.datum)
    corners_m = shapely.points(shapely.get_coordinates(metres))
    far_m = float(shapely.distance(corners_m, ground.work_area).max(initial=0.0))
    near = shapely.buffer(ground.work_area, OUTSIDE_MAX_M)
    if far_m > OUTSIDE_MAX_M or shapely.difference(metres, near).area > ROUNDING_M2:
        swapped = tuple(tuple(tuple((y, x) for x, y in ring) for ring in polygon) for polygon in polygons)
        if shapely.intersects(area_of(swapped, ground.datum), near):
            raise InputError(f"{row.place}: latitude and longitude are swapped: write longitude first")
        raise InputError(
            f"{row.place}: lies up to {far_m:,.0f} m outside {ground.name}; name the polygon of this site, in WGS 84"
        )
    if metres.area < ROUNDING_M2:
        raise InputError(f"{row.place}: encloses {metres.area:.4f} m2; draw a polygon round the ground")
    return polygons


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > BYTES_MAX:
            raise InputError(f"{path}: is larger than {BYTES_MAX // 2**20} MiB; choose another file")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}; name a file that can be read") from None
