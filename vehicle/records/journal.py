"""The ledger's journal: an append-only file from which the masks can be built again, byte for byte.

    file = MAGIC record*        (records: vehicle/records/records.py; MAGIC ends with the format's number)

Each record's check is the hash of the check before it and of its own bytes. The first record is the header: it names
site, machine, datum, depth and cell size. No record is ever rewritten: wrong credit is withdrawn by a later `Revoke`
record.
"""

import errno
import fcntl
import os
from pathlib import Path
from typing import Final, Self

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import HeldBack, Knowledge, LedgerStroke
from vehicle.contracts.sockets import TickRecord
from vehicle.contracts.units import NS_PER_S
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState
from vehicle.host.atomic_file import sync_folder
from vehicle.records import carried_over
from vehicle.records.journal_file import MAGIC, Journal, Lost, UnreadableError, header_in, read, refuse_later_format
from vehicle.records.ledger_news import Followed, ledger_news
from vehicle.records.rebuilding import rebuilt, summed
from vehicle.records.records import (
    CHAINED_SINCE,
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
    "refuse_later_format",
    "summed",
    "torn_text",
]

FOREIGN: Final = carried_over.FOREIGN
SYNC_RECORDS: Final = 16
"""Records between two flushes to the disk, 1.6 m of driving: a power cut may lose them, a killed process loses none."""


class JournalWriter:
    """Appends records; an existing journal is continued after its last valid record.

    Raises InputError if the file is no journal, belongs to another plan or grid, or another program writes it.
    """

    name = "journal"

    def __init__(
        self, path: Path, header: Header, sync_records: int = SYNC_RECORDS, found: Journal | None = None
    ) -> None:
        """Open the journal. `found`: the file's content, if it has already been read."""
        self.path, self._sync_records = path, sync_records
        self._number = self._acts = 0
        self._followed: Followed | None = None
        self._check = first_check()
        self._unsynced = 0
        if found is not None and found.format < CHAINED_SINCE:
            found = None  # a converted journal is read again
        carried_over.carry_over(path, header)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            self._begin(path, header, found)
        except BaseException:
            os.close(self._file)
            raise

    def _begin(self, path: Path, header: Header, found: Journal | None) -> None:
        """Lock the file; content that was read before counts only if nothing has been added since."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"{path}: another program writes this journal; end that first") from None
        if os.fstat(self._file).st_ino != path.stat().st_ino:
            raise InputError(f"{path}: another program wrote to it while it was opened; end that program")
        size_bytes = os.fstat(self._file).st_size
        if found is None and size_bytes:
            found = read(path)
        if found is not None and size_bytes != found.valid_bytes + found.dropped_bytes:
            raise InputError(f"{path}: another program wrote to it while it was opened; end that program")
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
        sync_folder(path.parent)

    @classmethod
    def open(
        cls,
        path: Path,
        header: Header,
        session: Session,
        sync_records: int = SYNC_RECORDS,
        found: Journal | None = None,
    ) -> Self:
        """Open a writer whose next records belong to a new session."""
        writer = cls(path, header, sync_records, found)
        writer.append(session)
        writer.sync()
        return writer

    def follow(self, state: LedgerState) -> None:
        """Append the tick's stroke, if there is one, then its acts. Call after every tick: numbers may not skip."""
        acts = self._acts
        for record in ledger_news(state, self._number, self._acts):
            self.append(record)
        if self._acts != acts:
            self.sync()

    def accept(self, record: TickRecord) -> None:
        """Append the tick's records and the position in the job; a sink of the loop."""
        if self._followed is None:
            self._followed = Followed(self._number, self._acts, None)
        rows, self._followed = self._followed.after(record.state, record.t_ns)
        for row in rows:
            self.append(row)

    def append(self, record: Record) -> None:
        """Append one record; it is on the disk after the next `sync`, which runs by itself every few records."""
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
    """Write all bytes, because no record after a partial one is valid. Raises OSError if the disk takes only a part."""
    if os.write(file, frame) != len(frame):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def torn_text(path: Path, journal: Journal) -> str:
    """Return the report on a journal that is not valid to its end; "" if it is."""
    if journal.lost is None:
        return ""
    within = ", and withdrawals may be among them" if journal.broken_within else ""
    return f"{path}: {journal.lost.text}{within}: the record goes to {end_ns(journal) / NS_PER_S:.1f} s"


def end_ns(journal: Journal) -> int:
    """Return the vehicle's time of the newest stroke [ns]; 0 before the first."""
    return next((row.t_ns for row in reversed(journal.records) if isinstance(row, LedgerStroke)), 0)


def bearing(journal: Journal) -> list[LedgerStroke]:
    """Strokes whose swept ground no record withdrew; a stroke at a wrong position may have swept any ground."""
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
    """Return the spans of strokes claimed while a depth reading was due, until the next good reading.

    A span begins at each start, and each time a reading becomes due. The stroke after a reading uses lines from before
    and after it, and counts as part of the span.
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
