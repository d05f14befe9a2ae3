"""The members of a GeoJSON document become features with a role. Purpose and kind of a shape must fit together."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.planning.site.depth_fields import speaks_of_depth
from vehicle.planning.site.notes import Notes, Rank
from vehicle.planning.site.role_sources import Kind, RoleError, Source, Verdict, judged, sources_of
from vehicle.planning.site.role_words import heard, starts_here
from vehicle.planning.site.roles import POINT_ROLES, STANDING
from vehicle.planning.site.shapes import KINDS, Shapes
from vehicle.planning.site.strays import refuse_in_collection, refuse_in_feature

WGS84 = "EPSG:4326"
SHAPES_DEPTH, SHAPES_LOOKED_AT = 5, 50
"""Depth and number of members searched for shapes outside the list of features."""
HEIGHTS_M = (-500.0, 9_000.0)
"""Range of plausible heights [m]; other values are no heights."""
NAME_MAX = 40
"""Number of letters of a shape's name in a message."""
Ring = tuple[tuple[float, float], ...]
KNOWN_FIELDS = (
    "outside", "tripwires", "overrun_m", "slope_deg", "radius_m", "taken_down", "heading_deg", "said_by", "basis",
    "said_on", "task_role",
)  # fmt: skip
"""Fields with a meaning; case and separators between words are ignored."""


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One feature in degrees: polygons as lists of rings (shell first), lines, points.

    `place` names it in messages. `silent`: no role is stated; it is a work area unless there is a reason to ask.
    `shared`: its role comes from its folder, layer or class. `hint`: a word in it that may indicate a role. `line`:
    drawn as a closed line. `unchosen`: other ground was chosen as the work. `why`: the source of its role, if not a
    role field. `number`: its number in the file. `height_m`: the height of a benchmark, if it has one, for the length
    of a metre; planning is in the plane.
    """

    role: str
    place: str
    polygons: tuple[tuple[Ring, ...], ...] = ()
    lines: tuple[Ring, ...] = ()
    points: Ring = ()
    properties: dict[str, Any] = {}
    silent: bool = False
    shared: bool = False
    unchosen: bool = False
    line: bool = False
    hint: str = ""
    why: str = ""
    number: int = 0
    height_m: float | None = None


def features_of(label: str, document: dict[str, Any], notes: Notes, places: Sequence[str] = ()) -> Iterator[Feature]:
    """Yield all features of a document. Raises InputError with the label, the place and what to do."""
    kind = document["type"]
    if kind == "FeatureCollection":
        members = document.get("features")
        if not isinstance(members, list):
            raise InputError(f"{label}: FeatureCollection without a list of features; save the file again")
        _check_members(label, document)
        refuse_in_collection(label, document)
        above = tuple(_of_collection(document))
        for number, member in enumerate(members):
            yield from _feature(label, places[number] if places else f"feature {number}", member, notes, number, above)
    elif kind == "Feature":
        yield from _feature(label, "the feature", document, notes, 0, alone=True)
    else:
        refuse_in_feature(label, "the geometry", {"geometry": document}, alone=True)
        member = {"geometry": document}
        yield from _shaped(label, "the geometry", member, _verdict(label, "the geometry", member, ()), notes, 0)


def _of_collection(document: dict[str, Any]) -> Iterator[Source]:
    """Return the features of a collection, whose name is the layer from which it was saved."""
    inner = document.get("properties")
    for fields in (document, inner if isinstance(inner, dict) else {}):
        for key in ("name", "title", "role", "Role", "ROLE"):
            if isinstance(fields.get(key), str):
                yield Source(
                    Kind.FOLDER, f"layer {key}" if key in ("name", "title") else "collection's role", fields[key]
                )


def _check_members(label: str, document: dict[str, Any]) -> None:
    """Check a document. Raises InputError for shapes outside the list of features, because they would be lost."""
    for key, value in document.items():
        if key not in ("type", "features", "crs", "bbox", "properties") and _holds_shapes(key, value, 0):
            raise InputError(f"{label}: shapes stand in {key!r}, which is not read; move them into the features")


def _holds_shapes(key: str, value: Any, depth: int) -> bool:
    if depth > SHAPES_DEPTH or not isinstance(value, list | dict) or not value:
        return False
    said = heard(key)
    if said is not None and said.role == "keep_out":
        return True
    if isinstance(value, dict) and (value.get("type") in KINDS or "coordinates" in value):
        return True
    rows = value.items() if isinstance(value, dict) else ((key, row) for row in value[:SHAPES_LOOKED_AT])
    return any(_holds_shapes(str(name), row, depth + 1) for name, row in rows)


def _feature(
    label: str,
    place: str,
    member: Any,
    notes: Notes,
    number: int,
    above: tuple[Source, ...] = (),
    *,
    alone: bool = False,
) -> Iterator[Feature]:
    if not isinstance(member, dict) or member.get("type") != "Feature":
        raise InputError(f"{label}: {place} is not a GeoJSON Feature; save the file again")
    if not isinstance(member.get("properties") or {}, dict):
        raise InputError(f"{label}: {place}: properties is not an object; write {{}} or key and value pairs")
    says = member.get("says")
    told = above
    if isinstance(says, tuple):  # of a reader of this program: JSON has lists
        told, number = (*says, *above), member["number"]
        member = {key: value for key, value in member.items() if key not in ("says", "number")}
    refuse_in_feature(label, place, member, alone=alone)
    yield from _shaped(label, place, member, _verdict(label, place, member, told), notes, number)


def _verdict(label: str, place: str, member: dict[str, Any], told: tuple[Source, ...]) -> Verdict:
    sources = sources_of(member, told)
    try:
        verdict = judged(sources, _holes(member.get("geometry")))
    except RoleError as error:
        raise InputError(f"{label}: {place}: {error}") from None
    notes = _spoken_depths(sources) if verdict.role in (None, "work_area", "perimeter") else ()
    return msgspec.structs.replace(verdict, notes=(*verdict.notes, *notes))


def _spoken_depths(sources: list[Source]) -> tuple[str, ...]:
    """Return a line for each free text that states a depth: it is not read, and the default would be taken."""
    labels = dict.fromkeys(
        source.label for source in sources if isinstance(source.text, str) and speaks_of_depth(source.text)
    )
    return tuple(f"its {label} speaks of a depth, which is not read; write required_depth_m" for label in labels)


def _holes(geometry: Any) -> int:
    """Number of holes of a polygon or of all parts of a multipolygon; 0 for other or broken geometries."""
    kind, rows = (geometry.get("type"), geometry.get("coordinates")) if isinstance(geometry, dict) else (None, None)
    parts = rows if kind == "MultiPolygon" else [rows] if kind == "Polygon" else []
    return sum(max(len(part) - 1, 0) for part in parts if isinstance(part, list)) if isinstance(parts, list) else 0


def _shaped(
    label: str, place: str, member: dict[str, Any], verdict: Verdict, notes: Notes, number: int
) -> Iterator[Feature]:
    """Yield the feature; if no part of it is used, yield nothing and report it."""
    role = verdict.role
    shapes = Shapes(label, place, member["geometry"], notes) if member.get("geometry") is not None else None
    if shapes is None or shapes.empty:
        if role is not None and not (role == "work_area" and verdict.why):
            raise InputError(f"{label}: {place} is a {role} without a geometry; draw it, or delete it")
        notes.warn(f"{called(place, _name(member))} has no geometry and was left out")
        return
    properties = plain_fields(f"{label}: {place}", member.get("properties") or {})
    closed = 0 if role in STANDING or role in POINT_ROLES else shapes.close_lines()
    _check_shape(label, place, verdict, shapes, properties)
    _tell_left_out(place, shapes, notes, _name(member), in_use=_uses(role, properties))
    for note in verdict.notes if role is not None or shapes.polygons else ():  # without an area it is no work
        notes.warn(f"{place}: {note}", Rank.ASSUMED)
    points, lines = _uses(role, properties)
    if not (shapes.polygons or (points and shapes.points) or (lines and shapes.lines)):
        return
    yield Feature(
        role=role or "work_area",
        place=place,
        polygons=tuple(tuple(tuple(ring) for ring in rings) for rings in shapes.polygons),
        lines=tuple(tuple(line) for line in shapes.lines) if lines else (),
        points=tuple(shapes.points) if points else (),
        properties=properties,
        silent=role is None,
        shared=verdict.shared,
        line=closed > 0,
        hint=verdict.hint,
        why=verdict.why,
        number=number,
        height_m=_height_m(member["geometry"]) if role == "benchmark" else None,
    )


def _height_m(geometry: Any) -> float | None:
    """Return the third coordinate of a point if plausible; above ellipsoid or sea level does not matter here."""
    position = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(position, list) or len(position) < 3 or isinstance(position[2], bool):
        return None
    height = position[2]
    return float(height) if isinstance(height, int | float) and HEIGHTS_M[0] <= height <= HEIGHTS_M[1] else None


def _uses(role: str | None, properties: dict[str, Any]) -> tuple[bool, bool]:
    """Return (points, lines): whether each kind of shape has a meaning for this role."""
    standing = role in STANDING or (role == "keep_out" and properties.get("radius_m") not in (None, ""))
    return standing or role in POINT_ROLES or role == "parking", standing


def _check_shape(label: str, place: str, verdict: Verdict, shapes: Shapes, properties: dict[str, Any]) -> None:
    """Check role and shape. Raises InputError if they do not fit, so that the feature could not be used as meant."""
    role = verdict.role
    points, lines = _uses(role, properties)
    pins = [at for at in shapes.points if not _is_label(at, shapes.polygons)]
    if role == "keep_out" and ((pins and not points) or (shapes.lines and not lines)):
        what = "a point" if shapes.points else "a line"
        raise InputError(
            f"{label}: {place}: a keep_out without an area ({what}); draw a polygon round what is meant, or write "
            "radius_m, the metres round it that are kept out"
        )
    if role in ("slope", "perimeter", "work_area") and not shapes.polygons and not verdict.why:  # a pin is no label
        raise InputError(f"{label}: {place}: a {role} without an area; draw a polygon round what is meant")
    if role in POINT_ROLES and (shapes.polygons or shapes.lines):
        raise InputError(f"{label}: {place}: a {role} is a point; draw a point, or write another role")
    if role is None and shapes.points and any(key.startswith("radius") for key in properties):
        raise InputError(f"{label}: {place}: a circle without a role; write role keep_out or marker and radius_m")


def _is_label(at: tuple[float, float], polygons: list[list[list[tuple[float, float]]]]) -> bool:
    """Whether a point is inside the box of a polygon of its feature: then it is the position of the label."""
    boxes = [list(zip(*rings[0], strict=True)) for rings in polygons if rings[0]]
    return any(min(x) <= at[0] <= max(x) and min(y) <= at[1] <= max(y) for x, y in boxes)


def _tell_left_out(place: str, shapes: Shapes, notes: Notes, name: str, in_use: tuple[bool, bool]) -> None:
    points, lines = in_use
    place = called(place, name)
    if shapes.points and not points:
        start = starts_here(place)
        beside = "; the plan begins where its own order is shortest, see plan.png" if start else ""
        notes.warn(f"{place}: a point carries no area and was left out{beside}")
    if shapes.lines and not lines:
        notes.warn(f"{place}: a LineString carries no area and was left out")


def _name(member: dict[str, Any]) -> str:
    return name_in(member.get("properties") or {})


def name_in(properties: dict[str, Any]) -> str:
    """Return the name among the fields of a shape; "" without one."""
    return next((str(value) for key, value in properties.items() if str(key).casefold() == "name" and value), "")


def called(place: str, name: str) -> str:
    """Return a place with the name that people gave it, if it does not hold it already."""
    name = " ".join(name.split())[:NAME_MAX]
    return f"{place} ({name})" if name and name not in place else place


def plain_fields(label: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Return the properties; known ones are also under their standard name, however they are written.

    Raises InputError if one is given twice with different values.
    """
    found = {str(key): value for key, value in properties.items()}
    for key, value in properties.items():
        plain = "".join(c for c in str(key).casefold() if c.isalnum())
        for known in KNOWN_FIELDS:
            if plain == known.replace("_", "") and value is not None:
                if found.get(known) not in (None, value):
                    raise InputError(f"{label}: {known} is declared twice, as {found[known]!r} and {value!r}; keep one")
                found[known] = value
    return found
