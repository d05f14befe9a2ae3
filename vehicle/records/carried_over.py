"""A journal of an older format is carried over once, when it is written on: the same records under checks of today.

The old file stays beside it as it was, `ledger.journal.format4`, and the new one names its hash.
"""

import fcntl
import hashlib
import os
from pathlib import Path
from typing import Final

from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept
from vehicle.host.atomic_file import write_whole
from vehicle.records.journal_file import MAGIC, opened, read
from vehicle.records.records import Header, Note, encoded, first_check

KIND: Final = "carried_over"
FOREIGN: Final = "this journal is of another site, plan or grid; name a new file"


def carry_over(path: Path, header: Header) -> None:
    """Does nothing to a journal of today's format, and to none at all.

    Raises:
        InputError: It is no journal, of another header, or another program writes it.
        OSError: The disk refuses.
    """
    try:
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(f"{path}: another program writes this journal; end that first") from None
        if os.fstat(file).st_size > 0 and opened(path)[1] < Kept.JOURNAL.number:
            found = read(path)
            if found.header is not None and found.header != header:
                raise InputError(f"{path}: {FOREIGN}")
            old = path.with_name(f"{path.name}.format{found.format}")
            content = path.read_bytes()
            write_whole(old, content)
            write_whole(path, _again(found.records, found.format, old.name, content))
    finally:
        os.close(file)


def _again(records: tuple[object, ...], number: int, name: str, content: bytes) -> bytes:
    """The records, and where they come from."""
    if not records:
        return MAGIC
    digest = hashlib.blake2b(content, digest_size=32).hexdigest()
    note = Note(kind=KIND, text=f"from format {number}, {len(content)} bytes, BLAKE2b {digest}, kept as {name}", utc="")
    parts, check = [MAGIC], first_check()
    for record in (*records, note):
        frame, check = encoded(record, check)  # type: ignore[arg-type]
        parts.append(frame)
    return b"".join(parts)
