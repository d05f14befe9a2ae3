"""Over real TCP, by either name of it: a peer that read nothing for a while is handed no old commands."""

import asyncio

import msgspec
import pytest

from benchmarks.link_on_port import LinkOnPort
from benchmarks.ports import free_port
from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.adapters import MessageReader
from firmware_bridge.serial_port import open_port
from firmware_bridge.types import ControllerHello, ReceivedCommand
from tests.firmware_bridge import samples
from vehicle.host.clock import SystemClock

pytestmark = pytest.mark.real

OURS = ControllerHello(protocol_version=2, firmware_version=1, config_hash=b"abcdefgh", watchdog_ms=0, boot_count=0)
COMMANDS = 1000


async def handed_over(scheme: str) -> list[int]:
    """What a peer reads that began to read after a thousand commands."""
    clock, reads = SystemClock(), asyncio.Event()
    heard: list[int] = []
    done = asyncio.Event()

    async def peer(stream: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        await reads.wait()
        reader = MessageReader(adapters.CONTROLLER_DECODERS)
        while data := await stream.read(65_536):
            heard.extend(m.sequence for m in reader.feed(data) if isinstance(m, ReceivedCommand))
        back.close()
        done.set()

    number = free_port()
    server = await asyncio.start_server(peer, "127.0.0.1", number, limit=1)
    port = await open_port(f"{scheme}://127.0.0.1:{number}", 460_800, clock.now_ns)
    link = LinkOnPort(port, OURS, clock.now_ns)
    for sequence in range(1, COMMANDS + 1):
        command = msgspec.structs.replace(samples.COMMAND, sequence=sequence, kill=False)
        link.send(command)
        await clock.sleep_until_ns(clock.now_ns())
    reads.set()
    await clock.sleep_until_ns(clock.now_ns())
    assert port.connected
    port.close()
    await done.wait()
    server.close()
    await server.wait_closed()
    return heard


@pytest.mark.parametrize("scheme", ["tcp", "socket"])
def test_a_peer_that_read_nothing_gets_a_third_of_a_second_of_commands_at_most(scheme: str) -> None:
    heard = asyncio.run(handed_over(scheme))
    assert len(heard) <= 16
