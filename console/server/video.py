"""Relays pictures of the vehicle's cameras to the page: the newest only, one in flight, timed by this clock.

relay = VideoRelay(vehicle, clock, speed)     # connects when a page asks
routes = relay.routes()                       # /video and /api/camera
"""

import asyncio
import contextlib
import struct
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from console.client.protocol import Credentials
from console.server.guard import SUBPROTOCOL
from console.server.sockets import BAD
from console.server.video_client import Frame, VideoClient, WrongKeyError, video_client
from vehicle.contracts.units import NS_PER_MS
from vehicle.host.clock import Clock
from vehicle.video.wire import WireError

ACK: Final = struct.Struct("<BBHId")
"""From the page: 33, requested camera, 0, number of the painted frame, the page's time [ms]."""
HEAD: Final = struct.Struct("<BBHHHId8sddd")
"""To the page: 32, camera, width, height, camera (of its matrix), number, captured [ms], machine, request heard and
sent [ms] by the server's clock, the page's time of the request."""
ACK_TYPE, FRAME_TYPE = 33, 32
RECONNECT_S: Final = 1.0
FRAME_S: Final = 3.0
"""A service without a new frame for this time is connected again."""


class Filmed(Protocol):
    """A vehicle, the address of its camera service, and this console's key for it."""

    @property
    def host(self) -> str:
        """The vehicle's address."""
        ...

    @property
    def video_port(self) -> int | None:
        """TCP port of its camera service, None without one."""
        ...

    @property
    def credentials(self) -> Credentials:
        """This console's key for the vehicle."""
        ...


class Asked(msgspec.Struct, frozen=True):
    """A page's request for the next frame of `camera`."""

    camera: int
    page_ms: float
    heard_ms: float


class VideoRelay:
    """The relay from the vehicle's service to the pages.

    `state`: idle, connecting, open, unreachable, wrong_key, none.
    """

    def __init__(self, vehicle: Callable[[], Filmed], clock: Clock, speed: float = 1.0) -> None:
        self._vehicle, self._clock, self._speed = vehicle, clock, speed
        self.state = "idle"
        self.told = ""
        self.client: VideoClient | None = None
        self._pages: set[_Page] = set()
        self._asked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def routes(self) -> list[BaseRoute]:
        """Return the routes; the caller protects them with the token."""
        return [WebSocketRoute("/video", self._page), Route("/api/camera", self._cameras)]

    async def close(self) -> None:
        """Close the connection to the vehicle; the server closes the pages' sockets."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def now_ms(self) -> float:
        """Time of this computer's clock [ms]."""
        return self._clock.now_ns() / NS_PER_MS

    def message(self) -> dict[str, Any]:
        """Return the message for pages on a change: pictures or why not, of which machine and cameras."""
        client = self.client
        return {
            "state": self.state,
            "told": self.told,
            "machine_id": self._vehicle().credentials.machine_id,
            "cameras": [msgspec.to_builtins(camera) for camera in client.cameras] if client is not None else [],
        }

    async def _cameras(self, _: Request) -> Response:
        return JSONResponse(self.message())

    async def _page(self, socket: WebSocket) -> None:
        await socket.accept(SUBPROTOCOL)
        page = _Page(socket, self)
        self._pages.add(page)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        try:
            await page.run()
        finally:
            self._pages.discard(page)

    def asked(self) -> None:
        """Note that a page requests a frame."""
        self._asked.set()

    # --- towards the vehicle -----------------------------------------------------------------------------------------
    async def _run(self) -> None:
        while True:
            try:
                await self._connection()
            except WrongKeyError as refusal:
                self._say("wrong_key", str(refusal))
            except WireError as refusal:
                self._say("bad_frame", str(refusal))
            except (OSError, EOFError, TimeoutError) as refusal:
                self._say("unreachable", str(refusal) or type(refusal).__name__)
            self.client = None
            await self._clock.sleep_until_ns(self._clock.now_ns() + round(RECONNECT_S * 1e9))

    def _say(self, state: str, told: str = "") -> None:
        self.state, self.told = state, told
        for page in self._pages:
            page.tell(self.message())

    async def _connection(self) -> None:
        await self._asked.wait()
        vehicle = self._vehicle()
        if vehicle.video_port is None:
            self._say("none")
            return
        self._say("connecting")
        credentials = vehicle.credentials
        place, machine_id = (vehicle.host, vehicle.video_port), bytes.fromhex(credentials.machine_id)
        async with video_client(
            place, credentials.system_id, credentials.secret, machine_id, self.now_ms, self._speed
        ) as client:
            self.client = client
            self._say("open")
            while vehicle is self._vehicle():
                await self._asked.wait()
                camera = self._wanted()
                if camera is None:
                    self._asked.clear()
                    continue
                async with asyncio.timeout(FRAME_S):
                    frame = await client.frame(camera)
                if frame is not None and vehicle is self._vehicle():  # another may have been chosen meanwhile
                    for page in self._pages:
                        page.offer(frame)
        self._say("connecting")

    def _wanted(self) -> int | None:
        """Return the camera of the page that has waited longest."""
        waiting = [page.wants for page in self._pages if page.wants is not None]
        return min(waiting, key=lambda one: one.heard_ms).camera if waiting else None


class _Page:
    """One page's socket; `wants` is set from its request to its frame."""

    def __init__(self, socket: WebSocket, relay: VideoRelay) -> None:
        self._socket, self._relay = socket, relay
        self.wants: Asked | None = None
        self._frame: tuple[Frame, Asked] | None = None
        self._news: dict[str, Any] | None = relay.message()
        self._there = asyncio.Event()

    def tell(self, news: dict[str, Any]) -> None:
        """Queue the state message; the newest replaces an older one and is sent before the next frame."""
        self._news = news
        self._there.set()

    def offer(self, frame: Frame) -> None:
        """Offer a frame; this page takes it if it waits for that camera."""
        wanted = self.wants
        if wanted is not None and wanted.camera == frame.camera:
            self.wants, self._frame = None, (frame, wanted)
            self._there.set()

    async def run(self) -> None:
        """Run until the page leaves."""
        sender = asyncio.ensure_future(self._send())
        try:
            await self._hear()
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _hear(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes") or b""
            if len(data) != ACK.size or data[0] != ACK_TYPE:
                await self._socket.close(BAD, "bad frame")
                return
            _, camera, _, _, page_ms = ACK.unpack(data)
            self.wants = Asked(camera, page_ms, self._relay.now_ms())
            self._relay.asked()

    async def _send(self) -> None:
        self._there.set()
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await self._there.wait()
                self._there.clear()
                news, self._news = self._news, None
                if news is not None:
                    await self._socket.send_text(msgspec.json.encode(news).decode())
                shown, self._frame = self._frame, None
                if shown is not None:
                    await self._socket.send_bytes(packed(*shown, self._relay.now_ms()))


def packed(frame: Frame, asked: Asked, sent_ms: float) -> bytes:
    """Encode a frame for the page."""
    head = HEAD.pack(
        FRAME_TYPE,
        frame.camera,
        frame.width,
        frame.height,
        frame.camera,
        frame.number,
        frame.capture_ms,
        frame.machine_id,
        asked.heard_ms,
        sent_ms,
        asked.page_ms,
    )
    return head + frame.jpeg
