"""The real server under uvicorn on loopback, a page by `websockets`, and a live vehicle behind it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import websockets
from msgspec.structs import replace
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection

from console.client.files import TransferError
from console.client.readings import Reading
from console.client.view import ConsoleView
from console.server.app import Address, make_app, serving
from console.server.drive_frames import (
    ACTS,
    PageAct,
    PageReading,
    decoded_echo,
    decoded_tick,
    encoded_ack,
    encoded_act,
    encoded_reading,
)
from console.server.settings import ServerSettings, VehicleSettings
from firmware_bridge.types import OperatorEdge, ToolMode, VehicleFrame
from tests.operator_link.live_vehicle import PATIENCE_S
from vehicle.host.clock import SystemClock
from vehicle.operator_link.ground_codec import RecordHeader

CLOCK = SystemClock()
NUMBER = {edge: number for number, edge in ACTS.items()}


def settings(folder: Path, **changes: Any) -> ServerSettings:
    usual: dict[str, Any] = {"console_name": "test", "state_folder": folder, "token": "t" * 32}
    return ServerSettings(**(usual | changes))


def reading(number: int = 1, page_ms: float = 0.0, **changes: Any) -> PageReading:
    base = PageReading(
        number=number,
        page_ms=page_ms,
        source=1,
        hold=False,
        drive=0.0,
        turn=0.0,
        rotor_request=False,
        tool_mode=ToolMode.HOLD,
        tool_value_m=0.0,
        vehicle_tick=0,
        battery=None,
        tilt_rad=None,
        video_age_ms=None,
        picture=False,
        focused=True,
    )
    return replace(base, **changes)


def header(**changes: Any) -> RecordHeader:
    base = RecordHeader(
        session_low=7, plan_hash="", site_hash="", datum=(39.99, 46.93, 350.0), cell_m=0.05, required_depth_m=0.15,
        stroke=0, acts=0, firm=0, unclosed=(),
    )  # fmt: skip
    return replace(base, **changes)


class FakeLink:
    """A vehicle's link that keeps what it is given; `files` are those of the vehicle."""

    def __init__(self, view: ConsoleView) -> None:
        self.view = view
        self.fed: list[Reading] = []
        self.stops: list[bool] = []
        self.acts: list[OperatorEdge] = []
        self.shown: list[int | None] = []
        self.drops = 0
        self.on_answer: Callable[[Any], None] = lambda _: None
        self.on_strokes: Callable[[Any], None] = lambda _: None
        self.on_tick: Callable[[int], None] = lambda _: None
        self.stopping = self.engine_off = False
        self.changed = asyncio.Event()
        self.files: Callable[[str], bytes | None] = lambda _: None
        self.fetched: list[str] = []
        self.takes = True
        self.vehicle_id = "a"
        self.problem = self.problem_kind = ""

    async def fetch(self, path: str) -> bytes:
        self.fetched.append(path)
        data = self.files(path)
        if data is None:
            raise TransferError("there is none")
        return data

    def feed(self, one: Reading) -> bool:
        self.fed.append(one)
        return self.takes

    def act(self, edge: OperatorEdge, shown_tick: int | None = None) -> int:
        self.acts.append(edge)
        self.shown.append(shown_tick)
        return len(self.acts)

    def drop_acts(self) -> None:
        self.drops += 1

    def stop(self, *, engine_off: bool = False) -> None:
        self.stops.append(engine_off)


def frame(**changes: Any) -> VehicleFrame:
    base = VehicleFrame(
        tick=100, session_id=7, mode=1, rotor=0, phase=0, lease_holder=0, worst_reason=255, reasons=0,
        operator_age_ms=20, lat_deg=39.99, lon_deg=46.93, yaw_rad=0.0, speed_mps=0.0, roll_rad=0.0, pitch_rad=0.0,
        tool_height_m=0.3, depth_m=None, rotor_speed_radps=0.0, segment_seq=0, segment_count=2, cross_track_m=0.0,
        along_m=0.0, processed_m2=0.0, sigma_m=0.01,
    )  # fmt: skip
    return replace(base, **changes)


@contextlib.asynccontextmanager
async def served(
    vehicles: tuple[VehicleSettings, ...], folder: Path, **changes: Any
) -> AsyncIterator[tuple[Starlette, Address]]:
    app = make_app(vehicles, settings(folder, **changes))
    async with serving(app, 0) as address:
        yield app, address


def connect(address: Address, path: str, name: str = "127.0.0.1", **changes: Any) -> websockets.connect:
    """A socket; `name` is what the browser believes to be this computer's name."""
    given: dict[str, Any] = {"subprotocols": ["flail1", address.token], "compression": None}
    there = {"host": "127.0.0.1", "port": address.port}
    return websockets.connect(f"ws://{name}:{address.port}{path}", **(given | there | changes))


class Page:
    """A page: reads its hands 50 times a second while `hands` is on, keeps the newest state, answers by act."""

    def __init__(self, drive: ClientConnection, state: ClientConnection) -> None:
        self._drive, self._state = drive, state
        self.known: dict[str, Any] = {}
        self.answers: list[dict[str, Any]] = []
        self.echoes: list[bytes] = []
        self.told_tick = 0
        self.hands = reading()
        self.acts = 0
        self.closed: int | None = None
        self._changed = asyncio.Event()

    async def watch(self) -> None:
        async for message in self._state:
            if isinstance(message, str):
                told = json.loads(message)
                self.known.update(told)
                await self._state.send(encoded_ack(told["seq"]))
                self._changed.set()

    async def hear(self) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            async for message in self._drive:
                if isinstance(message, str):
                    self.answers.append(json.loads(message))
                elif (tick := decoded_tick(message)) is not None:
                    self.told_tick = tick
                else:
                    self.echoes.append(message)
                self._changed.set()
        self.closed = self._drive.close_code
        self._changed.set()

    async def read(self) -> None:
        while True:
            now_ns = CLOCK.now_ns()
            self.hands = replace(self.hands, number=self.hands.number + 1, page_ms=now_ns / 1e6, vehicle_tick=self.tick)
            with contextlib.suppress(websockets.ConnectionClosed):
                await self._drive.send(encoded_reading(self.hands))
            await CLOCK.sleep_until_ns(now_ns + 20_000_000)

    @property
    def tick(self) -> int:
        """The newest that this page was told: as soon as it is heard, with the echoes, and with the state."""
        told = [decoded_echo(echo)[2] for echo in self.echoes[-1:]]
        return max((self.known.get("vehicle") or {}).get("tick", 0), *told, self.told_tick)

    async def act(self, edge: OperatorEdge) -> int:
        self.acts += 1
        await self._drive.send(encoded_act(PageAct(NUMBER[edge], self.acts, CLOCK.now_ns() / 1e6, self.tick)))
        return self.acts

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def later(self, tick: int) -> None:
        """Until this tick of the vehicle has gone by."""
        await self.until(lambda: self.tick > tick)


@contextlib.asynccontextmanager
async def page(address: Address, name: str = "p") -> AsyncIterator[Page]:
    async with connect(address, f"/drive?page={name}") as drive, connect(address, f"/state?page={name}") as state:
        one = Page(drive, state)
        tasks = [asyncio.ensure_future(part()) for part in (one.watch, one.hear, one.read)]
        try:
            yield one
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
