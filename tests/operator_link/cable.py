"""A link that can be cut: UDP between one station and the vehicle, both real sockets, whoever of them calls."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator
from typing import cast

Address = tuple[str, int]
HERE = "127.0.0.1"


class _End(asyncio.DatagramProtocol):
    """One socket; what arrives leaves by the other one while the cable is whole."""

    def __init__(self, cable: "Cable", peer: Address | None) -> None:
        self._cable, self.peer = cable, peer
        self.other: _End | None = None
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.peer = addr
        if not self._cable.cut and self.other is not None and self.other.transport is not None and self.other.peer:
            self.other.transport.sendto(data, self.other.peer)

    def error_received(self, exc: Exception) -> None:
        del exc  # an end that is not there yet


def _itself(end: _End) -> _End:
    return end


class Cable:
    """`station_port` is where a station calls, `vehicle_port` where the vehicle does; `cut` loses both directions."""

    def __init__(self) -> None:
        self.cut = False
        self.station_port = self.vehicle_port = 0
        self._ends: list[_End] = []

    def towards(self, vehicle_port: int) -> None:
        """Where the vehicle is, for a station that speaks first."""
        self._ends[1].peer = (HERE, vehicle_port)

    async def open(self, listening: int | None) -> None:
        """Args: listening: the port of a station that waits to be called; None: it calls."""
        loop = asyncio.get_running_loop()
        station, vehicle = _End(self, (HERE, listening) if listening else None), _End(self, None)
        station.other, vehicle.other = vehicle, station
        self._ends = [station, vehicle]
        ports = []
        for end in self._ends:
            transport, _ = await loop.create_datagram_endpoint(functools.partial(_itself, end), local_addr=(HERE, 0))
            ports.append(int(transport.get_extra_info("sockname")[1]))
        self.station_port, self.vehicle_port = ports

    def close(self) -> None:
        """Both sockets."""
        for end in self._ends:
            if end.transport is not None:
                end.transport.close()


@contextlib.asynccontextmanager
async def cable(listening: int | None = None) -> AsyncIterator[Cable]:
    """A whole cable; see `Cable.open`."""
    opened = Cable()
    await opened.open(listening)
    try:
        yield opened
    finally:
        opened.close()
