"""The socket of a console's link: opened again after it failed to open or stopped receiving."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator
from typing import Final, Protocol, cast

from vehicle.contracts.units import NS_PER_S
from vehicle.host.clock import Clock

AGAIN_NS: Final = 2 * NS_PER_S
"""Time to the next try after an unreachable address or a broken socket."""


_REFUSED: Final = frozenset({errno.ECONNREFUSED, errno.ECONNRESET, 10_054, 10_061, 1_234})
_NO_WAY: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, 10_050, 10_051, 10_065})
"""Windows (winsock) has other error numbers than POSIX."""


def kind_of(error: OSError) -> str:
    """Return the meaning of a socket error for an operator: `refused`, `unknown_name`, `no_way` or `other`.

    `refused`: the computer answers, but no program listens on the port.
    """
    if isinstance(error, socket.gaierror):
        return "unknown_name"
    number = getattr(error, "winerror", None) or error.errno
    if isinstance(error, ConnectionError) or number in _REFUSED:
        return "refused"
    return "no_way" if number in _NO_WAY else "other"


class Ear(Protocol):
    """Receiver of a socket's datagrams and errors: a `ConsoleLink` or a `StopStation`."""

    def attach(self, transport: asyncio.DatagramTransport) -> None:
        """Send on this socket from now on."""
        ...

    def received(self, data: bytes) -> None:
        """A datagram."""
        ...

    def failed(self, error: OSError) -> None:
        """The socket refused."""
        ...


class Station(Ear, Protocol):
    """An ear that also sends."""

    async def run(self) -> None:
        """Send due data until cancelled."""
        ...


def deaf_after_errors() -> bool:
    """On Windows, an asyncio socket stops reading after the other computer has reported a closed port."""
    kind = getattr(asyncio, "ProactorEventLoop", None)
    return kind is not None and isinstance(asyncio.get_running_loop(), kind)


class Endpoint:
    """One address, and the socket to it while one is open."""

    def __init__(self, host: str, port: int, ear: Ear, clock: Clock) -> None:
        self._place, self._ear, self._clock = (host, port), ear, clock
        self._transport: asyncio.DatagramTransport | None = None
        self._broken = asyncio.Event()
        self._broken.set()

    async def open(self) -> None:
        """Open a new socket; the old one is closed after that.

        Raises:
            OSError: The name cannot be resolved, or there is no route.
        """
        loop, before = asyncio.get_running_loop(), self._transport
        transport, _ = await loop.create_datagram_endpoint(lambda: _Socket(self), remote_addr=self._place)
        self._transport = transport
        self._broken.clear()
        self._ear.attach(transport)
        if before is not None:
            before.close()

    async def keep(self) -> None:
        """Open the socket again, after a pause, whenever none is working; runs until cancelled."""
        while True:
            await self._broken.wait()
            await self._clock.sleep_until_ns(self._clock.now_ns() + AGAIN_NS)
            try:
                await self.open()
            except OSError as refusal:
                self._ear.failed(refusal)

    def close(self) -> None:
        """Close the socket for good."""
        if self._transport is not None:
            self._transport.close()

    # --- events of the socket ----------------------------------------------------------------------------------------
    def heard(self, data: bytes) -> None:
        """A datagram."""
        self._ear.received(data)

    def refused(self, error: OSError) -> None:
        """Note an error of the socket; where the system's sockets keep working, it stays in use."""
        self._ear.failed(error)
        if deaf_after_errors():
            self._broken.set()

    def lost(self, transport: asyncio.DatagramTransport | None) -> None:
        """Note that a socket was closed."""
        if transport is self._transport:
            self._broken.set()


@contextlib.asynccontextmanager
async def kept_open(host: str, port: int, station: Station, clock: Clock, *, patient: bool) -> AsyncIterator[None]:
    """Open a socket for `station`, run both, and close it. `patient`: an unreachable address is tried again every 2 s.

    Raises:
        OSError: The address is unreachable, and `patient` is False.
    """
    endpoint = Endpoint(host, port, station, clock)
    try:
        await endpoint.open()
    except OSError as refusal:
        if not patient:
            raise
        station.failed(refusal)
    tasks = [asyncio.ensure_future(part) for part in (station.run(), endpoint.keep())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        endpoint.close()
        for end in ends:
            if isinstance(end, Exception):  # no cancellation
                raise end


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del addr
        if isinstance(data, bytes):  # on Windows also the error that stands for a refusal
            self._endpoint.heard(data)

    def error_received(self, exc: Exception) -> None:
        if isinstance(exc, OSError):
            self._endpoint.refused(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._endpoint.lost(self._transport)
