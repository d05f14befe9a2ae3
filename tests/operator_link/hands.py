"""Client programs as processes, one word a step; what each of them is and can."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.operator_link.mavproxy import MavProxy

FOLDER = Path(__file__).with_name("clients")
PATIENCE_S = 180.0


class Hand:
    """One running program of `clients/`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def do(self, step: str) -> Any:
        """Ask for a step, wait for its end: "ok", what it found, or what the client raised."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{step}\n".encode())
        async with asyncio.timeout(PATIENCE_S):
            while True:
                line = await self._process.stdout.readline()
                assert line, f"{step}: the client ended"
                if line.startswith(b"{"):  # some write their own log beside it
                    said, _ = json.JSONDecoder().raw_decode(line.decode())
                    assert said["step"] == step, said
                    return said["value"]


@contextlib.asynccontextmanager
async def program(name: str, *arguments: str, folder: Path) -> AsyncIterator[Hand]:
    """Start `clients/NAME`; end it by killing it."""
    path = FOLDER / name
    command = ["node", str(path)] if path.suffix == ".mjs" else [sys.executable, "-W", "ignore", str(path)]
    process = await asyncio.create_subprocess_exec(
        *command,
        *arguments,
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "MAVLINK20": "1"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Hand(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


class Proxy:
    """MAVProxy's command line as a `Hand`."""

    _SAYS = {  # noqa: RUF012 (a table)
        "neutral": "rc 1 1500\nrc 3 1500\nrc 8 1000",
        "button": "rc 8 1900",
        "push": "rc 3 1900",
        "arm": "arm throttle",
        "disarm": "disarm",
        "stop": "mode HOLD",
    }

    def __init__(self, process: MavProxy, folder: Path) -> None:
        self._process, self._folder = process, folder

    async def do(self, step: str) -> Any:
        """Type it in; what comes of it is seen at the vehicle."""
        if step == "connect":
            return await self._process.expect(r"Received \d+ parameters")
        if step == "upload":
            return await self._upload()
        self._process.say(self._SAYS[step])
        return "ok"

    async def _upload(self) -> int:
        plan = self._folder / "plan.waypoints"
        self._process.say("wp list")
        await self._process.expect(r"Requesting \d+ waypoints")
        self._process.say(f"wp save {plan}")
        await self._process.expect(r"Saved \d+ (waypoints|.*) to")
        self._process.say(f"wp load {plan}")
        await self._process.expect(r"(Flight plan received|Got MISSION_ACK.*|Loaded .*)")
        return len(plan.read_text(encoding="utf-8").splitlines()) - 1


class Mavctl:
    """mavctl's command line as a `Hand`; `said` is its last answer, whole."""

    _WORDS = {  # noqa: RUF012 (a table)
        "connect": "status",
        "arm": "arm --confirm",
        "disarm": "disarm --confirm",
        "start": "mission start --confirm",
        "stop": "mode HOLD --confirm --wait --timeout 120",
        "upload": "mission upload mission.json --confirm",
        "download": "mission download",
    }

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = ""

    async def do(self, step: str) -> Any:
        """One call: "ok" and what it printed, or the reason and the exit status."""
        status = await self.run(*self._WORDS[step].split(), "--json")
        if status == 0:
            return "ok"
        return [status, json.loads(self.said)["error"]]

    async def run(self, *words: str) -> int:
        """One call of the program; its exit status."""
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("mavctl")),
            *words,
            cwd=self.folder,
            env={**os.environ, "HOME": str(self.folder), "MAVCTL_HOME": str(self.folder / "m"), "MAVLINK20": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(PATIENCE_S):
            heard, _ = await process.communicate()
        self.said = heard.decode()
        assert process.returncode is not None
        return process.returncode


@contextlib.asynccontextmanager
async def mavctl(folder: Path, listening: int) -> AsyncIterator[Mavctl]:
    """Its daemon, listening on a UDP port of loopback; ended by its own command."""
    hand = Mavctl(folder)
    assert await hand.run("daemon", "start", "--connect", f"udp:127.0.0.1:{listening}") == 0, hand.said
    try:
        yield hand
    finally:
        await hand.run("daemon", "stop")
