import asyncio
import contextlib
import struct

import pytest

from console.server.video_client import WrongKeyError, video_client
from firmware_bridge.mavlink.signature import key_of
from vehicle.host.clock import SystemClock
from vehicle.video import wire
from vehicle.video.camera import Camera
from vehicle.video.service import VIEWERS_MAX, VideoService

MACHINE = bytes.fromhex("0123456789abcdef")
FRONT = Camera(
    id=0, name="front", width=640, height=360, fx=330.0, fy=330.0, cx=320.0, cy=180.0,
    ahead_m=0.0, height_m=2.0, pitch_rad=0.2,
)  # fmt: skip
REAR = Camera(
    id=1, name="rear", width=320, height=180, fx=150.0, fy=150.0, cx=160.0, cy=90.0,
    ahead_m=0.0, height_m=2.0, pitch_rad=0.2, backward=True,
)  # fmt: skip
STATION, SECRET = 7, "a secret"
NEVER = 120.0


class Clock:
    """Milliseconds of the console and microseconds of the vehicle, which is 5 s ahead."""

    def __init__(self) -> None:
        self.t_ms = 1_000.0

    def console_ms(self) -> float:
        return self.t_ms

    def vehicle_us(self) -> int:
        return round((self.t_ms + 5_000.0) * 1e3)


def service(clock: Clock, keys: dict[int, tuple[bytes, ...]] | None = None) -> VideoService:
    held = keys if keys is not None else {STATION: (key_of(SECRET),)}
    return VideoService(MACHINE, lambda station: held.get(station, ()), (FRONT, REAR), clock.vehicle_us)


@contextlib.asynccontextmanager
async def both(clock: Clock, serving: VideoService, secret: str = SECRET, station: int = STATION):
    async with (
        serving.listening("127.0.0.1", 0) as port,
        video_client(("127.0.0.1", port), station, secret, MACHINE, clock.console_ms) as client,
    ):
        yield client


async def turn():
    await SystemClock().sleep_until_ns(0)


def run(main):
    async def limited():
        async with asyncio.timeout(NEVER):
            return await main()

    return asyncio.run(limited())


def test_a_frame_arrives_with_its_time_by_the_consoles_clock():
    clock = Clock()
    serving = service(clock)

    async def main():
        async with both(clock, serving) as client:
            assert client.cameras == (FRONT, REAR)
            serving.publish(0, clock.vehicle_us() - 80_000, b"picture")
            return await client.frame(0)

    frame = run(main)
    assert (frame.number, frame.jpeg, frame.machine_id, frame.width) == (1, b"picture", MACHINE, 640)
    assert frame.capture_ms == pytest.approx(1_000.0 - 80.0)


def test_only_the_newest_is_shown_and_none_twice():
    clock = Clock()
    serving = service(clock)

    async def main():
        async with both(clock, serving) as client:
            for number in range(1, 6):
                serving.publish(0, number, b"%d" % number)
            first = await client.frame(0)
            waiting = asyncio.ensure_future(client.frame(0))
            while not serving.wanted(0):
                await turn()
            assert not waiting.done()
            serving.publish(0, 6, b"6")
            return first, await waiting

    first, second = run(main)
    assert (first.number, first.jpeg) == (5, b"5")
    assert (second.number, second.jpeg) == (6, b"6")


def test_cameras_are_asked_for_one_by_one():
    clock = Clock()
    serving = service(clock)

    async def main():
        async with both(clock, serving) as client:
            serving.publish(0, 1, b"front")
            serving.publish(1, 2, b"rear")
            return await client.frame(1), await client.frame(0)

    rear, front = run(main)
    assert (rear.jpeg, rear.camera, rear.width) == (b"rear", 1, 320)
    assert (front.jpeg, front.camera) == (b"front", 0)


def test_a_reader_that_does_not_read_keeps_one_picture_waiting_and_delays_no_capture():
    clock = Clock()
    serving = service(clock)

    async def main():
        async with serving.listening("127.0.0.1", 0) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_024)
            greeting = await reader.readexactly(wire.GREETING_SIZE)
            writer.write(wire.hello(key_of(SECRET), MACHINE, greeting[4:], STATION, bytes(16)))
            for _ in range(100):
                writer.write(wire.ask(0, 0, 0))
            large = bytes(wire.JPEG_MAX)
            for number in range(50):
                serving.publish(0, number, large)  # returns at once, whoever reads
                for _ in range(20):
                    await turn()
            writer.transport.abort()

    run(main)
    assert serving.sent < 10  # what the system's buffers take, and one more


@pytest.mark.parametrize(("station", "secret"), [(STATION, "another"), (8, SECRET)])
def test_who_is_not_known_is_shown_nothing(station, secret):
    clock = Clock()
    serving = service(clock)

    async def main():
        async with both(clock, serving, secret, station):
            pass

    with pytest.raises(WrongKeyError):
        run(main)
    assert serving.sent == 0


def test_a_revoked_key_ends_with_the_next_frame():
    clock = Clock()
    keys: dict[int, tuple[bytes, ...]] = {STATION: (key_of(SECRET),)}
    serving = service(clock, keys)

    async def main():
        async with both(clock, serving) as client:
            serving.publish(0, 1, b"1")
            await client.frame(0)
            keys.clear()
            serving.publish(0, 2, b"2")
            await client.frame(0)

    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        run(main)


