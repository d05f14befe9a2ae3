"""A page's clock seen from the server: by the smallest offset that was ever seen. Pure.

Frames can only be late, so the smallest difference of arrival and page time is the nearest to none. A clock that jumps
ahead makes all that follows look old: then nothing is driven until the page connects anew, never the other way round.
"""

import math

import msgspec


class PageClock(msgspec.Struct, frozen=True):
    """`offset_ms`: server time less page time, the smallest so far."""

    offset_ms: float = math.inf

    def heard(self, page_ms: float, server_ms: float) -> "PageClock":
        """After a frame of the page that was made at `page_ms` and arrived at `server_ms`."""
        return PageClock(min(self.offset_ms, server_ms - page_ms))

    def age_ms(self, page_ms: float, server_ms: float) -> float:
        """How long ago the page made what bears this time, at least; infinite before any frame told its clock."""
        return server_ms - page_ms - self.offset_ms if math.isfinite(self.offset_ms) else math.inf
