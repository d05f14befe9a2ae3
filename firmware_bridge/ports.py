"""Byte ports: the outermost seam. Whatever stands behind one (a cable, a socket, a simulator) the stack cannot tell."""

from collections import deque
from typing import Protocol, runtime_checkable


class PortError(OSError):
    """The port is not usable: closed, unplugged, or never there. The text says which."""


class BytePort(Protocol):
    """Non-blocking bytes in both directions."""

    def read(self) -> bytes:
        """All bytes that have arrived since the last call; b"" if none.

        Raises:
            PortError: nothing can arrive any more.
        """
        ...

    def write(self, frame: bytes) -> None:
        """Hand over one whole frame without waiting. A port that is full drops whole frames and counts them.

        Raises:
            PortError: nothing can be sent any more.
        """
        ...

    def close(self) -> None:
        """Give the port up; a second call does nothing."""
        ...


@runtime_checkable
class StampedPort(Protocol):
    """A port that knows when its bytes arrived."""

    def read_chunks(self) -> list[tuple[int, bytes]]:
        """Host clock [ns] and bytes of each arrival since the last call."""
        ...


class _Pipe:
    """One direction: whole frames in order, bounded."""

    def __init__(self, capacity_bytes: int) -> None:
        self.frames: deque[bytes] = deque()
        self.held_bytes = 0
        self.capacity_bytes = capacity_bytes
        self.closed = False


class MemoryPort:
    """One end of a pair inside one process; what one writes the other reads, in order.

    Bounded: a frame for which there is no room is dropped whole and counted in `dropped_frames`, as an overrun UART
    would lose it.
    """

    def __init__(self, inbox: _Pipe, outbox: _Pipe) -> None:
        self._inbox, self._outbox = inbox, outbox
        self.dropped_frames = 0

    @classmethod
    def pair(cls, capacity_bytes: int = 65_536) -> tuple["MemoryPort", "MemoryPort"]:
        """Two connected ends. 64 KiB is 5 s of a 115200 baud line: whoever reads once a tick never fills it."""
        there, back = _Pipe(capacity_bytes), _Pipe(capacity_bytes)
        return cls(there, back), cls(back, there)

    def read(self) -> bytes:
        """All bytes that wait; after the other end closed, what it had sent and then `PortError`."""
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
        """Put one frame into the other end's inbox, or drop and count it.

        Raises:
            PortError: the other end is closed.
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
        """Both ends notice."""
        self._inbox.closed = self._outbox.closed = True
