"""Large files that are on the disk completely or not at all, written piece by piece (`vehicle/host/atomic_file.py`)."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from vehicle.host.atomic_file import sync_folder


@contextlib.contextmanager
def replacing(path: Path, look: Callable[[Path], None] | None = None) -> Iterator[BinaryIO]:
    """Yield the file that takes the place of another once it is whole and on the disk.

    `look` reads it again before that, and raises OSError if it does not hold what it should.

    Raises:
        OSError: It could not be written; what was there before still is.
    """
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)  # of a write that a crash ended
    try:
        with fresh.open("xb") as file:
            if path.exists():
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
