"""Reads a journal file up to its last valid record, and reports what the rest may hold."""

import contextlib
import mmap
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.ledger_types import JobMark, LedgerStroke
from vehicle.control.state import LedgerState
from vehicle.records.records import (
    CHAINED_SINCE,
    CHECK_BYTES,
    CRC_BYTES,
    KIND_STROKE,
    PACKED_SINCE,
    Bytes,
    Confirm,
    Found,
    Header,
    Observed,
    Record,
    Revoke,
    block_at,
    check_before,
    claimed_at,
    decoded,
    first_check,
    found_at,
    packed_at,
)
from vehicle.records.stroke_table import decoded_table

_STEM: Final = b"FLAILJ"
HEAD_BYTES: Final = 16
MAGIC: Final = _STEM + f"{Kept.JOURNAL.number}\n".encode()
TORN_MAX_BYTES: Final = 1 << 17
"""Length of two of the longest records; less than this waits for the disk at any time."""
CHUNK: Final = 4_096
"""Strokes decoded together."""
LET_GO_BYTES: Final = 1 << 22
"""A mapped file that is read through once holds no more of the memory than this."""
_WITHDRAWS: Final = b'"type":"revoke"'


class Lost(msgspec.Struct, frozen=True):
    """The first invalid record of a journal: its number, from 1, and its first byte.

    `whole`: the record is complete. `bytes`: length from there to the end of the file.
    """

    record: int
    place: int
    bytes: int
    whole: bool
    within: bool

    @property
    def text(self) -> str:
        """Return in words what is invalid, where, and how many bytes."""
        what = "does not fit the one before it: changed, taken out or put in" if self.whole else "is torn"
        return (
            f"record {self.record:,}, at byte {self.place:,}, {what}; {self.bytes:,} bytes from there count for nothing"
        )


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """Content of a journal. `dropped_bytes` after `valid_bytes` are torn or damaged and do not count.

    `broken_within`: these bytes are more than a torn end: they hold whole records, or a withdrawal may be among them.
    `check`: of the newest record, which covers all records before it. `lost`: the first invalid record. `count`: valid
    records, `fresh` of them after the snapshot. `masks`: the sum of all records; if it is set, `records` holds only the
    records that are no strokes, and the stroke before each.
    """

    records: tuple[Record, ...]
    valid_bytes: int
    dropped_bytes: int
    check: int
    broken_within: bool = False
    format: int = Kept.JOURNAL.number
    lost: Lost | None = None
    count: int = 0
    fresh: int = 0
    masks: LedgerState | None = None

    @property
    def header(self) -> Header | None:
        """The first record, None in an empty journal."""
        first = self.records[0] if self.records else None
        return first if isinstance(first, Header) else None

    @property
    def job(self) -> JobMark | None:
        """Position in the newest job."""
        return next((record for record in reversed(self.records) if isinstance(record, JobMark)), None)

    @property
    def plan_hash(self) -> str:
        """Hash of the newest plan that was worked; "" before the first."""
        job, header = self.job, self.header
        return job.plan_hash if job is not None else header.plan_hash if header is not None else ""

    @property
    def site_hash(self) -> str:
        """Hash of the newest plan's site."""
        job, header = self.job, self.header
        return job.site_hash if job is not None else header.site_hash if header is not None else ""

    @property
    def act_count(self) -> int:
        """Number of withdrawals, confirmations and observations."""
        return sum(is_act(record) for record in self.records)

    @property
    def stroke_count(self) -> int:
        """Number of the newest stroke; 0 before the first."""
        return max((record.number for record in self.records if isinstance(record, LedgerStroke)), default=0)

    @property
    def seal(self) -> str:
        """The newest check in hex: with a written copy of it, any change of an earlier record can be detected."""
        return self.check.to_bytes(CHECK_BYTES, "little").hex()


def is_act(record: Record) -> bool:
    """Whether a record is a withdrawal, a confirmation or an observation."""
    return isinstance(record, Revoke | Confirm | Observed)


