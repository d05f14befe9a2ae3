"""Processes beside a command: they end with it, however it ends. Ctrl-C of a terminal reaches the command alone."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Final

END_S: Final = 5.0
"""Who does not end by itself within so long is ended."""


@contextlib.asynccontextmanager
async def child(module: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m module arguments`, with stdout as a pipe; its stdin ends when this block or this process does."""
    pipe = asyncio.subprocess.PIPE
    # a session of its own: a Ctrl-C at the terminal goes to the foreground alone
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdin=pipe, stdout=pipe, start_new_session=True
    )
    try:
        yield started
    finally:
        assert started.stdin is not None
        started.stdin.close()
        try:
            async with asyncio.timeout(END_S):
                await started.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                started.kill()
            await started.wait()
