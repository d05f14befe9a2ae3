"""Reserved stamps on disk: two slots in one file of fixed size, written in turn, so that no crash turns them back.

A slot is `magic, generation, count, count x (system id, stamp)`, padded to its size, and a SHA-256 over it. The valid
slot with the higher generation counts. A write that is interrupted spoils only the slot being written, which is the
older one.
"""

import hashlib
import os
import struct
from collections.abc import Mapping
from pathlib import Path

from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept
from vehicle.host.atomic_file import write_whole

STEM = b"FLMARKS"
MAGIC = STEM + str(Kept.STAMPS.number).encode()
HEAD = struct.Struct("<8sQH")
CELL = struct.Struct("<BQ")
SLOT_SIZE = 4096
"""One page: 254 stations fit."""
HASH_SIZE = 32


def encode_slot(generation: int, reserved: Mapping[int, int]) -> bytes:
    """One slot, padded and hashed."""
    body = HEAD.pack(MAGIC, generation, len(reserved))
    body += b"".join(CELL.pack(system_id, stamp) for system_id, stamp in sorted(reserved.items()))
    body = body.ljust(SLOT_SIZE - HASH_SIZE, b"\0")
    return body + hashlib.sha256(body).digest()


def decode_slot(slot: bytes) -> tuple[int, dict[int, int]] | None:
    """Generation and stamps; None where the slot is torn, empty or another's."""
    if len(slot) != SLOT_SIZE or hashlib.sha256(slot[:-HASH_SIZE]).digest() != slot[-HASH_SIZE:]:
        return None
    magic, generation, count = HEAD.unpack_from(slot)
    if magic != MAGIC:
        return None
    return generation, dict(CELL.unpack_from(slot, HEAD.size + number * CELL.size) for number in range(count))


def _check_format(path: Path, slot: bytes) -> None:
    """Raises InputError for a whole slot that a later program wrote."""
    whole = len(slot) == SLOT_SIZE and hashlib.sha256(slot[:-HASH_SIZE]).digest() == slot[-HASH_SIZE:]
    if whole and slot.startswith(STEM) and slot[len(STEM) : len(MAGIC)].isdigit():
        Kept.STAMPS.check(path, int(slot[len(STEM) : len(MAGIC)]))


class StampStore:
    """The file. `write` returns when the stamps are durable: call it from a thread, never from the loop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._generation = 0
        self.reserved: dict[int, int] = {}
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists():
            self._read()
        else:
            self._format()

    def _read(self) -> None:
        content = self.path.read_bytes()
        slots = [decode_slot(content[:SLOT_SIZE]), decode_slot(content[SLOT_SIZE : 2 * SLOT_SIZE])]
        found = max((slot for slot in slots if slot is not None), key=lambda slot: slot[0], default=None)
        if found is None:
            for slot in (content[:SLOT_SIZE], content[SLOT_SIZE : 2 * SLOT_SIZE]):
                _check_format(self.path, slot)
            raise InputError(
                f"{self.path}: both copies are damaged, old frames could be taken for new ones; "
                "make new keys for every console (flailpilot keys reset --yes --store FILE, FILE being keys_file of "
                "the configuration), which also replaces this file"
            )
        self._generation, self.reserved = found

    def _format(self) -> None:
        write_whole(self.path, encode_slot(0, {}) * 2, 0o600)

    def write(self, reserved: Mapping[int, int]) -> dict[int, int]:
        """Raise the stamps given, keep the others; what is now on disk. A stamp never falls.

        Raises:
            OSError: not written; what was on disk before still is.
        """
        raised = dict(self.reserved)
        for system_id, stamp in reserved.items():
            raised[system_id] = max(stamp, raised.get(system_id, 0))
        generation = self._generation + 1
        handle = os.open(self.path, os.O_WRONLY)
        try:
            os.pwrite(handle, encode_slot(generation, raised), generation % 2 * SLOT_SIZE)
            os.fsync(handle)
        finally:
            os.close(handle)
        self._generation, self.reserved = generation, raised
        return dict(raised)
