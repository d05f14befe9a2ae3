"""A console's knowledge of its vehicle at one moment, for screens. None means unknown, never 0."""

from enum import StrEnum

import msgspec

from firmware_bridge.console_types import BeatFrame, WorkFrame
from firmware_bridge.types import NeighbourFrame, VehicleFrame

UNREACHABLE_NS = 5_000_000_000
"""If no vehicle was heard for this time after the start, it counts as unreachable."""
LOST_NS = 500_000_000
"""After this time without a report the link is lost and no value is shown as live."""
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
    """State at one moment. `session`: vehicle and console have authenticated each other.

    `tick`: the newest tick heard; a reading carries it back. `age_ms`: time since the last report was heard. `rtt_ms`:
    from a frame of this console to the report that answers it. `lost_ratio`: share of lost reports in the last
    seconds. `rings`: of others, as the vehicle reckons with them.
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
    rings: tuple[NeighbourFrame, ...] = ()


def link_state(
    now_ns: int, heard_ns: int | None, began_ns: int | None, *, problem: str, refused: bool, proven: bool, known: bool
) -> LinkState:
    """Return the state of a connection.

    `heard_ns`: of the newest report, None before the first; `began_ns`: of the first frame sent. `problem`: why the
    session cannot be opened; `refused`: frames with another key were heard; `proven`: the session is open; `known`: a
    session was open before, with this vehicle.
    """
    silent = heard_ns is None or now_ns - heard_ns > LOST_NS
    if proven:
        return LinkState.LOST if silent else LinkState.OPEN
    if problem:
        return LinkState(problem)
    if known and silent:
        return LinkState.LOST
    if heard_ns is None and refused:
        return LinkState.WRONG_KEY
    waited = began_ns is not None and now_ns - began_ns >= UNREACHABLE_NS
    return LinkState.UNREACHABLE if waited and silent else LinkState.SEARCHING


class LossMeter:
    """The share of lost reports, from the ticks that they carry: two of five ticks report."""

    def __init__(self, ticks: int = 100) -> None:
        self._span = ticks
        self._heard: list[int] = []

    def heard(self, tick: int) -> None:
        """Note a report of this tick."""
        if self._heard and tick < self._heard[-1] - self._span:
            self._heard = []  # the vehicle restarted
        if tick in self._heard[-8:]:
            return
        self._heard = [one for one in self._heard if one > tick - self._span]
        self._heard.append(tick)

    def ratio(self) -> float | None:
        """Share of lost reports in the last two seconds, 0..1; None while there is too little data."""
        if len(self._heard) < 2:
            return None
        first, last = min(self._heard), max(self._heard)
        due = sum(1 for tick in range(first, last + 1) if tick % REPORTS_IN in REPORT_TICKS)
        came = sum(1 for tick in self._heard if tick % REPORTS_IN in REPORT_TICKS)
        return max(0.0, 1.0 - came / due) if due >= 10 else None


REPORTS_IN = 5
REPORT_TICKS = (0, 2)
"""Ticks out of five that carry a report; see `vehicle/control/report.py`."""
