"""The vehicle's time as UTC: a line through the vehicle's own monotonic time, and the source that says where it lies.

Control never asks. A computer without a clock battery starts in 1970; such a time counts as no time.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
"""A clock that says less was never set."""
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TimeSource(StrEnum):
    """The source of the time. NONE: a clock of the computer that nobody has set, or that is known to be wrong."""

    GNSS = "gnss"
    NTP = "ntp"
    NONE = "none"
    SIMULATED = "simulated"


class UtcLine(msgspec.Struct, frozen=True):
    """`zero_us`: UTC at the vehicle's time 0, in microseconds since 1970; None if it is not known."""

    source: TimeSource
    zero_us: int | None

    def at(self, t_ns: int) -> datetime | None:
        """UTC at a time of the vehicle."""
        return None if self.zero_us is None else EPOCH + timedelta(microseconds=self.zero_us + t_ns // 1000)

    def text(self, t_ns: int) -> str:
        """The same for files, `2026-05-04T08:00:00.000Z`; "" where nobody knows."""
        moment = self.at(t_ns)
        return "" if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @property
    def log_zero_ns(self) -> int:
        """What log times count from, so that no viewer shows 1970; where nobody knows, from 2025 on."""
        return 1000 * (self.zero_us if self.zero_us is not None else _us(EARLIEST))


SIMULATED = UtcLine(TimeSource.SIMULATED, round((EARLIEST - EPOCH).total_seconds() * 1e6))
"""Simulated runs begin with 2025, all of them: the same seed gives the same bytes."""


def by_computer(now: datetime, now_ns: int, *, synchronised: bool) -> UtcLine:
    """From the computer's clock; one that was never set says nothing."""
    if not EARLIEST <= now < LATEST:
        return UtcLine(TimeSource.NONE, None)
    return UtcLine(TimeSource.NTP if synchronised else TimeSource.NONE, _us(now) - now_ns // 1000)


def by_gnss(time_utc_us: int | None, t_ns: int) -> UtcLine | None:
    """From a fix that arrived at the vehicle's time `t_ns`; None where its receiver does not know the time."""
    if time_utc_us is None or not _us(EARLIEST) <= time_utc_us < _us(LATEST):
        return None
    return UtcLine(TimeSource.GNSS, time_utc_us - t_ns // 1000)


def _us(moment: datetime) -> int:
    return round((moment - EPOCH).total_seconds() * 1e6)