class UnreadableError(InputError):
    """The file exists but cannot be read, so its content is unknown."""


class LaterFormatError(InputError):
    """A later program wrote the file: what it holds is a record, and this program cannot read it."""


class Scanner:
    """Reads records while each fits the one before; `place` and `check` are those after the newest record."""

    def __init__(self, content: Bytes, number: int, place: int = len(MAGIC), check: bytes | None = None) -> None:
        self.content, self.format = content, number
        self.size, self._packs = _size(number), number >= PACKED_SINCE
        self.place = min(place, len(content))
        self.check = first_check(self.size) if check is None else check
        self.count, self._let_go = 0, self.place

    def found(self) -> Iterator[Found]:
        """Yield the bytes of each valid record; strokes of a packed record one by one."""
        while rows := self._next():
            for row in rows:
                yield row
                self.place, self.check = row.end, row.check
                self.count += 1
            if self.place - self._let_go > LET_GO_BYTES:
                self._let_go = self.place
                let_go(self.content, self.place)

    def _next(self) -> Sequence[Found]:
        """Return the record at `place`, or the strokes of the packed record there; nothing if it is not valid."""
        if (found := found_at(self.content, self.place, self.check)) is not None:
            return (found,)
        return block_at(self.content, self.place, self.check) if self._packs else ()

    def records(self) -> Iterator[Record]:
        """Yield each record; a record whose check fits but that cannot be decoded ends them, like a damaged one."""
        waiting: list[Found] = []
        for found in self.found():
            if found.kind == KIND_STROKE:
                waiting.append(found)
                if len(waiting) < CHUNK:
                    continue
            yield from self._strokes(waiting)
            waiting = []
            if found.kind != KIND_STROKE:
                try:
                    record = decoded(found.kind, found.payload)
                except ValueError:
                    return
                yield record
        yield from self._strokes(waiting)

    def _strokes(self, waiting: list[Found]) -> list[LedgerStroke]:
        return decoded_table([found.payload for found in waiting]).strokes() if waiting else []

    def lost(self, before: int = 0) -> Lost | None:
        """Return the first invalid record; `before`: number of records before the first one scanned."""
        left = len(self.content) - self.place
        if left == 0:
            return None
        claimed = claimed_at(self.content, self.place, self.size)
        in_block = self._packs and packed_at(self.content, self.place)  # written whole, so no torn write
        within = in_block or self._goes_on() or self._may_withdraw(claimed)
        whole = within or claimed is not None
        return Lost(record=before + self.count + 1, place=self.place, bytes=left, whole=whole, within=within)

    def _goes_on(self) -> bool:
        """Whether more follows a damaged place than a torn write leaves: a whole record, or very many bytes."""
        content, size = self.content, self.size
        if len(content) - self.place > TORN_MAX_BYTES:
            return True
        starts = range(self.place + size, len(content))
        if any(found_at(content, start, check_before(content, start, size)) is not None for start in starts):
            return True
        return self._packs and any(block_at(content, start, check_before(content, start, size)) for start in starts)

    def _may_withdraw(self, claimed: tuple[int, int] | None) -> bool:
        """Whether a withdrawal is or may be in the tail; without it, withdrawn ground would count again.

        A single changed stroke may be dropped: this loses no more than a torn write.
        """
        tail = self.content[self.place :]
        if _WITHDRAWS in tail:
            return True
        if claimed is None:
            return False
        kind, end = claimed
        more = bytes(self.content[end:]).strip(b"\0")  # a power cut leaves zeros after the torn record
        return bool(more) or kind != KIND_STROKE or b"{" in tail[:8]


def opened(path: Path) -> tuple[Bytes, int]:
    """Return the file's content, memory-mapped and not copied, and its format.

    Raises:
        UnreadableError: The file exists and cannot be read.
        InputError: The file is no journal.
    """
    try:
        with path.open("rb") as file:
            try:
                content: Bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError:  # an empty file cannot be mapped
                content = b""
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}; name a ledger journal") from error
    number = _format(path, content)
    other = CRC_BYTES if _size(number) == CHECK_BYTES else CHECK_BYTES
    if _begins(content, other) and not _begins(content, _size(number)):
        raise InputError(
            f"{path}: byte {len(_STEM)} says format {number}, but its records have another: it was changed; copy the "
            "journal again from the vehicle"
        )
    return content, number


