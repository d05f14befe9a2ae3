"""How a station reads a file of the vehicle that is one value as JSON."""

from typing import TypeVar

import msgspec

T = TypeVar("T")


def decoded(data: bytes, kind: type[T], what: str) -> T:
    """Decode such a file; `what` names its content in the error.

    Raises:
        ValueError: It is no such file.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as damage:
        raise ValueError(f"no {what}: {damage}") from None
