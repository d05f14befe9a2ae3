"""What a flood may cost: bytes looked at are bounded for strangers together and for each known address alone."""

import asyncio
import os
import socket
from collections.abc import Callable

import pytest

from tests.operator_link.test_attacks import CHANNEL, HERE, MESSAGES, Radio, connected, forged
from vehicle.host.clock import SystemClock
from vehicle.operator_link.ingress_limiter import (
    BAD_FRAMES_PER_S,
    CHUNK_MAX,
    KNOWN,
    STRANGER,
    STRANGERS,
    IngressLimiter,
)
from vehicle.operator_link.sockets import DATAGRAM_MAX, UdpSocket

S_NS = 1_000_000_000
CLOCK = SystemClock()


def poured(key: object, size: int, seconds: float, each_ns: int) -> int:
    limiter, now_ns, passed = IngressLimiter(), 0, 0
    while now_ns < seconds * S_NS:
        passed += len(limiter.passes(key, bytes(size), now_ns))
        now_ns += each_ns
    return passed


@pytest.mark.long
@pytest.mark.parametrize("size", [1, 37, 64, 1250, 65_000])
@pytest.mark.parametrize(("key", "rate"), [(STRANGERS, STRANGER), (("udp", HERE), KNOWN)])
def test_no_more_is_looked_at_than_the_budget(key: object, rate: object, size: int) -> None:
    known = STRANGER if key == STRANGERS else KNOWN
    assert rate == known
    seconds = 1.0 if size == 1 else 5.0
    passed = poured(key, size, seconds, size * 800)  # 10 Mbit/s
    assert passed <= known.burst + seconds * known.bytes_per_s + CHUNK_MAX
    if size <= known.burst:
        assert passed >= 0.8 * seconds * known.bytes_per_s


def test_of_a_long_piece_the_newest_counts() -> None:
    data = os.urandom(9_000)
    assert IngressLimiter().passes("tcp", data, 0) == data[-CHUNK_MAX:]


def test_hashes_are_limited_to_a_hundred_a_second() -> None:
    limiter, looked = IngressLimiter(), 0
    for now_ms in range(10_000):
        if limiter.passes(STRANGERS, b"x", now_ms * 1_000_000):
            looked += 1
            limiter.bad(STRANGERS, 1)
    assert looked <= 11 * BAD_FRAMES_PER_S
    assert looked >= 9 * BAD_FRAMES_PER_S


def flood(radio: Radio, address: Callable[[int], tuple[str, int]]) -> None:
    """A second of forged frames at 10 Mbit/s."""
    datagram = forged("wrong key", *MESSAGES["operator"])
    for number in range(10_000_000 // 8 // len(datagram)):
        radio.now_ns += 8 * len(datagram) * 100
        radio.link.receive(CHANNEL, address(number), datagram, radio.now_ns)


def test_a_strangers_flood_takes_nothing_from_the_console() -> None:
    radio, console = connected()
    hashed = radio.link.refused_frames
    flood(radio, lambda number: ("10.6.6.6", number % 60_000))
    assert radio.link.refused_frames - hashed <= 2.1 * BAD_FRAMES_PER_S
    radio.talk(console, 0.1)
    assert len(radio.frames()) >= 1


def test_under_the_consoles_address_it_jams_and_no_longer_than_it_lasts() -> None:
    radio, console = connected()
    flood(radio, lambda _: HERE)
    assert radio.link.limiter.dropped_bytes > 1_000_000
    radio.talk(console, 0.5)
    assert radio.frames()
    assert len(radio.link.peers) == 1


class RaisedError(Exception):
    """What a failing reader raises."""


def test_an_error_in_a_reader_is_told_and_the_socket_is_not_read_on() -> None:
    told: list[BaseException] = []

    def fail(*_: object) -> None:
        raise RaisedError

    async def main() -> None:
        heard = asyncio.Event()

        def tell(error: BaseException) -> None:
            told.append(error)
            heard.set()

        made = UdpSocket(CHANNEL, fail, tell)
        made.open("127.0.0.1", 0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(bytes(DATAGRAM_MAX), ("127.0.0.1", made.port))
            sender.sendto(b"again", ("127.0.0.1", made.port))
            async with asyncio.timeout(120.0):
                await heard.wait()
            now_ns = CLOCK.now_ns()
            await CLOCK.sleep_until_ns(now_ns + 50_000_000)
        made.close()

    asyncio.run(main())
    assert len(told) == 1
    assert isinstance(told[0], RaisedError)
