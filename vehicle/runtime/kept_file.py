"""A small file beside the keys, whose content survives a restart: read once at a start, written where it changed."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from vehicle.host.atomic_file import write_whole
from vehicle.host.clock import Clock

T = TypeVar("T")
_ONE_WRITER = threading.Lock()
"""Only one write at a time: the last write at the end of the program waits for one that is still running."""


def read(path: Path, size_max: int, restored: Callable[[bytes | None], T]) -> tuple[T | None, str]:
    """Return what the file holds and ""; where it cannot be read, None and why.

    `restored` makes it of the content, at most `size_max` bytes, or of None where there is no file; it raises
    ValueError where the content cannot be.
    """
    try:
        with path.open("rb") as file:
            return restored(file.read(size_max)), ""
    except FileNotFoundError:
        return restored(None), ""
    except (OSError, ValueError) as refusal:
        why = refusal.strerror if isinstance(refusal, OSError) and refusal.strerror else str(refusal)
        return None, why.lower()


async def keep(
    path: Path,
    clock: Clock,
    now: Callable[[], T | None],
    encode: Callable[[T], bytes],
    *,
    on_disk: T | None,
    worth: Callable[[T, T | None], bool],
    period_ns: int,
    forgets: str,
    tell: Callable[[str], None],
) -> None:
    """Write what is worth it until cancelled, and what changed once at the end; a thread does it, so no tick waits.

    `now` gives what is to be kept, None for nothing yet; `on_disk` is what the file holds. `worth` compares the two. A
    disk that refuses is told once, until it takes a file again: a restart would forget `forgets`.
    """
    told = False
    try:
        while True:
            kept = now()
            if kept is not None and worth(kept, on_disk):
                try:
                    await asyncio.to_thread(_write, path, encode(kept))
                    on_disk, told = kept, False
                except OSError as refusal:
                    if not told:
                        why = (refusal.strerror or str(refusal)).lower()
                        tell(f"{path}: {why}; a restart would forget {forgets}")
                    told = True
            await clock.sleep_until_ns(clock.now_ns() + period_ns)
    finally:
        kept = now()
        if kept is not None and kept != on_disk:
            with contextlib.suppress(OSError):
                _write(path, encode(kept))


def _write(path: Path, content: bytes) -> None:
    """Replace the whole file. Raises OSError."""
    with _ONE_WRITER:
        write_whole(path, content)
