"""The link on real wires: UDP, TCP and byte ports (serial radio), in one asyncio task; stamps and keys on disk.

    shell = LinkShell(link, clock, wires, store, marks)
    async with shell: ...        # sockets are open, the pump runs

The tick never waits for anything here: it reads `LoopPort`, which is memory.
"""

import asyncio
import functools
import ipaddress
from types import TracebackType
from typing import Self, cast

import msgspec

from firmware_bridge.ports import BytePort, PortError
from vehicle.clock import Clock
from vehicle.errors import InputError
from vehicle.operator_link.admission import Address, Channel
from vehicle.operator_link.keystore import KeyStore, signing_keys
from vehicle.operator_link.link import OperatorLink
from vehicle.operator_link.marks import MarkFile

PUMP_NS = 20_000_000
KEYS_NS = 5_000_000_000
"""A revoked key ends within so long (and a minute is allowed)."""
CONNECTIONS_MAX = 8
WRITE_BUFFER_MAX = 65_536


class Udp(msgspec.Struct, frozen=True, kw_only=True):
    """A UDP wire; `stations` (host, port, system id) wait to be spoken to, everyone else speaks first."""

    channel: Channel
    host: str = "0.0.0.0"  # noqa: S104 (the radio's side; unsigned channels are refused there)
    port: int = 14550
    stations: tuple[tuple[str, int, int], ...] = ()


class Tcp(msgspec.Struct, frozen=True, kw_only=True):
    """A TCP wire that stations connect to."""

    channel: Channel
    host: str = "0.0.0.0"  # noqa: S104
    port: int = 5760


class Serial(msgspec.Struct, frozen=True, kw_only=True):
    """A byte port that somebody else opened."""

    channel: Channel
    port: BytePort


Wire = Udp | Tcp | Serial


