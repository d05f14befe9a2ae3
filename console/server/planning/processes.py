"""The server's side of the worker processes: one for reading, and one for each plan, which can be ended."""

import asyncio
import contextlib
import sys
from collections.abc import Callable
from typing import Any, Final

import msgspec

from vehicle.contracts.errors import InputError

WORKER: Final = (sys.executable, "-m", "console.server.planning.worker")
LINE_MAX: Final = 64 * 2**20
"""Largest line of a worker: a plan of a large field has megabytes."""
DIED: Final = "the program ended while working on this; try again"

Progress = Callable[[float, str], None]


def _nobody(_: float, __: str) -> None:
    """Ignore progress."""


class Told(msgspec.Struct, frozen=True):
    """A worker's line about request `n`: progress or the result; `done` is passed on unchanged."""

    n: int = 0
    progress: float | None = None
    text: str = ""
    done: msgspec.Raw = msgspec.Raw()
    error: str | None = None


class Worker:
    """One process for requests one after another; started with the first request, and again after it has died."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._question = 0

    async def ask(self, op: str, asked: dict[str, Any], progress: Progress = _nobody) -> bytes:
        """Send a request and return the answer as JSON.

        If this ends without the answer to this request, the process is ended too, so that no late answer meets the next
        request.

        Raises:
            InputError: One sentence for the user.
        """
        async with self._turn:
            self._question += 1
            try:
                line = msgspec.json.encode({"op": op, "n": self._question, **asked}) + b"\n"
                told = await self._asked(line, progress)
            except (ValueError, OSError):  # a line without end, or not from our worker
                await self.end()
                raise InputError(DIED) from None
            except BaseException:
                await self.end()
                raise
        if told.error is not None:
            raise InputError(told.error)
        return bytes(told.done)

    async def _asked(self, line: bytes, progress: Progress) -> Told:
        process = await self._alive()
        assert process.stdin is not None, "a pipe"
        process.stdin.write(line)
        with contextlib.suppress(ConnectionError):
            await process.stdin.drain()
        return await self._answer(process, progress)

    async def _alive(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is not None:
            await self.end()  # the process died
        if self._process is None:
            pipe = asyncio.subprocess.PIPE
            self._process = await asyncio.create_subprocess_exec(*WORKER, stdin=pipe, stdout=pipe, limit=LINE_MAX)
        return self._process

    async def _answer(self, process: asyncio.subprocess.Process, progress: Progress) -> Told:
        assert process.stdout is not None, "a pipe"
        while line := await process.stdout.readline():
            told = msgspec.json.decode(line, type=Told)
            if told.n != self._question:
                raise ValueError("an answer to another request")
            if told.progress is None:
                return told
            progress(told.progress, told.text)
        raise ValueError("it ended")

    async def end(self) -> None:
        """End the process at once."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.communicate()
