"""More than the thread, the queues or the outbox can take: nobody waits, memory stands, and each loss is told."""

import asyncio
import gc
import threading
import tracemalloc
from typing import Any

import pytest

from benchmarks.ports import free_port
from tests.telemetry.brokers import WAIT_S, Gate, Mosquitto, stream, watching
from tests.telemetry.conftest import Starter, connected, settled, waits
from tests.telemetry.samples import event, halted, report
from vehicle.telemetry.outbox import Outbox
from vehicle.telemetry.router import Record

pytestmark = pytest.mark.real


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Until it is set, the telemetry thread stands still in the middle of storing."""
    released = threading.Event()
    put = Outbox.put

    def standing(self: Outbox, records: list[Record], *lost: Any) -> int:
        assert released.wait(WAIT_S)
        return put(self, records, *lost)

    monkeypatch.setattr(Outbox, "put", standing)
    return released


def test_a_thread_that_stands_still_is_never_waited_for(stuck: threading.Event, publish: Starter) -> None:
    """All offers return although the thread provably does not run; what has no room is dropped and counted."""
    publisher = publish(free_port(), reports_max=32, events_max=64)
    for number in range(10_000):
        publisher.offer(report(number, gate=halted(f"REASON_{number}")))
        publisher.event(event(number))
        if number == 0:
            assert publisher.counts().reports_taken == 0
    counts = publisher.counts()
    assert (counts.reports_taken, counts.events_taken) == (0, 0), "the thread has finished nothing yet"
    assert counts.reports_offered == counts.events_offered == 10_000
    assert counts.reports_dropped >= 10_000 - 32 - 32, "at most one batch is in the thread's hands, one in the queue"
    stuck.set()
    assert publisher.wait_until(
        lambda counts: (
            counts.reports_taken + counts.reports_dropped == 10_000
            and counts.events_taken + counts.events_dropped == 10_000
        ),
        WAIT_S,
    )
    assert publisher.counts().lost == publisher.counts().events_dropped, "each lost event is part of a told gap"


def test_of_many_reports_at_once_the_newest_is_the_pose(
    stuck: threading.Event, mosquitto: Mosquitto, publish: Starter
) -> None:
    async def scene() -> None:
        async with watching(mosquitto.port) as watcher:
            publisher = publish(mosquitto.port)
            await connected(publisher)
            publisher.offer(report(0))  # its state is what the thread stands still over
            for number in range(1, 10):
                publisher.offer(report(number))
            stuck.set()
            heard = await watcher.until(
                lambda heard: any(one.message.header.tick == 18 for one in stream(heard, "pose"))
            )
        assert len(stream(heard, "pose")) <= 2

    asyncio.run(scene())


def test_lost_events_are_told(stuck: threading.Event, mosquitto: Mosquitto, publish: Starter) -> None:
    async def scene() -> None:
        async with watching(mosquitto.port) as watcher:
            publisher = publish(mosquitto.port, events_max=8)
            for number in range(100):
                publisher.event(event(number))
            stuck.set()
            heard = await watcher.until(
                lambda heard: (
                    any(one.body["kind"] == "telemetry_gap" for one in stream(heard, "event"))
                    and sum(one.body["kind"] == "shock" for one in stream(heard, "event")) >= 8
                )
            )
            await settled(publisher, 0, 100 - publisher.counts().events_dropped)
        told = [one.body["gap"] for one in stream(heard, "event") if one.body["kind"] == "telemetry_gap"]
        arrived = {one.message.header.seq for one in stream(heard, "event")}
        gap = told[-1]
        assert isinstance(gap, dict)
        assert gap["count"] == publisher.counts().events_dropped > 80
        missing = set(range(gap["first_seq"], gap["last_seq"] + 1)) - arrived
        assert len(missing) == gap["count"]

    asyncio.run(scene())


def test_a_flood_without_a_broker_does_not_grow_memory(publish: Starter) -> None:
    publisher = publish(free_port(), reports_max=16, outbox_rows_max=50)

    def flood(first: int, count: int) -> int:
        for number in range(first, first + count):
            publisher.offer(report(number, gate=halted(f"REASON_{number}")))
        assert publisher.wait_until(
            lambda counts: counts.reports_taken + counts.reports_dropped == first + count, WAIT_S
        )
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early_bytes = flood(0, 2_000)
        late_bytes = flood(2_000, 20_000)
    finally:
        tracemalloc.stop()
    assert late_bytes - early_bytes < 100_000, "a report is about a kilobyte: 20,000 of them are not kept"
    assert publisher.counts().backlog <= 50


def test_what_a_full_outbox_gave_up_is_told_when_the_broker_is_back(mosquitto: Mosquitto, publish: Starter) -> None:
    async def scene() -> None:
        async with Gate(mosquitto.port) as gate, watching(mosquitto.port) as watcher:
            await gate.shut()
            publisher = publish(gate.port, outbox_rows_max=10, window=16, backlog_share_ratio=0.0001)
            for number in range(30):
                publisher.offer(report(number, gate=halted(f"REASON_{number}")))
                await waits(publisher, lambda counts, seen=number: counts.reports_taken == seen + 1)
            assert publisher.counts().lost == 20
            await gate.open()
            await waits(publisher, lambda counts: counts.backlog == 0)
            heard = await watcher.until(
                lambda heard: bool(stream(heard, "event")) and len(stream(heard, "state")) >= 10
            )
            publisher.event(event(0))
            heard = await watcher.until(lambda heard: len(stream(heard, "event")) >= 2)
        told = stream(heard, "event")
        assert told[0].body["gap"] == {
            "boot_id": "boot1",
            "stream": "state",
            "first_seq": 0,
            "last_seq": 19,
            "count": 20,
        }
        assert sorted(one.message.header.seq for one in stream(heard, "state")) == list(range(20, 30))
        assert [one.body["kind"] for one in told] == ["telemetry_gap", "shock"], "told once"

    asyncio.run(scene())
