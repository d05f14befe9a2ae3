"""A console server in name only, for the page's own tests: it serves the page and whatever state a test sets."""

import asyncio
import contextlib
import json
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from benchmarks.ports import free_port
from console.server.catalogue import catalogue, reason_rows

PAGE = Path(__file__).parents[3] / "console" / "page"
POLICY = "default-src 'self'; connect-src 'self' ws://127.0.0.1:*"
READING = struct.Struct("<BBHIdhhhHIHhI")
State = dict[str, dict[str, Any]]


class FakeServer:
    """What a test sets in `state` is told at 10 Hz; what the page sends is kept. `quiet`: /state tells nothing.

    `film`: what /video says when a page connects; `picture` answers its questions, with nothing where it gives None.
    `told`: answers to posts, by path; `status`: their status, where it is not 200.
    """

    def __init__(self) -> None:
        self.state: State = {}
        self.readings: list[tuple[int | float, ...]] = []
        self.acts: list[int] = []
        self.stops: list[int] = []
        self.posts: list[tuple[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        self.told: dict[str, dict[str, Any]] = {}
        self.status: dict[str, int] = {}
        self.quiet = False
        self.refuse_drive = 0
        self.forbidden = False
        self.film: dict[str, Any] | None = None
        self.picture: Callable[[bytes], bytes | None] = lambda _: None
        self.drives = 0
        self.ticks = 100
        self.port = free_port()

    def forget(self) -> None:
        """Nothing was sent, nothing is to be answered."""
        for kept in (self.readings, self.acts, self.stops, self.posts, self.answers, self.told, self.status):
            kept.clear()

    @property
    def url(self) -> str:
        """Where the page is, with its token."""
        return f"http://127.0.0.1:{self.port}/#t=secret"

    def app(self) -> Starlette:
        """The routes that the page asks for."""
        routes = [
            Route("/", self._index),
            Route("/static/{path:path}", self._static),
            Route("/api/catalogue/{language}", self._catalogue),
            Route("/api/reasons", self._reasons),
            Route("/api/{path:path}", self._other, methods=["GET", "POST"]),
            WebSocketRoute("/state", self._state),
            WebSocketRoute("/drive", self._drive),
            WebSocketRoute("/video", self._video),
        ]
        return Starlette(routes=routes)

    async def _index(self, request: Request) -> Response:
        del request
        return FileResponse(
            PAGE / "index.html", headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
        )

    async def _static(self, request: Request) -> Response:
        path = PAGE / request.path_params["path"]
        if path.name == "palette.json" and not path.is_file():
            path = PAGE.parents[1] / "vehicle" / "reports" / "palette.json"
        return (
            FileResponse(path, headers={"Cache-Control": "no-store"}) if path.is_file() else Response(status_code=404)
        )

    async def _catalogue(self, request: Request) -> Response:
        if self.forbidden:
            return Response(status_code=403)
        return JSONResponse(catalogue(PAGE / "text", request.path_params["language"]))

    async def _reasons(self, request: Request) -> Response:
        del request
        return JSONResponse(reason_rows())

    async def _other(self, request: Request) -> Response:
        if request.method == "POST":
            self.posts.append((request.url.path, await request.json()))
            path = request.url.path
            return JSONResponse(self.told.get(path, {"ok": True}), self.status.get(path, 200))
        if request.url.path != "/api/site":
            return JSONResponse({"error": "not here"}, status_code=404)
        return JSONResponse(self.state.get("site", {"hash": None}))

    async def _state(self, socket: WebSocket) -> None:
        await socket.accept(subprotocol="flail1")
        reader = asyncio.ensure_future(self._read(socket))
        number = 0
        try:
            while not reader.done():
                number += 1
                if not self.quiet:
                    self.ticks += 5
                    if "vehicle" in self.state:
                        self.state["vehicle"]["tick"] = self.ticks
                    await socket.send_text(json.dumps({"type": "snapshot", "seq": number, **self.state}))
                await asyncio.wait({reader}, timeout=0.1)
        except (RuntimeError, WebSocketDisconnect):
            pass
        finally:
            reader.cancel()

    async def _read(self, socket: WebSocket) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                self._bytes(await socket.receive_bytes())

    def _bytes(self, data: bytes) -> None:
        if data[0] == 1:
            self.readings.append(READING.unpack(data))
        elif data[0] == 2:
            self.acts.append(data[1])
        elif data[0] == 3:
            self.stops.append(data[1])

    async def _drive(self, socket: WebSocket) -> None:
        await socket.accept(subprotocol="flail1")
        if self.refuse_drive > 0:
            self.refuse_drive -= 1
            await socket.close(4001)
            return
        self.drives += 1
        reader = asyncio.ensure_future(self._read(socket))
        try:
            while not reader.done():
                while self.answers:
                    await socket.send_text(json.dumps(self.answers.pop(0)))
                await asyncio.wait({reader}, timeout=0.02)
        except (RuntimeError, WebSocketDisconnect):
            pass
        finally:
            reader.cancel()

    async def _video(self, socket: WebSocket) -> None:
        await socket.accept(subprotocol="flail1")
        if self.film is not None:
            await socket.send_text(json.dumps(self.film))
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                frame = self.picture(await socket.receive_bytes())
                if frame is not None:
                    await socket.send_bytes(frame)


@contextlib.contextmanager
def serving(fake: FakeServer) -> Iterator[FakeServer]:
    """The server in a thread of its own, until the block ends."""
    config = uvicorn.Config(fake.app(), host="127.0.0.1", port=fake.port, log_level="warning", ws_max_size=65536)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.02)
    try:
        yield fake
    finally:
        server.should_exit = True
        thread.join(10)
