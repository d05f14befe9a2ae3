"""Child processes of a command: they end with it, however it ends. Ctrl-C in a terminal reaches only the command."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Final

END_S: Final = 5.0
"""A process that does not end within this time is killed."""


@contextlib.asynccontextmanager
async def child(module: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `python -m module arguments` with stdout as a pipe; its stdin closes when this block or this process ends."""
    pipe = asyncio.subprocess.PIPE
    # its own session: Ctrl-C in the terminal goes only to the foreground
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
