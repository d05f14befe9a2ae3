"""A console's end of the operator link, for asyncio: session, signing, hold-to-run, supervision.

    async with console_link(host, port, credentials, clock) as link:
        await link.session()                          # proved to each other, nothing recorded counts
        await link.press(OperatorEdge.TAKE)
        link.controls = Controls(hold_to_run=True, drive=0.4)

Frames go out at 20 Hz while `feed` is called: whoever reads the sticks calls it with each reading. Without a reading
for 150 ms nothing is sent, and the vehicle stops: a frozen console must not look alive. `LinkProtocol`
(`console/client/protocol.py`) is the pure part; the simulator can use it without a socket.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import cast

from console.client.protocol import PRESS_NS, Credentials, LinkProtocol
from console.client.station import NEUTRAL
from firmware_bridge.types import Observation, ObservationResult, OperatorEdge, VehicleFrame
from vehicle.host.clock import Clock

__all__ = ["ConsoleLink", "Credentials", "LinkProtocol", "console_link"]


class ConsoleLink:
    """The protocol on a UDP socket. `controls` is read 50 times a second: it stands for the operator's hands.

    Set `live` to False where the hands are gone (window hidden, gamepad unplugged): from then on nothing is sent.
    """

    def __init__(self, protocol: LinkProtocol, clock: Clock) -> None:
        self.protocol, self._clock = protocol, clock
        self.controls = NEUTRAL
        self.live = True
        self._transport: asyncio.DatagramTransport | None = None
        self._changed = asyncio.Event()

    def attach(self, transport: asyncio.DatagramTransport) -> None:
        """The socket."""
        self._transport = transport

    def received(self, data: bytes) -> None:
        """A datagram."""
        self.protocol.receive(data, self._clock.now_ns())
        self._changed.set()

    async def until(self, true: Callable[[VehicleFrame], bool], timeout_s: float = 10.0) -> VehicleFrame:
        """Wait for a report that satisfies `true`.

        Raises:
            TimeoutError: none came.
        """
        async with asyncio.timeout(timeout_s):
            while True:
                vehicle = self.protocol.vehicle
                if vehicle is not None and true(vehicle):
                    return vehicle
                self._changed.clear()
                await self._changed.wait()

    async def session(self, timeout_s: float = 5.0) -> None:
        """Wait until console and vehicle have proved themselves to each other."""
        async with asyncio.timeout(timeout_s):
            # an act counts where it rises between two frames, so one without it must be there first
            while self.protocol.sent < 2:
                self._changed.clear()
                await self._changed.wait()

    async def opened(self, timeout_s: float = 5.0) -> None:
        """Wait until both have proved themselves, for a station that only observes: it sends no sticks.

        Raises:
            TimeoutError: no vehicle answered, or it does not know this key.
        """
        async with asyncio.timeout(timeout_s):
            while not self.protocol.open:
                self._changed.clear()
                await self._changed.wait()

    async def observe(self, observation: Observation, timeout_s: float = 10.0) -> ObservationResult:
        """Tell the vehicle what was measured or seen, and what became of it.

        Raises:
            ValueError: it cannot be; the text names what.
            TimeoutError: no answer; whether it is recorded is not known.
        """
        sequence = self.protocol.observe(observation)
        async with asyncio.timeout(timeout_s):
            while sequence not in self.protocol.results:
                self._changed.clear()
                await self._changed.wait()
        return self.protocol.results[sequence]

    async def press(self, edges: OperatorEdge) -> None:
        """An act, and the rest of the hands that two distinct acts need."""
        self.protocol.press(edges, self._clock.now_ns())
        await self._clock.sleep_until_ns(self._clock.now_ns() + 4 * PRESS_NS)

    async def run(self) -> None:
        """Read, send, until cancelled."""
        while True:
            now_ns = self._clock.now_ns()
            if self.live:
                self.protocol.feed(self.controls, now_ns)
            for frame in self.protocol.send(now_ns):
                if self._transport is not None:
                    self._transport.sendto(frame)
            await self._clock.sleep_until_ns(now_ns + 20_000_000)


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, link: ConsoleLink) -> None:
        self._link = link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._link.attach(cast("asyncio.DatagramTransport", transport))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del addr
        self._link.received(data)

    def error_received(self, exc: Exception) -> None:
        del exc  # the vehicle is not there yet


@contextlib.asynccontextmanager
async def console_link(
    host: str, port: int, credentials: Credentials, clock: Clock, clock_stamp: int = 0
) -> AsyncIterator[ConsoleLink]:
    """Open, run, close."""
    link = ConsoleLink(LinkProtocol(credentials, clock_stamp), clock)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Socket(link), remote_addr=(host, port))
    task = loop.create_task(link.run())
    try:
        yield link
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        transport.close()
