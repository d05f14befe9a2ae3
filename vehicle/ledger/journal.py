"""The ledger's journal: an append-only file from which the masks can be built again, byte for byte.

    file   = MAGIC record*
    record = length u32, kind u8, payload, check u32        (little endian; length counts the payload)

`check` is the CRC-32 of length, kind and payload, started from the check of the record before: a record that was torn,
changed, taken out or put elsewhere ends the part that can be believed. Nothing is ever rewritten: what was credited
and turned out wrong is withdrawn by a `Revoke` that follows.
"""

import os
import struct
import zlib
from pathlib import Path
from typing import Final, Self

import msgspec

from vehicle.errors import InputError
from vehicle.ledger import strokes, tiles
from vehicle.state import LedgerState
from vehicle.strip import LedgerBand, LedgerStroke

MAGIC: Final = b"FLAILJ1\n"
SYNC_RECORDS: Final = 16
"""Records between two flushes to the disk, 1.6 m of way: what a power cut may take; a killed process loses none."""

_HEAD: Final = struct.Struct("<IB")
_CHECK: Final = struct.Struct("<I")
_STROKE: Final = struct.Struct("<QqdddddB")
_BAND: Final = struct.Struct("<ddddBB")
_PAYLOAD_MAX: Final = 1 << 16


class Header(msgspec.Struct, frozen=True, kw_only=True, tag="header"):
    """What the strokes belong to; the first record."""

    vehicle_id: str
    site_hash: str
    plan_hash: str
    cell_m: float
    datum_lat_deg: float
    datum_lon_deg: float
    datum_alt_m: float
    required_depth_m: float
    k_sigma: float


class Session(msgspec.Struct, frozen=True, kw_only=True, tag="session"):
    """The program started (again): times of strokes count from this start. `utc` is for people."""

    session_id: int
    utc: str


class Revoke(msgspec.Struct, frozen=True, kw_only=True, tag="revoke"):
    """Withdraws `flags` that strokes `since_number` to `until_number` gave: a lost hammer, a failed depth check."""

    reason: str
    by: str
    since_number: int
    until_number: int
    utc: str
    flags: int = tiles.CREDITED | tiles.BELOW


class Note(msgspec.Struct, frozen=True, kw_only=True, tag="note"):
    """What people need beside the cells: `kind` detonation, depth_check, follow_up (`layer`), released (`by`)."""

    kind: str
    text: str
    utc: str
    by: str = ""
    layer: str = ""
    points_m: tuple[tuple[float, float], ...] = ()


Record = Header | Session | Revoke | Note | LedgerStroke
_WORDS: Final = msgspec.json.Decoder(Header | Session | Revoke | Note)
_KIND_WORDS: Final = 1
_KIND_STROKE: Final = 2


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """What a journal holds. `dropped_bytes` after `valid_bytes` are torn or damaged and count for nothing."""

    records: tuple[Record, ...]
    valid_bytes: int
    dropped_bytes: int
    check: int

    @property
    def header(self) -> Header | None:
        """The first record, None in an empty journal."""
        first = self.records[0] if self.records else None
        return first if isinstance(first, Header) else None

    @property
    def stroke_count(self) -> int:
        """Number of the newest stroke; 0 before the first."""
        return max((record.number for record in self.records if isinstance(record, LedgerStroke)), default=0)


class JournalWriter:
    """Appends records; opens an existing journal at the end of what can be believed.

    Raises InputError if the file is no journal or belongs to another plan or grid.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._number = 0
        self._check = 0
        self._unsynced = 0
        found = read(path) if path.exists() and path.stat().st_size > 0 else None
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        if found is not None and found.header is not None:
            if found.header != header:
                os.close(self._file)
                raise InputError(f"{path}: this journal is of another site, plan or grid; name a new file")
            os.ftruncate(self._file, found.valid_bytes)
            os.lseek(self._file, 0, os.SEEK_END)
            self._check, self._number = found.check, found.stroke_count
            return
        os.ftruncate(self._file, 0)
        os.write(self._file, MAGIC)
        self.append(header)
        self.sync()

    @classmethod
    def open(cls, path: Path, header: Header, session: Session) -> Self:
        """A writer whose next records belong to a new session."""
        writer = cls(path, header)
        writer.append(session)
        writer.sync()
        return writer

    def follow(self, state: LedgerState) -> None:
        """Call after every tick: appends the tick's stroke, if it made one. Numbers may not skip."""
        stroke = state.stroke
        if stroke is None or stroke.number == self._number:
            return
        assert stroke.number == self._number + 1, f"stroke {stroke.number} after {self._number}"
        self.append(stroke)

    def append(self, record: Record) -> None:
        """One record; on the disk after the next `sync`, which comes by itself every few records."""
        frame, self._check = encoded(record, self._check)
        os.write(self._file, frame)
        if isinstance(record, LedgerStroke):
            self._number = record.number
        self._unsynced += 1
        if self._unsynced >= SYNC_RECORDS:
            self.sync()

    def sync(self) -> None:
        """Wait until everything appended is on the disk."""
        os.fsync(self._file)
        self._unsynced = 0

    def close(self) -> None:
        """Sync and close."""
        self.sync()
        os.close(self._file)


