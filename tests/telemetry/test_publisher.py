"""What consumers hear from a vehicle over a real broker: mosquitto and the embedded one."""

import asyncio
import threading
from typing import Any

import aiomqtt
import pytest

from benchmarks.ports import free_port
from tests.builders import config
from tests.telemetry.brokers import WAIT_S, Gate, Mosquitto, stream, watching
from tests.telemetry.conftest import Starter, connected, settled
from tests.telemetry.samples import MISSION, event, halted, report
from vehicle.config.telemetry import TelemetryConfig
from vehicle.config.vehicle import config_hash
from vehicle.telemetry import payloads, worker
from vehicle.telemetry.counts import Counters
from vehicle.telemetry.outbox import Outbox
from vehicle.telemetry.publisher import TelemetryPublisher
from vehicle.telemetry.queues import BoundedQueue
from vehicle.telemetry.router import Router
from vehicle.telemetry.schemas import Mission
from vehicle.telemetry.session import Feed

pytestmark = pytest.mark.real


def test_every_stream_arrives_as_its_row_says(broker_port: int, publish: Starter) -> None:
    async def scene() -> None:
        async with watching(broker_port) as watcher:
            publisher = publish(broker_port)
            publisher.begin_mission(MISSION)
            await connected(publisher)
            publisher.offer(report(0))
            publisher.event(event(0))
            heard = await watcher.until(lambda heard: len(heard) >= 8)
        by_stream = {one.message.header.stream: one for one in heard}
        assert {name: one.topic for name, one in by_stream.items()} == {
            "connection": "flail/v1/test/connection",
            "factsheet": "flail/v1/test/factsheet",
            "state": "flail/v1/test/state",
            "pose": "flail/v1/test/pose",
            "tool": "flail/v1/test/tool",
            "link": "flail/v1/test/link",
            "event": "flail/v1/test/event",
            "progress": "flail/v1/test/mission/a1b2c3/progress",
        }
        assert {name: one.expiry_s for name, one in by_stream.items() if one.expiry_s} == {
            "pose": 2,
            "tool": 5,
            "link": 10,
        }
        for one in heard:
            assert one.content_type == "application/json"
            assert one.user == {"schema_version": "1.0", "boot_id": "boot1"}
            assert one.message.header.historical is False
            assert one.message.header.t_utc.endswith("Z")
        assert by_stream["connection"].body == {"connection": "ONLINE"}
        assert by_stream["factsheet"].body["config_hash"] == config_hash(config()).hex()
        assert by_stream["state"].body["mode"] == "AUTO_WORK"
        assert by_stream["pose"].body["east_m"] == 123.4567

    asyncio.run(scene())


class Told:
    """A log that is listened to."""

    def __init__(self) -> None:
        self.named: list[dict[str, object]] = []
        self.heard = threading.Event()

    def error(self, words: str, **fields: object) -> None:
        if "vehicle id" in words:
            self.named.append(fields)
            self.heard.set()

    def warning(self, words: str, **_: object) -> None:
        del words

    info = warning


