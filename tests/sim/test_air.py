import asyncio

from sim.air import air
from vehicle.host.clock import SystemClock

NEVER = 120.0


class Heard(asyncio.DatagramProtocol):
    """Keeps what it hears, and answers where `answer` says."""

    def __init__(self, *, answers: bool) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self._answers, self.senders = answers, set()

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr) -> None:
        self.senders.add(addr)
        self.heard.put_nowait(data)
        if self._answers:
            self.transport.sendto(b"to " + data, addr)


async def opened(**where) -> Heard:
    made = Heard(answers="local_addr" in where)
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: made, **where)
    return made


def run(main):
    """`cut`: whether the air loses everything; `lost`: what it has lost so far."""
    cut, lost = [False], []

    def loses() -> bool:
        lost.extend([1] * cut[0])
        return cut[0]

    async def limited():
        async with asyncio.timeout(NEVER):
            vehicle = await opened(local_addr=("127.0.0.1", 0))
            place = vehicle.transport.get_extra_info("sockname")
            async with air(place, loses) as port:
                consoles = [await opened(remote_addr=("127.0.0.1", port)) for _ in range(2)]
                try:
                    return await main(vehicle, consoles, cut, lost)
                finally:
                    for one in (vehicle, *consoles):
                        one.transport.close()

    return asyncio.run(limited())


async def through(console: Heard, data: bytes) -> bytes:
    """Sent until it is answered: a datagram that comes while a way opens is lost, as on a radio."""
    while True:
        console.transport.sendto(data)
        try:
            async with asyncio.timeout(0.2):
                return await console.heard.get()
        except TimeoutError:
            continue


def test_datagrams_pass_both_ways_and_each_console_keeps_its_own():
    async def main(vehicle, consoles, *_):
        answers = [await through(console, b"%d" % number) for number, console in enumerate(consoles)]
        return answers, len(vehicle.senders)

    answers, senders = run(main)
    assert answers == [b"to 0", b"to 1"]
    assert senders == 2


def test_while_it_is_cut_nothing_passes_either_way():
    async def main(vehicle, consoles, cut, lost):
        console = consoles[0]
        await through(console, b"before")
        (away,) = vehicle.senders
        for queue in (vehicle.heard, console.heard):
            while not queue.empty():
                queue.get_nowait()
        cut[0] = True
        console.transport.sendto(b"up")
        vehicle.transport.sendto(b"down", away)
        while len(lost) < 2:
            await SystemClock().sleep_until_ns(0)
        # what is sent after it is joined again comes after what was lost, on the same sockets
        cut[0] = False
        console.transport.sendto(b"after")
        return await vehicle.heard.get(), await console.heard.get()

    assert run(main) == (b"after", b"to after")
