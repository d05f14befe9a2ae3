"""HOST:PORT on the command line."""

import re
from typing import Final

from vehicle.contracts.errors import InputError

PORT: Final = re.compile(r"[0-9]{1,5}")
"""Digits of the Latin script: `isdigit` takes others too, some of which are no number."""


def host_port(option: str, text: str, example: str) -> tuple[str, int]:
    """Split HOST:PORT; `example` is a port for the error line.

    Raises:
        InputError: The text is no address.
    """
    host, _, port = text.rpartition(":")
    if not host or PORT.fullmatch(port) is None or not 0 < int(port) < 65536:
        raise InputError(f"{option} {text}: write HOST:PORT, such as 192.0.2.10:{example}")
    return host, int(port)
