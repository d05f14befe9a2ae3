"""Who gets the link when there is not enough of it: the present first, and still a share for the past."""

import asyncio
from datetime import UTC, datetime

import aiomqtt
import pytest

from tests.builders import config
from tests.telemetry.samples import event, report
from vehicle.config.telemetry import TelemetryConfig
from vehicle.config.vehicle import config_hash
from vehicle.telemetry import payloads
from vehicle.telemetry.counts import Counters
from vehicle.telemetry.outbox import Outbox
from vehicle.telemetry.router import Record, Router
from vehicle.telemetry.schemas import PublisherCounts
from vehicle.telemetry.session import Conversation, Feed
from vehicle.telemetry.streams import CONNECTION, STREAMS

MOMENT = datetime(2026, 11, 3, 8, 15, tzinfo=UTC)
SENDS_MAX = 5_000


class Link:
    """Stands for a connection so slow that a new pose is waiting whenever one has left."""

    def __init__(self, feed: Feed, pose: Record) -> None:
        self.topics: list[str] = []
        self._feed, self._pose = feed, pose
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def send(self, topic: str, payload: bytes, qos: int, *, retain: bool, properties: object) -> str | None:
        del payload, retain, properties
        self.topics.append(topic.rsplit("/", 1)[-1])
        if len(self.topics) > SENDS_MAX:
            raise aiomqtt.MqttError("the past was never asked")
        if qos == 0 and self._feed.outbox.rows:
            self._feed.push_live(self._pose)
        if not self._feed.outbox.rows:
            self._feed.stopping = True
        await asyncio.get_running_loop().run_in_executor(None, int)  # a send takes some time, whatever it is
        return None


def make_feed(backlog: int) -> tuple[Feed, Router]:
    vehicle, board, router = config(), Counters(), Router("v7", "b1")
    outbox = Outbox(None, rows_max=1000, bytes_max=10_000_000)
    outbox.put([router.record_of_event(event(number), None, MOMENT) for number in range(backlog)])
    sheet = payloads.factsheet(vehicle.machine, 0.2, config_hash(vehicle), tuple(STREAMS))
    return Feed(outbox, router, sheet, board, live_max=64), router


def test_history_gets_its_share_of_a_link_that_the_present_could_fill() -> None:
    async def scene() -> list[str]:
        feed, router = make_feed(40)
        pose = router.live_records(report(0), None, MOMENT, PublisherCounts())[0]
        link = Link(feed, pose)
        feed.board.set(connected=True)
        for _ in range(4):
            feed.push_live(pose)
        online = router.record(CONNECTION, payloads.state(report(0)), MOMENT, 0)
        await Conversation(link, feed, TelemetryConfig(backlog_share_ratio=0.5)).run(online)  # type: ignore[arg-type]
        feed.outbox.close()
        return link.topics

    topics = asyncio.run(scene())
    assert topics[:2] == ["connection", "factsheet"]
    assert topics[2:6] == ["pose"] * 4, "the present first"
    assert topics.count("event") == 40
    assert topics[-1] == "connection", "OFFLINE is the last word"


def test_a_refused_record_does_not_block_those_behind_it() -> None:
    class Refusing(Link):
        async def send(self, topic: str, payload: bytes, qos: int, *, retain: bool, properties: object) -> str | None:
            del qos, retain, properties
            self.topics.append(topic)
            if len(self.topics) > 30:
                self._feed.stopping = True
                self._feed.work.set()
            return "Not authorized" if b'"seq":5,' in payload and "event" in topic else None

    async def scene() -> Feed:
        feed, router = make_feed(30)
        link = Refusing(feed, router.live_records(report(0), None, MOMENT, PublisherCounts())[0])
        online = router.record(CONNECTION, payloads.state(report(0)), MOMENT, 0)
        settings = TelemetryConfig(backlog_share_ratio=1.0)
        await Conversation(link, feed, settings).run(online)  # type: ignore[arg-type]
        return feed

    feed = asyncio.run(scene())
    waiting = [found.record.header.seq for found in feed.outbox.after(0, 100)]
    assert 5 in waiting
    assert len(waiting) < 10
    assert feed.board.counts.refused == 1
    feed.outbox.close()


def test_counts_cannot_be_awaited_for_ever() -> None:
    board = Counters()
    board.add(acknowledged=2, lost=0)
    assert board.wait_until(lambda: board.counts.acknowledged == 2, 0.0)
    assert not board.wait_until(lambda: board.counts.lost == 1, 0.0)
    with pytest.raises(AttributeError):
        board.add(unheard_of=1)
