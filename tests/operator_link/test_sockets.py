"""When a socket of the operator link rests: never between a station's frames, always in a flood."""

import asyncio
import socket
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from vehicle.operator_link import sockets
from vehicle.operator_link.admission import Address, Channel
from vehicle.operator_link.sockets import FLOOD_S, REST_S, TcpConnection, UdpSocket

CHANNEL = Channel(name="udp", link_id=1, unsigned=True)


class Loop:
    """What a socket asks of an event loop, written down."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.readers: list[Callable[[], None]] = []
        self.later: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now_s

    def add_reader(self, _: object, act: Callable[[], None]) -> None:
        self.readers.append(act)

    def remove_reader(self, _: object) -> bool:
        found = bool(self.readers)
        self.readers.clear()
        return found

    def call_later(self, delay_s: float, act: Callable[[], None]) -> SimpleNamespace:
        self.later.append((delay_s, act))
        return SimpleNamespace(cancel=lambda: None)


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    made = Loop()
    monkeypatch.setattr(sockets, "asyncio", SimpleNamespace(get_running_loop=lambda: made))
    return made


class Udp:
    """A bound socket and a station that sends to it."""

    def __init__(self, loop: Loop, fails: bool = False) -> None:
        self.loop = loop
        self.heard: list[bytes] = []
        self.failed: list[BaseException] = []
        self.socket = UdpSocket(CHANNEL, self.take, self.failed.append)
        self.socket.open("127.0.0.1", 0)
        self.station = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.fails = fails

    def take(self, channel: Channel, address: Address, data: bytes) -> None:
        del channel, address
        self.heard.append(data)
        if self.fails:
            raise ValueError("whoever takes it fails")

    def say(self, after_s: float, *datagrams: bytes) -> None:
        """Say these so much later; whoever reads now is called as the loop would."""
        self.loop.now_s += after_s
        for datagram in datagrams:
            self.station.sendto(datagram, ("127.0.0.1", self.socket.port))
        for reader in list(self.loop.readers):
            reader()

    def close(self) -> None:
        self.socket.close()
        self.station.close()


def test_a_station_that_speaks_now_and_then_is_read_by_one_reader(loop: Loop) -> None:
    udp = Udp(loop)
    for _ in range(20):
        udp.say(0.02, b"a", b"b")
    assert udp.heard == [b"a", b"b"] * 20
    assert len(loop.readers) == 1
    assert not loop.later
    udp.close()


def test_a_flood_rests_after_each_gulp(loop: Loop) -> None:
    udp = Udp(loop)
    udp.say(0.0, b"a")
    for count in range(1, 5):
        udp.say(REST_S, b"b")
        assert not loop.readers, "no reader while it rests"
        udp.say(0.0, b"c")
        assert udp.heard[-1] == b"b", "what comes meanwhile waits"
        delay_s, read_on = loop.later.pop()
        assert (delay_s, count) == (REST_S, count)
        read_on()
        assert len(loop.readers) == 1
    udp.say(FLOOD_S, b"d")
    assert len(loop.readers) == 1, "the flood is over"
    udp.close()


def test_who_fails_is_read_no_more(loop: Loop) -> None:
    udp = Udp(loop, fails=True)
    udp.say(1.0, b"a", b"b")
    assert [str(error) for error in udp.failed] == ["whoever takes it fails"]
    assert not loop.readers
    assert not loop.later
    udp.close()


class Transport(asyncio.Transport):
    """Counts pauses."""

    paused = 0

    def get_extra_info(self, name: str, default: object = None) -> object:
        del name, default
        return ("127.0.0.1", 5000)

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.paused += 1

    def resume_reading(self) -> None:
        self.paused -= 1


@pytest.mark.parametrize(("apart_s", "size", "rest_s"), [(0.02, 30, None), (REST_S, 30, REST_S), (1.0, 5_000, 0.02)])
def test_tcp_rests_in_a_flood_alone(loop: Loop, apart_s: float, size: int, rest_s: float | None) -> None:
    taken: list[int] = []
    station = TcpConnection(
        CHANNEL,
        lambda channel, address, transport: True,  # noqa: ARG005
        lambda channel, address, data: taken.append(len(data)),  # noqa: ARG005
        lambda channel, address: None,  # noqa: ARG005
        lambda error: None,  # noqa: ARG005
    )
    transport = Transport()
    station.connection_made(transport)
    station.data_received(b"a")
    loop.now_s += apart_s
    station.data_received(bytes(size))
    assert taken == [1, size]
    assert transport.paused == (rest_s is not None)
    assert [delay_s for delay_s, _ in loop.later] == ([rest_s] if rest_s is not None else [])
    for _, read_on in loop.later:
        read_on()
    assert transport.paused == 0
