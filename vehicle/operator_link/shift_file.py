"""The file by which stations learn how far the shift is: its acts as the vehicle recorded them, what blocks START."""

from typing import Final

import msgspec

from vehicle.contracts.shift_state import ShiftState
from vehicle.operator_link.told_file import decoded

SHIFT: Final = "@SHIFT/shift.json"


def shift_file(shift: ShiftState) -> bytes:
    """Return its content."""
    return msgspec.json.encode(shift)


def shift_of(data: bytes) -> ShiftState:
    """Decode the shift in a file.

    Raises:
        ValueError: It is no such file.
    """
    return decoded(data, ShiftState, "shift")
