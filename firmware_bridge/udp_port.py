"""Datagrams as a byte port: it never waits and reads a limited number a tick. One datagram holds whole frames."""

import contextlib
import errno
import socket

DATAGRAMS_A_READ = 64
"""Largest number of datagrams per read; the others wait in the kernel's bounded buffer and are judged by their age."""
DATAGRAM_MAX_BYTES = 2_048
PEERS_MAX = 8

Address = tuple[str, int]


class UdpPort:
    """A `BytePort` on a UDP socket.

    After `bind` it sends to all stations heard lately; after `connect` it sends to one address only. Counter:
    `dropped_frames`.
    """

    def __init__(self, connection: socket.socket, peers: tuple[Address, ...] = ()) -> None:
        self._socket = connection
        self._bound = not peers
        self._peers: dict[Address, None] = dict.fromkeys(peers)
        self.dropped_frames = 0

    @classmethod
    def bind(cls, host: str, port: int) -> "UdpPort":
        """Return a port that listens.

        Raises:
            OSError: The address is in use, or not of this computer.
        """
        return cls(_socket(host, port))

    @classmethod
    def connect(cls, host: str, port: int) -> "UdpPort":
        """Return a port to one address, from any free local port."""
        return cls(_socket("", 0), ((host, port),))

    @property
    def address(self) -> Address:
        """The address on which it listens."""
        host, port = self._socket.getsockname()[:2]
        return host, port

    def read(self) -> bytes:
        """Return all frames that arrived, from at most `DATAGRAMS_A_READ` datagrams."""
        chunks: list[bytes] = []
        for _ in range(DATAGRAMS_A_READ):
            try:
                chunk, peer = self._socket.recvfrom(DATAGRAM_MAX_BYTES)
            except BlockingIOError:
                break
            except OSError:  # nobody listened to an earlier datagram; that says nothing about the next
                continue
            if self._bound:
                self._heard(peer[:2])
            elif peer[:2] not in self._peers:
                continue
            chunks.append(chunk)
        return b"".join(chunks)

    def write(self, frame: bytes) -> None:
        """Send to every known address; what the kernel does not take is dropped and counted."""
        for peer in self._peers:
            try:
                self._socket.sendto(frame, peer)
            except OSError as refusal:
                self.dropped_frames += refusal.errno != errno.ECONNREFUSED

    def close(self) -> None:
        """Close the socket."""
        with contextlib.suppress(OSError):
            self._socket.close()

    def _heard(self, peer: Address) -> None:
        """Note the sender of a datagram as the newest; the one not heard for longest is forgotten."""
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
