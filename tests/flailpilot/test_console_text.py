"""`flailpilot console --text` in a terminal: shows the state, SPACE stops what another console drives."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from console.client.protocol import Credentials
from console.server.settings import VehicleSettings
from tests.console.server.support import page, served
from tests.console.server.test_app import drive, reasons_of
from tests.operator_link.live_vehicle import PATIENCE_S, live_vehicle
from vehicle.operator_link.keystore import KeyStore

pytestmark = [pytest.mark.real, pytest.mark.long]
CONFIG = """
console = "Watcher"
keys = "watcher.json"
[[vehicles]]
name = "One"
host = "127.0.0.1"
port = {port}
"""


class Terminal:
    """What the program shows, as bytes."""

    def __init__(self, ours: int) -> None:
        self._ours, self.shown = ours, b""
        self._changed = asyncio.Event()
        asyncio.get_running_loop().add_reader(ours, self._read)

    def _read(self) -> None:
        try:
            self.shown += os.read(self._ours, 65_536)
        except OSError:  # the program ended
            asyncio.get_running_loop().remove_reader(self._ours)
        self._changed.set()

    def press(self, key: bytes) -> None:
        os.write(self._ours, key)

    async def until(self, words: bytes) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while words not in self.shown:
                self._changed.clear()
                await self._changed.wait()


@contextlib.asynccontextmanager
async def watcher(config: Path) -> AsyncIterator[Terminal]:
    """The program in a terminal of its own; Q ends it."""
    ours, theirs = os.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "flailpilot", "console", str(config), "--text",
        stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm", "COLUMNS": "110"},
    )  # fmt: skip
    os.close(theirs)
    try:
        terminal = Terminal(ours)
        yield terminal
        terminal.press(b"q")
        async with asyncio.timeout(PATIENCE_S):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        asyncio.get_running_loop().remove_reader(ours)
        os.close(ours)


def test_space_stops_what_another_console_drives(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys.json")
    machine_id = ""
    held = []
    for name, number in (("driver", 250), ("watcher", 251)):
        key = store.create(name, number)
        machine_id = store.load().machine_id
        held.append(Credentials(system_id=number, secret=key.secret, machine_id=machine_id, name=name))
    (tmp_path / "watcher.json").write_bytes(msgspec.json.encode(held[1]))

    async def main() -> None:
        async with live_vehicle(store.path) as live:
            vehicle = VehicleSettings(id="one", name="One", host="127.0.0.1", port=live.port, credentials=held[0])
            (tmp_path / "console.toml").write_text(CONFIG.format(port=live.port))
            async with watcher(tmp_path / "console.toml") as terminal:
                await terminal.until(b"DISARMED")
                async with served((vehicle,), tmp_path / "state") as (_, address), page(address) as one:
                    await live.until(lambda: live.vehicle.state.estimate.ready)
                    seen = reasons_of(live)
                    await drive(one)
                    terminal.press(b" ")
                    # on a busy computer the link of the other console may be lost at this very moment
                    await live.until(lambda: bool(seen & {"operator_stop", "link_lost"}))
                    await terminal.until(b"STOP sent")

    asyncio.run(main())


def test_without_a_terminal_one_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "watcher.json").write_bytes(msgspec.json.encode(Credentials(system_id=251)))
    (tmp_path / "console.toml").write_text(CONFIG.format(port=14555))

    async def main() -> tuple[int | None, bytes]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "flailpilot", "console", str(tmp_path / "console.toml"), "--text",
            stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, told = await process.communicate()
        return process.returncode, told

    status, told = asyncio.run(main())
    assert status == 2
    assert told.startswith(b"flailpilot: --text: takes STOP from a keyboard")
    assert told.count(b"\n") == 1
