"""Simulated time in pace with real time: a clock at any speed that waits instead of skipping, and reports its delay.

If the computer is too slow, simulated time waits for the tick that is due: no tick is left out, and none sees an
overrun; the whole simulation runs slower. The delay is counted in `Lateness` and reported.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from vehicle.contracts.units import NS_PER_S, TICK_NS
from vehicle.host.clock import Clock

LATE_MAX_NS: Final = TICK_NS * 2 // 5
"""How far simulated time may run ahead of the tick that is due; less than an overrun of the vehicle's loop."""
BLOCKED_NS: Final = 1_000_000
"""Real time between two looks at a clock that stands still."""
LOOK_S: Final = 5.0
"""Real time over which the reached speed is measured."""
TOLD_RATIO: Final = 0.97
"""A lower ratio of reached to requested speed is reported."""


class Lateness(msgspec.Struct):
    """Counts of late ticks: `ticks` made, `late_ticks` of them after a wait of simulated time.

    `lost_ns`: all waits together, `worst_ns`: the longest, in simulated nanoseconds.
    """

    ticks: int = 0
    late_ticks: int = 0
    lost_ns: int = 0
    worst_ns: int = 0


class PacedClock:
    """A `Clock` whose seconds last `1 / speed` seconds of `real`. `allow` says how far it may run."""

    def __init__(self, real: Clock, speed: float = 1.0, start_ns: int = 0) -> None:
        if not speed > 0.0:
            raise ValueError(f"speed {speed}: must be above 0; write a number such as 1")
        self.speed, self.late = speed, Lateness()
        self._real, self._real_zero_ns, self._zero_ns = real, real.now_ns(), start_ns
        self._limit_ns: int | None = None

    def _free_ns(self) -> int:
        return self._zero_ns + int((self._real.now_ns() - self._real_zero_ns) * self.speed)

    def now_ns(self) -> int:
        """Simulated nanoseconds; never decreases."""
        free_ns = self._free_ns()
        return free_ns if self._limit_ns is None else min(free_ns, self._limit_ns)

    def allow(self, limit_ns: int) -> None:
        """Let the clock run up to `limit_ns`. Real time that it spent waiting at the old limit is lost and counted."""
        behind_ns = 0 if self._limit_ns is None else self._free_ns() - self._limit_ns
        if behind_ns > 0:
            self._zero_ns -= behind_ns
            self.late.late_ticks += 1
            self.late.lost_ns += behind_ns
            self.late.worst_ns = max(self.late.worst_ns, behind_ns)
        self._limit_ns = limit_ns

    async def sleep_until_ns(self, deadline_ns: int) -> None:
        """Return at or after the simulated deadline; if it is past, after one turn of the loop."""
        while True:
            left_ns = deadline_ns - self._free_ns()
            real_ns = self._real.now_ns()
            # at its limit the clock waits for a tick, and nobody knows when that comes
            wait_ns = int(left_ns / self.speed) + 1 if left_ns > 0 else 0 if self._reached(deadline_ns) else BLOCKED_NS
            await self._real.sleep_until_ns(real_ns + wait_ns)
            if self._reached(deadline_ns):
                return

    def _reached(self, deadline_ns: int) -> bool:
        return self.now_ns() >= deadline_ns


async def run_paced(clock: PacedClock, step: Callable[[int, int], None], goes_on: Callable[[], bool]) -> None:
    """Call `step(nominal_ns, now_ns)` on the 20 ms grid of simulated time, without gaps, while `goes_on()` is true."""
    deadline_ns = clock.now_ns() // TICK_NS * TICK_NS + TICK_NS
    clock.allow(deadline_ns + LATE_MAX_NS)
    while goes_on():
        await clock.sleep_until_ns(deadline_ns)
        now_ns, nominal_ns = clock.now_ns(), deadline_ns
        deadline_ns += TICK_NS
        clock.allow(deadline_ns + LATE_MAX_NS)
        step(nominal_ns, now_ns)
        clock.late.ticks += 1


class SpeedWatch:
    """Reports when simulated time is slower than requested, and when it is in time again; call it at most once a tick.

    Args:
        clock: The simulated clock that is watched.
        real: The clock of real time.
        say: Prints a line for people.
    """

    def __init__(self, clock: PacedClock, real: Clock, say: Callable[[str], None]) -> None:
        self._clock, self._real, self._say = clock, real, say
        self._since_ns, self._lost_ns = real.now_ns(), clock.late.lost_ns
        self.ratio, self._behind = 1.0, False

    def look(self) -> None:
        """Judge the last `LOOK_S` if they are over; `ratio` is the reached share of the requested speed."""
        now_ns = self._real.now_ns()
        span_ns = now_ns - self._since_ns
        if span_ns < LOOK_S * NS_PER_S:
            return
        lost_ns = self._clock.late.lost_ns - self._lost_ns
        self._since_ns, self._lost_ns = now_ns, self._clock.late.lost_ns
        self.ratio = max(0.0, 1.0 - lost_ns / (span_ns * self._clock.speed))
        behind = self.ratio < TOLD_RATIO
        if behind:
            self._say(f"simulator: this computer is too slow, it reaches {self.ratio:.0%} of the requested speed")
        elif self._behind:
            self._say("simulator: the requested speed is reached again")
        self._behind = behind
