"""What a console knows of its vehicle at one moment, for screens. None means unknown, never 0."""

from enum import StrEnum

import msgspec

from firmware_bridge.console_types import BeatFrame, WorkFrame
from firmware_bridge.types import VehicleFrame

UNREACHABLE_NS = 5_000_000_000
"""Nobody was heard for so long since the start."""
LOST_NS = 500_000_000
"""Without a report for so long the link is lost: no value looks live any more."""
GOOD_MS, SLOW_MS = 150, 500


class LinkState(StrEnum):
    """State of the connection."""

    SEARCHING = "searching"
    UNREACHABLE = "unreachable"
    WRONG_KEY = "wrong_key"
    WRONG_MACHINE = "wrong_machine"
    WRONG_VERSION = "wrong_version"
    OPEN = "open"
    LOST = "lost"


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """One line that the vehicle sent; `severity` as in MAV_SEVERITY, 0 is the worst."""

    severity: int
    text: str
    t_ns: int


class ConsoleView(msgspec.Struct, frozen=True, kw_only=True):
    """One moment. `session`: vehicle and console have proved themselves to each other.

    `tick`: the newest tick heard; a reading carries it back. `age_ms`: time since the last report was heard. `rtt_ms`:
    from a frame of this console to the report that answers it. `lost_ratio`: share of lost reports in the last
    seconds.
    """

    state: LinkState = LinkState.SEARCHING
    session: bool = False
    tick: int = 0
    vehicle: VehicleFrame | None = None
    beat: BeatFrame | None = None
    work: WorkFrame | None = None
    age_ms: float | None = None
    vehicle_age_ms: float | None = None
    work_age_ms: float | None = None
    rtt_ms: float | None = None
    lost_ratio: float | None = None
    texts: tuple[Text, ...] = ()
    stopping: bool = False


class LossMeter:
    """The share of lost reports, from the ticks that they carry: two of five ticks report."""

    def __init__(self, ticks: int = 100) -> None:
        self._span = ticks
        self._heard: list[int] = []

    def heard(self, tick: int) -> None:
        """A report of this tick came."""
        if self._heard and tick < self._heard[-1] - self._span:
            self._heard = []  # it restarted
        if tick in self._heard[-8:]:
            return
        self._heard = [one for one in self._heard if one > tick - self._span]
        self._heard.append(tick)

    def ratio(self) -> float | None:
        """0..1 of the last two seconds; None before there is anything to judge by."""
        if len(self._heard) < 2:
            return None
        first, last = min(self._heard), max(self._heard)
        due = sum(1 for tick in range(first, last + 1) if tick % REPORTS_IN in REPORT_TICKS)
        came = sum(1 for tick in self._heard if tick % REPORTS_IN in REPORT_TICKS)
        return max(0.0, 1.0 - came / due) if due >= 10 else None


REPORTS_IN = 5
REPORT_TICKS = (0, 2)
"""Of five ticks; `vehicle/control/report.py`."""
