"""What is kept beside the keys at the end of the program: the newest, whatever is still being written."""

import asyncio
import contextlib
import threading
from pathlib import Path

import pytest

from tests.runtime.support import JumpingClock
from vehicle.host.atomic_file import write_whole
from vehicle.runtime import kept_file


def test_the_last_write_waits_for_one_that_is_under_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two at a time take each other's new file away, and the older content may be the one that stays."""
    path, held = tmp_path / "keys.place", ["trusted"]
    under_way, go = threading.Event(), threading.Event()
    alone: list[bool] = []

    def slow(where: Path, content: bytes) -> None:
        alone.append(kept_file._ONE_WRITER.locked())
        under_way.set()
        assert go.wait(10.0)
        write_whole(where, content)

    def now() -> str:
        if under_way.is_set():  # asked at the end, before the last write
            go.set()
        return held[0]

    async def main() -> None:
        keeping = kept_file.keep(
            path,
            JumpingClock(),
            now,
            str.encode,
            on_disk=None,
            worth=lambda new, old: new != old,
            period_ns=1,
            forgets="the place",
            tell=pytest.fail,
        )
        task = asyncio.create_task(keeping)
        await asyncio.to_thread(under_way.wait, 10.0)
        held[0] = "doubted"
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    monkeypatch.setattr(kept_file, "write_whole", slow)
    asyncio.run(main())
    assert path.read_text() == "doubted"
    assert alone == [True, True]
