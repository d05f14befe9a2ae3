"""Serial and TCP ports on asyncio: bounded in both directions, paced by the line, reconnected by themselves.

If a UART sends slower than a program writes, its kernel buffer delays frames by seconds, and the machine would obey old
commands. So no frame is handed to the system while an earlier one is still being sent; a frame that waits here is
replaced by a newer one. A command is replaced only by one that is at least as urgent: a kill is never lost to a later
drive command, and a stop waits for one frame at most, the one whose bytes are already on the wire. (That frame is not
cut off, because the other side would wait for its end and find the stop only then.)
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from firmware_bridge.mavlink.command_adapters import command_rank
from firmware_bridge.ports import PortError

Connect = Callable[[asyncio.Protocol], Awaitable[asyncio.Transport]]
"""Opens the device and connects the protocol to it."""

INBOX_MAX_BYTES = 65_536
REOPEN_S = 0.25
REOPEN_TIMEOUT_S = 2.0
"""A host that is gone does not answer, and the system would wait for it for two minutes; meanwhile it may be back."""
BITS_PER_BYTE = 10
"""8N1: a start bit and a stop bit around each byte."""


class _Wire(asyncio.Protocol):
    """The protocol that asyncio calls; one for each connection."""

    def __init__(self, port: "StreamPort") -> None:
        self._port = port

    def data_received(self, data: bytes) -> None:
        self._port.arrived(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._port.lost(self, exc)


class StreamPort:
    """A `BytePort` on an asyncio transport.

    While the device is not connected, reads return nothing and writes are dropped and counted; the age of the data
    shows it. `generation` rises with each connection.

    Args:
        name: Used in messages.
        connect: Opens the device.
        now_ns: The host's monotonic clock.
        bytes_per_s: Rate of the line; None if the network paces itself.
        backlog_bytes: Bytes handed down and not yet sent, if the system can tell (0 if not).
    """

    def __init__(
        self,
        name: str,
        connect: Connect,
        now_ns: Callable[[], int],
        bytes_per_s: float | None = None,
        backlog_bytes: Callable[[asyncio.Transport], int] = lambda _transport: 0,
    ) -> None:
        self.name = name
        self._connect, self._now_ns = connect, now_ns
        self._ns_per_byte = 1e9 / bytes_per_s if bytes_per_s else 0.0
        self._backlog_bytes = backlog_bytes
        self._transport: asyncio.Transport | None = None
        self._wire: _Wire | None = None
        self._inbox: deque[tuple[int, bytes]] = deque()
        self._inbox_bytes = 0
        self._commands: deque[tuple[int, bytes]] = deque()
        self._others: dict[bytes, bytes] = {}
        self._free_ns = 0
        self._timer: asyncio.TimerHandle | None = None
        self._opening: asyncio.Task[None] | None = None
        self._closed = False
        self.fault = ""
        self.generation = 0
        self.dropped_frames = self.superseded_frames = self.overrun_bytes = 0

    @property
    def connected(self) -> bool:
        """Whether the device is connected now."""
        return self._transport is not None

    async def open(self) -> None:
        """Connect once.

        Raises:
            OSError: Error of the system; `explain` in firmware_bridge.serial_port says it in words.
        """
        wire = _Wire(self)
        self._wire = wire
        self._transport = await self._connect(wire)
        self.generation += 1
        self.fault = ""
        self._free_ns = self._now_ns()

    def read(self) -> bytes:
        """Return all bytes that arrived since the last call."""
        return b"".join(chunk for _, chunk in self.read_chunks())

    def read_chunks(self) -> list[tuple[int, bytes]]:
        """Return host clock [ns] and bytes of each arrival since the last call.

        Raises:
            PortError: The port is closed.
        """
        if self._closed:
            raise PortError(f"{self.name}: closed")
        chunks = list(self._inbox)
        self._inbox.clear()
        self._inbox_bytes = 0
        return chunks

    def write(self, frame: bytes) -> None:
        """Send now if the line is free, else keep the newest frame until it is.

        Raises:
            PortError: The port is closed.
        """
        if self._closed:
            raise PortError(f"{self.name}: closed")
        if self._transport is None:
            self.dropped_frames += 1
            return
        rank = command_rank(frame)
        if rank is None:
            self.superseded_frames += self._others.pop(frame[7:10], None) is not None
            self._others[frame[7:10]] = frame
        else:
            kept = [held for held in self._commands if held[0] < rank]
            self.superseded_frames += len(self._commands) - len(kept)
            self._commands = deque([*kept, (rank, frame)])
        self._pump()

    def close(self) -> None:
        """Close the port and stop reconnecting."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._opening is not None:
            self._opening.cancel()
        self._disconnect()

    def arrived(self, data: bytes) -> None:
        """Store bytes from the wire; the oldest are dropped if nobody reads."""
        self._inbox.append((self._now_ns(), bytes(data)))
        self._inbox_bytes += len(data)
        while self._inbox_bytes > INBOX_MAX_BYTES:
            _, oldest = self._inbox.popleft()
            self._inbox_bytes -= len(oldest)
            self.overrun_bytes += len(oldest)

    def lost(self, wire: object, reason: Exception | None) -> None:
        """Note that the device is disconnected, and try to open it again until it is back."""
        if wire is not self._wire or self._closed:
            return
        self.fault = f"{self.name}: lost ({reason or 'end of stream'})"
        self._disconnect()
        self._later(REOPEN_S, self._reopen)

    def _disconnect(self) -> None:
        transport, self._transport, self._wire = self._transport, None, None
        self.dropped_frames += len(self._commands) + len(self._others)
        self._commands.clear()
        self._others.clear()
        if transport is not None:
            with contextlib.suppress(OSError):
                transport.abort()

    def _reopen(self) -> None:
        self._opening = asyncio.get_running_loop().create_task(self._try_again())

    async def _try_again(self) -> None:
        try:
            async with asyncio.timeout(REOPEN_TIMEOUT_S):
                await self.open()
        except Exception as absent:  # noqa: BLE001  # drivers have errors of their own; a port not tried again is lost
            self.fault = f"{self.name}: {str(absent) or 'no answer'}"
            self._disconnect()
            self._later(REOPEN_S, self._reopen)

    def _later(self, delay_s: float, act: Callable[[], Any]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay_s, act)

    def _pump(self) -> None:
        """Hand frames down; a device that fails here without a reported loss counts as lost."""
        try:
            self._hand_down()
        except OSError as broken:
            self.lost(self._wire, broken)

    def _hand_down(self) -> None:
        """Hand one frame down whenever the line is free."""
        transport = self._transport
        while transport is not None and (self._commands or self._others):
            now_ns = self._now_ns()
            wait_ns = self._free_ns - now_ns
            if wait_ns <= 0 and (transport.get_write_buffer_size() or self._backlog_bytes(transport)):
                wait_ns = 1_000_000
            if wait_ns > 0:
                self._later(wait_ns / 1e9, self._pump)
                return
            frame = self._next_frame()
            self._free_ns = now_ns + int(len(frame) * self._ns_per_byte)
            transport.write(frame)
            transport = self._transport

    def _next_frame(self) -> bytes:
        if self._commands:
            return self._commands.popleft()[1]
        return self._others.pop(next(iter(self._others)))
