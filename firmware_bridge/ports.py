"""Byte ports, the outermost interface: the stack cannot tell whether a cable, a socket or a simulator is behind one."""

from collections import deque
from typing import Protocol, runtime_checkable


class PortError(OSError):
    """The port cannot be used: closed, unplugged, or never there. The text says which."""


class BytePort(Protocol):
    """Non-blocking bytes in both directions."""

    def read(self) -> bytes:
        """Return all bytes that have arrived since the last call; b"" if none.

        Raises:
            PortError: No more bytes can arrive.
        """
        ...

    def write(self, frame: bytes) -> None:
        """Write one whole frame without waiting. A full port drops whole frames and counts them.

        Raises:
            PortError: No more bytes can be sent.
        """
        ...

    def close(self) -> None:
        """Close the port; a second call does nothing."""
        ...


@runtime_checkable
class StampedPort(Protocol):
    """A port that knows the time of arrival of its bytes."""

    def read_chunks(self) -> list[tuple[int, bytes]]:
        """Return host clock [ns] and bytes of each arrival since the last call."""
        ...


class _Pipe:
    """One direction: whole frames in order, bounded."""

    def __init__(self, capacity_bytes: int) -> None:
        self.frames: deque[bytes] = deque()
        self.held_bytes = 0
        self.capacity_bytes = capacity_bytes
        self.closed = False


class MemoryPort:
    """One end of a pair inside one process; each end reads what the other writes, in order.

    Bounded: a frame without room is dropped whole and counted in `dropped_frames`, as a full UART would lose it.
    """

    def __init__(self, inbox: _Pipe, outbox: _Pipe) -> None:
        self._inbox, self._outbox = inbox, outbox
        self.dropped_frames = 0

    @classmethod
    def pair(cls, capacity_bytes: int = 65_536) -> tuple["MemoryPort", "MemoryPort"]:
        """Return two connected ends. 64 KiB is 5 s at 115200 baud; a reader that reads every tick never fills it."""
        there, back = _Pipe(capacity_bytes), _Pipe(capacity_bytes)
        return cls(there, back), cls(back, there)

    def read(self) -> bytes:
        """Return all waiting bytes. After the other end closed: first what it had sent, then `PortError`."""
        inbox = self._inbox
        if inbox.frames:
            held = b"".join(inbox.frames)
            inbox.frames.clear()
            inbox.held_bytes = 0
            return held
        if inbox.closed:
            raise PortError("memory port: closed")
        return b""

    def write(self, frame: bytes) -> None:
        """Write one frame to the other end, or drop and count it.

        Raises:
            PortError: The other end is closed.
        """
        outbox = self._outbox
        if outbox.closed:
            raise PortError("memory port: closed")
        if outbox.held_bytes + len(frame) > outbox.capacity_bytes:
            self.dropped_frames += 1
            return
        outbox.frames.append(frame)
        outbox.held_bytes += len(frame)

    def close(self) -> None:
        """Close the pair; both ends notice it."""
        self._inbox.closed = self._outbox.closed = True