def encoded(record: Record, check: int) -> tuple[bytes, int]:
    """A record's bytes after one with this check, and its own check."""
    kind, payload = (_KIND_STROKE, _packed(record)) if isinstance(record, LedgerStroke) else (_KIND_WORDS, b"")
    if kind == _KIND_WORDS:
        payload = msgspec.json.encode(record)
    body = _HEAD.pack(len(payload), kind) + payload
    check = zlib.crc32(body, check)
    return body + _CHECK.pack(check), check


def read(path: Path) -> Journal:
    """All records up to the first that is torn or damaged. Raises InputError if the file cannot be a journal."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; name a ledger journal") from error
    if content[: len(MAGIC)] != MAGIC[: len(content)]:
        raise InputError(f"{path}: no ledger journal (it does not begin with {MAGIC[:-1].decode()})")
    records: list[Record] = []
    place, check = len(MAGIC), 0
    while (found := _decoded(content, place, check)) is not None:
        record, place, check = found
        records.append(record)
    place = min(place, len(content))
    return Journal(records=tuple(records), valid_bytes=place, dropped_bytes=len(content) - place, check=check)


def rebuilt(journal: Journal) -> LedgerState:
    """The masks: the sum of the strokes, less what later records withdrew."""
    header = journal.header
    if header is None:
        return LedgerState()
    revokes = [record for record in journal.records if isinstance(record, Revoke)]
    state = LedgerState()
    for record in journal.records:
        if isinstance(record, LedgerStroke):
            state = strokes.apply(state, _withdrawn(record, revokes), header.cell_m)
            state = msgspec.structs.replace(state, stroke=record)
    return state


def _withdrawn(stroke: LedgerStroke, revokes: list[Revoke]) -> LedgerStroke:
    """The stroke without the claims that were revoked; what was claimed is marked as not measured."""
    flags = 0
    for revoke in revokes:
        if revoke.since_number <= stroke.number <= revoke.until_number:
            flags |= revoke.flags
    if not flags:
        return stroke
    bands = tuple(
        msgspec.structs.replace(band, flags=(band.flags & ~flags) | tiles.OTHER, depth_cm=0)
        if band.flags & flags
        else band
        for band in stroke.bands
    )
    return msgspec.structs.replace(stroke, bands=bands)


def _decoded(content: bytes, place: int, check: int) -> tuple[Record, int, int] | None:
    """The record at this place, the place after it and its check; None where nothing believable stands."""
    if len(content) - place < _HEAD.size + _CHECK.size:
        return None
    length, kind = _HEAD.unpack_from(content, place)
    end = place + _HEAD.size + length
    if length > _PAYLOAD_MAX or end + _CHECK.size > len(content):
        return None
    found = zlib.crc32(content[place:end], check)
    if found != _CHECK.unpack_from(content, end)[0]:
        return None
    payload = content[place + _HEAD.size : end]
    record = _unpacked(payload) if kind == _KIND_STROKE else _WORDS.decode(payload)
    return record, end + _CHECK.size, found


def _packed(stroke: LedgerStroke) -> bytes:
    head = _STROKE.pack(
        stroke.number,
        stroke.t_ns,
        stroke.east_m,
        stroke.north_m,
        stroke.forward_east,
        stroke.forward_north,
        stroke.slope,
        len(stroke.bands),
    )
    return head + b"".join(
        _BAND.pack(band.rear_m, band.front_m, band.right_m, band.left_m, band.flags, band.depth_cm)
        for band in stroke.bands
    )


def _unpacked(payload: bytes) -> LedgerStroke:
    number, t_ns, east_m, north_m, forward_east, forward_north, slope, count = _STROKE.unpack_from(payload)
    rows = (_BAND.unpack_from(payload, _STROKE.size + index * _BAND.size) for index in range(count))
    return LedgerStroke(
        number=number,
        t_ns=t_ns,
        east_m=east_m,
        north_m=north_m,
        forward_east=forward_east,
        forward_north=forward_north,
        slope=slope,
        bands=tuple(
            LedgerBand(rear_m=row[0], front_m=row[1], right_m=row[2], left_m=row[3], flags=row[4], depth_cm=row[5])
            for row in rows
        ),
    )
