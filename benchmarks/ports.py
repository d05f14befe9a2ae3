"""Ports on loopback for whoever must name one in a file before it is opened: nobody else is given the same."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

LOOPBACK = "127.0.0.1"
FIRST, LAST = 20_000, 32_000
"""Below what systems hand out to those who ask for any port (from 32768 on)."""
_held: list[int] = []


def free_port() -> int:
    """A port that is free, TCP and UDP, and no other process that asks here is given while this one lives.

    Raises:
        OSError: None was found.
    """
    folder = Path(tempfile.gettempdir()) / f"flailpilot-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for number in random.sample(range(FIRST, LAST), 1_000):
        lock = os.open(folder / str(number), os.O_RDWR | os.O_CREAT, 0o600)
        if _locked(lock) and _unused(number):
            _held.append(lock)
            return number
        os.close(lock)
    raise OSError(f"no free port between {FIRST} and {LAST}")


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _unused(number: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((LOOPBACK, number))
            except OSError:
                return False
    return True
