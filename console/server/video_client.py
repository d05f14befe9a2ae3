"""The console's client of a vehicle's camera service: proves its key, checks each frame, converts its time."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Final

import msgspec

from console.server.trips import Trips
from firmware_bridge.mavlink.signature import key_of
from vehicle.video import wire
from vehicle.video.camera import Camera

OPEN_S: Final = 3.0


class WrongKeyError(wire.WireError):
    """The service closed the connection after this console's proof."""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """A frame of this machine that is newer than the one before; `capture_ms` is by this computer's clock."""

    camera: int
    number: int
    width: int
    height: int
    capture_ms: float
    machine_id: bytes
    jpeg: bytes


class Dropped(msgspec.Struct):
    """Number of dropped frames: of another machine, not newer than the one before, of unknown time."""

    machine: int = 0
    order: int = 0
    untimed: int = 0


class VideoClient:
    """One connection: `frame(camera)` requests a frame and waits. Frames not to be shown are counted in `dropped`."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        seal: wire.Seal,
        machine_id: bytes,
        cameras: tuple[Camera, ...],
        now_ms: Callable[[], float],
        *,
        trips: Trips,
    ) -> None:
        self.cameras, self.dropped, self.trips = cameras, Dropped(), trips
        self._reader, self._writer, self._seal = reader, writer, seal
        self._machine_id, self._now_ms = machine_id, now_ms
        self._shown: dict[int, int] = {}

    async def frame(self, camera: int) -> Frame | None:
        """Return the next frame of a camera; None for a dropped one.

        Raises:
            WireError: The data is invalid; the connection must be closed.
            OSError: The connection broke. EOFError: The connection ended.
        """
        shown = self._shown.get(camera, 0)
        self._writer.write(wire.ask(camera, shown, round(self._now_ms() * 1e3)))
        packed = await self._reader.readexactly(wire.FRAME.size)
        tag = await self._reader.readexactly(wire.TAG_SIZE)
        head = wire.hear_frame(packed)
        jpeg = await self._reader.readexactly(head.size)
        answered_ms = self._now_ms()
        self._seal.check(tag, b"frame", packed, jpeg)
        self.trips.add(head.asked_us / 1e3, head.heard_us / 1e3, head.sent_us / 1e3, answered_ms)
        if head.machine_id != self._machine_id:
            self.dropped.machine += 1
            return None
        if head.camera != camera or head.number <= shown:
            self.dropped.order += 1
            return None
        self._shown[camera] = head.number
        captured_ms = self.trips.ours_ms(head.capture_us / 1e3)
        if captured_ms is None:
            self.dropped.untimed += 1
            return None
        return Frame(
            camera=camera,
            number=head.number,
            width=head.width,
            height=head.height,
            capture_ms=captured_ms,
            machine_id=head.machine_id,
            jpeg=jpeg,
        )


@contextlib.asynccontextmanager
async def video_client(
    place: tuple[str, int],
    station: int,
    secret: str,
    machine_id: bytes,
    now_ms: Callable[[], float],
    speed: float = 1.0,
) -> AsyncIterator[VideoClient]:
    """Connect and authenticate each other.

    Raises:
        WrongKeyError: The service does not know this key. WireError: The service belongs to another machine.
        OSError: The service is unreachable.
    """
    async with asyncio.timeout(OPEN_S):
        reader, writer = await asyncio.open_connection(*place)
    try:
        async with asyncio.timeout(OPEN_S):
            seal, cameras = await _opened(reader, writer, station, key_of(secret), machine_id)
        yield VideoClient(reader, writer, seal, machine_id, cameras, now_ms, trips=Trips(speed))
    finally:
        writer.transport.abort()


async def _opened(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, station: int, key: bytes, machine_id: bytes
) -> tuple[wire.Seal, tuple[Camera, ...]]:
    greeting = await reader.readexactly(wire.GREETING_SIZE)
    if not greeting.startswith(wire.MAGIC):
        raise wire.WireError("no camera service")
    theirs, ours = greeting[len(wire.MAGIC) :], secrets.token_bytes(wire.NONCE_BYTES)
    writer.write(wire.hello(key, machine_id, theirs, station, ours))
    try:
        kind, size = wire.CAMERAS.unpack(await reader.readexactly(wire.CAMERAS.size))
    except (asyncio.IncompleteReadError, ConnectionResetError) as gone:
        raise WrongKeyError("the vehicle's cameras do not know this key") from gone
    if kind != wire.CAMERAS_TYPE or size > wire.CAMERAS_MAX:
        raise wire.WireError("no camera service")
    text, tag = await reader.readexactly(size), await reader.readexactly(wire.TAG_SIZE)
    seal = wire.Seal(key, theirs, ours)
    return seal, wire.hear_cameras(text, tag, seal)
