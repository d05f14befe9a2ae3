"""Estimates a page's clock offset as the smallest difference ever seen between arrival and page time. Pure.

Frames can only be late, so the smallest difference is the best estimate. If a clock jumps, later frames may only look
too old, never too young: then nothing is driven until the page connects again.
"""

import math

import msgspec


class PageClock(msgspec.Struct, frozen=True):
    """`offset_ms`: server time less page time, the smallest so far."""

    offset_ms: float = math.inf

    def heard(self, page_ms: float, server_ms: float) -> "PageClock":
        """Note a frame of the page that was made at `page_ms` and arrived at `server_ms`."""
        return PageClock(min(self.offset_ms, server_ms - page_ms))

    def age_ms(self, page_ms: float, server_ms: float) -> float:
        """Return the smallest possible age of a frame with this page time; infinite before the first frame."""
        return server_ms - page_ms - self.offset_ms if math.isfinite(self.offset_ms) else math.inf
