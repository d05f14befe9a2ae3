"""The link on real wires: UDP, TCP and byte ports (serial radio), in one asyncio task; stamps and keys on disk.

    async with LinkTransport(link, clock, wires, store, marks) as shell:   # sockets are open
        async with asyncio.TaskGroup() as group:
            group.create_task(shell.run())

The tick never waits for anything here: it drains byte ports and link, which are memory.
"""

import asyncio
import functools
import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Self

import msgspec

from firmware_bridge.ports import BytePort, PortError
from firmware_bridge.serial_port import open_port
from firmware_bridge.stream_port import StreamPort
from vehicle.contracts.errors import InputError
from vehicle.contracts.sockets import SourceBatch
from vehicle.contracts.units import TICK_NS
from vehicle.host.clock import Clock
from vehicle.operator_link.admission import Address, Channel
from vehicle.operator_link.keystore import KeyFile, KeyStore, signing_keys, station_names, stop_only_keys
from vehicle.operator_link.link import OperatorLink
from vehicle.operator_link.sockets import WRITE_BUFFER_MAX, TcpConnection, UdpSocket
from vehicle.operator_link.stamp_store import StampStore

PUMP_NS = TICK_NS
AFTER_TICK_NS = 100_000
"""So close behind the tick on the loop's grid one wake-up serves both (a tick takes longer), and what it said goes out
at once. Timers are set a few microseconds late: where two were closer than that, every other report waited for a tick.
"""
KEYS_NS = 5_000_000_000
"""A revoked key ends within so long (and a minute is allowed)."""
CONNECTIONS_MAX = 8
WAITING_NS, AGAIN_NS = 10_000_000_000, 1_000_000_000


class Udp(msgspec.Struct, frozen=True, kw_only=True):
    """A UDP wire. `stations` (host, port, system id) are called by the vehicle; every other station speaks first."""

    channel: Channel
    host: str = "0.0.0.0"  # noqa: S104 (the radio's side; unsigned channels are refused there)
    port: int = 14555
    stations: tuple[tuple[str, int, int], ...] = ()


class Tcp(msgspec.Struct, frozen=True, kw_only=True):
    """A TCP wire that stations connect to."""

    channel: Channel
    host: str = "0.0.0.0"  # noqa: S104
    port: int = 5760


class Serial(msgspec.Struct, frozen=True, kw_only=True):
    """A byte port that the caller has opened."""

    channel: Channel
    port: BytePort


class Radio(msgspec.Struct, frozen=True, kw_only=True):
    """A serial radio by its name: opened when it is there, and waited for until then."""

    channel: Channel
    url: str
    baud: int


Wire = Udp | Tcp | Serial | Radio


def check_wire(wire: Wire) -> None:
    """Unsigned frames are taken on loopback only.

    Raises:
        InputError: an unsigned channel on any other address.
    """
    if not wire.channel.unsigned:
        return
    if isinstance(wire, Serial | Radio) or not _loopback(wire.host):
        place = "a serial port" if isinstance(wire, Serial | Radio) else wire.host
        raise InputError(f"operator link {wire.channel.name}: unsigned on {place}; only 127.0.0.1 may be unsigned")


def take_keys(link: OperatorLink, held: KeyFile, now_ns: int) -> None:
    """Keys, rights and names as the key file has them now.

    Of a station whose key ended, or may do more or less than before, sessions, sticks and goals end. A system id that
    has a key of either kind may do nothing but STOP.
    """
    full, only = signing_keys(held), stop_only_keys(held)
    keys = {system_id: only.get(system_id, ()) + full.get(system_id, ()) for system_id in (*full, *only)}
    before, rights = set(link.verifier.stations), frozenset(only)
    for ended in (before - set(keys)) | (before & (rights ^ link.stop_only.ids)):
        link.revoke(ended)
    link.stop_only.ids = rights
    link.files.names = link.stop_only.names = station_names(held)
    link.verifier.set_keys(keys, now_ns)


def _why(path: Path, refusal: OSError | InputError) -> str:
    """The file, and what is wrong with it."""
    return str(refusal) if isinstance(refusal, InputError) else f"{path}: {(refusal.strerror or str(refusal)).lower()}"


