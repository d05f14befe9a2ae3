"""Publishes telemetry from its own thread: the tick hands over its data and never waits for the broker.

Two bounded queues without locks lead into the thread. Its asyncio loop makes the records, stores those of QoS 1, and
keeps a connection. The publisher subscribes to nothing, so no message from a broker can have an effect.
"""

import asyncio
import threading
import uuid
from collections.abc import Callable
from typing import Protocol

import msgspec

from vehicle.config.telemetry import TelemetryConfig
from vehicle.config.vehicle import VehicleConfig, config_hash
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import Event, VehicleReport
from vehicle.contracts.plan import Plan
from vehicle.contracts.sockets import TickRecord
from vehicle.host.clock import utc_now
from vehicle.telemetry import payloads
from vehicle.telemetry.counts import Counters
from vehicle.telemetry.queues import BoundedQueue
from vehicle.telemetry.router import Router
from vehicle.telemetry.schemas import Mission, PublisherCounts
from vehicle.telemetry.streams import STREAMS
from vehicle.telemetry.worker import EventItem, ReportItem, Worker


class Publisher(Protocol):
    """Takes the reports and events of the ticks."""

    def offer(self, report: VehicleReport) -> None:
        """Take a report."""
        ...

    def event(self, event: Event) -> None:
        """Take an event."""
        ...


def tell_of(record: TickRecord, publisher: Publisher) -> None:
    """Pass on a tick's report, if it made one, then its events."""
    outputs = record.outputs
    if outputs.report is not None:
        publisher.offer(outputs.report)
    for event in (*record.notices, *outputs.events):
        publisher.event(event)


def mission_of(plan: Plan) -> Mission:
    """Return the mission against which progress is measured while this plan is held."""
    return Mission(mission_id=plan.plan_hash, area_m2=plan.area_m2, datum=plan.datum)


class TelemetryPublisher:
    """Publishes reports and events over MQTT 5; a sink of the loop. `offer` and `event` never block and never raise.

    `boot_id` names this run of the program in every header; drawn at random if not given. With `datum`, poses and
    events have latitude and longitude even without a mission.
    """

    name = "telemetry"

    def __init__(
        self,
        vehicle: VehicleConfig,
        settings: TelemetryConfig,
        boot_id: str | None = None,
        datum: LocalFrame | None = None,
    ) -> None:
        self._reports: BoundedQueue[ReportItem] = BoundedQueue(settings.reports_max)
        self._events: BoundedQueue[EventItem] = BoundedQueue(settings.events_max)
        self._mission: Mission | None = None
        self._plan: Plan | None = None
        self._board = Counters()
        depth_m = vehicle.mission.required_depth_m
        self._worker = Worker(
            settings=settings,
            router=Router(vehicle.vehicle_id, boot_id or uuid.uuid4().hex[:12], datum),
            factsheet=payloads.factsheet(vehicle.machine, depth_m, config_hash(vehicle), tuple(STREAMS)),
            board=self._board,
            reports=self._reports,
            events=self._events,
        )
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)

    # --- called in every tick ----------------------------------------------------------------------------------------
    def accept(self, record: TickRecord) -> None:
        """Hand over a tick's report and events; progress is measured against the plan of that tick."""
        plan = record.state.mission.plan
        if plan is not self._plan:
            self._plan = plan
            self.begin_mission(mission_of(plan) if plan is not None else None)
        tell_of(record, self)

    def offer(self, report: VehicleReport) -> None:
        """Hand over a report; the thread looks ten times a second. A full queue drops and counts the oldest."""
        self._reports.put((report, self._mission, utc_now()))

    def event(self, event: Event) -> None:
        """Hand over an event. The oldest is dropped only if thousands wait; a gap record then reports it."""
        self._events.put((event, self._mission, utc_now()))
        self._worker.rouse()

    def begin_mission(self, mission: Mission | None) -> None:
        """Measure progress against this mission from the next report on; None ends it.

        Raises:
            ValueError: The mission's id cannot be part of a topic.
        """
        if mission is not None and not mission.mission_id.replace("-", "").replace("_", "").isalnum():
            raise ValueError(
                f"mission id {mission.mission_id!r}: cannot be part of a topic; use only letters, digits, - and _"
            )
        self._mission = mission

    # --- called by the composition root ------------------------------------------------------------------------------
    def start(self) -> None:
        """Start the thread and return at once, with or without a broker."""
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Send the new records, publish OFFLINE and end the thread. What the broker did not accept stays in the outbox.

        Returns:
            False if the thread did not end in time. It is a daemon, so the process can still end.
        """
        if self._thread.ident is None:
            return True
        self._worker.ask_to_stop()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def counts(self) -> PublisherCounts:
        """Return the publisher's counters."""
        return msgspec.structs.replace(
            self._board.counts,
            reports_offered=self._reports.offered,
            reports_dropped=self._reports.dropped,
            events_offered=self._events.offered,
            events_dropped=self._events.dropped,
            alive=self._thread.is_alive(),
        )

    def wait_until(self, holds: Callable[[PublisherCounts], bool], timeout_s: float) -> bool:
        """Block until the counts fulfil a condition; return False if the time is over. Not for the control loop."""
        return self._board.wait_until(lambda: holds(self.counts()), timeout_s)

    def _run(self) -> None:
        asyncio.run(self._worker.main())