def test_a_vehicle_id_that_another_program_uses_is_named(
    mosquitto: Mosquitto, publish: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    monkeypatch.setattr(worker, "_log", told)
    first = publish(mosquitto.port, "boot1", backoff_max_s=60.0)
    assert first.wait_until(lambda counts: counts.connected, WAIT_S)
    second = publish(mosquitto.port, "boot2", backoff_max_s=60.0)
    assert second.wait_until(lambda counts: counts.connected, WAIT_S)
    assert told.heard.wait(WAIT_S)
    place = f"127.0.0.1:{mosquitto.port}"
    assert told.named[0] == {"vehicle_id": "test", "broker": place, "again_s": worker.TAKEN_S}


def test_a_broker_that_ends_every_connection_at_once_is_not_rushed_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one does that gives no reason, where two programs have one name."""
    told, attempts = Told(), []

    async def thrown_out(feed: Feed, _: TelemetryConfig) -> None:
        attempts.append(len(told.named))
        feed.board.add(connects=1)
        feed.stopping = len(attempts) == 8
        raise aiomqtt.MqttError("gone")

    monkeypatch.setattr(worker, "_log", told)
    monkeypatch.setattr(worker, "run_session", thrown_out)
    settings = TelemetryConfig(backoff_first_s=1e-6, backoff_max_s=1e-3)
    board: BoundedQueue[Any] = BoundedQueue(4)
    router = Router("v7", "b1")
    sheet = payloads.factsheet(config().machine, 0.2, config_hash(config()), ())
    one = worker.Worker(
        settings=settings, router=router, factsheet=sheet, board=Counters(), reports=board, events=BoundedQueue(4)
    )
    feed = Feed(Outbox(None, rows_max=10, bytes_max=10_000), router, sheet, one._board, 4)
    asyncio.run(one._link(feed))
    assert attempts == [0, 0, 0, 0, 1, 2, 3, 4]
    assert [fields["again_s"] for fields in told.named] == [1e-3] * 4
    feed.outbox.close()


def test_only_fast_streams_go_without_acknowledgement(mosquitto: Mosquitto, publish: Starter) -> None:
    """Asked of mosquitto alone: the embedded broker hands everything on in the subscription's quality."""

    async def scene() -> None:
        async with watching(mosquitto.port) as watcher:
            publisher = publish(mosquitto.port)
            publisher.begin_mission(MISSION)
            await connected(publisher)
            publisher.offer(report(0))
            publisher.event(event(0))
            heard = await watcher.until(lambda heard: len(heard) >= 8)
        by_qos = {qos: {one.message.header.stream for one in heard if one.qos == qos} for qos in (0, 1)}
        assert by_qos[0] == {"pose", "tool", "link"}
        assert by_qos[1] == {"connection", "factsheet", "state", "event", "progress"}

    asyncio.run(scene())


def test_who_comes_later_is_handed_states_and_no_place(broker_port: int, publish: Starter) -> None:
    async def scene() -> None:
        publisher = publish(broker_port)
        publisher.begin_mission(MISSION)
        await connected(publisher)
        publisher.offer(report(0))
        publisher.event(event(0))
        await settled(publisher, 1, 1)
        async with watching(broker_port) as late:
            await late.until(lambda heard: len(heard) >= 4)
            publisher.event(event(1))
            heard = await late.until(lambda heard: bool(stream(heard, "event")))
        retained = [one for one in heard if one.retain]
        assert {one.message.header.stream for one in retained} == {"connection", "factsheet", "state", "progress"}
        assert [one.message.header.seq for one in stream(heard, "event")] == [1], "the first event is not kept"
        for one in retained:
            for digits in (b"123.4567", b"76.5432", b"39.99", b"46.93"):
                assert digits not in bytes(one.message.body)

    asyncio.run(scene())


def test_a_mission_seen_from_outside_has_no_hole(broker_port: int, publish: Starter) -> None:
    async def scene() -> None:
        async with watching(broker_port) as watcher:
            publisher = publish(broker_port, reports_max=1000)
            await connected(publisher)
            for number in range(250):
                publisher.offer(report(number, gate=halted(f"REASON_{number // 25}")))
                if number % 5 == 0:
                    publisher.event(event(number))
            await settled(publisher, 250, 50)
            heard = await watcher.until(
                lambda heard: len(stream(heard, "event")) >= 50 and len(stream(heard, "state")) >= 10
            )
        assert [one.message.header.seq for one in stream(heard, "event")] == list(range(50))
        assert [one.message.header.tick for one in stream(heard, "event")] == list(range(0, 250, 5))
        assert [one.body["reasons"] for one in stream(heard, "state")] == [[f"REASON_{n}"] for n in range(10)]

    asyncio.run(scene())


def test_a_deliberate_end_says_offline(broker_port: int, publish: Starter) -> None:
    async def scene() -> None:
        async with watching(broker_port) as watcher:
            publisher = publish(broker_port)
            await connected(publisher)
            publisher.event(event(0))
            assert await asyncio.to_thread(publisher.stop, WAIT_S)
            heard = await watcher.until(lambda heard: len(stream(heard, "connection")) >= 2)
        assert [one.body["connection"] for one in stream(heard, "connection")] == ["ONLINE", "OFFLINE"]
        assert len(stream(heard, "event")) == 1, "what was offered before the stop goes out before OFFLINE"
        assert not publisher.counts().alive

    asyncio.run(scene())


def test_a_broken_connection_is_told_by_the_broker(broker_port: int, publish: Starter) -> None:
    async def scene() -> None:
        async with Gate(broker_port) as gate, watching(broker_port) as watcher:
            publisher = publish(gate.port)
            await connected(publisher)
            await watcher.until(lambda heard: len(stream(heard, "connection")) >= 1)
            await gate.shut()
            heard = await watcher.until(lambda heard: len(stream(heard, "connection")) >= 2)
        last = stream(heard, "connection")[-1]
        assert last.body == {"connection": "CONNECTION_BROKEN"}
        assert last.user == {"schema_version": "1.0", "boot_id": "boot1"}
        async with watching(broker_port) as late:
            kept = await late.until(lambda heard: bool(stream(heard, "connection")))
        assert (stream(kept, "connection")[0].retain, stream(kept, "connection")[0].body) == (True, last.body)

    asyncio.run(scene())


def test_it_subscribes_to_nothing_and_no_message_reaches_it(broker_port: int, publish: Starter) -> None:
    """Whatever is published towards a vehicle, its client receives no packet of it: the counts stay as they were."""

    async def scene() -> None:
        publisher = publish(broker_port)
        await connected(publisher)
        before = publisher.counts()
        async with aiomqtt.Client("127.0.0.1", broker_port, protocol=aiomqtt.ProtocolVersion.V5) as stranger:
            for topic in ("flail/v1/test/command", "flail/v1/test/state", "flail/v1/test/instantActions"):
                await stranger.publish(topic, b'{"drive": 1.0}', qos=1)
        publisher.event(event(0))
        await settled(publisher, 0, 1)
        after = publisher.counts()
        assert (after.connects, after.connected, after.refused) == (before.connects, True, 0)

    asyncio.run(scene())


def test_a_mission_id_that_would_break_a_topic_is_refused() -> None:
    publisher = TelemetryPublisher(config(), TelemetryConfig())
    for bad in ("a/b", "#", "+", ""):
        with pytest.raises(ValueError, match="letters, digits"):
            publisher.begin_mission(Mission(mission_id=bad, area_m2=1.0))


def test_offers_before_the_start_and_after_the_end_are_harmless() -> None:
    publisher = TelemetryPublisher(config(), TelemetryConfig(port=free_port(), reports_max=4))
    for number in range(10):
        publisher.offer(report(number))
    assert publisher.stop()
    counts = publisher.counts()
    assert (counts.reports_offered, counts.reports_dropped, counts.alive) == (10, 6, False)
    publisher.start()
    assert publisher.wait_until(lambda counts: counts.reports_taken == 4, WAIT_S)
    assert publisher.stop()
    publisher.event(event(0))
    assert publisher.counts().events_offered == 1
