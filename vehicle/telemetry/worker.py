"""The two tasks of the telemetry thread: the intake makes and stores records, the link keeps a connection and sends."""

import asyncio
import contextlib
import functools
import sqlite3
from datetime import datetime
from pathlib import Path

import aiomqtt
import msgspec
import structlog

from vehicle.config.telemetry import TelemetryConfig
from vehicle.contracts.messages import Event, VehicleReport
from vehicle.telemetry.broker_client import IdentityTakenError
from vehicle.telemetry.counts import Counters
from vehicle.telemetry.outbox import Outbox
from vehicle.telemetry.queues import BoundedQueue
from vehicle.telemetry.router import Record, Router
from vehicle.telemetry.schemas import GapBody, Mission, PublisherCounts
from vehicle.telemetry.session import Feed, run_session
from vehicle.telemetry.streams import EVENT

ReportItem = tuple[VehicleReport, Mission | None, datetime]
EventItem = tuple[Event, Mission | None, datetime]

LOOK_S = 0.1
"""Time between two looks at the queue of reports, so poses are sent no more often. Waking this thread for each report
would cost the tick's thread more time than the report itself."""
BREATH_S = 0.02
"""Shortest time between two looks when events come, so that several are stored together."""

SHORT_S = 5.0
"""A connection that lasted longer counts as good."""
SHORT_MAX = 4
"""After this many short connections in a row, another program is assumed to use the same vehicle id.

Some brokers do not say why they end a connection.
"""
TAKEN_S = 5.0
"""First waiting time after another program took the connection over."""

_log = structlog.get_logger("telemetry")


