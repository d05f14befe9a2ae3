"""Finds where two values differ: compares structs, maps and sequences field by field, floats bit for bit."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

NOTHING: Final = "nothing"
SHOWN_MAX: Final = 100


class Apart(msgspec.Struct, frozen=True):
    """The first field that differs, such as `report.estimate.speed_mps`, and both values."""

    field: str
    recorded: str
    replayed: str


def first_apart(field: str, recorded: Any, replayed: Any) -> Apart | None:
    """Return the first difference in the order of the fields; None if both are equal to the last bit.

    A key that only the replayed map has is no difference: it was added after the recording was made.
    """
    if isinstance(recorded, float) and isinstance(replayed, float):
        same = struct.pack("<d", recorded) == struct.pack("<d", replayed)
        return None if same else _apart(field, recorded, replayed)
    if type(recorded) is type(replayed):
        if isinstance(recorded, msgspec.Struct):
            return _first(field, _fields(recorded), _fields(replayed), "{}.{}")
        if isinstance(recorded, Mapping):
            return _first(field, recorded, {key: replayed.get(key) for key in recorded}, "{}.{}")
        if isinstance(recorded, Sequence) and not isinstance(recorded, str | bytes):
            return _first(field, dict(enumerate(recorded)), dict(enumerate(replayed)), "{}[{}]")
        if recorded == replayed:
            return None
    return _apart(field, recorded, replayed)


def _fields(value: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


def _first(field: str, recorded: Mapping[Any, Any], replayed: Mapping[Any, Any], path: str) -> Apart | None:
    for key in dict.fromkeys((*recorded, *replayed)):
        found = first_apart(path.format(field, key), recorded.get(key), replayed.get(key))
        if found is not None:
            return found
    return None


def _apart(field: str, recorded: Any, replayed: Any) -> Apart:
    return Apart(field, shown(recorded), shown(replayed))


def shown(value: Any) -> str:
    """Return a value as one line for people."""
    if value is None:
        return NOTHING
    text = value.hex() if isinstance(value, bytes) else value if isinstance(value, str) else repr(value)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}..."
