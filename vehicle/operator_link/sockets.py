"""Sockets of the operator link: read in pieces of limited size, a few hundred times a second at most.

A station that speaks now and then is read at once, by one reader for the life of the socket. Only a sender that floods
the socket has to wait, because to remove a reader and add it again costs more than the bytes of an ordinary station.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable
from typing import cast

from vehicle.operator_link.admission import Address, Channel

DATAGRAM_MAX = 2_048
"""More than any station puts into one."""
GULP = 256
REST_S = 0.002
"""Between two gulps of a flood. Its small datagrams cost one system call each and no turn of the event loop."""
FLOOD_S = 2.0 * REST_S
"""Two gulps closer together are a flood's; more than a rest, so that it rests after each gulp."""
RECEIVE_BUFFER = 262_144
TCP_REST_S = 0.02
WRITE_BUFFER_MAX = 65_536

Heard = Callable[[Channel, Address, bytes], None]


class UdpSocket:
    """One bound UDP socket. It hands over what arrives in order, and reports an error of the receiver."""

    def __init__(self, channel: Channel, heard: Heard, failed: Callable[[BaseException], None]) -> None:
        self._channel, self._heard, self._failed = channel, heard, failed
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rest: asyncio.TimerHandle | None = None
        self._gulped_s = -FLOOD_S
        self.dropped = 0

    def open(self, host: str, port: int) -> None:
        """Bind, and read from now on.

        Raises:
            OSError: the address is taken, or not of this computer.
        """
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        asyncio.get_running_loop().add_reader(self._socket, self._gulp)

    @property
    def port(self) -> int:
        """Where it is bound."""
        return int(self._socket.getsockname()[1])

    def send(self, frames: list[bytes], address: Address) -> None:
        """One datagram for each frame; what the system does not take is dropped and counted."""
        for frame in frames:
            try:
                self._socket.sendto(frame, cast("tuple[str, int]", address))
            except OSError as refusal:  # a closed port at the other end is that station's silence
                self.dropped += refusal.errno != errno.ECONNREFUSED

    def close(self) -> None:
        """Give the socket up."""
        if self._rest is not None:
            self._rest.cancel()
        with contextlib.suppress(OSError):
            asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _gulp(self) -> None:
        try:
            for _ in range(GULP):
                try:
                    chunk, address = self._socket.recvfrom(DATAGRAM_MAX)
                except BlockingIOError:
                    break
                except OSError:  # an earlier datagram found nobody there; that says nothing about the next
                    continue
                self._heard(self._channel, (address[0], address[1]), chunk)
        except Exception as error:  # noqa: BLE001 (told to whoever runs the shell, which ends with it)
            asyncio.get_running_loop().remove_reader(self._socket)
            self._failed(error)
            return
        self._rest_in_a_flood()

    def _rest_in_a_flood(self) -> None:
        loop = asyncio.get_running_loop()
        now_s = loop.time()
        if now_s - self._gulped_s < FLOOD_S:
            loop.remove_reader(self._socket)
            self._rest = loop.call_later(REST_S, self._read_on)
        self._gulped_s = now_s

    def _read_on(self) -> None:
        asyncio.get_running_loop().add_reader(self._socket, self._gulp)


class TcpConnection(asyncio.Protocol):
    """One station on TCP. In a flood it waits after each piece, so that the sender's own flow control slows it."""

    def __init__(
        self,
        channel: Channel,
        connected: Callable[[Channel, Address, asyncio.Transport], bool],
        heard: Heard,
        gone: Callable[[Channel, Address], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._channel, self._connected, self._heard, self._gone = channel, connected, heard, gone
        self._failed = failed
        self._address: Address = ""
        self._transport: asyncio.Transport | None = None
        self._heard_s = -FLOOD_S

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Too many connections are closed at once."""
        host, port = transport.get_extra_info("peername")[:2]
        self._address = (str(host), int(port))
        self._transport = cast("asyncio.Transport", transport)
        if not self._connected(self._channel, self._address, self._transport):
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Hand over; in a flood, then rest."""
        try:
            self._heard(self._channel, self._address, data)
        except Exception as error:  # noqa: BLE001 (as for datagrams)
            self._failed(error)
            return
        loop, transport = asyncio.get_running_loop(), self._transport
        now_s, rest_s = loop.time(), TCP_REST_S if len(data) > DATAGRAM_MAX else REST_S
        poured = rest_s > REST_S or now_s - self._heard_s < FLOOD_S
        self._heard_s = now_s
        if poured and transport is not None and not transport.is_closing():
            transport.pause_reading()
            loop.call_later(rest_s, self._read_on)

    def _read_on(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """It hung up."""
        del exc
        self._gone(self._channel, self._address)
