"""Time of a vehicle that always gets the processor time it needs: while a tick is overdue, its clock stands still.

So a test with foreign programs in real time does not say how busy the machine is.
"""

import asyncio
from collections.abc import Callable

from vehicle.contracts.units import NS_PER_S, TICK_NS
from vehicle.host.clock import SystemClock

REAL = SystemClock()
LATE_MAX_NS = TICK_NS // 2


class PatientTime:
    """A `vehicle.host.clock.Clock`, and the loop of a `TickBarrier` that lets its ticks be late for nobody."""

    def __init__(self, loop: asyncio.AbstractEventLoop, real_ns: Callable[[], int] = REAL.now_ns) -> None:
        self._loop, self._real_ns = loop, real_ns
        self._lost_ns = 0
        self._due_ns: int | None = None

    @property
    def lost_ns(self) -> int:
        """So far behind the real clock."""
        return self._real_ns() - self.now_ns()

    def now_ns(self) -> int:
        """Nanoseconds; never runs back, never beyond the tick that is due."""
        now_ns = self._real_ns() - self._lost_ns
        return now_ns if self._due_ns is None else min(now_ns, self._due_ns + LATE_MAX_NS)

    async def sleep_until_ns(self, deadline_ns: int) -> None:
        """Return at or after the deadline."""
        while (missing_ns := deadline_ns - self.now_ns()) > 0:
            await REAL.sleep_until_ns(REAL.now_ns() + missing_ns)
        await asyncio.sleep(0)  # noqa: TID251 (a turn for the others, no wait)

    def time(self) -> float:
        """As `now_ns`, in seconds."""
        return self.now_ns() / NS_PER_S

    def create_future(self) -> "asyncio.Future[int]":
        """Of the real loop."""
        return self._loop.create_future()

    def call_at(self, when_s: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        """The next tick."""
        self._due_ns = round(when_s * NS_PER_S)
        real_s = (self._due_ns + self._lost_ns) / NS_PER_S
        return self._loop.call_at(real_s + self._loop.time() - self._real_ns() / NS_PER_S, self._fire, callback)

    def _fire(self, callback: Callable[[], object]) -> None:
        assert self._due_ns is not None
        self._lost_ns = max(self._lost_ns, self._real_ns() - self._due_ns - LATE_MAX_NS)
        callback()
