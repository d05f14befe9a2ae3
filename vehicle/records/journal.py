"""The ledger's journal: an append-only file from which the masks can be built again, byte for byte.

    file = MAGIC record*        (records: vehicle/records/records.py; MAGIC ends with the format's number)

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
from vehicle.contracts.ledger_types import HeldBack, JobMark, Knowledge, LedgerStroke
from vehicle.contracts.sockets import TickRecord
from vehicle.contracts.units import NS_PER_S
from vehicle.control.ground import raster
from vehicle.control.ledger import strokes, withdrawal
from vehicle.control.state import LedgerState
from vehicle.records.ledger_news import ledger_news
from vehicle.records.records import (
    CHECK_BYTES,
    Confirm,
    Header,
    Observed,
    Record,
    Revoke,
    Session,
    check_before,
    decoded,
    encoded,
)

_STEM: Final = b"FLAILJ"
MAGIC: Final = _STEM + f"{Kept.JOURNAL.number}\n".encode()
TORN_MAX_BYTES: Final = 1 << 17
"""Two of the longest records; what waits for the disk is less."""
SYNC_RECORDS: Final = 16
"""Records between two flushes to the disk, 1.6 m of way: what a power cut may take; a killed process loses none."""


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """What a journal holds. `dropped_bytes` after `valid_bytes` are torn or damaged and count for nothing.

    `broken_within`: they are no torn end, whole records stand in them; a withdrawal may be among what is lost.
    """

    records: tuple[Record, ...]
    valid_bytes: int
    dropped_bytes: int
    check: int
    broken_within: bool = False

    @property
    def header(self) -> Header | None:
        """The first record, None in an empty journal."""
        first = self.records[0] if self.records else None
        return first if isinstance(first, Header) else None

    @property
    def job(self) -> JobMark | None:
        """Where the newest job stood."""
        return next((record for record in reversed(self.records) if isinstance(record, JobMark)), None)

    @property
    def plan_hash(self) -> str:
        """Of the newest plan that was worked; "" before the first."""
        job, header = self.job, self.header
        return job.plan_hash if job is not None else header.plan_hash if header is not None else ""

    @property
    def site_hash(self) -> str:
        """Of that plan's site."""
        job, header = self.job, self.header
        return job.site_hash if job is not None else header.site_hash if header is not None else ""

    @property
    def act_count(self) -> int:
        """Withdrawals, confirmations and observations."""
        return sum(isinstance(record, Revoke | Confirm | Observed) for record in self.records)

    @property
    def stroke_count(self) -> int:
        """Number of the newest stroke; 0 before the first."""
        return max((record.number for record in self.records if isinstance(record, LedgerStroke)), default=0)


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
        self._check = 0
        self._unsynced = 0
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
        size_bytes = os.fstat(self._file).st_size
        if found is None and size_bytes:
            found = read(path)
        if found is not None and size_bytes != found.valid_bytes + found.dropped_bytes:
            raise InputError(f"{path}: another program wrote this journal a moment ago; start again")
        if found is not None and found.header is not None:
            if found.header != header:
                raise InputError(f"{path}: this journal is of another site, plan or grid; name a new file")
            os.ftruncate(self._file, found.valid_bytes)
            os.pwrite(self._file, MAGIC, 0)  # what follows is of this format, and an older record reads the same in it
            os.lseek(self._file, 0, os.SEEK_END)
            self._check, self._number, self._acts = found.check, found.stroke_count, found.act_count
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
        """A sink of the loop."""
        self.follow(record.state.ledger)

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
    if not journal.dropped_bytes:
        return ""
    within = ", and withdrawals may be among them" if journal.broken_within else ""
    return (
        f"{path}: torn or damaged after byte {journal.valid_bytes}, {journal.dropped_bytes} bytes count for nothing"
        f"{within}: the record goes to {end_ns(journal) / NS_PER_S:.1f} s"
    )


class UnreadableError(InputError):
    """A file that is there, but is not read: what it holds is not known."""


def read(path: Path) -> Journal:
    """All records up to the first that is torn or damaged.

    Raises:
        UnreadableError: The computer does not read the file.
        InputError: The file cannot be a journal.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}; name a ledger journal") from error
    _check_magic(path, content)
    records: list[Record] = []
    place, check = len(MAGIC), 0
    while (found := decoded(content, place, check)) is not None:
        record, place, check = found
        records.append(record)
    place = min(place, len(content))
    return Journal(
        records=tuple(records),
        valid_bytes=place,
        dropped_bytes=len(content) - place,
        check=check,
        broken_within=_goes_on(content, place),
    )


def _goes_on(content: bytes, place: int) -> bool:
    """Whether more stands after a damaged place than a write that was torn leaves: a whole record, or very much."""
    if len(content) - place > TORN_MAX_BYTES:
        return True
    starts = range(place + CHECK_BYTES, len(content))
    return any(decoded(content, start, check_before(content, start)) is not None for start in starts)


def _check_magic(path: Path, content: bytes) -> None:
    if content[: len(_STEM)] != _STEM[: len(content)]:
        raise InputError(f"{path}: no ledger journal (it does not begin with {_STEM.decode()})")
    number, end = content[len(_STEM) : len(MAGIC) - 1], content[len(MAGIC) - 1 : len(MAGIC)]
    if end and end != b"\n":
        raise InputError(f"{path}: no ledger journal (no format number after {_STEM.decode()})")
    if number:
        Kept.JOURNAL.check(path, int(number) if number.isdigit() else number.decode(errors="replace"))


def end_ns(journal: Journal) -> int:
    """The vehicle's time of the newest stroke [ns]; 0 before the first."""
    return next((row.t_ns for row in reversed(journal.records) if isinstance(row, LedgerStroke)), 0)


def bearing(journal: Journal) -> list[LedgerStroke]:
    """Strokes whose swept ground no record took back: where their place was wrong, nobody knows what they swept."""
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


def rebuilt(journal: Journal) -> LedgerState:
    """The masks: the records one after another, as the tick came to them."""
    header = journal.header
    if header is None:
        return LedgerState()
    state, own = LedgerState(), set[raster.Key]()
    for record in journal.records:
        if isinstance(record, LedgerStroke):
            state = strokes.apply(state, record, header.cell_m, own)
            state = msgspec.structs.replace(state, stroke=record)
        elif isinstance(record, Revoke):
            state = withdrawal.done(withdrawal.begun(state, record), header.cell_m)
        elif isinstance(record, Confirm):
            state = withdrawal.confirmed(state, record)
    return msgspec.structs.replace(state, act_count=journal.act_count)
