"""The file by which consoles learn what the others are called: system id -> name, as whoever made the keys wrote it."""

from collections.abc import Mapping
from typing import Final

import msgspec

from vehicle.operator_link.told_file import decoded

NAMES: Final = "@STATIONS/names.json"


def names_file(names: Mapping[int, str]) -> bytes:
    """Its content."""
    return msgspec.json.encode(names)


def names_of(data: bytes) -> dict[int, str]:
    """The names in a file.

    Raises:
        ValueError: It is no such file.
    """
    return decoded(data, dict[int, str], "names")
