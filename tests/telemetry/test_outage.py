"""The broker goes, hangs, comes back, refuses: no record of QoS 1 is lost, and whoever offers is never held up."""

import asyncio
import gc
import threading
import tracemalloc
from pathlib import Path

import pytest

from tests.telemetry.brokers import PLAIN, WAIT_S, Gate, Mosquitto, free_port, stream, watching
from tests.telemetry.conftest import Starter, connected, settled
from tests.telemetry.samples import event, halted, report
from vehicle.telemetry.outbox import Outbox
from vehicle.telemetry.publisher import TelemetryPublisher
from vehicle.telemetry.router import Record

pytestmark = pytest.mark.real


async def waits(publisher: TelemetryPublisher, holds: object) -> None:
    assert callable(holds)
    assert await asyncio.to_thread(publisher.wait_until, holds, WAIT_S), publisher.counts()


def test_nothing_is_lost_while_the_link_is_gone(broker_port: int, publish: Starter) -> None:
    async def scene() -> None:
        async with Gate(broker_port) as gate, watching(broker_port) as watcher:
            publisher = publish(gate.port)
            await connected(publisher)
            publisher.event(event(0))
            await settled(publisher, 0, 1)
            await gate.shut()
            await waits(publisher, lambda counts: not counts.connected)
            for number in range(1, 61):
                publisher.event(event(number))
                publisher.offer(report(number, gate=halted(f"REASON_{number}")))
                await waits(publisher, lambda counts, seen=number: counts.reports_taken == seen)
            assert publisher.counts().backlog == 120
            await gate.open()
            await waits(publisher, lambda counts: counts.backlog == 0)
            publisher.event(event(61))
            heard = await watcher.until(
                lambda heard: len(stream(heard, "event")) >= 62 and len(stream(heard, "state")) >= 60
            )
        events, states = stream(heard, "event"), stream(heard, "state")
        assert sorted({one.message.header.seq for one in events}) == list(range(62))
        assert sorted({one.message.header.seq for one in states}) == list(range(60))
        past = {one.message.header.seq for one in events if one.message.header.historical}
        assert past == set(range(1, 61))
        assert [one.message.header.seq for one in events if one.message.header.historical] == sorted(past)
        assert all((one.user.get("historical") == "true") == one.message.header.historical for one in heard)
        present = [one for one in states if not one.message.header.historical]
        assert [one.body["reasons"] for one in present] == [["REASON_60"]], "only the newest state is still true"
        assert heard.index(present[0]) < heard.index(next(one for one in heard if one.message.header.historical))
        async with watching(broker_port) as late:
            kept = await late.until(lambda heard: bool(stream(heard, "state")))
        assert stream(kept, "state")[0].body["reasons"] == ["REASON_60"], "history must not replace the present"

    asyncio.run(scene())


def test_a_killed_broker_that_returns_gets_everything(mosquitto: Mosquitto, publish: Starter, tmp_path: Path) -> None:
    async def scene() -> None:
        publisher = publish(mosquitto.port, outbox_file=str(tmp_path / "outbox.db"))
        await connected(publisher)
        for number in range(5):
            publisher.event(event(number))
        mosquitto.kill()
        for number in range(5, 40):
            publisher.event(event(number))
        await waits(publisher, lambda counts: not counts.connected and counts.events_taken == 40)
        mosquitto.start()
        await settled(publisher, 0, 40)
        counts = publisher.counts()
        assert counts.connects >= 2
        assert counts.acknowledged == 40
        assert (counts.lost, counts.refused, counts.events_dropped) == (0, 0, 0)

    asyncio.run(scene())


def test_no_broker_at_all_costs_nothing_but_room(publish: Starter) -> None:
    publisher = publish(free_port(), reports_max=1000)
    for number in range(50):
        publisher.offer(report(number, gate=halted(f"REASON_{number}")))
        publisher.event(event(number))
    assert publisher.wait_until(lambda counts: counts.backlog == 100, WAIT_S)
    counts = publisher.counts()
    assert (counts.connects, counts.connected, counts.reports_dropped) == (0, False, 0)
    assert counts.live_dropped >= 3, "pose, tool and link: stale before anybody could hear them"
    assert publisher.stop()