class Worker:
    """Everything that runs in the telemetry thread; `rouse` and `ask_to_stop` may be called from any thread."""

    def __init__(
        self,
        *,
        settings: TelemetryConfig,
        router: Router,
        factsheet: msgspec.Struct,
        board: Counters,
        reports: BoundedQueue[ReportItem],
        events: BoundedQueue[EventItem],
    ) -> None:
        self._settings, self._router, self._factsheet = settings, router, factsheet
        self._board, self._reports, self._events = board, reports, events
        self._events_dropped = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake, self._stop = asyncio.Event(), asyncio.Event()
        self._woken = self._stop_asked = False

    def rouse(self) -> None:
        """Make the intake look at its queues. A pending wake-up serves for all items put before it arrives."""
        loop = self._loop
        if self._woken or loop is None:
            return
        self._woken = True
        with contextlib.suppress(RuntimeError):  # the loop has just ended; what is queued is counted as offered
            loop.call_soon_threadsafe(self._wake.set)

    def ask_to_stop(self) -> None:
        """End the thread after the new records have been sent."""
        self._stop_asked = True
        self._woken = False
        self.rouse()

    async def main(self) -> None:
        """Run both tasks until stopped."""
        outbox = self._open_outbox()
        feed = Feed(outbox, self._router, self._factsheet, self._board, self._settings.reports_max)
        self._board.set(backlog=outbox.rows)
        self._loop = asyncio.get_running_loop()
        self._wake.set()  # for items that were put before this loop ran
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._intake(feed), name="intake")
                tasks.create_task(self._link(feed), name="link")
        finally:
            self._loop = None
            feed.outbox.close()
            self._board.set(connected=False)

    def _open_outbox(self) -> Outbox:
        """Open the outbox on disk if a file is named and the disk works, else in memory."""
        settings = self._settings
        if settings.outbox_file is None:
            return self._in_memory()
        try:
            return Outbox(
                Path(settings.outbox_file), rows_max=settings.outbox_rows_max, bytes_max=settings.outbox_bytes_max
            )
        except (sqlite3.Error, OSError) as error:
            _log.error(
                "outbox cannot be opened, records stay in memory and a restart loses them: check disk and permissions",
                file=settings.outbox_file,
                error=str(error),
            )
            return self._in_memory()

    def _in_memory(self) -> Outbox:
        self._board.set(durable=False)
        return Outbox(None, rows_max=self._settings.outbox_rows_max, bytes_max=self._settings.outbox_bytes_max)

    async def _intake(self, feed: Feed) -> None:
        while not feed.stopping:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()
            woken = self._wake.is_set()
            self._wake.clear()
            self._woken = False
            stop_asked = self._stop_asked
            news = self._take_in(feed)
            if stop_asked:
                feed.stopping = True
                self._stop.set()
            if news or stop_asked:
                feed.work.set()
            if woken:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(BREATH_S):
                        await self._stop.wait()

    def _take_in(self, feed: Feed) -> bool:
        """Take what the queues hold; return whether there was anything. Events go to the disk before the reports."""
        lasting: list[Record] = []
        events, reports = self._events.take_all(), self._reports.take_all()
        dropped = self._events.dropped
        newly_dropped, self._events_dropped = dropped - self._events_dropped, dropped
        if newly_dropped:
            self._store(feed, [], self._router.skip(EVENT, newly_dropped))
        lasting += [self._router.record_of_event(event, mission, moment) for event, mission, moment in events]
        for report, mission, moment in reports:
            lasting += self._router.lasting_records(report, mission, moment)
        for report, mission, moment in reports[-1:]:
            for record in self._router.live_records(report, mission, moment, self._counts()):
                feed.push_live(record)
        if lasting:
            self._store(feed, lasting, None)
        self._board.add(reports_taken=len(reports), events_taken=len(events))
        self._board.set(backlog=feed.outbox.rows)
        return bool(events or reports)

    def _counts(self) -> PublisherCounts:
        return msgspec.structs.replace(
            self._board.counts, reports_dropped=self._reports.dropped, events_dropped=self._events.dropped
        )

    def _store(self, feed: Feed, records: list[Record], lost: GapBody | None) -> None:
        """Put records into the outbox; if the disk fails, memory replaces it, and the file waits for the next start."""
        try:
            given_up = feed.outbox.put(records, lost)
        except sqlite3.Error as error:
            self._give_up_disk(feed, error)
            given_up = feed.outbox.put(records, lost)
        self._board.add(lost=given_up)

    def _give_up_disk(self, feed: Feed, error: sqlite3.Error) -> None:
        if self._board.counts.durable:
            _log.error(
                "outbox failed, records are kept in memory from now on and a restart loses them: check the disk",
                error=str(error),
            )
            feed.outbox.close()
            feed.outbox = self._in_memory()

    async def _link(self, feed: Feed) -> None:
        """Connect and send until the connection ends, wait (longer after each failure), and connect again.

        The log gets one line each time the broker is lost. A short connection counts as a failure too; otherwise two
        programs with one vehicle id would end each other's connection again and again.
        """
        settings, loop = self._settings, asyncio.get_running_loop()
        place = f"{settings.host}:{settings.port}"
        backoff_s, away, short = settings.backoff_first_s, False, 0
        while not feed.stopping:
            connects, began_s, taken = self._board.counts.connects, loop.time(), False
            feed.greeted = functools.partial(_log.info, "broker is there", broker=place) if away else _quiet
            self._board.add(attempts=1)
            try:
                await run_session(feed, settings)
            except sqlite3.Error as error:
                self._give_up_disk(feed, error)
            except IdentityTakenError:
                taken = True
            except (aiomqtt.MqttError, OSError, ValueError) as error:
                if not away or self._board.counts.connects > connects:
                    _log.warning(
                        "no connection to the broker, records are stored until it is back",
                        broker=place,
                        error=str(error),
                    )
                away = True
            if self._board.counts.connects > connects:
                short = 0 if loop.time() - began_s >= SHORT_S else short + 1
                backoff_s = backoff_s if short else settings.backoff_first_s
            taken = taken or short >= SHORT_MAX
            wait_s = min(max(backoff_s, TAKEN_S), settings.backoff_max_s) if taken else backoff_s
            if taken and not feed.stopping:
                self._name_the_other(place, wait_s)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), wait_s)
            backoff_s = min(2.0 * wait_s, settings.backoff_max_s)

    def _name_the_other(self, place: str, again_s: float) -> None:
        _log.error(
            "another program uses this vehicle id on the broker: give each vehicle a vehicle_id of its own",
            vehicle_id=self._router.vehicle_id,
            broker=place,
            again_s=again_s,
        )


def _quiet() -> None:
    pass
