"""A number for the fields of each state part: hashes of a part can be compared only if its fields are the same."""

import functools
import zlib
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

import msgspec
import numpy as np

from vehicle.control.ground.raster import PLANES, TILE
from vehicle.control.state import VehicleState
from vehicle.records.state_parts import LEDGER, REST, StateHash

_TYPES: Final = {field.name: field.type for field in msgspec.structs.fields(VehicleState)}


@functools.cache
def shapes() -> StateHash:
    """Return a number for each part, computed from the names and types of all its fields, nested ones included."""
    ledger = {field.name: field.type for field in msgspec.structs.fields(_TYPES["ledger"])}
    texts = {name: _text(_TYPES[name], ()) for name in StateHash.__struct_fields__ if name in _TYPES}
    texts["ledger"] = ",".join(f"{name}:{_text(ledger[name], ())}" for name in LEDGER)
    texts["tiles"] = f"{PLANES},{TILE}"
    texts["rest"] = ",".join(f"{name}:{_text(_TYPES[name], ())}" for name in (*REST, "waiting"))
    return StateHash(**{name: zlib.crc32(text.encode()) for name, text in texts.items()})


def _text(kind: Any, above: tuple[Any, ...]) -> str:
    """Return a type as text; a struct as its fields, without its own name."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        if kind in above:
            return kind.__name__
        fields = msgspec.structs.fields(kind)
        return "{" + ",".join(f"{field.name}:{_text(field.type, (*above, kind))}" for field in fields) + "}"
    origin = get_origin(kind) or kind
    name = "or" if origin in (UnionType, Union) else getattr(origin, "__name__", str(kind))
    if origin is np.ndarray:
        return str(name)
    inner = ",".join(_text(one, above) for one in get_args(kind))
    return f"{name}[{inner}]" if inner else name
