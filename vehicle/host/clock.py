"""The injected clock. Only this module of the vehicle imports `time`; all others are told the time."""

import asyncio
import ctypes
import time
from datetime import UTC, datetime
from pathlib import Path
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


def utc_us() -> int:
    """The same in microseconds since 1970: of those that stations are told fifty times a second."""
    return time.time_ns() // 1_000


SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd touches it once the wall clock was set."""
_UNSYNCHRONISED = 5
"""What adjtimex answers while no daemon disciplines the clock."""


def clock_is_synchronised() -> bool:
    """Whether some daemon has set the wall clock and keeps it; False where nobody can say."""
    if SYNCHRONISED.exists():
        return True
    try:
        answer = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))  # all zero: read only
    except (OSError, AttributeError):
        return False
    return bool(0 <= answer < _UNSYNCHRONISED)


def elapsed_s() -> float:
    """Process-wide performance counter for progress bars and benchmarks [s]."""
    return time.perf_counter()
