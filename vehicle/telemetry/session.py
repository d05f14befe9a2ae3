"""One connection to the broker: it sends the present state first, then new records, then those that waited.

The present state is sent first and retained. Records that waited in the outbox follow as history: they are marked as
`historical`, never retained (an old state must not replace a new one), and use only a share of the link.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import aiomqtt
import msgspec

from vehicle.config.telemetry import TelemetryConfig
from vehicle.host.clock import utc_now
from vehicle.telemetry.broker_client import (
    BrokerClient,
    IdentityTakenError,
    connect,
    publish_properties,
    will_properties,
)
from vehicle.telemetry.counts import Counters
from vehicle.telemetry.outbox import Outbox, StoredRecord
from vehicle.telemetry.router import Record, Router
from vehicle.telemetry.schemas import ConnectionBody
from vehicle.telemetry.streams import CONNECTION, FACTSHEET


class Feed:
    """What the intake hands to the session; both run in the publisher's loop."""

    def __init__(
        self, outbox: Outbox, router: Router, factsheet: msgspec.Struct, board: Counters, live_max: int
    ) -> None:
        self.outbox, self.router, self.factsheet, self.board = outbox, router, factsheet, board
        self.live: deque[Record] = deque(maxlen=live_max)
        self.work = asyncio.Event()
        self.stopping = False
        self.greeted: Callable[[], None] = lambda: None

    def push_live(self, record: Record) -> None:
        """Queue a QoS 0 message; if the queue is full the oldest is dropped, and without a connection all are."""
        if not self.board.counts.connected or len(self.live) == self.live.maxlen:
            self.board.add(live_dropped=1)
        if self.board.counts.connected:
            self.live.append(record)


async def run_session(feed: Feed, settings: TelemetryConfig) -> None:
    """Connect and publish until asked to stop.

    Raises:
        IdentityTakenError: Another program connected to the broker with this vehicle's id.
        aiomqtt.MqttError, OSError, ValueError: The broker cannot be reached, refuses, or the connection was lost.
    """
    router = feed.router
    online = _connection_record(router, "ONLINE")
    broken = _connection_record(router, "CONNECTION_BROKEN")  # published after ONLINE, so numbered after it
    will = aiomqtt.Will(broken.topic, broken.payload(), qos=1, retain=True, properties=will_properties(router.boot_id))
    client = connect(settings, f"flailpilot-{router.vehicle_id}", will)
    try:
        async with client:
            await Conversation(client, feed, settings).run(online)
    except aiomqtt.MqttError as error:
        if client.taken_over:
            raise IdentityTakenError(str(error)) from error
        raise
    finally:
        client.abandon()
        feed.board.add(live_dropped=len(feed.live))
        feed.live.clear()
        feed.board.set(connected=False)


def _connection_record(router: Router, word: str) -> Record:
    return router.record(CONNECTION, msgspec.convert({"connection": word}, ConnectionBody), utc_now(), 0)


