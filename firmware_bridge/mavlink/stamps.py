"""Stamps of signed frames: 10 us since 2015, one line for each key; none is issued twice, also after restarts.

Before stamps are used, a reservation above them is on disk; a start begins above it. Pure: the owner gives time and
reservations.
"""

NS_PER_STAMP = 10_000
STAMPS_PER_S = 100_000
"""Stamps per second; they count from 2015-01-01 UTC."""
STAMP_MAX = (1 << 48) - 1
AHEAD_S = 10
"""A frame may be stamped this much above what the vehicle has issued; it counts as that much older."""
BLOCK_S = 20
"""How far ahead stamps are reserved on disk; a crash skips at most this."""
JUMP_S = (3_600, 14_400)
JUMP_PAUSE_S = 60


class StampLine:
    """The stamps of one key: which are accepted, issued and reserved."""

    def __init__(self, reserved: int, clock_stamp: int, now_ns: int) -> None:
        self.reserved = reserved
        self.base = 0
        self._start(max(reserved + 1, clock_stamp), now_ns)
        self.jumped_ns: int | None = None
        self.issued = 0

    def _start(self, stamp: int, now_ns: int) -> None:
        self.base = self._origin = stamp
        self._origin_ns = now_ns

    def at(self, now_ns: int) -> int:
        """Return the newest stamp that this line can have issued by now."""
        running = self._origin + (now_ns - self._origin_ns) // NS_PER_STAMP
        if running < self.issued:
            return self.issued
        return running

    def issue(self, now_ns: int) -> int:
        """Return a stamp that was never issued before."""
        self.issued = max(self.issued + 1, self.at(now_ns))
        return min(self.issued, STAMP_MAX)

    def jump(self, stamp: int, share: float, now_ns: int) -> bool:
        """Start again above a stamp from further ahead; `share` in [0, 1) chooses how far. At most once a minute."""
        if self.jumped_ns is not None and now_ns - self.jumped_ns < JUMP_PAUSE_S * 1_000_000_000:
            return False
        self.jumped_ns = now_ns
        low_s, high_s = JUMP_S
        self._start(stamp + int((low_s + share * (high_s - low_s)) * STAMPS_PER_S), now_ns)
        return True

    def wanted(self, now_ns: int) -> int | None:
        """Return a reservation to write now, if less than half a block is left above the accepted stamps; else None."""
        needed = self.at(now_ns) + AHEAD_S * STAMPS_PER_S
        if self.reserved >= needed + BLOCK_S * STAMPS_PER_S // 2:
            return None
        return min(needed + BLOCK_S * STAMPS_PER_S, STAMP_MAX)
