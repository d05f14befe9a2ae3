"""Packs the strokes of older sessions in a journal's file; every record, every check and the seal stay the same.

The file is written anew beside the old one, from the last packed record on: what was packed before is copied. It is
read again and compared record by record with the old file, flushed, and renamed over it. A death at any moment leaves
the old file or the new one. A journal that is not valid to its end is not packed.
"""

import contextlib
import fcntl
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept
from vehicle.host.atomic_file import replacing
from vehicle.records import snapshot
from vehicle.records.journal_file import LET_GO_BYTES, MAGIC, Journal, Scanner, let_go, opened
from vehicle.records.records import (
    CHAINED_SINCE,
    CHECK_BYTES,
    STROKE_KINDS,
    Bytes,
    Found,
    block_of,
    check_before,
    claimed_at,
    first_check,
    frame_of,
    packed_at,
)
from vehicle.records.stroke_block import CONTENT_MAX, STROKES_MAX

WORTH_STROKES: Final = 50_000
"""Unpacked strokes of older sessions that a start packs: 5 km of driving, 3 MB, less than a second."""
PIECE_BYTES: Final = 1 << 20


def older_packed(path: Path, found: Journal, worth: int = WORTH_STROKES) -> tuple[Journal, str]:
    """Pack a journal that was read and is about to be continued, if `worth` strokes are not packed yet.

    Return what the file holds now, and a line to tell; the line is "" where there was nothing to do. A disk that
    refuses leaves the journal as it was: packed or not, it is the same record.

    Raises:
        InputError: Another program writes the journal, or it was changed since it was read.
    """
    if _why_not(found):
        return found, ""
    try:
        if unpacked_in(path)[1] < worth:
            return found, ""
        return packed(path, found)
    except OSError as refusal:
        return found, f"{path}: was not packed: {(refusal.strerror or str(refusal)).lower()}"


def packed(path: Path, found: Journal) -> tuple[Journal, str]:
    """Pack all strokes of a journal that was read and that no program writes, and write its snapshot if it was summed.

    Return what the file holds now, and a line to tell.

    Raises:
        InputError: Another program writes it, it was changed since it was read, or it is not valid to its end.
        OSError: The disk refuses, or does not hold what was written; the old file is unchanged.
    """
    if why := _why_not(found):
        raise InputError(f"{path}: {why}")
    before = found.valid_bytes
    with _locked(path, found):
        start, strokes = unpacked_in(path)
        if not strokes:
            return found, f"{path}: all strokes are packed"
        after = _rewritten(path, start, found.check.to_bytes(CHECK_BYTES, "little"))
    found = msgspec.structs.replace(found, valid_bytes=after, format=Kept.JOURNAL.number)
    if found.masks is not None:
        with contextlib.suppress(OSError):  # without it the next start adds all strokes up
            snapshot.write(snapshot.beside(path), path, found)
    return found, (
        f"{path}: {strokes:,} strokes of older sessions are packed: {before / 1e6:,.1f} MB are {after / 1e6:,.1f} MB, "
        "every record and the seal are the same"
    )


def _rewritten(path: Path, start: int, check: bytes) -> int:
    """Replace the file by a packed one; return its size [bytes]. `start`: up to there it is packed."""
    content, number = opened(path)
    with replacing(path, look=lambda fresh: _compare(content, number, fresh, start, check)) as file:
        _write(file, content, number, start)
    return path.stat().st_size


def _why_not(found: Journal) -> str:
    """Return why a journal is not packed; "" if it can be."""
    if found.lost is not None:
        return f"{found.lost.text}; what is damaged is not packed: copy it again from the vehicle"
    if found.header is None:
        return "holds no record; name the journal of a run"
    if found.format < CHAINED_SINCE:
        return f"is of format {found.format}; it can be packed once a start has continued it"
    return ""


@contextlib.contextmanager
def _locked(path: Path, found: Journal) -> Iterator[None]:
    """Keep other programs from writing to the journal. Raises InputError if one does, or has written."""
    file = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise InputError(f"{path}: another program writes this journal; end that first") from None
    try:
        held = os.fstat(file)
        if held.st_ino != path.stat().st_ino or held.st_size != found.valid_bytes:
            raise InputError(f"{path}: another program wrote to it while it was read; end that program")
        yield
    finally:
        os.close(file)


def unpacked_in(path: Path) -> tuple[int, int]:
    """Return the place after the last packed record of a journal's file, and the number of strokes after it.

    Records are counted by their lengths; their checks are not tested. Raises OSError or InputError.
    """
    content, _ = opened(path)
    start = place = held = len(MAGIC)
    strokes = 0
    while (claimed := claimed_at(content, place, CHECK_BYTES)) is not None:
        if packed_at(content, place):
            start, strokes = claimed[1], 0
        strokes += claimed[0] in STROKE_KINDS
        place = claimed[1]
        if place - held > LET_GO_BYTES:
            held = place
            let_go(content, place)
    return start, strokes


def _scanner(content: Bytes, number: int, start: int) -> Scanner:
    check = first_check() if start == len(MAGIC) else check_before(content, start, CHECK_BYTES)
    return Scanner(content, number, start, check)


def _write(file: BinaryIO, content: Bytes, number: int, start: int) -> None:
    """Write the packed journal; its records before `start` are packed already."""
    file.write(MAGIC)
    for place in range(len(MAGIC), start, PIECE_BYTES):
        file.write(content[place : min(place + PIECE_BYTES, start)])
        let_go(content, place)
    for rows in _runs(_scanner(content, number, start)):
        frames = b"".join(frame_of(row) for row in rows)
        if rows[0].kind in STROKE_KINDS:
            block = block_of(rows)
            frames = block if len(block) < len(frames) else frames
        file.write(frames)


def _runs(scanner: Scanner) -> Iterator[list[Found]]:
    """Yield the records: consecutive strokes together, as many as a block holds, and every other record alone."""
    rows: list[Found] = []
    held = 0
    for row in scanner.found():
        stroke = row.kind in STROKE_KINDS
        if rows and (not stroke or len(rows) == STROKES_MAX or held + len(row.payload) > CONTENT_MAX):
            yield rows
            rows, held = [], 0
        if stroke:
            rows.append(row)
            held += len(row.payload)
        else:
            yield [row]
    if rows:
        yield rows


def _compare(content: Bytes, number: int, fresh: Path, start: int, check: bytes) -> None:
    """Raises OSError if a new file does not hold the records of an old one, to its end and to the same newest check."""
    if not _same(content, number, fresh, start, check):
        raise OSError(f"{fresh.name} does not hold what was written")


def _same(content: Bytes, number: int, fresh: Path, start: int, check: bytes) -> bool:
    again, fresh_number = opened(fresh)
    for place in range(len(MAGIC), start, PIECE_BYTES):
        end = min(place + PIECE_BYTES, start)
        if content[place:end] != again[place:end]:
            return False
        let_go(content, place)
        let_go(again, place)
    old, new = _scanner(content, number, start), _scanner(again, fresh_number, start)
    rows = itertools.zip_longest(old.found(), new.found())
    if any(a is None or b is None or (a.kind, a.payload, a.check) != (b.kind, b.payload, b.check) for a, b in rows):
        return False
    return new.place == len(again) and old.place == len(content) and old.check == new.check == check