def check_wire(wire: Wire) -> None:
    """Unsigned frames are taken on loopback only.

    Raises:
        InputError: an unsigned channel on any other address.
    """
    if not wire.channel.unsigned:
        return
    if isinstance(wire, Serial) or not _loopback(wire.host):
        place = "a serial port" if isinstance(wire, Serial) else wire.host
        raise InputError(f"operator link {wire.channel.name}: unsigned on {place}; only 127.0.0.1 may be unsigned")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class LinkShell:
    """Opens the wires and moves the bytes."""

    def __init__(
        self,
        link: OperatorLink,
        clock: Clock,
        wires: tuple[Wire, ...],
        store: KeyStore | None = None,
        marks: MarkFile | None = None,
    ) -> None:
        for wire in wires:
            check_wire(wire)
        self._link, self._clock, self._wires = link, clock, wires
        self._store, self._marks = store, marks
        self._datagrams: dict[str, asyncio.DatagramTransport] = {}
        self._connections: dict[Address, asyncio.Transport] = {}
        self._serials = {wire.channel.name: wire for wire in wires if isinstance(wire, Serial)}
        self._servers: list[asyncio.Server] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._keys_ns = 0
        self._key_stat: tuple[int, int] | None = None
        self.dropped = 0

    async def __aenter__(self) -> Self:
        """Reserve stamps, then open the wires: nothing is signed that a crash could make us sign again."""
        if self._marks is not None:
            wanted = self._link.verifier.wanted(self._clock.now_ns())
            self._link.verifier.made_durable(await asyncio.to_thread(self._marks.write, wanted))
        loop = asyncio.get_running_loop()
        for wire in self._wires:
            if isinstance(wire, Udp):
                await self._open_udp(loop, wire)
            elif isinstance(wire, Tcp):
                made = functools.partial(_Connection, self, wire.channel)
                server = await loop.create_server(made, wire.host, wire.port)
                self._servers.append(server)
        self._tasks = [loop.create_task(self._pump()), loop.create_task(self._keep())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything; a task that failed says so here."""
        for task in self._tasks:
            task.cancel()
        for transport in (*self._datagrams.values(), *self._connections.values()):
            transport.close()
        for server in self._servers:
            server.close()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and error is None:
                raise result

    def port(self, name: str) -> int:
        """The port that a wire is bound to; for a wire asked for as port 0."""
        transport = self._datagrams.get(name)
        if transport is not None:
            return int(transport.get_extra_info("sockname")[1])
        names = [wire.channel.name for wire in self._wires if isinstance(wire, Tcp)]
        return int(self._servers[names.index(name)].sockets[0].getsockname()[1])

    async def _open_udp(self, loop: asyncio.AbstractEventLoop, wire: Udp) -> None:
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self, wire.channel), local_addr=(wire.host, wire.port)
        )
        self._datagrams[wire.channel.name] = transport
        for host, port, system_id in wire.stations:
            self._link.invite(wire.channel, (host, port), system_id, self._clock.now_ns())

    def received(self, channel: Channel, address: Address, data: bytes) -> None:
        """Bytes from a socket."""
        self._link.receive(channel, address, data, self._clock.now_ns())

    async def _pump(self) -> None:
        deadline_ns = self._clock.now_ns()
        while True:
            await self._clock.sleep_until_ns(deadline_ns)
            now_ns = self._clock.now_ns()
            deadline_ns = max(deadline_ns + PUMP_NS, now_ns)
            for name, wire in self._serials.items():
                try:
                    self._link.receive(wire.channel, name, wire.port.read(), now_ns)
                except PortError:
                    self._link.drop(wire.channel, name)
            self._link.step(now_ns)
            self._send()

    def _send(self) -> None:
        for name, address, frames in self._link.outbox():
            datagrams = self._datagrams.get(name)
            if datagrams is not None:
                for frame in frames:
                    datagrams.sendto(frame, address)
            elif name in self._serials:
                self._send_serial(self._serials[name].port, frames)
            else:
                connection = self._connections.get(address)
                if connection is None or connection.get_write_buffer_size() > WRITE_BUFFER_MAX:
                    self.dropped += len(frames)
                else:
                    connection.write(b"".join(frames))

    def _send_serial(self, port: BytePort, frames: list[bytes]) -> None:
        try:
            for frame in frames:
                port.write(frame)
        except PortError:
            self.dropped += len(frames)

    async def _keep(self) -> None:
        """Stamps and keys: files, hence in a thread."""
        while True:
            now_ns = self._clock.now_ns()
            await self._clock.sleep_until_ns(now_ns + PUMP_NS * 5)
            wanted = self._link.verifier.wanted(self._clock.now_ns())
            if wanted and self._marks is not None:
                try:
                    self._link.verifier.made_durable(await asyncio.to_thread(self._marks.write, wanted))
                except OSError:
                    self._link.admission.disk_failures += 1
            if self._store is not None and now_ns - self._keys_ns >= KEYS_NS:
                self._keys_ns = now_ns
                self._reload_keys(self._store, now_ns)

    def _reload_keys(self, store: KeyStore, now_ns: int) -> None:
        try:
            held = store.path.stat()
            stat = (held.st_mtime_ns, held.st_size)
            if stat != self._key_stat:
                keys = signing_keys(store.load())
                for gone in set(self._link.verifier.stations) - set(keys):
                    self._link.revoke(gone)
                self._link.verifier.set_keys(keys, now_ns)
                self._key_stat = stat
        except (OSError, InputError):
            self._link.admission.disk_failures += 1  # the keys that were read last still hold

    def connected(self, address: Address, transport: asyncio.Transport) -> bool:
        """False where there are too many connections already."""
        if len(self._connections) >= CONNECTIONS_MAX:
            return False
        self._connections[address] = transport
        return True

    def disconnected(self, channel: Channel, address: Address) -> None:
        """A station hung up."""
        self._connections.pop(address, None)
        self._link.drop(channel, address)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, shell: LinkShell, channel: Channel) -> None:
        self._shell, self._channel = shell, channel

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._shell.received(self._channel, (addr[0], addr[1]), data)

    def error_received(self, exc: Exception) -> None:
        """A station's port is closed; its silence will tell."""
        del exc


class _Connection(asyncio.Protocol):
    def __init__(self, shell: LinkShell, channel: Channel) -> None:
        self._shell, self._channel = shell, channel
        self._address: Address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self._address = (str(peer[0]), int(peer[1]))
        if not self._shell.connected(self._address, cast("asyncio.Transport", transport)):
            cast("asyncio.Transport", transport).abort()

    def data_received(self, data: bytes) -> None:
        self._shell.received(self._channel, self._address, data)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._shell.disconnected(self._channel, self._address)
