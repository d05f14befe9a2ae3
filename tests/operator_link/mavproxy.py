"""MAVProxy as a real process, driven through its standard input, watched through its output."""

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

MAVPROXY = Path(sys.executable).with_name("mavproxy.py")


class MavProxy:
    """One running MAVProxy; what was expected once is consumed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.heard = ""
        self._from = 0

    def say(self, *commands: str) -> None:
        assert self._process.stdin is not None
        self._from = len(self.heard)
        self._process.stdin.write("".join(f"{command}\n" for command in commands).encode())

    async def expect(self, pattern: str, timeout_s: float = 120.0) -> str:
        """Wait for a line of output since the last command."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    found = re.search(pattern, self.heard[self._from :])
                    if found is not None:
                        return found[0]
                    chunk = await self._process.stdout.read(4096)
                    if not chunk:
                        raise AssertionError(f"MAVProxy ended before {pattern!r}:\n{self.heard[-3000:]}")
                    self.heard += chunk.decode("utf-8", "replace")
        except TimeoutError:
            raise AssertionError(f"no {pattern!r} within {timeout_s} s; MAVProxy said:\n{self.heard[-3000:]}") from None


@contextlib.asynccontextmanager
async def mavproxy(port: int, folder: Path, *arguments: str, master: str = "") -> AsyncIterator[MavProxy]:
    """Start it towards a UDP port on loopback, or towards `master`; end it by closing its input."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "ignore",
        str(MAVPROXY),
        f"--master={master or f'udpout:127.0.0.1:{port}'}",
        "--default-modules=signing,log,wp,rally,fence,ftp,param,arm,mode,rc,link,misc,cmdlong,messagerate,system_time,timesync",
        "--retries=1",
        *arguments,
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield MavProxy(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
