"""Maps times of another clock to this clock, from the shortest of the last fifty round trips.

A long round trip says little about the other clock; half of the shortest one bounds the error. Trips that a later
answer contradicts are dropped: the other clock was set, or a simulator has lost time.
"""

from collections import deque
from typing import Final

import msgspec

KEPT: Final = 50
APART_MS: Final = 2.0
"""Two clocks drift by less than this within fifty trips."""


class Trip(msgspec.Struct, frozen=True):
    """One round trip [ms]: asked and answered by our clock, heard and sent by the other clock."""

    asked_ms: float
    heard_ms: float
    sent_ms: float
    answered_ms: float

    @property
    def half_ms(self) -> float:
        """Half of the round-trip time [ms]."""
        return ((self.answered_ms - self.asked_ms) - (self.sent_ms - self.heard_ms)) / 2.0


class Trips:
    """Maps times of the other clock to ours; `speed`: rate of the other clock relative to ours."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._kept: deque[Trip] = deque(maxlen=KEPT)

    def add(self, asked_ms: float, heard_ms: float, sent_ms: float, answered_ms: float) -> None:
        """Add a trip; times of the other side are by its own clock."""
        trip = Trip(asked_ms, heard_ms / self._speed, sent_ms / self._speed, answered_ms)
        if trip.half_ms < 0.0:  # a clock was set meanwhile
            return
        said_ms, bound_ms = self.ours_ms(sent_ms), self.half_ms()
        if said_ms is not None and bound_ms is not None:
            apart_ms = abs(said_ms - (trip.answered_ms - trip.half_ms))
            if apart_ms > trip.half_ms + bound_ms + APART_MS:
                self._kept.clear()
        self._kept.append(trip)

    def ours_ms(self, theirs_ms: float) -> float | None:
        """Return that moment by our clock; None before the first trip."""
        if not self._kept:
            return None
        best = min(self._kept, key=lambda trip: trip.half_ms)
        return best.answered_ms - best.half_ms + (theirs_ms / self._speed - best.sent_ms)

    def half_ms(self) -> float | None:
        """Largest error of the result [ms]."""
        return min((trip.half_ms for trip in self._kept), default=None)
