"""A bad radio on real sockets: UDP between real processes, through the same channel model as the simulated radio.

Delay, jitter, bursts of loss, duplicates, reordering, corruption, rate, cuts, traces, each direction by itself; every
datagram towards the vehicle is kept, and `replay` sends a recording again from an address of its own.
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from typing import cast

from sim.radio import RadioChannel, RadioParams
from vehicle.host.clock import Clock

STEP_NS = 1_000_000
CAPTURE_MAX = 100_000
Address = tuple[str, int]


def _unwatched(_: bytes) -> None:
    """Nobody looks."""


class _Leg(asyncio.DatagramProtocol):
    """One socket; what arrives goes on the air."""

    def __init__(self, proxy: "FaultProxy", station: Address | None) -> None:
        self._proxy, self._station = proxy, station

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if self._station is None:
            self._proxy.from_station(data, addr)
        else:
            self._proxy.from_vehicle(data, self._station)

    def error_received(self, exc: Exception) -> None:
        del exc  # an end that is not there yet, or no more: that is its silence


class FaultProxy:
    """Between stations, which talk to `port`, and one vehicle. `up` and `down` may be changed at any time.

    Each station has its own socket towards the vehicle, as it would behind a real radio with addresses. `on_up` sees
    each datagram as it is handed to the vehicle, `on_down` each as it left it.
    """

    def __init__(self, vehicle: Address, clock: Clock, up: RadioParams, down: RadioParams, seed: int) -> None:
        self._vehicle, self._clock = vehicle, clock
        self.up = RadioChannel(up, seed=seed, name="proxy.up")
        self.down = RadioChannel(down, seed=seed, name="proxy.down")
        self.captured: list[bytes] = []
        self.on_up: Callable[[bytes], None] = _unwatched
        self.on_down: Callable[[bytes], None] = _unwatched
        self._stations: dict[Address, asyncio.DatagramTransport] = {}
        self._numbers: list[Address] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._front: asyncio.DatagramTransport | None = None

    @property
    def port(self) -> int:
        """Where stations send to."""
        assert self._front is not None
        return int(self._front.get_extra_info("sockname")[1])

    async def open(self) -> None:
        """Bind on loopback."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Leg(self, None), local_addr=("127.0.0.1", 0))
        self._front = transport

    async def _leg(self, station: Address) -> asyncio.DatagramTransport:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Leg(self, station), remote_addr=self._vehicle)
        return transport

    def from_station(self, data: bytes, station: Address) -> None:
        """A datagram on its way up."""
        if station not in self._numbers:
            self._numbers.append(station)
            task = asyncio.get_running_loop().create_task(self._join(station))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        if len(self.captured) < CAPTURE_MAX:
            self.captured.append(data)
        self.up.send(bytes([self._numbers.index(station)]) + data, self._clock.now_ns())

    async def _join(self, station: Address) -> None:
        self._stations[station] = await self._leg(station)

    def from_vehicle(self, data: bytes, station: Address) -> None:
        """A datagram on its way down."""
        self.on_down(data)
        self.down.send(bytes([self._numbers.index(station)]) + data, self._clock.now_ns())

    async def replay(self, datagrams: Sequence[bytes]) -> None:
        """Send a recording from a new address, past the radio: an attacker beside the vehicle."""
        leg = await self._leg(("replay", 0))
        try:
            for datagram in datagrams:
                leg.sendto(datagram)
        finally:
            leg.close()

    async def run(self) -> None:
        """Hand over what is due, every millisecond, until cancelled."""
        while True:
            now_ns = self._clock.now_ns()
            for numbered in self.up.due(now_ns):
                self._deliver_up(numbered)
            for numbered in self.down.due(now_ns):
                if numbered[0] < len(self._numbers) and self._front is not None:
                    self._front.sendto(numbered[1:], self._numbers[numbered[0]])
            await self._clock.sleep_until_ns(now_ns + STEP_NS)

    def _deliver_up(self, numbered: bytes) -> None:
        number = numbered[0]
        leg = self._stations.get(self._numbers[number]) if number < len(self._numbers) else None
        if leg is not None:
            self.on_up(numbered[1:])
            leg.sendto(numbered[1:])

    def pour(self, datagram: bytes) -> None:
        """Noise to the vehicle, under the first station's address."""
        for leg in itertools.islice(self._stations.values(), 1):
            leg.sendto(datagram)

    def close(self) -> None:
        """All sockets."""
        for transport in (*self._stations.values(), cast("asyncio.DatagramTransport", self._front)):
            transport.close()


@contextlib.asynccontextmanager
async def fault_proxy(
    vehicle: Address, clock: Clock, up: RadioParams, down: RadioParams | None = None, seed: int = 1
) -> AsyncIterator[FaultProxy]:
    """Open, run, close."""
    proxy = FaultProxy(vehicle, clock, up, down if down is not None else up, seed)
    await proxy.open()
    task = asyncio.get_running_loop().create_task(proxy.run())
    try:
        yield proxy
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        proxy.close()
