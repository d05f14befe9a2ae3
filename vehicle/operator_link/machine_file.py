"""The file by which stations learn what the machine carries, as its profile has it: the hammers of its tool."""

from typing import Final

import msgspec

from vehicle.contracts.hammers import Hammers

MACHINE: Final = "@MACHINE/hammers.json"


def machine_file(hammers: Hammers) -> bytes:
    """Return its content."""
    return msgspec.json.encode(hammers)


def hammers_of(data: bytes) -> Hammers:
    """Decode the hammers in a file.

    Raises:
        ValueError: It is no such file.
    """
    try:
        return msgspec.json.decode(data, type=Hammers)
    except msgspec.DecodeError as damage:
        raise ValueError(f"no hammers: {damage}") from None
