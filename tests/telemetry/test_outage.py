"""The broker goes, hangs, comes back, refuses: no record of QoS 1 is lost, and whoever offers is never held up."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ports import free_port
from tests.telemetry.brokers import PLAIN, WAIT_S, Gate, Mosquitto, stream, watching
from tests.telemetry.conftest import Starter, connected, settled, waits
from tests.telemetry.samples import event, halted, report
from vehicle.telemetry.outbox import Outbox
from vehicle.telemetry.router import Record
from vehicle.telemetry.schemas import PublisherCounts

pytestmark = pytest.mark.real


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

    def failing(self: Outbox, records: list[Record], *lost: Any) -> int:
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


def attempted(least: int) -> Callable[[PublisherCounts], bool]:
    """Whether there were so many attempts."""
    return lambda counts: counts.attempts >= least


def test_attempts_on_a_hung_broker_leave_no_sockets_behind(mosquitto: Mosquitto, publish: Starter) -> None:
    """The system accepts the connection for a process that stands still: each attempt ends in a time-out."""
    mosquitto.freeze()
    publisher = publish(mosquitto.port, answer_timeout_s=0.05, backoff_max_s=0.02)
    files = []
    for attempts in (4, 8, 16, 24):
        assert publisher.wait_until(attempted(attempts), WAIT_S)
        files.append(len(list(Path("/proc/self/fd").iterdir())))
    mosquitto.thaw()
    assert max(files) <= files[0] + 3, files
