"""Serves the newest picture of each camera to consoles that prove their key; whoever captures never waits for them.

service = VideoService(machine_id, keys, cameras, now_us)
async with service.listening("127.0.0.1", 0) as port:
    service.publish(camera_id, capture_us, jpeg)        # from wherever pictures come
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Final

import msgspec

from vehicle.video import wire
from vehicle.video.camera import Camera

HELLO_S: Final = 3.0
"""Who has not proved itself by then is hung up on."""
IDLE_S: Final = 30.0
SEND_S: Final = 10.0
"""A console that does not take a picture within so long is gone: the system would wait a quarter of an hour for it, and
each break of the radio leaves one such connection."""
VIEWERS_MAX: Final = 8
WRITE_MAX: Final = 1
"""Bytes that may wait before a writer waits: one frame is under way, never two."""


class Picture(msgspec.Struct, frozen=True):
    """One frame of one camera; numbers rise by one a frame and camera."""

    number: int
    capture_us: int
    jpeg: bytes


class VideoService:
    """The pictures, and who is shown them.

    Args:
        machine_id: 8 bytes, in each frame: a picture of another machine is found out.
        keys: of a station, the newest first; asked at each connection and each frame, so that a revoked key ends.
        cameras: what there is.
        now_us: the vehicle's clock.
    """

    def __init__(
        self,
        machine_id: bytes,
        keys: Callable[[int], tuple[bytes, ...]],
        cameras: tuple[Camera, ...],
        now_us: Callable[[], int],
    ) -> None:
        self.cameras = cameras
        self.refused = self.sent = 0
        self._machine_id, self._keys, self._now_us = machine_id, keys, now_us
        self._by_id = {camera.id: camera for camera in cameras}
        self._newest: dict[int, Picture] = {}
        self._changed: dict[int, asyncio.Event] = {camera.id: asyncio.Event() for camera in cameras}
        self._waiting: dict[int, int] = dict.fromkeys(self._by_id, 0)
        self._connections: dict[asyncio.Task[None], bool] = {}
        """Who is connected, the oldest first -> whether it proved its key."""

    def publish(self, camera_id: int, capture_us: int, jpeg: bytes) -> None:
        """A new picture; the one before it is forgotten, whoever had not seen it."""
        before = self._newest.get(camera_id)
        self._newest[camera_id] = Picture(before.number + 1 if before is not None else 1, capture_us, jpeg)
        self._changed[camera_id].set()
        self._changed[camera_id] = asyncio.Event()

    def resized(self, camera_id: int, width: int, height: int) -> None:
        """A driver gives another size than it was asked for: the matrix goes with it, for consoles that come later."""
        before = self._by_id[camera_id]
        scale = width / before.width
        self._by_id[camera_id] = msgspec.structs.replace(
            before,
            width=width,
            height=height,
            fx=before.fx * scale,
            fy=before.fy * scale,
            cx=width / 2.0,
            cy=height / 2.0,
        )
        self.cameras = tuple(self._by_id.values())

    def wanted(self, camera_id: int) -> bool:
        """Somebody waits for a newer picture of this camera."""
        return self._waiting[camera_id] > 0

    @contextlib.asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Serve; gives the port. OSError where the address is not free."""
        server = await asyncio.start_server(self._connected, host, port, limit=4_096)
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
            for task in tuple(self._connections):
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._connections) >= VIEWERS_MAX and not self._room_made():
            writer.close()
            return
        self._connections[task] = False
        try:
            await self._serve(reader, writer)
        except (wire.WireError, asyncio.IncompleteReadError, TimeoutError, OSError):
            self.refused += 1
        except asyncio.CancelledError:  # the service ends, or somebody else needs the room
            pass
        finally:
            self._connections.pop(task, None)
            writer.transport.abort()

    def _room_made(self) -> bool:
        """Whoever only holds a connection keeps no console out: the oldest that proved no key is closed."""
        idle = next((task for task, proved in self._connections.items() if not proved), None)
        if idle is None:
            return False
        del self._connections[idle]
        idle.cancel()
        return True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonce = secrets.token_bytes(wire.NONCE_BYTES)
        writer.write(wire.MAGIC + nonce)
        async with asyncio.timeout(HELLO_S):
            said = await reader.readexactly(wire.HELLO.size)
        station, key, seal = wire.hear_hello(said, self._machine_id, nonce, self._keys)
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = True
        writer.transport.set_write_buffer_limits(high=WRITE_MAX)
        writer.write(wire.cameras(self.cameras, seal))
        shown: dict[int, int] = {}
        while True:
            async with asyncio.timeout(IDLE_S):
                asked = wire.hear_ask(await reader.readexactly(wire.ASK.size))
            heard_us = self._now_us()
            if asked.camera not in self._by_id:
                raise wire.WireError(f"no camera {asked.camera}")
            picture = await self._newer(asked.camera, shown.get(asked.camera, 0), reader)
            if picture is None:
                return
            if key not in self._keys(station):
                raise wire.WireError(f"station {station}: its key was revoked")
            shown[asked.camera] = picture.number
            await self._send(writer, seal, asked, heard_us, picture)

    async def _newer(self, camera_id: int, number: int, reader: asyncio.StreamReader) -> Picture | None:
        """The newest after `number`; None where the console hung up meanwhile."""
        self._waiting[camera_id] += 1
        try:
            while True:
                picture = self._newest.get(camera_id)
                if picture is not None and picture.number > number:
                    return picture
                if reader.at_eof():
                    return None
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1.0):
                        await self._changed[camera_id].wait()
        finally:
            self._waiting[camera_id] -= 1

    async def _send(
        self, writer: asyncio.StreamWriter, seal: wire.Seal, asked: wire.Ask, heard_us: int, picture: Picture
    ) -> None:
        camera = self._by_id[asked.camera]
        head = wire.Head(
            camera=asked.camera,
            width=camera.width,
            height=camera.height,
            number=picture.number,
            size=len(picture.jpeg),
            capture_us=picture.capture_us,
            asked_us=asked.asked_us,
            heard_us=heard_us,
            sent_us=self._now_us(),
            machine_id=self._machine_id,
        )
        writer.write(wire.frame(head, picture.jpeg, seal))
        writer.write(picture.jpeg)
        self.sent += 1
        async with asyncio.timeout(SEND_S):
            await writer.drain()
