"""Datagrams as a byte port, on loopback."""

import asyncio
from collections.abc import Iterator

import pytest

from benchmarks.drive_rig import until
from firmware_bridge.udp_port import DATAGRAMS_A_READ, PEERS_MAX, UdpPort
from vehicle.host import realtime


@pytest.fixture
def listener() -> Iterator[UdpPort]:
    port = UdpPort.bind("127.0.0.1", 0)
    yield port
    port.close()


def reads_of(port: UdpPort, size: int) -> list[bytes]:
    """Read until so many bytes came; what each read gave."""
    reads: list[bytes] = []

    def more() -> bool:
        reads.append(port.read())
        return sum(map(len, reads)) >= size

    async def main() -> None:
        await until(more, f"{size} bytes")

    with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
        runner.run(main())
    return reads


def arrive(port: UdpPort, size: int) -> bytes:
    """Read until so many bytes came."""
    return b"".join(reads_of(port, size))


def test_both_ways(listener: UdpPort) -> None:
    speaker = UdpPort.connect(*listener.address)
    listener.write(b"nobody is known yet")
    speaker.write(b"hello")
    assert arrive(listener, 5) == b"hello"
    listener.write(b"welcome")
    assert arrive(speaker, 7) == b"welcome"
    assert speaker.read() == b""
    speaker.close()


def test_a_connected_port_hears_its_place_alone(listener: UdpPort) -> None:
    speaker, stranger = UdpPort.connect(*listener.address), UdpPort.bind("127.0.0.1", 0)
    speaker.write(b"a")
    arrive(listener, 1)
    stranger._peers = dict.fromkeys([("127.0.0.1", speaker.address[1])])
    stranger.write(b"from elsewhere")
    listener.write(b"ours")
    assert arrive(speaker, 4) == b"ours"
    stranger.close()
    speaker.close()


def test_a_flood_is_cut_and_peers_are_few(listener: UdpPort) -> None:
    speakers = [UdpPort.connect(*listener.address) for _ in range(PEERS_MAX + 3)]
    for speaker in speakers:
        speaker.write(b"x")
    arrive(listener, len(speakers))
    assert list(listener._peers) == [("127.0.0.1", speaker.address[1]) for speaker in speakers[3:]]
    for _ in range(DATAGRAMS_A_READ + 5):
        speakers[0].write(b"y")
    reads = reads_of(listener, DATAGRAMS_A_READ + 5)
    assert b"".join(reads) == b"y" * (DATAGRAMS_A_READ + 5)
    assert max(map(len, reads)) <= DATAGRAMS_A_READ
    for speaker in speakers:
        speaker.close()


def test_a_taken_address_is_refused(listener: UdpPort) -> None:
    with pytest.raises(OSError, match="in use"):
        UdpPort.bind(*listener.address)


def test_a_closed_station_stops_nothing(listener: UdpPort) -> None:
    speaker = UdpPort.connect(*listener.address)
    speaker.write(b"a")
    arrive(listener, 1)
    speaker.close()
    for _ in range(3):
        listener.write(b"b")
    assert listener.read() == b""
    assert listener.dropped_frames == 0
