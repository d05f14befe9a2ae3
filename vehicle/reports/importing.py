"""Reads follow-up layers and released land from GeoJSON, CSV, GeoPackage and KML, and refuses impossible values."""

import csv
import difflib
import importlib
import io
import re
import warnings
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.planning.site.projected import projection
from vehicle.reports.imported import TEAMS, Category, FollowUp, Layer, Polygon, Release, hash_of

SUFFIXES: Final = (".geojson", ".json", ".csv", ".gpkg", ".kml")
BYTES_MAX: Final = 64 * 2**20
OUTSIDE_MAX_M: Final = 10.0
"""Teams search a little beyond the perimeter; ground further out is another site, or its coordinates are wrong."""
ROUNDING_M2: Final = 0.01
TEXT_MAX: Final = 500
WKT_COLUMNS: Final = ("wkt", "geometry", "perimeter_wkt")
FIELDS: Final = ("layer", "team", "who", "when", "method", "result")
_RESERVED: Final = re.compile(r"\b(?:cleared|mine-?free|released)\b", re.IGNORECASE)


class Ground(msgspec.Struct, frozen=True):
    """The site that a run belongs to: its name, hash, work area (shapely, ENU metres), and the journal's seal."""

    name: str
    site_hash: str
    work_area: Any
    datum: LocalFrame
    seal: str


class _Row(msgspec.Struct, frozen=True):
    """A shape of a file, in degrees, with attribute names in lower case; `place` names it in messages."""

    place: str
    shape: Any
    fields: dict[str, str]


def follow_ups(path: Path, ground: Ground, said: Mapping[str, str], now: datetime) -> tuple[FollowUp, ...]:
    """Read every polygon of a file; `said` holds the values that the command line gives for all of them.

    Raises:
        InputError: One line: the file, the feature, what to do.
    """
    content, rows = _rows(path)
    found = []
    for row in rows:
        facts = {name: said.get(name) or row.fields.get(name, "") for name in FIELDS}
        layer, team = _layer(row.place, facts)
        for name in ("who", "method", "result"):
            _check_text(row.place, name, facts[name])
        found.append(
            FollowUp(
                layer=layer,
                team=team,
                who=facts["who"].strip(),
                when=_moment(row.place, facts["when"], now),
                method=facts["method"].strip(),
                result=facts["result"].strip(),
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
    content, rows = _rows(path)
    for name in ("authority", "number", "person"):
        value = said.get(name, "")
        if not value.strip() or not value.isprintable() or len(value) > TEXT_MAX:
            raise InputError(f"--{name}: write one line of text, as in the document")
    category = said.get("category", "")
    if category not in list(Category):
        raise InputError(f"--category {category!r}: write cancelled, reduced or cleared, as in the document")
    polygons = tuple(polygon for row in rows for polygon in _polygons(row, ground))
    found = Release(
        authority=said["authority"].strip(),
        number=said["number"].strip(),
        date=_moment("--date", said.get("date", ""), now)[:10],
        person=said["person"].strip(),
        category=Category(category),
        polygons_deg=polygons,
        document=document.name,
        document_hash=hash_of(_content(document)),
        source=path.name,
        source_hash=hash_of(content),
        imported_utc=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        site_hash=ground.site_hash,
        seal=ground.seal,
    )
    for other in held:
        if other.number == found.number:
            raise InputError(f"--number {found.number}: a document with this number has already been imported")
        shared_m2 = shapely.intersection(
            area_of(found.polygons_deg, ground.datum), area_of(other.polygons_deg, ground.datum)
        ).area
        if other.category is not found.category and shared_m2 > ROUNDING_M2:
            raise InputError(
                f"{path}: {shared_m2:,.1f} m2 of it are already {other.category} by document {other.number}; "
                "land can be released only once: ask the authority which document is valid"
            )
    return found


def area_of(polygons_deg: Iterable[Polygon], datum: LocalFrame) -> Any:
    """Return polygons in degrees as one shape in ENU metres from a datum."""
    rings = [[datum.enu_from_lonlat_array(np.array(ring)) for ring in polygon] for polygon in polygons_deg]
    return shapely.union_all([shapely.Polygon(shell, holes) for shell, *holes in rings])


def _layer(place: str, facts: Mapping[str, str]) -> tuple[Layer, str]:
    team, layer = facts["team"].strip().lower(), facts["layer"].strip().lower()
    if team not in TEAMS:
        raise InputError(f"{place}: team {team!r} is not known{_near(team, TEAMS)}; say --team {' | '.join(TEAMS)}")
    if layer and layer not in list(Layer):
        raise InputError(
            f"{place}: layer {layer!r} is not known{_near(layer, list(Layer))}; there are: {', '.join(Layer)}"
        )
    if layer and layer != TEAMS[team]:
        raise InputError(
            f"{place}: a {team} makes the {TEAMS[team]} layer, but the layer given is {layer}; correct one of them"
        )
    return TEAMS[team], team


def _near(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]}?)" if close else ""


def _check_text(place: str, name: str, value: str) -> None:
    if not value.strip() or not value.isprintable() or len(value) > TEXT_MAX:
        raise InputError(f"{place}: {name} is {value[:40]!r}; write one line of text, in the file or with --{name}")
    check_words(place, name, value)


def check_words(place: str, name: str, value: str) -> None:
    """Raise InputError if a text uses a word of the authority's documents, such as *cleared*."""
    if found := _RESERVED.search(value):
        raise InputError(
            f"{place}: {name} says {found[0]!r}: only a document of the authority may use this word (ledger release); "
            "write what the team did and found"
        )


