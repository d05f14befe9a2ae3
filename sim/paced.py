"""Simulated time in pace with real time: a clock at any speed that stands still rather than skip, and says how late.

Where the computer does not keep up, simulated time waits for the tick that is due: no tick is left out and none sees an
overrun, the whole simulation just runs slower. That is counted in `Lateness` and told, never hidden.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from vehicle.contracts.units import NS_PER_S, TICK_NS
from vehicle.host.clock import Clock

LATE_MAX_NS: Final = TICK_NS * 2 // 5
"""How far simulated time may run ahead of the tick that is due; below what the vehicle's loop counts as an overrun."""
BLOCKED_NS: Final = 1_000_000
"""Real time between two looks of whoever waits for a clock that stands still."""
LOOK_S: Final = 5.0
"""Real time over which the reached speed is judged."""
TOLD_RATIO: Final = 0.97
"""A reached share of the wanted speed below this is told."""


class Lateness(msgspec.Struct):
    """`ticks` made, `late_ticks` of them after simulated time had to wait, `lost_ns` waited in all, `worst_ns` at once.

    All in simulated nanoseconds.
    """

    ticks: int = 0
    late_ticks: int = 0
    lost_ns: int = 0
    worst_ns: int = 0


class PacedClock:
    """A `Clock` whose seconds last `1 / speed` of those of `real`. `allow` says how far it may run."""

    def __init__(self, real: Clock, speed: float = 1.0, start_ns: int = 0) -> None:
        if not speed > 0.0:
            raise ValueError(f"speed {speed}: give a number above 0")
        self.speed, self.late = speed, Lateness()
        self._real, self._real_zero_ns, self._zero_ns = real, real.now_ns(), start_ns
        self._limit_ns: int | None = None

    def _free_ns(self) -> int:
        return self._zero_ns + int((self._real.now_ns() - self._real_zero_ns) * self.speed)

    def now_ns(self) -> int:
        """Simulated nanoseconds; never runs back."""
        free_ns = self._free_ns()
        return free_ns if self._limit_ns is None else min(free_ns, self._limit_ns)

    def allow(self, limit_ns: int) -> None:
        """Run up to `limit_ns`. Real time during which it stood at the limit before is lost, and counted."""
        behind_ns = 0 if self._limit_ns is None else self._free_ns() - self._limit_ns
        if behind_ns > 0:
            self._zero_ns -= behind_ns
            self.late.late_ticks += 1
            self.late.lost_ns += behind_ns
            self.late.worst_ns = max(self.late.worst_ns, behind_ns)
        self._limit_ns = limit_ns

    async def sleep_until_ns(self, deadline_ns: int) -> None:
        """Return at or after the simulated deadline, after one turn of the loop where that is past."""
        while True:
            left_ns = deadline_ns - self._free_ns()
            real_ns = self._real.now_ns()
            # at its limit it waits for a tick, which nobody can say when it comes
            wait_ns = int(left_ns / self.speed) + 1 if left_ns > 0 else 0 if self._reached(deadline_ns) else BLOCKED_NS
            await self._real.sleep_until_ns(real_ns + wait_ns)
            if self._reached(deadline_ns):
                return

    def _reached(self, deadline_ns: int) -> bool:
        return self.now_ns() >= deadline_ns


async def run_paced(clock: PacedClock, step: Callable[[int, int], None], goes_on: Callable[[], bool]) -> None:
    """Call `step(nominal_ns, now_ns)` on the 20 ms grid of simulated time, none left out, while `goes_on()`."""
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
    """Says when simulated time falls behind what was asked for, and when it keeps up again; asked once a tick or less.

    Args:
        clock: whose simulated time is watched.
        real: real time.
        say: takes a line for people.
    """

    def __init__(self, clock: PacedClock, real: Clock, say: Callable[[str], None]) -> None:
        self._clock, self._real, self._say = clock, real, say
        self._since_ns, self._lost_ns = real.now_ns(), clock.late.lost_ns
        self.ratio, self._behind = 1.0, False

    def look(self) -> None:
        """Judge the last `LOOK_S`, if they are over; `ratio` is the share of the wanted speed that was reached."""
        now_ns = self._real.now_ns()
        span_ns = now_ns - self._since_ns
        if span_ns < LOOK_S * NS_PER_S:
            return
        lost_ns = self._clock.late.lost_ns - self._lost_ns
        self._since_ns, self._lost_ns = now_ns, self._clock.late.lost_ns
        self.ratio = max(0.0, 1.0 - lost_ns / (span_ns * self._clock.speed))
        behind = self.ratio < TOLD_RATIO
        if behind:
            self._say(f"simulator: this computer reaches {self.ratio:.0%} of its speed")
        elif self._behind:
            self._say("simulator: in time again")
        self._behind = behind
