"""Datagrams as a byte port: never waits, bounded a tick. One datagram carries whole frames."""

import contextlib
import errno
import socket

DATAGRAMS_A_READ = 64
"""A flood is cut here: what is left waits in the kernel's bounded buffer, and its oldest are judged by their age."""
DATAGRAM_MAX_BYTES = 2_048
PEERS_MAX = 8

Address = tuple[str, int]


class UdpPort:
    """A `BytePort` on a UDP socket.

    A bound one (`bind`) answers all that it heard of late; a connected one (`connect`) speaks to one place only.
    Counters: `dropped_frames`.
    """

    def __init__(self, connection: socket.socket, peers: tuple[Address, ...] = ()) -> None:
        self._socket = connection
        self._bound = not peers
        self._peers: dict[Address, None] = dict.fromkeys(peers)
        self.dropped_frames = 0

    @classmethod
    def bind(cls, host: str, port: int) -> "UdpPort":
        """Listen.

        Raises:
            OSError: the address is taken, or not of this computer.
        """
        return cls(_socket(host, port))

    @classmethod
    def connect(cls, host: str, port: int) -> "UdpPort":
        """Speak to one place, from any free port."""
        return cls(_socket("", 0), ((host, port),))

    @property
    def address(self) -> Address:
        """Where it listens."""
        host, port = self._socket.getsockname()[:2]
        return host, port

    def read(self) -> bytes:
        """All frames that arrived, at most `DATAGRAMS_A_READ` datagrams of them."""
        chunks: list[bytes] = []
        for _ in range(DATAGRAMS_A_READ):
            try:
                chunk, peer = self._socket.recvfrom(DATAGRAM_MAX_BYTES)
            except BlockingIOError:
                break
            except OSError:  # an earlier datagram found nobody there; that says nothing about the next
                continue
            if self._bound:
                self._heard(peer[:2])
            elif peer[:2] not in self._peers:
                continue
            chunks.append(chunk)
        return b"".join(chunks)

    def write(self, frame: bytes) -> None:
        """Send to everybody known; what the kernel does not take is dropped and counted."""
        for peer in self._peers:
            try:
                self._socket.sendto(frame, peer)
            except OSError as refusal:
                self.dropped_frames += refusal.errno != errno.ECONNREFUSED

    def close(self) -> None:
        """Give the socket up."""
        with contextlib.suppress(OSError):
            self._socket.close()

    def _heard(self, peer: Address) -> None:
        """The newest is last; the one unheard for longest gives way."""
        self._peers.pop(peer, None)
        self._peers[peer] = None
        if len(self._peers) > PEERS_MAX:
            self._peers.pop(next(iter(self._peers)))


def _socket(host: str, port: int) -> socket.socket:
    connection = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        connection.setblocking(False)
        connection.bind((host, port))
    except OSError:
        connection.close()
        raise
    return connection