class Conversation:
    """Publishes over one connection. Rows above `watermark` were stored since it began; the others are backlog."""

    def __init__(self, client: BrokerClient, feed: Feed, settings: TelemetryConfig) -> None:
        self._client, self._feed, self._settings = client, feed, settings
        self._outbox = feed.outbox
        self._watermark = self._outbox.last_row()
        self._fresh_row, self._backlog_row = self._watermark, 0
        self._fresh_puts = -1
        self._backlog_due_s = 0.0

    async def run(self, online: Record) -> None:
        """Publish `online`, then everything else, then OFFLINE when asked to stop.

        Raises:
            aiomqtt.MqttError: The connection was lost.
        """
        feed = self._feed
        feed.board.add(connects=1)
        await self._say(online)
        await self._say(feed.router.record(FACTSHEET, feed.factsheet, utc_now(), 0))
        await self._send_window(self._outbox.newest_retained(feed.router.boot_id), historical=False)
        feed.board.set(connected=True)
        feed.greeted()
        while True:
            feed.work.clear()
            if feed.outbox is not self._outbox:
                raise aiomqtt.MqttError("the outbox was replaced by one in memory; connecting again")
            live, fresh = await self._send_live(), await self._send_fresh()
            if feed.stopping:
                if not (live or fresh):
                    await self._say(_connection_record(feed.router, "OFFLINE"))
                    return
            elif not await self._send_backlog() and not (live or fresh):
                await self._wait()

    async def _send_live(self) -> bool:
        live = self._feed.live
        count = min(len(live), self._settings.window)
        for _ in range(count):
            await self._say(live.popleft())
            self._feed.board.add(live_sent=1)
        return count > 0

    async def _send_fresh(self) -> bool:
        puts = self._outbox.puts
        if puts == self._fresh_puts:
            return False
        found = self._outbox.after(self._fresh_row, self._settings.window)
        if len(found) < self._settings.window:
            self._fresh_puts = puts
        if found:
            self._fresh_row = found[-1].row
            await self._send_window(found, historical=False)
        return bool(found)

    async def _send_backlog(self) -> bool:
        """Send some history if its share of the link allows it; after the last of it, report its gaps."""
        if self._backlog_row >= self._watermark:
            return self._tell_gaps()
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        if start_s < self._backlog_due_s:
            return False
        found = self._outbox.after(self._backlog_row, self._settings.window, through=self._watermark)
        through = len(found) < self._settings.window
        self._backlog_row = self._watermark if through else found[-1].row
        await self._send_window(found, historical=True)
        took_s = loop.time() - start_s
        self._backlog_due_s = loop.time() + took_s * (1.0 / self._settings.backlog_share_ratio - 1.0)
        return True

    def _tell_gaps(self) -> bool:
        """Store an event for each loss before it is sent; return whether there was one."""
        lost = self._outbox.gaps()
        for one in lost:
            self._feed.board.add(lost=self._outbox.put([self._feed.router.record_of_gap(one, utc_now())]))
            self._outbox.forget_gap(one)
        return bool(lost)

    async def _send_window(self, found: Sequence[StoredRecord], *, historical: bool) -> None:
        """Send records together; delete those that the broker accepted. Refused ones wait for the next connection."""
        if not found:
            return
        outbox, board = self._outbox, self._feed.board
        outbox.in_flight.update(stored.row for stored in found)
        sends = (self._send(stored.record, historical=historical) for stored in found)
        answers = await asyncio.gather(*sends, return_exceptions=True)
        outbox.in_flight.difference_update(stored.row for stored in found)
        taken = [stored.row for stored, answer in zip(found, answers, strict=True) if answer is None]
        outbox.acknowledge(taken)
        refused = sum(isinstance(answer, str) for answer in answers)
        board.add(acknowledged=len(taken), refused=refused)
        board.set(backlog=outbox.rows)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer

    async def _say(self, record: Record) -> bool:
        """Send a message that is not in the outbox; return False if the broker refused it."""
        refused = await self._send(record, historical=False) is not None
        if refused:
            self._feed.board.add(refused=1)
        return not refused

    async def _send(self, record: Record, *, historical: bool) -> str | None:
        stream = record.stream
        properties = publish_properties(record.header.boot_id, stream.expiry_s, historical=historical)
        payload = record.payload(historical=historical)
        retain = stream.retain and not historical
        return await self._client.send(record.topic, payload, stream.qos, retain=retain, properties=properties)

    async def _wait(self) -> None:
        """Wait until there is work, until history may be sent again, or until the connection is lost.

        Raises:
            aiomqtt.MqttError: The connection was lost.
        """
        loop = asyncio.get_running_loop()
        waiting = self._backlog_row < self._watermark
        timeout_s = max(0.0, self._backlog_due_s - loop.time()) if waiting else None
        work = loop.create_task(self._feed.work.wait())
        try:
            await asyncio.wait((work, self._client.lost), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            work.cancel()
        if self._client.lost.done():
            raise aiomqtt.MqttError("connection lost")
