"""The page of a stop-only station: one big button for a phone. The server's only acting socket can do nothing but STOP.

    /                          the page; it holds no secret
    /static/...                its files
    /api/catalogue/LANG        its texts
    /stop                      socket, with the token as subprotocol, as the console's sockets
        up    u8 1 | f64 page_ms     a question, four times a second; its time comes back with the next message
        up    u8 3 | f64 press       STOP; the number is drawn for the press, the page repeats it until it comes back
        down  JSON, 5 Hz             {"name", "address", "page_ms", "press", "link", "age_ms", "heard_ms", "why",
                                      "mode", "stop", "stop_ms"}

Ages are those at the time of the message. The page adds the age of its own newest answered request.
"""

import math
import struct
from collections import deque
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from console.client.stop_station import StopStation, StopView
from console.server.api import refused
from console.server.catalogue import catalogue
from console.server.drive_frames import STOP
from console.server.guard import NAMES, SUBPROTOCOL, Guard
from console.server.settings import ServerSettings
from console.server.sockets import BAD, first_of
from vehicle.contracts.units import NS_PER_S
from vehicle.host.clock import Clock

PERIOD_NS: Final = NS_PER_S // 5
QUESTION: Final = 1
FRAME: Final = struct.Struct("<Bd")
PRESSES_KEPT: Final = 64


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The vehicle's `name` for people, and the `address` of its operator link."""

    name: str
    address: str


def decoded(data: bytes) -> tuple[int, float]:
    """Decode the kind of a page's frame, and the number in it.

    Raises:
        ValueError: The frame is neither a question nor STOP.
    """
    if len(data) != FRAME.size:
        raise ValueError(f"{len(data)} bytes")
    kind, number = FRAME.unpack(data)
    if kind not in (QUESTION, STOP) or not math.isfinite(number):
        raise ValueError(f"kind {kind}, number {number}")
    return kind, number


def told(view: StopView, place: Place, page_ms: float | None, press: float | None) -> dict[str, Any]:
    """Return the state for the page; `page_ms`: of its newest question, `press`: its newest accepted STOP."""
    return {
        "name": place.name,
        "address": place.address,
        "page_ms": page_ms,
        "press": press,
        "link": view.link,
        "age_ms": view.age_ms,
        "heard_ms": view.heard_ms,
        "why": view.why,
        "mode": view.mode.name if view.mode is not None else None,
        "stop": view.stop,
        "stop_ms": view.stop_ms,
    }


class Button:
    """The button shared by all pages of one station; a press that a page repeats counts once."""

    def __init__(self, station: StopStation) -> None:
        self._station = station
        self._presses: deque[float] = deque(maxlen=PRESSES_KEPT)

    def press(self, number: float) -> None:
        """Send STOP; `number` is random for this press."""
        if number not in self._presses:
            self._presses.append(number)
            self._station.press()

    @property
    def view(self) -> StopView:
        """Return what the station knows now."""
        return self._station.view


class _Socket:
    """One page."""

    def __init__(self, socket: WebSocket, button: Button, place: Place, clock: Clock) -> None:
        self._socket, self._button, self._place, self._clock = socket, button, place, clock
        self._page_ms: float | None = None
        self._press: float | None = None

    async def run(self) -> None:
        """Run until the page leaves or sends an impossible frame."""
        await self._socket.accept(SUBPROTOCOL)
        await first_of(self._hear, self._tell)

    async def _hear(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                kind, number = decoded(message.get("bytes") or b"")
            except ValueError:
                await self._socket.close(BAD, "bad frame")
                return
            if kind == STOP:
                self._button.press(number)
                self._press = number
            else:
                self._page_ms = number

    async def _tell(self) -> None:
        due_ns = self._clock.now_ns()
        while True:
            message = told(self._button.view, self._place, self._page_ms, self._press)
            await self._socket.send_text(msgspec.json.encode(message).decode())
            due_ns = max(due_ns + PERIOD_NS, self._clock.now_ns())
            await self._clock.sleep_until_ns(due_ns)


def make_stop_app(
    station: StopStation, place: Place, settings: ServerSettings, clock: Clock, names: tuple[str, ...] = NAMES
) -> Starlette:
    """Return the application of one station; `names`: hosts under which its page may be opened."""
    button = Button(station)

    async def stop(socket: WebSocket) -> None:
        await _Socket(socket, button, place, clock).run()

    async def page(_: Request) -> Response:
        return FileResponse(settings.page / "stop.html")

    async def texts(request: Request) -> Response:
        try:
            return JSONResponse(catalogue(settings.page / "text", request.path_params["language"]))
        except KeyError:
            return refused("language.unknown", 404)

    app = Starlette(
        routes=[
            WebSocketRoute("/stop", stop),
            Route("/", page),
            Route("/api/catalogue/{language}", texts),
            Mount("/static", StaticFiles(directory=settings.page)),
        ],
        middleware=[Middleware(Guard, token=settings.token, names=names)],
    )
    app.state.settings = settings
    return app
