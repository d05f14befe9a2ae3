"""The sockets /drive and /state of a page. An impossible frame closes the socket: such a page must not drive."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from console.server.board import PERIOD_NS, Board
from console.server.desk import Answer, Desk, Seat
from console.server.drive_frames import (
    FromPage,
    PageAck,
    PageAct,
    PageReading,
    PageStop,
    Verdict,
    decoded,
    encoded_echo,
    encoded_tick,
)
from console.server.ground import PageGround
from console.server.guard import SUBPROTOCOL
from console.server.hands import Slot, for_vehicle, held
from console.server.outgoing import Outgoing
from vehicle.contracts.units import NS_PER_MS
from vehicle.host.clock import Clock

TAKEN, CHANGED, BAD = 4001, 4002, 4400
TAKEN_TEXT: Final = "Already steered in another window"
TILES_MAX: Final = 24
"""Tiles sent per period: as many as a page can unpack beside reading its input devices."""
OUT_MAX: Final = 64
"""Largest number of echoes and answers that wait for a slow page; the oldest are dropped."""


class DriveSocket:
    """One page that drives one vehicle from its first frame to its last; it never drives the vehicle chosen later."""

    def __init__(self, socket: WebSocket, desk: Desk, clock: Clock) -> None:
        self._socket, self._desk, self._clock = socket, desk, clock
        self._steered = desk.steered
        self._slot = Slot(self._echo)
        self._out: deque[bytes | str] = deque(maxlen=OUT_MAX)
        self._new, self._due = asyncio.Event(), asyncio.Event()
        self.seat = Seat(page_of(socket), self._answer, self._ticked)

    async def run(self) -> None:
        """Run until the page leaves, sends an impossible frame, or must connect again."""
        await self._socket.accept(SUBPROTOCOL)
        if not self._desk.sit(self.seat):
            await self._socket.close(TAKEN, TAKEN_TEXT)
            return
        self._steered = self._desk.steered
        try:
            await first_of(self._hear, self._pump, self._tell, self._leave)
        finally:
            self._desk.stand_up(self.seat)

    def _now_ms(self) -> float:
        return self._clock.now_ns() / NS_PER_MS

    async def _hear(self) -> None:
        async for frame in frames(self._socket, self._desk):
            if isinstance(frame, PageReading):
                self._slot.put(frame, self._now_ms())
                self._new.set()
            elif isinstance(frame, PageAct):
                self._desk.act(self.seat, frame, self._slot.clock.age_ms(frame.page_ms, self._now_ms()))

    async def _pump(self) -> None:
        while True:
            await self._new.wait()
            self._new.clear()
            reading = self._slot.take(self._now_ms())
            if reading is not None:
                self._echo(reading, self._deliver(reading))

    @property
    def _seated(self) -> bool:
        """Whether this page still drives, and its vehicle is still the steered one."""
        return self._desk.seat is self.seat and self._desk.steered is self._steered

    def _deliver(self, reading: PageReading) -> Verdict:
        steered, by_sight = self._steered, self._desk.by_sight
        if not self._seated or not steered.link.view.session:
            return Verdict.NO_SESSION
        if not steered.feed(lambda number: for_vehicle(reading, number, by_sight=by_sight)):
            return Verdict.NOT_NEWEST
        return Verdict.NOT_HELD if reading.hold and not held(reading) else Verdict.SENT

    def _echo(self, reading: PageReading, verdict: Verdict) -> None:
        if not self._seated:
            return
        steered = self._steered
        self._put(encoded_echo(reading, verdict, steered.link.view.tick, steered.readings))

    def _ticked(self, tick: int) -> None:
        """Send a newer vehicle tick at once, so that the page's next reading carries it."""
        self._put(encoded_tick(tick))

    def _answer(self, answer: Answer) -> None:
        self._put(msgspec.json.encode(answer).decode())

    def _put(self, message: bytes | str) -> None:
        self._out.append(message)
        self._due.set()

    async def _tell(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            while self._out:
                message = self._out.popleft()
                if isinstance(message, bytes):
                    await self._socket.send_bytes(message)
                else:
                    await self._socket.send_text(message)

    async def _leave(self) -> None:
        await self.seat.left.wait()
        await self._socket.close(CHANGED, "vehicle changed")


class StateSocket:
    """One page that shows the state."""

    def __init__(self, socket: WebSocket, desk: Desk, board: Board, clock: Clock) -> None:
        self._socket, self._desk, self._board, self._clock = socket, desk, board, clock
        self._outgoing, self._ground = Outgoing(), PageGround()

    async def run(self) -> None:
        """Run until the page leaves."""
        await self._socket.accept(SUBPROTOCOL)
        await first_of(self._hear, self._tell)

    async def _hear(self) -> None:
        async for frame in frames(self._socket, self._desk):
            if isinstance(frame, PageAck):
                self._outgoing.handled(frame.sequence)

    async def _tell(self) -> None:
        page, due_ns = page_of(self._socket), self._clock.now_ns()
        while True:
            if self._outgoing.free:
                for frame in self._ground.frames(self._desk.steered.mirror, TILES_MAX):
                    await self._socket.send_bytes(frame)
            made_ms = self._clock.now_ns() / NS_PER_MS
            message = self._outgoing.message(self._sections(page))
            if message is not None:
                await self._socket.send_text(msgspec.json.encode({**message, "made_ms": made_ms}).decode())
            due_ns = max(due_ns + PERIOD_NS, self._clock.now_ns())
            await self._clock.sleep_until_ns(due_ns)

    def _sections(self, page: str) -> dict[str, Any]:
        """Return the board's sections; the ground counts as complete only after this page got all of it."""
        found = self._board.sections(page)
        if not self._ground.has_all(self._desk.steered.mirror):
            found["ground"] = {**found["ground"], "complete": False}
        return found


def page_of(socket: WebSocket) -> str:
    """Return the page's id, which is the same on both sockets."""
    return socket.query_params.get("page", "")[:40]


async def frames(socket: WebSocket, desk: Desk):  # type: ignore[no-untyped-def]
    """Yield a page's frames and pass stops on at once; ends with the socket or with an impossible frame."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        try:
            frame: FromPage = decoded(message.get("bytes") or b"")
        except ValueError:
            await socket.close(BAD, "bad frame")
            return
        if isinstance(frame, PageStop):
            desk.stop(engine_off=frame.engine_off)
        else:
            yield frame


async def first_of(*parts: Callable[[], Awaitable[None]]) -> None:
    """Run all tasks until one ends, then end the others; a page that has left is no error."""
    tasks = [asyncio.ensure_future(part()) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        with contextlib.suppress(WebSocketDisconnect):
            task.result()
