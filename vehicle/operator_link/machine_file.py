"""The file by which stations learn what the machine carries, as its profile has it: the hammers of its tool."""

from typing import Final

import msgspec

from vehicle.contracts.hammers import Hammers
from vehicle.operator_link.told_file import decoded

MACHINE: Final = "@MACHINE/hammers.json"


def machine_file(hammers: Hammers) -> bytes:
    """Return its content."""
    return msgspec.json.encode(hammers)


def hammers_of(data: bytes) -> Hammers:
    """Decode the hammers in a file.

    Raises:
        ValueError: It is no such file.
    """
    return decoded(data, Hammers, "hammers")
