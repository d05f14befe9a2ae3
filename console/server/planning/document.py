"""Converts between a site as the page draws it and a site file for the readers.

The page draws in metres (east, north) from a datum that stays fixed while the drawing changes. Rings are open: the
first corner is not repeated. A shape is a polygon (`rings`, shell first), a `line` or a `point`.
"""

import json
from typing import Any, Final

import msgspec
import numpy as np

from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.planning.site.features import Feature

ROLES: Final = ("work_area", "keep_out", "safe_ground", "access", "benchmark", "slope")
"""Roles that the keys 1 to 6 give a shape on the page; other roles in a file are kept unchanged."""
DIGITS: Final = 9
"""Decimals of a degree; the last is 0.1 mm."""
SHAPES_MAX, CORNERS_MAX = 5_000, 200_000

Point = tuple[float, float]


class Datum(msgspec.Struct, frozen=True, kw_only=True):
    """Origin of the metres [deg, m]."""

    lat_deg: float
    lon_deg: float
    alt_m: float = 0.0

    def frame(self) -> LocalFrame:
        """Return the local plane. Raises InputError for an impossible place."""
        if not (abs(self.lat_deg) <= 90.0 and abs(self.lon_deg) <= 180.0):  # False for NaN too
            raise InputError(f"datum lat {self.lat_deg:g} lon {self.lon_deg:g}: no valid place; choose one on the map")
        return LocalFrame(self.lat_deg, self.lon_deg, self.alt_m)


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """One drawn shape. `role` None: not stated. `place` names it in its source file.

    `kept`: its other fields, unchanged.
    """

    id: int
    role: str | None = None
    name: str = ""
    place: str = ""
    rings: tuple[tuple[Point, ...], ...] = ()
    line: tuple[Point, ...] = ()
    point: Point | None = None
    kept: dict[str, Any] = {}


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A whole drawing. `outside`, `tripwires`: None until chosen. `kept`: other fields of the file.

    `slope_deg`: the steepest slope anywhere in the work area; None: not stated, planned as level ground.
    """

    name: str
    datum: Datum
    shapes: tuple[Shape, ...] = ()
    outside: str | None = None
    tripwires: str | None = None
    required_depth_m: float | None = None
    slope_deg: float | None = None
    kept: dict[str, Any] = {}


def decoded(data: bytes) -> Document:
    """Decode a document from the page's JSON. Raises InputError if it is invalid."""
    try:
        found = msgspec.json.decode(data, type=Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"the drawing: {error}") from None
    check_size(found.shapes, "the drawing")
    numbers = [value for shape in found.shapes for ring in (*shape.rings, shape.line) for at in ring for value in at]
    if not np.isfinite(numbers).all():
        raise InputError("the drawing: a corner has no position; draw it again")
    return found


def check_size(shapes: tuple[Shape, ...], what: str) -> None:
    """Check the size. Raises InputError for more shapes or corners than a page can show."""
    corners = sum(len(ring) for shape in shapes for ring in (*shape.rings, shape.line))
    if len(shapes) > SHAPES_MAX or corners > CORNERS_MAX:
        raise InputError(
            f"{what}: {len(shapes)} shapes with {corners} corners are too many to be shown here; use `flailpilot plan`"
        )


def geojson_of(document: Document) -> bytes:
    """Return the site file of a drawing. Raises InputError for an impossible datum."""
    frame = document.datum.frame()
    features = [
        {"type": "Feature", "properties": _properties(shape), "geometry": _geometry(shape, frame)}
        for shape in (*document.shapes, *_slopes(document))
    ]
    own = {"outside": document.outside, "tripwires": document.tripwires, "required_depth_m": document.required_depth_m}
    wide = {**document.kept, **{key: value for key, value in own.items() if value is not None}}
    return json.dumps({"type": "FeatureCollection", **wide, "features": features}, indent=1).encode()


def _slopes(document: Document) -> list[Shape]:
    """Return the stated slope of the whole work area as slope polygons, one on each of its shapes."""
    if document.slope_deg is None:
        return []
    work = [shape for shape in document.shapes if shape.role in ("work_area", None) and shape.rings]
    said = {"slope_deg": document.slope_deg}
    return [Shape(id=shape.id, role="slope", rings=shape.rings, kept=said) for shape in work]


def _properties(shape: Shape) -> dict[str, Any]:
    said = {"role": shape.role, "name": shape.name or None}
    return {**shape.kept, **{key: value for key, value in said.items() if value is not None}}


def _geometry(shape: Shape, frame: LocalFrame) -> dict[str, Any]:
    if shape.point is not None:
        return {"type": "Point", "coordinates": _degrees([shape.point], frame)[0]}
    if shape.line:
        return {"type": "LineString", "coordinates": _degrees(shape.line, frame)}
    closed = [[*ring, ring[0]] for ring in shape.rings if ring]
    return {"type": "Polygon", "coordinates": [_degrees(ring, frame) for ring in closed]}


def _degrees(points: Any, frame: LocalFrame) -> list[list[float]]:
    found: list[list[float]] = np.round(frame.lonlat_from_enu_array(list(points)), DIGITS).tolist()
    return found


def shapes_of(features: tuple[Feature, ...], frame: LocalFrame) -> tuple[Shape, ...]:
    """Return the content of a file as shapes of the page."""
    found: list[Shape] = []
    for feature in features:
        role = None if feature.silent else feature.role
        kept = {key: value for key, value in feature.properties.items() if key not in ("role", "name")}
        name = str(feature.properties.get("name") or "")
        common: dict[str, Any] = {"role": role, "name": name, "place": feature.place, "kept": kept}
        for rings in feature.polygons:
            outline = tuple(_open(_metres(ring, frame)) for ring in rings)
            found.append(Shape(id=len(found) + 1, rings=outline, **common))
        for line in feature.lines:
            found.append(Shape(id=len(found) + 1, line=_metres(line, frame), **common))
        for at in feature.points:
            found.append(Shape(id=len(found) + 1, point=_metres([at], frame)[0], **common))
    return tuple(found)


def _metres(ring: Any, frame: LocalFrame) -> tuple[Point, ...]:
    places = frame.enu_from_lonlat_array(np.array(ring, dtype=float).reshape(-1, 2))
    return tuple((round(float(row[0]), 4), round(float(row[1]), 4)) for row in places)


def _open(ring: tuple[Point, ...]) -> tuple[Point, ...]:
    return ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring
