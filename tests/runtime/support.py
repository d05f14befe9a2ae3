"""A vehicle's configuration file for the tests, a clock that jumps, and what real processes are judged by."""

import asyncio
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.drive_rig import write_config
from benchmarks.kill_trials import LIMIT_MS
from benchmarks.ports import free_port

JUDGED = [
    pytest.param(math.inf, id="order and state", marks=pytest.mark.slow),
    pytest.param(LIMIT_MS, id="milliseconds", marks=pytest.mark.trials),
]
"""Limits of one drill with real processes [ms]: in `make test-full` it stops at all, in `make trials` in time."""


def config_text(folder: Path) -> str:
    return write_config(folder, udp_port=free_port()).read_text()


def write(folder: Path, text: str) -> Path:
    path = folder / "drive.toml"
    path.write_text(text)
    return path


class JumpingClock:
    """Every wait ends at once, at its deadline; after `ends_ns` the waiting task is cancelled."""

    def __init__(self, ends_ns: int = 1 << 62, each: Callable[[int], None] = lambda _: None) -> None:
        self.t_ns, self._ends_ns, self._each = 0, ends_ns, each

    def now_ns(self) -> int:
        return self.t_ns

    async def sleep_until_ns(self, deadline_ns: int) -> None:
        self.t_ns = max(self.t_ns, deadline_ns)
        if self.t_ns > self._ends_ns:
            raise asyncio.CancelledError
        self._each(self.t_ns)
