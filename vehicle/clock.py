"""The injected clock. The only importer of `time` in the vehicle; everything else is told what time it is."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Monotonic time and a way to wait for it; simulated by `sim.virtual_time`."""

    def now_ns(self) -> int:
        """Monotonic nanoseconds; never the wall clock."""
        ...

    async def sleep_until_ns(self, deadline_ns: int) -> None:
        """Return at or after `deadline_ns`."""
        ...


class SystemClock:
    """Real time."""

    def now_ns(self) -> int:
        """Monotonic nanoseconds of this boot."""
        return time.monotonic_ns()

    async def sleep_until_ns(self, deadline_ns: int) -> None:
        """Sleep to an absolute deadline, so that a late wake-up is not added to the next one."""
        delay_s = (deadline_ns - time.monotonic_ns()) / 1e9
        await asyncio.sleep(max(0.0, delay_s))


def utc_now() -> datetime:
    """Wall clock, for records that people read; never for control."""
    return datetime.now(UTC)


def elapsed_s() -> float:
    """Process-wide performance counter for progress bars and benchmarks [s]."""
    return time.perf_counter()


def time_limit(limit_s: float) -> Callable[[], bool]:
    """A question that is answered with True once `limit_s` have passed since this call."""
    end_s = elapsed_s() + limit_s
    return lambda: elapsed_s() > end_s
