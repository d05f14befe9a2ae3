"""What a site declares about itself, in fields of the file or of a work area."""

from collections.abc import Iterable
from typing import Any

import msgspec

from vehicle.config.required_depth import agreed_m
from vehicle.contracts.errors import InputError
from vehicle.contracts.task_role import TaskRole
from vehicle.planning.site.depth_fields import declared_m, not_understood
from vehicle.planning.site.features import Feature, plain_fields
from vehicle.planning.site.rim import overrun_of

DECLARING = ("work_area", "perimeter")
"""Roles of features that may declare what is of the whole site; a perimeter may be the only ground that is drawn."""
ANSWERED = ("said_by", "basis", "said_on")


class Declared(msgspec.Struct, frozen=True):
    """The declared values; None: not declared."""

    outside: str | None
    tripwires: str | None
    required_depth_m: float | None
    overrun_m: float | None = None
    task_role: str | None = None
    told: tuple[str, ...] = ()


def declared(label: str, fields: Iterable[dict[str, Any]], features: Iterable[Feature]) -> Declared:
    """Return what fields and work areas declare. Raises InputError for unknown words, or if two values differ."""
    tables = [plain_fields(label, table) for table in fields]
    work = [feature for feature in features if feature.role in DECLARING and not feature.unchosen]
    told = {f"{label}{' properties' * n}": declared_m(label, table) for n, table in enumerate(tables)}
    for feature in work:
        told[f"{label}: {feature.place}"] = declared_m(f"{label}: {feature.place}", feature.properties)
    return Declared(
        outside=_one(label, "outside", ("safe", "unknown"), tables, work),
        tripwires=_one(label, "tripwires", ("possible", "none"), tables, work),
        required_depth_m=agreed_m(told),
        task_role=_one(label, "task_role", tuple(TaskRole), tables, work),
        overrun_m=overrun_of(label, [*tables, *(feature.properties for feature in work)]),
        told=tuple(_untold_depths([*tables, *(feature.properties for feature in work)])),
    )


def site_wide(label: str, fields: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the fields of the whole file. Raises InputError if two name another person, basis or day."""
    wide: dict[str, Any] = {}
    for table in (plain_fields(label, table) for table in fields):
        for key in ANSWERED:
            if table.get(key) is not None and wide.get(key) not in (None, "", table[key]):
                raise InputError(f"{label}: {key} is declared twice, as {wide[key]!r} and {table[key]!r}; keep one")
        wide |= {key: value for key, value in table.items() if key not in wide or value is not None}
    return wide


def _untold_depths(tables: Iterable[dict[str, Any]]) -> Iterable[str]:
    keys = dict.fromkeys(key for table in tables for key in not_understood(table))
    return (f"the field {key!r} is not read as the required depth; write required_depth_m" for key in keys)


def _one(label: str, key: str, legal: tuple[str, ...], tables: list[dict[str, Any]], work: list[Feature]) -> str | None:
    values = [*(table.get(key) for table in tables), *(feature.properties.get(key) for feature in work)]
    told = [value for value in values if value is not None and value != ""]
    if not told:
        return None
    if any(value not in legal for value in told):
        wrong = next(value for value in told if value not in legal)
        raise InputError(f"{label}: {key} is {wrong!r}; write one of {', '.join(legal)}")
    if len(set(told)) > 1:
        raise InputError(f"{label}: {key} is declared twice, as {told[0]!r} and {told[1]!r}; keep one")
    return str(told[0])