def test_a_hung_broker_holds_nobody_up_and_loses_nothing(mosquitto: Mosquitto, publish: Starter) -> None:
    """The process is stopped, its sockets stay open: nothing is refused, nothing is answered."""

    async def scene() -> None:
        publisher = publish(mosquitto.port, answer_timeout_s=0.3, keepalive_s=1, reports_max=16)
        await connected(publisher)
        mosquitto.freeze()
        for number in range(20_000):
            publisher.offer(report(number))
            if number % 200 == 0:
                publisher.event(event(number))
        await waits(publisher, lambda counts: counts.events_taken == 100 and not counts.connected)
        mosquitto.thaw()
        await waits(publisher, lambda counts: counts.backlog == 0 and counts.connected)
        counts = publisher.counts()
        assert counts.reports_offered == 20_000 == counts.reports_taken + counts.reports_dropped
        assert (counts.events_dropped, counts.lost) == (0, 0)

    asyncio.run(scene())


def test_a_connection_that_breaks_under_a_message_is_not_waited_out(mosquitto: Mosquitto, publish: Starter) -> None:
    """The limit for an answer is far beyond this test's patience: only the broken connection can end the wait."""

    async def scene() -> None:
        publisher = publish(mosquitto.port, answer_timeout_s=4 * WAIT_S, keepalive_s=600)
        await connected(publisher)
        mosquitto.freeze()
        for number in range(20):
            publisher.event(event(number))
        await waits(publisher, lambda counts: counts.events_taken == 20)
        mosquitto.kill()
        await waits(publisher, lambda counts: not counts.connected)
        mosquitto.start()
        await settled(publisher, 0, 20)

    asyncio.run(scene())


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Until it is set, the telemetry thread stands still in the middle of storing."""
    released = threading.Event()
    put = Outbox.put

    def standing(self: Outbox, records: list[Record], *lost: object) -> int:
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


DENIED = PLAIN.replace("allow_anonymous true", "allow_anonymous true\nacl_file {{acl}}")


def test_a_record_that_the_broker_refuses_is_kept(tmp_path: Path, publish: Starter) -> None:
    """mosquitto answers a publish that its access list forbids with an acknowledgement that says "not authorised"."""
    acl = tmp_path / "acl"
    acl.write_text("topic write flail/v1/+/connection\ntopic write flail/v1/+/factsheet\n")
    config = DENIED.replace("{{acl}}", str(acl))

    async def scene() -> None:
        broker = Mosquitto(tmp_path, config)
        with broker:
            publisher = publish(broker.port)
            await connected(publisher)
            publisher.event(event(0))
            await waits(publisher, lambda counts: counts.refused == 1)
            assert (publisher.counts().acknowledged, publisher.counts().backlog) == (0, 1)
            assert publisher.counts().connected
        acl.write_text("topic readwrite flail/#\n")
        with broker:
            await settled(publisher, 0, 1)
            assert publisher.counts().acknowledged == 1

    asyncio.run(scene())


def test_a_disk_that_fails_does_not_end_telemetry(
    mosquitto: Mosquitto, publish: Starter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Outbox.put

    def failing(self: Outbox, records: list[Record], *lost: object) -> int:
        if self._db.execute("PRAGMA database_list").fetchone()[2]:
            self._db.execute("PRAGMA max_page_count = 1")  # from here on the file cannot grow
        return put(self, records * 200 if self._db.execute("PRAGMA database_list").fetchone()[2] else records, *lost)

    async def scene() -> None:
        publisher = publish(mosquitto.port, outbox_file=str(tmp_path / "outbox.db"))
        await connected(publisher)
        assert publisher.counts().durable
        monkeypatch.setattr(Outbox, "put", failing)
        publisher.event(event(0))
        await settled(publisher, 0, 1)
        await waits(publisher, lambda counts: counts.acknowledged == 1)
        assert not publisher.counts().durable

    asyncio.run(scene())


def test_a_folder_that_cannot_be_written_is_no_reason_to_be_silent(
    mosquitto: Mosquitto, publish: Starter, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("a file where a folder is asked for")
    publisher = publish(mosquitto.port, outbox_file=str(tmp_path / "file" / "outbox.db"))
    publisher.event(event(0))
    assert publisher.wait_until(lambda counts: counts.acknowledged == 1, WAIT_S)
    assert not publisher.counts().durable


def test_attempts_on_a_hung_broker_leave_no_sockets_behind(mosquitto: Mosquitto, publish: Starter) -> None:
    """The system accepts the connection for a process that stands still: each attempt ends in a time-out."""
    mosquitto.freeze()
    publisher = publish(mosquitto.port, answer_timeout_s=0.05, backoff_max_s=0.02)
    files = []
    for attempts in (4, 8, 16, 24):
        assert publisher.wait_until(lambda counts, least=attempts: counts.attempts >= least, WAIT_S)
        files.append(len(list(Path("/proc/self/fd").iterdir())))
    mosquitto.thaw()
    assert max(files) <= files[0] + 3, files
