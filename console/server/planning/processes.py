"""Worker processes seen from the server's loop: one that reads, and one for each plan that can be ended."""

import asyncio
import contextlib
import sys
from collections.abc import Callable
from typing import Any, Final

import msgspec

from vehicle.contracts.errors import InputError

WORKER: Final = (sys.executable, "-m", "console.server.planning.worker")
LINE_MAX: Final = 64 * 2**20
"""A plan of a large field has megabytes."""
DIED: Final = "the program ended while working on this; try again"

Progress = Callable[[float, str], None]


def _nobody(_: float, __: str) -> None:
    """Who shows no progress."""


class Told(msgspec.Struct, frozen=True):
    """A line of a worker: progress, or the end; `done` is passed on as it is."""

    progress: float | None = None
    text: str = ""
    done: msgspec.Raw = msgspec.Raw()
    error: str | None = None


class Worker:
    """One process; requests one after another. It is started with the first and again after it died."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def ask(self, op: str, asked: dict[str, Any], progress: Progress = _nobody) -> bytes:
        """The answer as JSON. Cancelled, it ends the process: nothing of the answer may meet the next question.

        Raises:
            InputError: one sentence for the user.
        """
        async with self._turn:
            try:
                return await self._asked(msgspec.json.encode({"op": op, **asked}) + b"\n", progress)
            except asyncio.CancelledError:
                await self.end()
                raise

    async def _asked(self, line: bytes, progress: Progress) -> bytes:
        process = await self._alive()
        assert process.stdin is not None, "a pipe"
        process.stdin.write(line)
        with contextlib.suppress(ConnectionError):
            await process.stdin.drain()
        return await self._answer(process, progress)

    async def _alive(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is not None:
            await self.end()  # it died
        if self._process is None:
            pipe = asyncio.subprocess.PIPE
            self._process = await asyncio.create_subprocess_exec(*WORKER, stdin=pipe, stdout=pipe, limit=LINE_MAX)
        return self._process

    async def _answer(self, process: asyncio.subprocess.Process, progress: Progress) -> bytes:
        assert process.stdout is not None, "a pipe"
        while line := await process.stdout.readline():
            told = msgspec.json.decode(line, type=Told)
            if told.progress is not None:
                progress(told.progress, told.text)
            elif told.done:
                return bytes(told.done)
            else:
                raise InputError(told.error or DIED)
        await process.wait()
        raise InputError(DIED)

    async def end(self) -> None:
        """End the process, whatever it does."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.communicate()
