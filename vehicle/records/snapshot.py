"""A snapshot holds a journal's masks at some place in it, so that a start sums only the later records.

A snapshot is made from the journal alone, never from the state of a tick, and proves nothing by itself. It names the
journal's bytes by their hash; if it does not fit, it is ignored and the journal is summed from its beginning.
"""

import contextlib
import hashlib
from pathlib import Path
from typing import Final

import msgspec
import zstandard

from vehicle.contracts.kept_formats import Kept
from vehicle.control.state import LedgerState
from vehicle.host.atomic_file import write_whole
from vehicle.records import start
from vehicle.records.journal_file import Journal, Scanner, opened
from vehicle.records.records import CHECK_BYTES, Bytes, Record, encoded, first_check

NAME: Final = "ledger.snapshot"
HASH_BYTES: Final = 32
WORTH_RECORDS: Final = 2_000
"""Number of records after the newest snapshot that justify a new one: 200 m of driving."""


class Base(msgspec.Struct, frozen=True):
    """Where summing continues: place and check in the journal, number of records before it, kept ones of them."""

    place: int
    check: bytes
    count: int
    records: tuple[Record, ...]
    masks: LedgerState


class _File(msgspec.Struct, frozen=True, kw_only=True):
    """Content of the file.

    `journal`: hash of the journal's first `place` bytes. `records`: chained among themselves.
    """

    format: int
    place: int
    journal: bytes
    check: bytes
    count: int
    records: bytes
    ledger: start.PlainLedger
    tiles: tuple[start.Tile, ...]


def beside(journal: Path) -> Path:
    """Return the path of a journal's snapshot."""
    return journal.with_name(NAME)


def write(path: Path, journal_path: Path, journal: Journal) -> None:
    """Write the snapshot of a summed journal. Raises OSError."""
    assert journal.masks is not None, "a journal that was not summed"
    content, _ = opened(journal_path)
    frames, check = b"", first_check()
    for record in journal.records:
        frame, check = encoded(record, check)
        frames += frame
    kept = _File(
        format=Kept.SNAPSHOT.number,
        place=journal.valid_bytes,
        journal=_hash(content, journal.valid_bytes),
        check=journal.check.to_bytes(CHECK_BYTES, "little"),
        count=journal.count,
        records=frames,
        ledger=start.plain_of(journal.masks),
        tiles=start.tiles_of(journal.masks),
    )
    body = zstandard.ZstdCompressor(level=1).compress(start.encoded(kept))
    write_whole(path, hashlib.blake2b(body, digest_size=HASH_BYTES).digest() + body)


def worth(journal: Journal) -> bool:
    """Whether a new snapshot would save the next start much time; False for a journal with invalid records."""
    return journal.fresh >= WORTH_RECORDS and journal.lost is None and journal.format == Kept.JOURNAL.number


def read(path: Path, content: Bytes, number: int) -> Base | None:
    """Read the snapshot of this journal; None if there is none that fits."""
    if number != Kept.JOURNAL.number:
        return None
    with contextlib.suppress(OSError, ValueError, zstandard.ZstdError, msgspec.MsgspecError):
        whole = path.read_bytes()
        body = whole[HASH_BYTES:]
        if hashlib.blake2b(body, digest_size=HASH_BYTES).digest() != whole[:HASH_BYTES]:
            return None
        kept = start.decoded(zstandard.ZstdDecompressor().decompress(body), _File)
        if kept.format != Kept.SNAPSHOT.number or kept.place > len(content):
            return None
        if kept.journal != _hash(content, kept.place):
            return None
        records = tuple(Scanner(kept.records, number, 0).records())
        return Base(kept.place, kept.check, kept.count, records, start.ledger_of(kept.ledger, kept.tiles))
    return None


def _hash(content: Bytes, end: int) -> bytes:
    return hashlib.blake2b(memoryview(content)[:end], digest_size=HASH_BYTES).digest()
