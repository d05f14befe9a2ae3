"""Fields with a meaning that stand where they are not read: refused, because what they say would be lost.

A role is looked for at every depth of a feature; figures are read from its properties alone, and those of the whole
site from the file's top and the file's properties.
"""

from collections.abc import Iterator
from typing import Any, Final, TypeGuard

from vehicle.contracts.errors import InputError
from vehicle.planning.site.depth_fields import is_required_depth

OF_SITE: Final = ("outside", "tripwires", "overrun_m", "task_role")
OF_SHAPE: Final = ("slope_deg", "radius_m", "taken_down", "heading_deg")
PLAIN: Final = {name.replace("_", ""): name for name in (*OF_SITE, *OF_SHAPE)}
LEVELS_MAX: Final = 6
"""Depth to which fields are looked for; a role is looked for as deep."""
ROWS_MAX: Final = 50
FEATURE_PARTS: Final = ("type", "geometry", "properties", "bbox", "place", "id")
GEOMETRY_PARTS: Final = ("type", "coordinates", "geometries", "bbox", "crs")
COLLECTION_PARTS: Final = ("type", "features", "crs", "bbox")


def meant(key: object) -> str:
    """Return the standard name of a field with a meaning, however it is written; "" for any other field."""
    plain = "".join(letter for letter in str(key).casefold() if letter.isalnum())
    return PLAIN.get(plain, "required_depth_m" if is_required_depth(key) else "")


def refuse_in_feature(label: str, place: str, member: dict[str, Any], *, alone: bool = False) -> None:
    """Check a feature; `alone`: it is the whole file, whose top states what is of the whole site.

    Raises InputError for a field outside its properties, or deep inside them.
    """
    geometry, properties = member.get("geometry"), member.get("properties")
    top = {key: value for key, value in member.items() if key not in FEATURE_PARTS}
    shape = {key: value for key, value in geometry.items() if key not in GEOMETRY_PARTS} if _is_table(geometry) else {}
    inside = _deeper(properties) if _is_table(properties) else ()
    if alone:
        own = {key: value for key, value in (top | shape).items() if meant(key) not in (*OF_SITE, "required_depth_m")}
        lost = [*inside, *_all(own)]
    else:
        lost = [*inside, *_all(top), *_all(shape)]
    if lost:
        raise InputError(
            f"{label}: {place}: {lost[0]!r} stands where it is not read; move it into the feature's properties"
        )


def refuse_in_collection(label: str, document: dict[str, Any]) -> None:
    """Check a collection. Raises InputError for a figure of a shape, or for a field deep inside."""
    top = {key: value for key, value in document.items() if key not in (*COLLECTION_PARTS, "properties")}
    properties = document.get("properties")
    lost = [*_deeper(top), *(_deeper(properties) if _is_table(properties) else _all({"properties": properties}))]
    if lost:
        raise InputError(f"{label}: {lost[0]!r} stands where it is not read; move it to the top of the file")
    tables = (top, properties) if isinstance(properties, dict) else (top,)
    figures = [key for table in tables for key, value in table.items() if meant(key) in OF_SHAPE and _says(value)]
    if figures:
        raise InputError(f"{label}: {figures[0]!r} is not read for the whole file; move it into the feature it is of")


def _is_table(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _says(value: Any) -> bool:
    return value is not None and value != ""


def _all(table: dict[str, Any]) -> Iterator[str]:
    """Yield the fields of a table and of everything in it that have a meaning."""
    yield from (str(key) for key, value in table.items() if meant(key) and _says(value))
    yield from _deeper(table)


def _deeper(table: dict[str, Any], level: int = 0) -> Iterator[str]:
    if level > LEVELS_MAX:
        return
    for value in table.values():
        for row in value[:ROWS_MAX] if isinstance(value, list) else [value]:
            if isinstance(row, dict):
                yield from (str(key) for key, inner in row.items() if meant(key) and _says(inner))
                yield from _deeper(row, level + 1)
