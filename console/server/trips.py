"""When something happened elsewhere, by this clock: from questions and answers, the quickest of the last fifty counts.

A question that took long both ways says little of the other clock; half of the shortest round trip bounds the error.
What a later answer contradicts is forgotten: their clock was set, or is that of a simulator which lost time.
"""

from collections import deque
from typing import Final

import msgspec

KEPT: Final = 50
APART_MS: Final = 2.0
"""Two clocks go apart by less than this within fifty trips."""


class Trip(msgspec.Struct, frozen=True):
    """One question and its answer, all in milliseconds: asked and answered by our clock, heard and sent by theirs."""

    asked_ms: float
    heard_ms: float
    sent_ms: float
    answered_ms: float

    @property
    def half_ms(self) -> float:
        """Half of the time that it was under way."""
        return ((self.answered_ms - self.asked_ms) - (self.sent_ms - self.heard_ms)) / 2.0


class Trips:
    """Maps their times to ours; `speed`: how much faster their clock runs than ours."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._kept: deque[Trip] = deque(maxlen=KEPT)

    def add(self, asked_ms: float, heard_ms: float, sent_ms: float, answered_ms: float) -> None:
        """One more; their times as their clock says them."""
        trip = Trip(asked_ms, heard_ms / self._speed, sent_ms / self._speed, answered_ms)
        if trip.half_ms < 0.0:  # one of the clocks was set meanwhile
            return
        said_ms, bound_ms = self.ours_ms(sent_ms), self.half_ms()
        if said_ms is not None and bound_ms is not None:
            apart_ms = abs(said_ms - (trip.answered_ms - trip.half_ms))
            if apart_ms > trip.half_ms + bound_ms + APART_MS:
                self._kept.clear()
        self._kept.append(trip)

    def ours_ms(self, theirs_ms: float) -> float | None:
        """That moment by our clock; None before the first trip."""
        if not self._kept:
            return None
        best = min(self._kept, key=lambda trip: trip.half_ms)
        return best.answered_ms - best.half_ms + (theirs_ms / self._speed - best.sent_ms)

    def half_ms(self) -> float | None:
        """What the answer may be wrong by."""
        return min((trip.half_ms for trip in self._kept), default=None)
