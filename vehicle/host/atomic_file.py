"""Files that are on the disk completely or not at all, whenever the power fails."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Replace a file; back when it is on the disk. `mode` as for a new file, less the umask.

    Raises:
        OSError: It is not; what was there before still is.
    """
    with replacing(path, mode) as file:
        file.write(content)


@contextlib.contextmanager
def replacing(path: Path, mode: int | None = None, look: Callable[[Path], None] | None = None) -> Iterator[BinaryIO]:
    """Yield the file that takes the place of another once it is whole and on the disk.

    `mode`: as for a new file, less the umask; None keeps that of the file that is there. `look` reads the new file
    first, and raises OSError if it does not hold what it should.

    Raises:
        OSError: It could not be written; what was there before still is.
    """
    fresh, new = path.with_name(f"{path.name}.new"), 0o666 if mode is None else mode
    fresh.unlink(missing_ok=True)  # of a write that a crash ended; its mode may be another
    try:
        with open(fresh, "xb", opener=lambda name, flags: os.open(name, flags, new)) as file:  # its mode
            if mode is None and path.exists():
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
            yield file
            file.flush()
            os.fsync(file.fileno())
        if look is not None:
            look(fresh)
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk: those of new files, and of renamed ones. Raises OSError."""
    if os.name != "posix":  # there a folder cannot be opened
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
