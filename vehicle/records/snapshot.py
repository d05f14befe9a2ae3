"""A snapshot holds a journal's masks at some place in it, so that a start sums only the later records.

A snapshot is made from the journal alone, never from the state of a tick, and proves nothing by itself. It names the
journal's bytes by their hash; if it does not fit, it is ignored and the journal is summed from its beginning.

    file = size of the head u32, head (msgpack, zstd), tile*, BLAKE2b (32 bytes) of all of it
    tile = column i64, row i64, size u32, the packed tile

It is written and read tile by tile: a hundred hectares need no second copy in the memory.
"""

import contextlib
import hashlib
import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import zstandard
from msgspec.structs import replace

from vehicle.contracts.kept_formats import Kept
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState
from vehicle.host.atomic_file import replacing
from vehicle.records import start
from vehicle.records.journal_file import LET_GO_BYTES, Journal, Scanner, let_go, opened
from vehicle.records.records import CHAINED_SINCE, CHECK_BYTES, Bytes, Record, encoded, first_check

NAME: Final = "ledger.snapshot"
HASH_BYTES: Final = 32
_SIZE: Final = struct.Struct("<I")
_TILE: Final = struct.Struct("<qqI")
WORTH_RECORDS: Final = 2_000
"""Number of records after the newest snapshot that justify a new one: 200 m of driving."""


class Base(msgspec.Struct, frozen=True):
    """Where summing continues: place and check in the journal, number of records before it, kept ones of them."""

    place: int
    check: bytes
    count: int
    records: tuple[Record, ...]
    masks: LedgerState


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says before its tiles.

    `journal`: hash of the journal's first `place` bytes. `records`: chained among themselves.
    """

    format: int
    place: int
    journal: bytes
    check: bytes
    count: int
    records: bytes
    ledger: start.PlainLedger


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
    head = _Head(
        format=Kept.SNAPSHOT.number,
        place=journal.valid_bytes,
        journal=_hash(content, journal.valid_bytes),
        check=journal.check.to_bytes(CHECK_BYTES, "little"),
        count=journal.count,
        records=frames,
        ledger=start.plain_of(journal.masks),
    )
    whole = hashlib.blake2b(digest_size=HASH_BYTES)
    with replacing(path) as file:
        for piece in _pieces(head, journal.masks):
            whole.update(piece)
            file.write(piece)
        file.write(whole.digest())


def _pieces(head: _Head, masks: LedgerState) -> Iterator[bytes]:
    body = zstandard.ZstdCompressor(level=1).compress(start.encoded(head))
    yield _SIZE.pack(len(body)) + body
    for block in masks.tiles.values():
        for (column, row), tile in block.items():
            packed = tile if isinstance(tile, bytes) else raster.packed(tile)
            yield _TILE.pack(column, row, len(packed)) + packed


def worth(journal: Journal) -> bool:
    """Whether a new snapshot would save the next start much time; False for a journal with invalid records."""
    return journal.fresh >= WORTH_RECORDS and journal.lost is None and journal.format >= CHAINED_SINCE


def read(path: Path, content: Bytes, number: int) -> Base | None:
    """Read the snapshot of this journal; None if there is none that fits."""
    if number < CHAINED_SINCE:
        return None
    with contextlib.suppress(OSError, ValueError, struct.error, zstandard.ZstdError, msgspec.MsgspecError):
        with path.open("rb") as file:
            whole: Bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        end = len(whole) - HASH_BYTES
        if end < _SIZE.size or _hash(whole, end) != whole[end:]:
            return None
        place = _SIZE.size + _SIZE.unpack_from(whole)[0]
        head = start.decoded(zstandard.ZstdDecompressor().decompress(whole[_SIZE.size : place]), _Head)
        if head.format != Kept.SNAPSHOT.number or head.place > len(content):
            return None
        if head.journal != _hash(content, head.place):
            return None
        records = tuple(Scanner(head.records, number, 0).records())
        masks = start.ledger_of(head.ledger, ())
        return Base(head.place, head.check, head.count, records, replace(masks, tiles=_tiles(whole, place, end)))
    return None


def _tiles(whole: Bytes, place: int, end: int) -> raster.Blocks:
    tiles: raster.Blocks = {}
    let_go_at = place
    while place < end:
        column, row, size = _TILE.unpack_from(whole, place)
        place += _TILE.size + size
        tiles.setdefault((column // raster.BLOCK, row // raster.BLOCK), {})[column, row] = whole[place - size : place]
        if place - let_go_at > LET_GO_BYTES:
            let_go_at = place
            let_go(whole, place)
    return tiles


def _hash(content: Bytes, end: int) -> bytes:
    found = hashlib.blake2b(digest_size=HASH_BYTES)
    for place in range(0, end, LET_GO_BYTES):
        found.update(content[place : min(place + LET_GO_BYTES, end)])
        let_go(content, place)
    return found.digest()