def _moment(place: str, text: str, now: datetime) -> str:
    """Return a day unchanged, or a time with zone converted to UTC."""
    advice = "write a day, 2026-11-30, or a time with its zone, 2026-11-30T14:05:00Z"
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip()):
            day = date.fromisoformat(text.strip())
            moment, shown = datetime(day.year, day.month, day.day, tzinfo=UTC), day.isoformat()
            latest = now + timedelta(hours=14)  # the zone in which a day begins first
        else:
            moment = datetime.fromisoformat(text.strip())
            if moment.tzinfo is None:
                raise InputError(f"{place}: time {text!r} has no zone; {advice}")
            moment, latest = moment.astimezone(UTC), now
            shown = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        raise InputError(f"{place}: {text[:40]!r} is no day and no time; {advice}") from None
    if moment > latest:
        raise InputError(f"{place}: {shown} lies in the future; correct it, or this computer's clock")
    return shown


def _polygons(row: _Row, ground: Ground) -> tuple[Polygon, ...]:
    """Return the polygons of a shape after a check against the site."""
    shape = row.shape
    if shape is None or shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
        kind = "nothing" if shape is None or shape.is_empty else f"a {shape.geom_type.lower()}"
        raise InputError(f"{row.place}: is {kind}; draw a polygon round the ground")
    coordinates = shapely.get_coordinates(shape)
    if not np.isfinite(coordinates).all() or (abs(coordinates) > (180.0, 90.0)).any():
        raise InputError(f"{row.place}: has coordinates that are no longitude and latitude; save it as WGS 84")
    if not shapely.is_valid(shape):
        raise InputError(f"{row.place}: {shapely.is_valid_reason(shape)}: its border crosses itself; draw it again")
    polygons = tuple(
        tuple(
            tuple((x, y) for x, y in shapely.get_coordinates(ring).tolist())
            for ring in (part.exterior, *part.interiors)
        )
        for part in shapely.get_parts(shape)
    )
    metres = area_of(polygons, ground.datum)
    beyond = shapely.difference(metres, shapely.buffer(ground.work_area, OUTSIDE_MAX_M))
    if beyond.area > ROUNDING_M2:
        far_m = max(shapely.distance(shapely.points(xy), ground.work_area) for xy in shapely.get_coordinates(beyond))
        raise InputError(
            f"{row.place}: lies up to {far_m:,.0f} m outside {ground.name}; name the polygon of this site, in WGS 84"
        )
    return polygons


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > BYTES_MAX:
            raise InputError(f"{path}: is larger than {BYTES_MAX // 2**20} MiB; choose another file")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}; name a file that can be read") from None


def _rows(path: Path) -> tuple[bytes, list[_Row]]:
    content = _content(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"{path}: is none of {', '.join(SUFFIXES)}; save it as one of these")
    rows = _table(path, content) if suffix == ".csv" else _layers(path)
    if not rows:
        raise InputError(f"{path}: no feature in it; draw a polygon round the ground")
    return content, rows


def _table(path: Path, content: bytes) -> list[_Row]:
    """Read a CSV with a column `wkt` (or `geometry`, `perimeter_wkt`) in longitude and latitude."""
    try:
        lines = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: is no table in UTF-8 ({error}); save it again as CSV") from None
    rows = []
    for number, line in enumerate(lines, start=2):
        place = f"{path}: line {number}"
        fields = {str(key).strip().lower(): str(value or "") for key, value in line.items()}
        if not fields.keys() & set(WKT_COLUMNS):
            raise InputError(f"{path}: has no column wkt; put the polygons there, as POLYGON ((lon lat, ...))")
        text = next((fields[key] for key in WKT_COLUMNS if fields.get(key)), "")
        try:
            with np.errstate(invalid="ignore"):  # a coordinate that is no number is told below
                shape = shapely.from_wkt(text) if text else None
        except shapely.errors.GEOSException:
            raise InputError(f"{place}: its WKT cannot be read; write POLYGON ((lon lat, ...))") from None
        rows.append(_Row(place, shape, fields))
    return rows


def _layers(path: Path) -> list[_Row]:
    """Read all layers of a GeoJSON, GeoPackage or KML, in degrees of WGS 84."""
    try:
        pyogrio = importlib.import_module("pyogrio")
    except ImportError:
        raise InputError(f"{path}: this format needs pyogrio: install flailpilot[gis], or give a CSV") from None
    rows: list[_Row] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about measures and curves, which are not used
        try:
            for name, kind in pyogrio.list_layers(path):
                if kind is not None:
                    rows += _layer_rows(pyogrio, path, str(name))
        except InputError:
            raise
        except Exception as error:  # noqa: BLE001  the drivers raise many error types; the user needs one line
            text = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise InputError(f"{path}: cannot be read ({text}); save it again") from None
    return rows


def _layer_rows(pyogrio: Any, path: Path, name: str) -> list[_Row]:
    meta, _, wkb, columns = pyogrio.raw.read(path, layer=name, force_2d=True, datetime_as_string=True)
    shapes = shapely.from_wkb(wkb)
    place = f"{path}: layer {name}"
    way = projection(place, meta["crs"] or "EPSG:4326", shapely.total_bounds(shapes)) if len(shapes) else None
    fields = [str(field).lower() for field in meta["fields"]]
    rows = []
    for number, shape in enumerate(shapes, start=1):
        project = way.project if way is not None else None
        degrees = shape if project is None or shape is None else shapely.transform(shape, project)
        values = {field: str(columns[k][number - 1] or "") for k, field in enumerate(fields)}
        rows.append(_Row(f"{place} feature {number}", degrees, values))
    return rows
