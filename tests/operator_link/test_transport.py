"""The shell on real sockets: what fails in it ends `run` at once; taken addresses are told; all is closed again."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.ports import free_port
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.tables import SPECS
from firmware_bridge.ports import MemoryPort
from firmware_bridge.types import OperatorEdge
from tests.operator_link.exchange import Exchange
from tests.operator_link.test_attacks import CHANNEL, Radio, connected
from vehicle.contracts.units import TICK_NS
from vehicle.host.clock import SystemClock
from vehicle.operator_link.admission import Channel
from vehicle.operator_link.keystore import KeyStore
from vehicle.operator_link.stamp_store import StampStore
from vehicle.operator_link.transport import CONNECTIONS_MAX, KEYS_NS, LinkTransport, Serial, Tcp, Udp

CLOCK = SystemClock()


class BrokenError(Exception):
    """A defect."""


def shell(radio: Radio, port: int = 0) -> LinkTransport:
    wires = (
        Udp(channel=CHANNEL, host="127.0.0.1", port=port),
        Tcp(channel=Channel(name="tcp"), host="127.0.0.1", port=0),
    )
    return LinkTransport(radio.link, CLOCK, wires)


def test_a_defect_behind_a_socket_ends_the_shell_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    radio = Radio()

    def receive(*_: object) -> None:
        raise BrokenError

    monkeypatch.setattr(radio.link, "receive", receive)

    async def main() -> None:
        async with shell(radio) as opened:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"x", ("127.0.0.1", opened.port("radio")))
            async with asyncio.timeout(120.0):
                await opened.run()

    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(main())
    assert raised.group_contains(BrokenError)


def test_a_defect_in_the_pump_ends_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    radio = Radio()

    def step(_: int) -> None:
        raise BrokenError

    monkeypatch.setattr(radio.link, "step", step)

    async def main() -> None:
        async with shell(radio) as opened, asyncio.timeout(120.0):
            await opened.run()

    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(main())
    assert raised.group_contains(BrokenError)


def test_a_taken_port_leaves_nothing_open() -> None:
    port = free_port()

    async def main() -> None:
        async with shell(Radio(), port):
            wires = (
                Udp(channel=Channel(name="free"), host="127.0.0.1", port=0),
                Udp(channel=CHANNEL, host="127.0.0.1", port=port),
            )
            with pytest.raises(OSError, match="in use"):
                async with LinkTransport(Radio().link, CLOCK, wires):
                    pass

    asyncio.run(main())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(("127.0.0.1", port))


def test_a_stop_on_a_serial_radio_is_in_the_tick_that_follows_its_arrival() -> None:
    """The pump runs behind the tick: what only it reads would be a whole tick old."""
    radio, console = connected()
    radio.now_ns += TICK_NS
    console.stop(radio.now_ns)
    port, ours = MemoryPort.pair()
    for datagram in console.send(radio.now_ns):
        ours.write(datagram)
    opened = LinkTransport(radio.link, CLOCK, (Serial(channel=CHANNEL, port=port),))
    batch = opened.drain(radio.now_ns)
    assert batch.name == opened.name == radio.link.name
    assert any(OperatorEdge.STOP in frame.edges for frame in batch.operator)


async def _turns(until: Callable[[], object]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(120.0):
        while not until():
            await CLOCK.sleep_until_ns(CLOCK.now_ns() + 20_000_000)


def test_a_station_that_waits_on_tcp_is_spoken_to_and_forgotten_when_it_hangs_up() -> None:
    link, heard = Exchange(bench=True).link, set[str]()
    wire = Tcp(channel=Channel(name="tcp", unsigned=True), host="127.0.0.1", port=0)

    async def main() -> None:
        async with LinkTransport(link, CLOCK, (wire,)) as opened:
            moving = asyncio.create_task(opened.run())
            reader, writer = await asyncio.open_connection("127.0.0.1", opened.port("tcp"))
            parser = FrameParser()
            async with asyncio.timeout(120.0):
                while "HEARTBEAT" not in heard:
                    heard.update(SPECS[frame.msg_id].name for frame in parser.feed(await reader.read(4_096)))
            assert not link.present.stations  # somebody who is called, and nobody who may act
            writer.close()
            await _turns(lambda: not link.peers)
            moving.cancel()
            await asyncio.gather(moving, return_exceptions=True)

    asyncio.run(main())
    assert heard - {"STATUSTEXT"} == {"HEARTBEAT"}


def test_on_signed_tcp_nobody_is_spoken_to_before_a_signed_frame() -> None:
    radio = Radio()
    wire = Tcp(channel=Channel(name="tcp"), host="127.0.0.1", port=0)

    async def main() -> None:
        async with LinkTransport(radio.link, CLOCK, (wire,)) as opened:
            _, writer = await asyncio.open_connection("127.0.0.1", opened.port("tcp"))
            await _turns(lambda: opened.connections)
            assert not radio.link.peers
            writer.close()

    asyncio.run(main())


@pytest.mark.parametrize("unsigned", [True, False])
def test_connections_that_say_nothing_keep_no_station_out(*, unsigned: bool) -> None:
    """Without a key anybody may connect; the station that has one is heard, and stays."""
    link = Exchange(bench=True).link
    wire = Tcp(channel=Channel(name="tcp", unsigned=unsigned), host="127.0.0.1", port=0)

    async def main() -> None:
        async with LinkTransport(link, CLOCK, (wire,)) as opened:
            port = opened.port("tcp")
            known = await asyncio.open_connection("127.0.0.1", port)
            await _turns(lambda: opened.connections == 1)
            (address,) = opened._connections
            peer = link.present.peer(wire.channel, address, CLOCK.now_ns())
            assert peer is not None
            peer.answered = True
            others = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS_MAX)]
            late = await asyncio.open_connection("127.0.0.1", port)
            at_late = late[1].get_extra_info("sockname")
            await _turns(lambda: at_late in opened._connections)
            assert address in opened._connections
            assert opened.connections == CONNECTIONS_MAX
            for _, writer in (known, late, *others):
                writer.close()

    asyncio.run(main())


def test_a_key_file_that_cannot_be_read_is_told_once_and_so_is_its_end(tmp_path: Path) -> None:
    radio, told = Radio(), list[str]()
    store = KeyStore(tmp_path / "keys.json")
    store.create("tablet", 250)
    opened = LinkTransport(radio.link, CLOCK, (), store, told=told.append)

    def looked(number: int) -> None:
        asyncio.run(opened.keep_files(number * KEYS_NS))

    looked(1)
    assert told == []
    store.path.chmod(0o644)
    store.path.write_bytes(store.path.read_bytes() + b"\n")
    looked(2)
    looked(3)
    assert [line.startswith(f"{store.path}: others may read it") for line in told] == [True]
    assert told[0].endswith("the keys that were read last still hold, also one that was revoked since")
    store.path.chmod(0o600)
    looked(4)
    store.path.unlink()
    looked(5)
    assert [line.split(": ")[1].split(";")[0] for line in told[1:]] == [
        "read and written again",
        "no such file or directory",
    ]
    assert radio.link.verifier.stations, "and the keys that were read last hold"


def test_stamps_that_cannot_be_written_are_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    radio, told = Radio(), list[str]()
    marks = StampStore(tmp_path / "keys.marks")
    opened = LinkTransport(radio.link, CLOCK, (), marks=marks, told=told.append)
    monkeypatch.setattr(radio.link.verifier, "wanted", lambda _: {250: 1})
    marks.path.rename(tmp_path / "elsewhere")
    asyncio.run(opened.keep_files(0))
    asyncio.run(opened.keep_files(1))
    assert [line.startswith(f"{marks.path}: no such file or directory; stamps") for line in told] == [True]
    (tmp_path / "elsewhere").rename(marks.path)
    asyncio.run(opened.keep_files(2))
    assert told[1:] == [f"{marks.path}: read and written again"]
