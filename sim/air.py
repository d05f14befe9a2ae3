"""A cuttable link between consoles and a vehicle on real sockets: datagrams pass, or are lost while it is cut."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import cast

Address = tuple[str, int]


class _Away(asyncio.DatagramProtocol):
    """The socket towards the vehicle for one console."""

    def __init__(self, back: Callable[[bytes], None]) -> None:
        self._back = back

    def datagram_received(self, data: bytes, addr: Address) -> None:
        del addr
        self._back(data)

    def error_received(self, exc: Exception) -> None:
        del exc  # the vehicle does not listen yet


class Air(asyncio.DatagramProtocol):
    """The socket that consoles send to; for each console it opens a socket of its own towards the vehicle.

    `cut()` is called for each datagram in both directions; `lost` counts the lost ones.
    """

    def __init__(self, vehicle: Address, cut: Callable[[], bool]) -> None:
        self._vehicle, self._cut = vehicle, cut
        self._transport: asyncio.DatagramTransport | None = None
        self._away: dict[Address, asyncio.Future[asyncio.DatagramTransport]] = {}
        self.lost = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Pass on a console's datagram; it is lost while the console's own socket is still opening."""
        if self._cut():
            self.lost += 1
            return
        away = self._away.get(addr)
        if away is None:
            away = self._away[addr] = asyncio.ensure_future(self._open(addr))
        if away.done() and not away.cancelled() and away.exception() is None:
            away.result().sendto(data)
        else:
            self.lost += 1

    async def _open(self, console: Address) -> asyncio.DatagramTransport:
        made = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Away(lambda data: self._back(console, data)), remote_addr=self._vehicle
        )
        return made[0]

    def _back(self, console: Address, data: bytes) -> None:
        if self._cut() or self._transport is None:
            self.lost += 1
        else:
            self._transport.sendto(data, console)

    def close(self) -> None:
        """Close all sockets."""
        for away in self._away.values():
            if away.done() and not away.cancelled() and away.exception() is None:
                away.result().close()
            away.cancel()
        if self._transport is not None:
            self._transport.close()


@contextlib.asynccontextmanager
async def air(vehicle: Address, cut: Callable[[], bool], host: str = "127.0.0.1") -> AsyncIterator[int]:
    """Run the link between consoles on this computer and a vehicle; yield the UDP port that consoles send to."""
    made = Air(vehicle, cut)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: made, local_addr=(host, 0))
    try:
        yield int(transport.get_extra_info("sockname")[1])
    finally:
        made.close()
