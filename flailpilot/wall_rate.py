"""Telemetry of a simulated run at the rate of a real one: simulated time runs many times faster than its readers.

Events, and changes of state, phase or segment, pass at once. Of other reports the newest passes a few times a second by
the wall clock.
"""

from collections.abc import Callable

from vehicle.contracts.messages import Event, VehicleReport
from vehicle.contracts.sockets import TickRecord
from vehicle.telemetry.payloads import state_key
from vehicle.telemetry.publisher import Publisher, tell_of
from vehicle.telemetry.streams import POSE


class AtWallRate:
    """A sink that passes on changes at once, other reports once per `period_s` of `clock_s`, the last at `close`."""

    name = "telemetry"

    def __init__(self, publisher: Publisher, clock_s: Callable[[], float], period_s: float = POSE.period_s) -> None:
        self._publisher, self._clock_s, self._period_s = publisher, clock_s, period_s
        self._due_s = clock_s()
        self._told: tuple[object, ...] | None = None
        self._waiting: VehicleReport | None = None

    def accept(self, record: TickRecord) -> None:
        """Process one tick."""
        if record.outputs.report is not None or record.outputs.events or record.notices:
            tell_of(record, self)

    def offer(self, report: VehicleReport) -> None:
        """Pass a report on, or keep it until the next is due."""
        content = (*state_key(report), report.segment_seq, report.segment_count)
        now_s = self._clock_s()
        if content == self._told and now_s < self._due_s:
            self._waiting = report
            return
        self._told, self._due_s, self._waiting = content, now_s + self._period_s, None
        self._publisher.offer(report)

    def event(self, event: Event) -> None:
        """Pass an event on."""
        self._publisher.event(event)

    def close(self) -> None:
        """End the run: the last state passes whatever the clock says."""
        if self._waiting is not None:
            self._publisher.offer(self._waiting)
            self._waiting = None
