"""Builds the server: links to the vehicles, page, sockets, requests; reachable from this computer only.

app = make_app(vehicles, settings)
async with serving(app, 8080) as address: ...      # or: await serve(app, 8080, print)
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from console.server.api import Api, refused
from console.server.board import Board
from console.server.desk import Desk, Steered
from console.server.guard import Guard
from console.server.links import Links
from console.server.measuring_api import Measuring
from console.server.planning_api import Planning
from console.server.rings import RingExchange
from console.server.settings import ServerSettings, VehicleSettings
from console.server.setup import SetupStore, host_port
from console.server.sockets import DriveSocket, StateSocket
from console.server.training import Trainer, TrainingApi
from console.server.video import VideoRelay
from vehicle.contracts.errors import InputError
from vehicle.host.clock import Clock, SystemClock

THIS_COMPUTER: Final = "127.0.0.1"
"""Loopback: only programs on this computer can reach it."""
DEFAULT_PORT: Final = 8080
FRAME_MAX_BYTES: Final = 4_096
"""Largest frame of a page."""
SHUTDOWN_S: Final = 2


class Address(msgspec.Struct, frozen=True):
    """The page's address; `url` opens it, with the token in the fragment, which is not sent in requests."""

    port: int
    token: str
    host: str = THIS_COMPUTER

    @property
    def url(self) -> str:
        """Return the URL for a browser: on this computer, unless another host was given."""
        return f"http://{self.host}:{self.port}/#t={self.token}"


@contextlib.asynccontextmanager
async def desk_of(
    vehicles: tuple[VehicleSettings, ...], settings: ServerSettings, store: SetupStore, clock: Clock
) -> AsyncIterator[tuple[Desk, Links]]:
    """Return a link to each vehicle, and the desk that controls them."""
    async with Links(clock) as links:
        steered = []
        for one in vehicles:
            there = with_address(one, store.kept.addresses.get(one.id, ""))
            steered.append(Steered(there, await links.begin(there), clock))
        desk = Desk(tuple(steered), clock, by_sight=lambda: store.by_sight(settings))
        tasks = [asyncio.get_running_loop().create_task(one.keep()) for one in steered]
        rings = RingExchange(desk, clock, settings.speed)
        tasks.append(asyncio.get_running_loop().create_task(rings.run()))
        try:
            yield desk, links
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await desk.close()


def with_address(one: VehicleSettings, address: str) -> VehicleSettings:
    """Return a vehicle with the address that was set on the page, if there is one."""
    place = host_port(address)
    return one if place is None else msgspec.structs.replace(one, host=place[0], port=place[1])


@contextlib.asynccontextmanager
async def planning_of(desk: Desk, settings: ServerSettings, clock: Clock) -> AsyncIterator[Planning]:
    """Return the planning part, for plans and the record of the steered vehicle."""
    planning = Planning(
        settings.state_folder / "planning",
        link=lambda: desk.steered.link,
        mine=lambda: desk.steered.mine,
        mirror=lambda: desk.steered.mirror,
        site=lambda: desk.steered.site,
        day=lambda: desk.steered.keeper.day,
        simulated=settings.simulation,
    )
    task = asyncio.get_running_loop().create_task(planning.run(clock))
    try:
        yield planning
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await planning.close()


def make_app(
    vehicles: tuple[VehicleSettings, ...],
    settings: ServerSettings,
    clock: Clock | None = None,
    trainer: Trainer | None = None,
) -> Starlette:
    """Return the application; when it starts, its links open and `state.desk` is set. `trainer`: of a simulator."""
    clock = clock if clock is not None else SystemClock()

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        store = SetupStore(settings.state_folder)
        async with (
            desk_of(vehicles, settings, store, clock) as (desk, links),
            planning_of(desk, settings, clock) as planning,
        ):
            app.state.desk = desk
            app.state.board = Board(
                desk, settings, store, clock, jobs=planning.jobs, to_parking_s=planning.parking_time_s, trainer=trainer
            )  # fmt: skip
            relay = VideoRelay(lambda: desk.steered.settings, clock, settings.speed)
            api = Api(desk, settings, store, links)
            measuring = Measuring(lambda: desk.steered.link, lambda: desk.steered.settings.id, planning.note)
            app.router.routes[:0] = [
                *api.routes(), *planning.routes(), *measuring.routes(), *TrainingApi(trainer, settings, desk).routes(),
                *planning.public_routes(), *relay.routes(),
            ]  # fmt: skip
            try:
                yield
            finally:
                await relay.close()

    async def drive(ws: WebSocket) -> None:
        await DriveSocket(ws, ws.app.state.desk, clock).run()

    async def state(ws: WebSocket) -> None:
        await StateSocket(ws, ws.app.state.desk, ws.app.state.board, clock).run()

    async def page(_: Request) -> Response:
        index = settings.page / "index.html"
        return FileResponse(index) if index.is_file() else refused("page.missing", 404)

    app = Starlette(
        routes=[
            WebSocketRoute("/drive", drive),
            WebSocketRoute("/state", state),
            Route("/", page),
            Mount("/static", StaticFiles(directory=settings.page, check_dir=False)),
        ],
        middleware=[Middleware(Guard, token=settings.token)],
        lifespan=lifespan,
    )
    app.state.settings = settings
    return app


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone; its starter ends it. `up`: set when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals of the process alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the server, then set `up`."""
        await super().startup(sockets)
        self.up.set()


@contextlib.asynccontextmanager
async def serving(app: Starlette, port: int = DEFAULT_PORT, host: str = THIS_COMPUTER) -> AsyncIterator[Address]:
    """Listen on loopback, or on the address `host`; on any free port if `port` is 0. On exit all sockets are closed.

    Raises:
        InputError: The port is in use, or this computer has no such address.
    """
    listener = _listener(port, host)
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_max_size=FRAME_MAX_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=5.0,
        ws_ping_timeout=10.0,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=SHUTDOWN_S,
        server_header=False,
    )
    server = _Server(config)
    task = asyncio.get_running_loop().create_task(server.serve([listener]))
    up = asyncio.ensure_future(server.up.wait())
    try:
        await asyncio.wait([task, up], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
            raise InputError(f"console: the server on port {port} did not start; see the lines above")
        yield Address(listener.getsockname()[1], app.state.settings.token, host)
    finally:
        up.cancel()
        server.should_exit = True
        await task


async def serve(app: Starlette, port: int, ready: Callable[[str], None]) -> None:
    """Serve until cancelled; `ready` is called with the address to open."""
    async with serving(app, port) as address:
        ready(address.url)
        await asyncio.Event().wait()


def _listener(port: int, host: str) -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # without it a port just closed stays in use for a minute; Windows differs
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as refusal:
        found.close()
        told = (refusal.strerror or str(refusal)).lower()
        where = f"port {port}" if host == THIS_COMPUTER else f"{host}:{port}"
        raise InputError(f"{where}: {told}; end the other program or choose another port") from None
    found.setblocking(False)
    return found
