"""Loss on a wire by gaps in the frame counter over the last second, and the round trips of the last few hundred."""

from collections import deque

WINDOW_NS = 1_000_000_000
ROUND_TRIPS = 512


class LossMeter:
    """Share of frames that were lost within the last second.

    The MAVLink counter has 8 bits, so a gap of 256 frames is not seen. At 110 frames a second that is 2 s of silence,
    which the age shows long before.
    """

    def __init__(self) -> None:
        self._events: deque[tuple[int, int]] = deque()
        self._expected: int | None = None
        self._received = self._lost = 0
        self.lost_total = 0

    def frame(self, sequence: int, now_ns: int) -> None:
        """Note a frame that arrived."""
        gap = 0 if self._expected is None else (sequence - self._expected) & 0xFF
        # a counter that went back a little means a duplicate or reordering, not the loss of 250 frames
        lost = gap if gap < 128 else 0
        self._expected = (sequence + 1) & 0xFF
        self._events.append((now_ns, lost))
        self._received += 1
        self._lost += lost
        self.lost_total += lost
        self._forget(now_ns)

    def restart(self) -> None:
        """Note that the other side's counter starts again; a reconnection is not a loss."""
        self._expected = None

    def ratio(self, now_ns: int) -> float:
        """Return the lost share, 0 to 1; 0 if nothing was heard, which the age shows."""
        self._forget(now_ns)
        total = self._received + self._lost
        return self._lost / total if total else 0.0

    def _forget(self, now_ns: int) -> None:
        """Forget frames that are older than the window."""
        while self._events and now_ns - self._events[0][0] > WINDOW_NS:
            _, lost = self._events.popleft()
            self._received -= 1
            self._lost -= lost


class RoundTrips:
    """Times from a command to its answer, the newest few hundred."""

    def __init__(self) -> None:
        self._held: deque[int] = deque(maxlen=ROUND_TRIPS)

    def add(self, round_trip_ns: int) -> None:
        """Add a round trip [ns]."""
        self._held.append(round_trip_ns)

    def quantiles_ns(self, *ratios: float) -> list[int | None]:
        """Return quantiles [ns], 0.5 for the median and 1.0 for the longest; None if there is no round trip."""
        ranked = sorted(self._held)
        last = len(ranked) - 1
        return [ranked[min(last, int(ratio * len(ranked)))] if ranked else None for ratio in ratios]