def test_who_says_nothing_is_hung_up_on(monkeypatch):
    clock = Clock()
    serving = service(clock)
    monkeypatch.setattr("vehicle.video.service.HELLO_S", 0.01)

    async def main():
        async with serving.listening("127.0.0.1", 0) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await reader.readexactly(wire.GREETING_SIZE)
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.transport.abort()
            await turn()

    run(main)
    assert serving.refused == 1


async def proved(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Prove the key, read the cameras, and ask for the first one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_024)
    greeting = await reader.readexactly(wire.GREETING_SIZE)
    writer.write(wire.hello(key_of(SECRET), MACHINE, greeting[4:], STATION, bytes(16)))
    _, size = wire.CAMERAS.unpack(await reader.readexactly(wire.CAMERAS.size))
    await reader.readexactly(size + wire.TAG_SIZE)
    writer.write(wire.ask(0, 0, 0))
    return reader, writer


def test_consoles_that_were_lost_while_a_picture_was_under_way_keep_no_other_out(monkeypatch):
    """Each break of the radio leaves one, which takes no more of its picture and says nothing."""
    clock = Clock()
    serving = service(clock)
    monkeypatch.setattr("vehicle.video.service.SEND_S", 0.05)

    async def main():
        async with serving.listening("127.0.0.1", 0) as port:
            lost = [await proved(port) for _ in range(VIEWERS_MAX)]
            while serving.sent < VIEWERS_MAX:
                serving.publish(0, 1, bytes(16 * wire.JPEG_MAX))  # more than the system takes for them
                await turn()
            while serving.refused < VIEWERS_MAX:
                await turn()
            reader, writer = await proved(port)
            serving.publish(0, 2, b"picture")
            await reader.readexactly(wire.FRAME.size + wire.TAG_SIZE)
            for _, one in (*lost, (reader, writer)):
                one.transport.abort()
            await turn()

    run(main)


def test_who_only_holds_connections_keeps_no_console_out():
    clock = Clock()
    serving = service(clock)

    async def main():
        async with serving.listening("127.0.0.1", 0) as port:
            console = await proved(port)
            strangers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2 * VIEWERS_MAX)]
            other = await proved(port)
            while serving.sent < 2:
                serving.publish(0, 1, b"picture")
                await turn()
            for _, writer in (console, *strangers, other):
                writer.transport.abort()
            await turn()

    run(main)
    assert serving.sent == 2


class Forger:
    """Knows the key, and sends what it is told to."""

    def __init__(self, frames: list[tuple[int, bytes, bool]]) -> None:
        self.frames = frames

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonce = bytes(range(16))
        writer.write(wire.MAGIC + nonce)
        said = await reader.readexactly(wire.HELLO.size)
        _, _, seal = wire.hear_hello(said, MACHINE, nonce, lambda _: (key_of(SECRET),))
        writer.write(wire.cameras((FRONT,), seal))
        for number, machine_id, whole in self.frames:
            await reader.readexactly(wire.ASK.size)
            head = wire.Head(
                camera=0, width=640, height=360, number=number, size=4, capture_us=0, asked_us=0, heard_us=0,
                sent_us=0, machine_id=machine_id,
            )  # fmt: skip
            writer.write(wire.frame(head, b"true", seal) + (b"true" if whole else b"fake"))
        writer.close()


async def forged(frames: list[tuple[int, bytes, bool]]):
    server = await asyncio.start_server(Forger(frames), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, video_client(("127.0.0.1", port), STATION, SECRET, MACHINE, lambda: 0.0) as client:
        return [await client.frame(0) for _ in frames], client.dropped


def test_row_24_a_picture_of_another_machine_or_an_older_one_is_dropped_and_counted():
    other = bytes(8)
    frames, dropped = run(
        lambda: forged(
            [(3, MACHINE, True), (4, other, True), (3, MACHINE, True), (2, MACHINE, True), (5, MACHINE, True)]
        )
    )
    assert [frame.number if frame is not None else None for frame in frames] == [3, None, None, None, 5]
    assert (dropped.machine, dropped.order) == (1, 2)


def test_a_picture_of_unknown_time_is_dropped_and_counted():
    """Their clock ran on for longer between question and answer than ours: it was set meanwhile."""

    class Leaping(Clock):
        leaps = 0

        def vehicle_us(self) -> int:
            self.leaps += 1
            return self.leaps * 1_000_000

    clock = Leaping()
    serving = service(clock)

    async def main():
        async with both(clock, serving) as client:
            serving.publish(0, 1, b"1")
            return await client.frame(0), client.dropped

    frame, dropped = run(main)
    assert frame is None
    assert (dropped.untimed, dropped.order) == (1, 0)


def test_a_changed_picture_ends_the_connection():
    with pytest.raises(wire.WireError, match="tag"):
        run(lambda: forged([(1, MACHINE, False)]))


def test_a_frame_of_another_connection_does_not_count():
    seal, other = wire.Seal(b"k" * 32, b"a" * 16, b"b" * 16), wire.Seal(b"k" * 32, b"a" * 16, b"c" * 16)
    with pytest.raises(wire.WireError, match="tag"):
        other.check(seal.tag(b"frame", b"head", b"jpeg"), b"frame", b"head", b"jpeg")


def test_what_is_no_frame_is_refused():
    with pytest.raises(wire.WireError):
        wire.hear_frame(bytes(wire.FRAME.size))
    too_large = struct.pack("<BBHHHIIqqqq8s", 4, 0, 1, 1, 0, 1, wire.JPEG_MAX + 1, 0, 0, 0, 0, bytes(8))
    with pytest.raises(wire.WireError, match="bytes"):
        wire.hear_frame(too_large)