def let_go(content: Bytes, end: int) -> None:
    """Give back the memory of a mapped file up to a byte; it is read from the disk again where it is needed again."""
    if isinstance(content, mmap.mmap) and hasattr(content, "madvise") and end >= mmap.PAGESIZE:
        content.madvise(mmap.MADV_DONTNEED, 0, end - end % mmap.PAGESIZE)


def _size(number: int) -> int:
    """Size of a check in a format [bytes]."""
    return CHECK_BYTES if number >= CHAINED_SINCE else CRC_BYTES


def _begins(content: Bytes, size: int) -> bool:
    return found_at(content, len(MAGIC), first_check(size)) is not None


def read(path: Path) -> Journal:
    """Read all records up to the first that is torn or damaged.

    Raises:
        UnreadableError: The file exists and cannot be read.
        InputError: The file is no journal.
    """
    content, number = opened(path)
    scanner = Scanner(content, number)
    with told(path):
        return journal_of(scanner, tuple(scanner.records()))


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Check that the strokes can be decoded; this program never writes undecodable strokes with a valid check.

    Raises:
        InputError: A stroke has a valid check and cannot be decoded.
    """
    try:
        yield
    except ValueError as error:
        raise InputError(
            f"{path}: a stroke cannot be decoded ({error}), no program of ours wrote it; copy the journal again"
        ) from None


def journal_of(scanner: Scanner, records: tuple[Record, ...], before: int = 0) -> Journal:
    """Return the journal that a finished scanner found; `before`: number of records that it skipped."""
    lost = scanner.lost(before)
    return Journal(
        records=records,
        valid_bytes=scanner.place,
        dropped_bytes=len(scanner.content) - scanner.place,
        check=int.from_bytes(scanner.check, "little"),
        broken_within=lost is not None and lost.within,
        format=scanner.format,
        lost=lost,
        count=before + scanner.count,
        fresh=scanner.count,
    )


def header_in(path: Path) -> Header | None:
    """Read the header alone; None if there is none.

    Raises:
        UnreadableError: The file exists and cannot be read.
        InputError: The file is no journal.
    """
    content, number = opened(path)
    first = next(Scanner(content, number).records(), None)
    return first if isinstance(first, Header) else None


def refuse_later_format(path: Path) -> None:
    """Look at the beginning of a file alone.

    Raises:
        LaterFormatError: A later program wrote it.
    """
    with contextlib.suppress(OSError), path.open("rb") as file:
        _refuse_later(path, file.read(HEAD_BYTES))


def _refuse_later(path: Path, head: bytes) -> None:
    found = re.match(rb"%s([0-9]+)\n" % _STEM, head)
    number = int(found[1]) if found else 0
    if number > Kept.JOURNAL.number:
        raise LaterFormatError(f"{path}: {Kept.JOURNAL.refusal(number)}")


def _format(path: Path, content: Bytes) -> int:
    _refuse_later(path, bytes(content[:HEAD_BYTES]))
    start = content[: len(MAGIC)]
    if start[: len(_STEM)] != _STEM[: len(start)]:
        raise InputError(f"{path}: no ledger journal (it does not begin with {_STEM.decode()}); name a ledger.journal")
    number, end = start[len(_STEM) : len(MAGIC) - 1], start[len(MAGIC) - 1 :]
    if end and end != b"\n":
        raise InputError(f"{path}: no ledger journal (no format number after {_STEM.decode()}); name a ledger.journal")
    if number:
        Kept.JOURNAL.check(path, int(number) if number.isdigit() else number.decode(errors="replace"))
    return int(number) if number.isdigit() else Kept.JOURNAL.number
