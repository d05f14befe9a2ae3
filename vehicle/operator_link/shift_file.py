"""The file by which stations learn how far the shift is: its acts as the vehicle recorded them, what blocks START."""

from typing import Final

import msgspec

from vehicle.contracts.shift_state import ShiftState

SHIFT: Final = "@SHIFT/shift.json"


def shift_file(shift: ShiftState) -> bytes:
    """Return its content."""
    return msgspec.json.encode(shift)


def shift_of(data: bytes) -> ShiftState:
    """Decode the shift in a file.

    Raises:
        ValueError: It is no such file.
    """
    try:
        return msgspec.json.decode(data, type=ShiftState)
    except msgspec.DecodeError as damage:
        raise ValueError(f"no shift: {damage}") from None