def _after_a_tick_ns(now_ns: int) -> int:
    """The next moment just behind a tick."""
    return (now_ns // TICK_NS + 1) * TICK_NS + AFTER_TICK_NS


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class LinkTransport:
    """Opens the wires and moves the bytes.

    `async with` opens and closes; `run` does the work until it is cancelled. Whatever fails in it, or in a socket's
    reader, ends `run` at once with that error. `say` writes to the log; `told` takes what the operators must know too.
    """

    def __init__(
        self,
        link: OperatorLink,
        clock: Clock,
        wires: tuple[Wire, ...],
        store: KeyStore | None = None,
        marks: StampStore | None = None,
        say: Callable[[str], None] = lambda _: None,
        told: Callable[[str], None] | None = None,
    ) -> None:
        for wire in wires:
            check_wire(wire)
        self._link, self._clock, self._wires = link, clock, wires
        self._store, self._marks, self._say = store, marks, say
        self._told = told if told is not None else say
        self._file_faults: dict[Path, str] = {}
        self._datagrams: dict[str, UdpSocket] = {}
        self._connections: dict[Address, asyncio.Transport] = {}
        self._serials = {wire.channel.name: wire for wire in wires if isinstance(wire, Serial)}
        self._servers: dict[str, asyncio.Server] = {}
        self._opened: list[StreamPort] = []
        self._keys_ns = 0
        self._key_stat: tuple[int, int] | None = None
        self._failure: asyncio.Future[None] | None = None
        self.dropped = 0

    def add(self, wire: Wire) -> None:
        """One more wire, before they are opened.

        Raises:
            InputError: an unsigned channel on any other address than loopback.
        """
        check_wire(wire)
        self._wires = (*self._wires, wire)

    async def __aenter__(self) -> Self:
        """Reserve stamps, then open the wires: nothing is signed that a crash could make us sign again."""
        if self._marks is not None:
            wanted = self._link.verifier.wanted(self._clock.now_ns())
            self._link.verifier.made_durable(await asyncio.to_thread(self._marks.write, wanted))
        self._failure = asyncio.get_running_loop().create_future()
        for wire in self._wires:
            if not isinstance(wire, Udp | Tcp):
                continue
            try:
                await self._open(wire)
            except OSError as refusal:
                self._close()
                kind = "TCP" if isinstance(wire, Tcp) else "UDP"
                words = refusal.strerror or str(refusal)
                raise OSError(refusal.errno, words, f"{kind} {wire.host}:{wire.port}") from refusal
        return self

    async def _open(self, wire: Udp | Tcp) -> None:
        if isinstance(wire, Udp):
            self._open_udp(wire)
            return
        made = functools.partial(self._connection, wire.channel)
        server = await asyncio.get_running_loop().create_server(made, wire.host, wire.port)
        self._servers[wire.channel.name] = server

    async def __aexit__(self, *_: object) -> None:
        """Close everything."""
        self._close()

    def _close(self) -> None:
        for port in self._opened:
            port.close()
        for datagrams in self._datagrams.values():
            datagrams.close()
        for transport in self._connections.values():
            transport.close()
        for server in self._servers.values():
            server.close()
        if self._failure is not None:
            self._failure.cancel()

    async def run(self) -> None:
        """Move bytes, keep stamps and keys, until cancelled.

        Raises:
            ExceptionGroup: something in it failed; the link is not served any more.
        """
        assert self._failure is not None, "run inside `async with`"
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pump())
            group.create_task(self._keep())
            for wire in self._wires:
                if isinstance(wire, Radio):
                    group.create_task(self._open_radio(wire))
            await self._failure

    def _failed(self, error: BaseException) -> None:
        if self._failure is not None and not self._failure.done():
            self._failure.set_exception(error)

    def port(self, name: str) -> int:
        """The port that a wire is bound to; for a wire asked for as port 0."""
        datagrams = self._datagrams.get(name)
        return datagrams.port if datagrams is not None else int(self._servers[name].sockets[0].getsockname()[1])

    def _open_udp(self, wire: Udp) -> None:
        opened = UdpSocket(wire.channel, self.received, self._failed)
        opened.open(wire.host, wire.port)
        self._datagrams[wire.channel.name] = opened
        for host, port, system_id in wire.stations:
            self._link.invite(wire.channel, (host, port), system_id, self._clock.now_ns())

    async def _open_radio(self, wire: Radio) -> None:
        """A cable that is not there yet is waited for; once open, the port comes back by itself."""
        told_ns = self._clock.now_ns() - WAITING_NS
        while True:
            try:
                port = await open_port(wire.url, wire.baud, self._clock.now_ns)
            except PortError as refusal:
                now_ns = self._clock.now_ns()
                if now_ns - told_ns >= WAITING_NS:
                    told_ns = now_ns
                    self._say(f"operators' radio {refusal}; waiting for it")
                await self._clock.sleep_until_ns(now_ns + AGAIN_NS)
                continue
            self._opened.append(port)
            self._serials[wire.channel.name] = Serial(channel=wire.channel, port=port)
            self._say(f"operators' radio {wire.url}: open")
            return

    def _connection(self, channel: Channel) -> TcpConnection:
        return TcpConnection(channel, self.connected, self.received, self.disconnected, self._failed)

    def received(self, channel: Channel, address: Address, data: bytes) -> None:
        """Bytes from a socket."""
        self._link.receive(channel, address, data, self._clock.now_ns())

    async def _pump(self) -> None:
        deadline_ns = _after_a_tick_ns(self._clock.now_ns())
        while True:
            await self._clock.sleep_until_ns(deadline_ns)
            now_ns = self._clock.now_ns()
            deadline_ns = max(deadline_ns + PUMP_NS, _after_a_tick_ns(now_ns))
            self._hear_ports(now_ns)
            self._link.step(now_ns)
            self._send()

    def _hear_ports(self, now_ns: int) -> None:
        for name, wire in list(self._serials.items()):
            try:
                self._link.receive(wire.channel, name, wire.port.read(), now_ns)
            except PortError:
                self._link.present.drop(wire.channel, name)

    @property
    def name(self) -> str:
        """Of the link, whose frames these are."""
        return self._link.name

    def drain(self, now_ns: int) -> SourceBatch:
        """The link as a source of the loop, with what came from a byte port up to now.

        The pump runs behind the tick: what it read of a stop would wait for the tick after.
        """
        self._hear_ports(now_ns)
        return self._link.drain(now_ns)

    def _send(self) -> None:
        for name, address, frames in self._link.outbox():
            datagrams = self._datagrams.get(name)
            if datagrams is not None:
                datagrams.send(frames, address)
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
        while True:
            now_ns = self._clock.now_ns()
            await self._clock.sleep_until_ns(now_ns + PUMP_NS * 5)
            await self.keep_files(now_ns)

    async def keep_files(self, now_ns: int) -> None:
        """Stamps and keys, where due: files, hence in a thread. A file that fails is told once, and so is its end."""
        wanted = self._link.verifier.wanted(self._clock.now_ns())
        if wanted and self._marks is not None:
            path = self._marks.path
            try:
                self._link.verifier.made_durable(await asyncio.to_thread(self._marks.write, wanted))
                self._file(path, "")
            except OSError as refusal:
                lost = "stamps of signed frames are not kept: a station without a session may be ignored"
                self._file(path, f"{_why(path, refusal)}; {lost}")
        if self._store is not None and now_ns - self._keys_ns >= KEYS_NS:
            self._keys_ns = now_ns
            self._reload_keys(self._store, now_ns)

    def _reload_keys(self, store: KeyStore, now_ns: int) -> None:
        try:
            held = store.path.stat()
            stat = (held.st_mtime_ns, held.st_size)
            if stat != self._key_stat:
                take_keys(self._link, store.load(), now_ns)
                self._key_stat = stat
            self._file(store.path, "")
        except (OSError, InputError) as refusal:
            hold = "the keys that were read last still hold, also one that was revoked since"
            self._file(store.path, f"{_why(store.path, refusal)}; {hold}")

    def _file(self, path: Path, fault: str) -> None:
        """Tell once what is wrong with a file of the link, and once that it is good again."""
        if fault == self._file_faults.get(path, ""):
            return
        self._file_faults[path] = fault
        self._told(fault or f"{path}: read and written again")

    @property
    def connections(self) -> int:
        """Stations on TCP now."""
        return len(self._connections)

    def connected(self, channel: Channel, address: Address, transport: asyncio.Transport) -> bool:
        """False where there are too many connections already; of those, one that was never heard makes room.

        Some stations wait for a vehicle that speaks first: without signatures it does. With them it would have to know
        whose key to sign with.
        """
        if self.connections >= CONNECTIONS_MAX and not self._room_made():
            return False
        self._connections[address] = transport
        if channel.unsigned:
            self._link.invite(channel, address, 0, self._clock.now_ns())
        return True

    def _room_made(self) -> bool:
        """Whoever only holds a connection keeps no station out: the oldest that no admitted frame came by is closed."""
        heard = {address for (_, address), peer in self._link.peers.items() if peer.answered}
        idle = next((address for address in self._connections if address not in heard), None)
        if idle is None:
            return False
        self._connections.pop(idle).abort()
        return True

    def disconnected(self, channel: Channel, address: Address) -> None:
        """A station hung up."""
        self._connections.pop(address, None)
        self._link.present.drop(channel, address)
