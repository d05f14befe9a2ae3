"""Waiting in tests that talk to real devices and processes: for a condition, never for a while."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.firmware_bridge.controller_bench import CONTROLLER, HASH, build
from vehicle.host.clock import SystemClock

CLOCK = SystemClock()
PATIENCE_S = 120.0


async def until(condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Return as soon as it holds; fail where it does not come."""
    deadline_ns = CLOCK.now_ns() + int(patience_s * 1e9)
    while not condition():
        if CLOCK.now_ns() > deadline_ns:
            raise AssertionError("what was waited for did not come")
        await CLOCK.sleep_until_ns(CLOCK.now_ns() + 1_000_000)


async def pause_ms(ms: float) -> None:
    await CLOCK.sleep_until_ns(CLOCK.now_ns() + int(ms * 1e6))


class ControllerProcess:
    """The C controller as a process of its own, behind a pty; ideal machine."""

    def __init__(
        self, config_hash: bytes = HASH, boot_count: int = 1, link: Path | None = None, plant: bool = False
    ) -> None:
        build()
        program = str(CONTROLLER / "build" / "flail_controller")
        self.process = subprocess.Popen(
            [program, "pty", config_hash.hex(), str(boot_count), *(["plant"] if plant else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.path = self.process.stdout.readline().split()[1]
        if link is not None:
            link.unlink(missing_ok=True)
            link.symlink_to(self.path)
            self.path = str(link)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.stdout.close()


def run(main: Callable[[], object]) -> None:
    """On a loop whose timers are not rounded to milliseconds."""
    import selectors  # noqa: PLC0415

    factory = lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())  # noqa: E731
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())  # type: ignore[arg-type]
