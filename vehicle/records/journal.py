"""The ledger's journal: an append-only file from which the masks can be built again, byte for byte.

    file = MAGIC record*        (records: vehicle/records/records.py; MAGIC ends with the format's number)

Each record's check is the hash of the one before it and of its own bytes, from the header on, which says of what site,
machine, datum, depth and cell the record is.

Nothing is ever rewritten: what was credited and turned out wrong is withdrawn by a `Revoke` that follows.
"""

import errno
import fcntl
import os
from pathlib import Path
from typing import Final, Self

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.ledger_types import HeldBack, Knowledge, LedgerStroke
from vehicle.contracts.sockets import TickRecord
from vehicle.contracts.units import NS_PER_S
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState
from vehicle.records import carried_over
from vehicle.records.journal_file import MAGIC, Journal, Lost, UnreadableError, header_in, read
from vehicle.records.ledger_news import Followed, ledger_news
from vehicle.records.rebuilding import rebuilt, summed
from vehicle.records.records import (
    CHECK_BYTES,
    Confirm,
    Header,
    Observed,
    Record,
    Revoke,
    Session,
    encoded,
    first_check,
)

__all__ = [
    "MAGIC",
    "Journal",
    "JournalWriter",
    "Lost",
    "UnreadableError",
    "bearing",
    "depth_due",
    "end_ns",
    "header_in",
    "read",
    "rebuilt",
    "summed",
    "torn_text",
]

FOREIGN: Final = carried_over.FOREIGN
SYNC_RECORDS: Final = 16
"""Records between two flushes to the disk, 1.6 m of way: what a power cut may take; a killed process loses none."""


class JournalWriter:
    """Appends records; opens an existing journal at the end of what can be believed.

    Raises InputError if the file is no journal, belongs to another plan or grid, or another program writes it.
    """

    name = "journal"

    def __init__(
        self, path: Path, header: Header, sync_records: int = SYNC_RECORDS, found: Journal | None = None
    ) -> None:
        """`found`: what the file holds, where that was read already."""
        self.path, self._sync_records = path, sync_records
        self._number = self._acts = 0
        self._followed: Followed | None = None
        self._check = first_check()
        self._unsynced = 0
        if found is not None and found.format < Kept.JOURNAL.number:
            found = None  # read anew when it was carried over
        carried_over.carry_over(path, header)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            self._begin(path, header, found)
        except BaseException:
            os.close(self._file)
            raise

    def _begin(self, path: Path, header: Header, found: Journal | None) -> None:
        """Nobody else writes from here on; what was read before that counts only if nothing was added meanwhile."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"{path}: another program writes this journal; end that first") from None
        if os.fstat(self._file).st_ino != path.stat().st_ino:
            raise InputError(f"{path}: another program wrote this journal a moment ago; start again")
        size_bytes = os.fstat(self._file).st_size
        if found is None and size_bytes:
            found = read(path)
        if found is not None and size_bytes != found.valid_bytes + found.dropped_bytes:
            raise InputError(f"{path}: another program wrote this journal a moment ago; start again")
        if found is not None and found.header is not None:
            if found.header != header:
                raise InputError(f"{path}: {FOREIGN}")
            os.ftruncate(self._file, found.valid_bytes)
            os.lseek(self._file, 0, os.SEEK_END)
            self._check = found.check.to_bytes(CHECK_BYTES, "little")
            self._number, self._acts = found.stroke_count, found.act_count
            return
        os.ftruncate(self._file, 0)
        _write(self._file, MAGIC)
        self.append(header)
        self.sync()

    @classmethod
    def open(
        cls,
        path: Path,
        header: Header,
        session: Session,
        sync_records: int = SYNC_RECORDS,
        found: Journal | None = None,
    ) -> Self:
        """A writer whose next records belong to a new session."""
        writer = cls(path, header, sync_records, found)
        writer.append(session)
        writer.sync()
        return writer

    def follow(self, state: LedgerState) -> None:
        """Call after every tick: appends the tick's stroke, if it made one, then its acts. Numbers may not skip."""
        acts = self._acts
        for record in ledger_news(state, self._number, self._acts):
            self.append(record)
        if self._acts != acts:
            self.sync()

    def accept(self, record: TickRecord) -> None:
        """A sink of the loop: what the tick made, and where the job stands."""
        if self._followed is None:
            self._followed = Followed(self._number, self._acts, None)
        rows, self._followed = self._followed.after(record.state, record.t_ns)
        for row in rows:
            self.append(row)

    def append(self, record: Record) -> None:
        """One record; on the disk after the next `sync`, which comes by itself every few records."""
        frame, self._check = encoded(record, self._check)
        _write(self._file, frame)
        if isinstance(record, LedgerStroke):
            self._number = record.number
        self._acts += isinstance(record, Revoke | Confirm | Observed)
        self._unsynced += 1
        if self._unsynced >= self._sync_records:
            self.sync()

    def sync(self) -> None:
        """Wait until everything appended is on the disk."""
        os.fsync(self._file)
        self._unsynced = 0

    def close(self) -> None:
        """Sync and close."""
        self.sync()
        os.close(self._file)


def _write(file: int, frame: bytes) -> None:
    """All of it: behind half a record none is believed. Raises OSError where the disk takes only a part."""
    if os.write(file, frame) != len(frame):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def torn_text(path: Path, journal: Journal) -> str:
    """What is to be said of a journal that cannot be believed to its end; "" where it can."""
    if journal.lost is None:
        return ""
    within = ", and withdrawals may be among them" if journal.broken_within else ""
    return f"{path}: {journal.lost.text}{within}: the record goes to {end_ns(journal) / NS_PER_S:.1f} s"


def end_ns(journal: Journal) -> int:
    """The vehicle's time of the newest stroke [ns]; 0 before the first."""
    return next((row.t_ns for row in reversed(journal.records) if isinstance(row, LedgerStroke)), 0)


def bearing(journal: Journal) -> list[LedgerStroke]:
    """Strokes whose swept ground no record took back: where their place was wrong, nobody knows what they swept."""
    assert journal.masks is None, "of a summed journal the strokes are not kept"
    taken = [
        (record.since_number, record.until_number)
        for record in journal.records
        if isinstance(record, Revoke) and record.flags & raster.SWEPT and record.bias_m == 0.0
    ]
    return [
        record
        for record in journal.records
        if isinstance(record, LedgerStroke) and not any(first <= record.number <= last for first, last in taken)
    ]


def depth_due(journal: Journal) -> tuple[HeldBack, ...]:
    """What was claimed while a depth reading was due: from each start, and each time it fell due, to the next good one.

    The stroke that followed a reading rests on lines of both times and counts.
    """
    found: list[HeldBack] = []
    number, since = 0, None
    for record in journal.records:
        if isinstance(record, LedgerStroke):
            number = record.number
        elif isinstance(record, Session) and since is None:
            since = HeldBack(first_number=number + 1)
        elif isinstance(record, HeldBack):
            since = record if since is None else msgspec.structs.replace(since, bias_m=record.bias_m)
        elif isinstance(record, Confirm) and record.kind == Knowledge.DEPTH.value and since is not None:
            found.append(msgspec.structs.replace(since, last_number=number + 1))
            since = None
    last = () if since is None else (msgspec.structs.replace(since, last_number=number),)
    return tuple(row for row in (*found, *last) if row.first_number <= row.last_number)
