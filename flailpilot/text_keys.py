"""Reads single keys from a terminal, on every system; the console itself needs no terminal."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

from vehicle.host.clock import SystemClock

LOOK_NS = 50_000_000
END = ("q", "Q", "\x03")
"""Keys that end a program in the terminal; the last is Ctrl-C, which arrives as a key."""


@contextlib.asynccontextmanager
async def keys() -> AsyncIterator["asyncio.Queue[str]"]:
    """Yield a queue of pressed keys, without echo; the terminal's mode is restored at the end."""
    queue: asyncio.Queue[str] = asyncio.Queue()
    async with _read(queue):
        yield queue


async def next_key(pressed: "asyncio.Queue[str]", within_ns: int) -> str:
    """Return the next key; "" if none is pressed within that time."""
    try:
        async with asyncio.timeout(within_ns / 1e9):
            return await pressed.get()
    except TimeoutError:
        return ""


if sys.platform == "win32":
    import msvcrt

    @contextlib.asynccontextmanager
    async def _read(queue: "asyncio.Queue[str]") -> AsyncIterator[None]:
        async def look() -> None:
            while True:
                while msvcrt.kbhit():
                    queue.put_nowait(msvcrt.getwch())
                await SystemClock().sleep_until_ns(SystemClock().now_ns() + LOOK_NS)

        task = asyncio.get_running_loop().create_task(look())
        try:
            yield
        finally:
            task.cancel()

else:
    import os
    import termios
    import tty

    @contextlib.asynccontextmanager
    async def _read(queue: "asyncio.Queue[str]") -> AsyncIterator[None]:
        terminal, loop = sys.stdin.fileno(), asyncio.get_running_loop()
        before = termios.tcgetattr(terminal)

        def read() -> None:
            pressed = os.read(terminal, 64)
            if not pressed:
                loop.remove_reader(terminal)
            for key in pressed.decode(errors="replace"):
                queue.put_nowait(key)

        tty.setcbreak(terminal)
        loop.add_reader(terminal, read)
        try:
            yield
        finally:
            loop.remove_reader(terminal)
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
