import asyncio
import json
from typing import Any, NamedTuple, cast

import msgspec
import pytest

from console.client.protocol import Credentials
from console.server.video import ACK, HEAD, VideoRelay
from tests.video.test_service import FRONT, MACHINE, NEVER, REAR, SECRET, STATION, Clock, service
from vehicle.host.clock import SystemClock
from vehicle.video.service import VideoService

OTHER = Credentials(system_id=STATION, secret=SECRET[::-1], machine_id=MACHINE.hex())


class Vehicle(msgspec.Struct):
    """As the server's settings name it."""

    video_port: int | None
    credentials: Credentials = Credentials(system_id=STATION, secret=SECRET, machine_id=MACHINE.hex())
    host: str = "127.0.0.1"


class Page:
    """A page's socket, played by the test."""

    def __init__(self) -> None:
        self.up: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.down: asyncio.Queue[bytes | str] = asyncio.Queue()
        self.closed: list[int] = []

    async def accept(self, _: str) -> None:
        pass

    async def receive(self) -> dict[str, Any]:
        return await self.up.get()

    async def send_text(self, text: str) -> None:
        self.down.put_nowait(text)

    async def send_bytes(self, data: bytes) -> None:
        self.down.put_nowait(data)

    async def close(self, code: int, _: str) -> None:
        self.closed.append(code)

    def ack(self, camera: int = 0, number: int = 0, page_ms: float = 5.0) -> None:
        self.up.put_nowait({"type": "websocket.receive", "bytes": ACK.pack(33, camera, 0, number, page_ms)})

    async def told(self, state: str) -> dict[str, Any]:
        while True:
            message = await self.down.get()
            if isinstance(message, str) and json.loads(message)["state"] == state:
                return json.loads(message)

    async def frame(self) -> tuple[tuple[Any, ...], bytes]:
        while True:
            message = await self.down.get()
            if isinstance(message, bytes):
                return HEAD.unpack_from(message), message[HEAD.size :]


class Rig(NamedTuple):
    """All of one test."""

    page: Page
    serving: VideoService
    relay: VideoRelay
    clock: Clock


def run(main) -> Any:
    """`main(rig)` with a service on loopback, and the relay's answers to the page."""

    async def limited() -> Any:
        clock = Clock()
        serving, page = service(clock), Page()
        async with asyncio.timeout(NEVER), serving.listening("127.0.0.1", 0) as port:
            relay = VideoRelay(lambda: vehicle, SystemClock())
            vehicle = Vehicle(port)
            task = asyncio.ensure_future(relay._page(cast("Any", page)))
            try:
                return await main(Rig(page, serving, relay, clock))
            finally:
                page.up.put_nowait({"type": "websocket.disconnect"})
                await task
                await relay.close()

    return asyncio.run(limited())


async def wanted(serving, camera: int = 0) -> None:
    while not serving.wanted(camera):
        await SystemClock().sleep_until_ns(0)


def test_a_page_gets_the_newest_frame_it_asked_for_and_the_next_only_after_its_answer():
    async def main(rig):
        rig.page.ack(page_ms=123.0)
        opened = await rig.page.told("open")
        await wanted(rig.serving)
        rig.serving.publish(0, rig.clock.vehicle_us() - 50_000, b"one")
        first = await rig.page.frame()
        for number in range(2, 5):
            rig.serving.publish(0, rig.clock.vehicle_us(), b"%d" % number)
        for _ in range(50):  # time enough for a frame that nobody asked for
            await SystemClock().sleep_until_ns(0)
        assert rig.page.down.empty()
        assert not rig.serving.wanted(0)
        rig.page.ack(number=1)
        return opened, first, await rig.page.frame()

    opened, (head, jpeg), (later, newest) = run(main)
    kind, camera, width, height, _, number, captured_ms, machine, heard_ms, sent_ms, page_ms = head
    assert (kind, camera, width, height, number, machine, page_ms, jpeg) == (32, 0, 640, 360, 1, MACHINE, 123.0, b"one")
    assert captured_ms <= sent_ms
    assert heard_ms <= sent_ms
    assert (later[5], newest) == (4, b"4")
    assert opened["machine_id"] == MACHINE.hex()
    assert [camera["name"] for camera in opened["cameras"]] == ["front", "rear"]
    assert opened["cameras"][0]["fx"] == FRONT.fx
    assert opened["cameras"][1]["backward"] is REAR.backward is True


def test_the_rear_camera_is_asked_for_where_the_page_wants_it():
    async def main(rig):
        rig.page.ack(camera=1)
        await wanted(rig.serving, 1)
        rig.serving.publish(1, 0, b"rear")
        return await rig.page.frame()

    head, jpeg = run(main)
    assert (head[1], jpeg) == (1, b"rear")


@pytest.mark.long
def test_a_picture_of_the_vehicle_before_is_not_shown_after_the_console_turned_to_another():
    async def main(rig):
        serving = service(rig.clock)
        async with serving.listening("127.0.0.1", 0) as port:
            other = Vehicle(port)
            rig.page.ack()
            await rig.page.told("open")
            await wanted(rig.serving)
            rig.relay._vehicle = lambda: other
            rig.serving.publish(0, rig.clock.vehicle_us(), b"of the one before")
            await rig.page.told("connecting")
            await wanted(serving)
            serving.publish(0, rig.clock.vehicle_us(), b"of this one")
            return await rig.page.frame()

    assert run(main)[1] == b"of this one"


def test_no_page_no_connection_and_no_camera_is_said():
    async def main(rig):
        assert (await rig.page.told("idle"))["cameras"] == []
        rig.relay._vehicle = lambda: Vehicle(None)
        rig.page.ack()
        return await rig.page.told("none")

    assert run(main)["cameras"] == []


def test_a_key_that_is_not_known_is_said():
    async def main(rig):
        port = rig.relay._vehicle().video_port
        rig.relay._vehicle = lambda: Vehicle(port, OTHER)
        rig.page.ack()
        return await rig.page.told("wrong_key")

    assert "key" in run(main)["told"]


def test_a_frame_that_cannot_be_closes_the_socket():
    async def main(rig):
        rig.page.up.put_nowait({"type": "websocket.receive", "bytes": b"\x21"})
        while not rig.page.closed:
            await SystemClock().sleep_until_ns(0)
        return rig.page.closed

    assert run(main) == [4400]
