"""A journal of an older format is converted once, when it is continued: same records, checks of the present format.

The old file stays beside it unchanged, as `ledger.journal.format4`, and the new file names its hash. A journal of
format 5 is continued as it is: its checks are those of the present format, which only adds packed records.
"""

import fcntl
import hashlib
import os
from pathlib import Path
from typing import Final

from vehicle.contracts.errors import InputError
from vehicle.host.atomic_file import write_whole
from vehicle.records.journal_file import MAGIC, opened, read
from vehicle.records.records import CHAINED_SINCE, Header, Note, encoded, first_check

KIND: Final = "carried_over"
FOREIGN: Final = "this journal is of another site, plan or grid; name a new file"


def carry_over(path: Path, header: Header) -> None:
    """Convert an older journal; do nothing if it has the present format or does not exist.

    Raises:
        InputError: The file is no journal, has another header, or is being written by another program.
        OSError: The disk refuses to write.
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
        if os.fstat(file).st_size > 0 and opened(path)[1] < CHAINED_SINCE:
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
    """Return the records, and a note that names the file they come from."""
    if not records:
        return MAGIC
    digest = hashlib.blake2b(content, digest_size=32).hexdigest()
    note = Note(kind=KIND, text=f"from format {number}, {len(content)} bytes, BLAKE2b {digest}, kept as {name}", utc="")
    parts, check = [MAGIC], first_check()
    for record in (*records, note):
        frame, check = encoded(record, check)  # type: ignore[arg-type]
        parts.append(frame)
    return b"".join(parts)
