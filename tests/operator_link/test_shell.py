"""The shell on real sockets: what fails in it ends `run` at once; taken addresses are told; all is closed again."""

import asyncio
import socket

import pytest

from tests.operator_link.test_attacks import CHANNEL, Radio
from vehicle.clock import SystemClock
from vehicle.operator_link.admission import Channel
from vehicle.operator_link.shell import LinkShell, Tcp, Udp

CLOCK = SystemClock()


class BrokenError(Exception):
    """A defect."""


def shell(radio: Radio) -> LinkShell:
    wires = (
        Udp(channel=CHANNEL, host="127.0.0.1", port=0),
        Tcp(channel=Channel(name="tcp"), host="127.0.0.1", port=0),
    )
    return LinkShell(radio.link, CLOCK, wires)


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
    async def main() -> int:
        async with shell(Radio()) as first:
            port = first.port("radio")
            wires = (
                Udp(channel=Channel(name="free"), host="127.0.0.1", port=0),
                Udp(channel=CHANNEL, host="127.0.0.1", port=port),
            )
            with pytest.raises(OSError, match="in use"):
                async with LinkShell(Radio().link, CLOCK, wires):
                    pass
        return port

    port = asyncio.run(main())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(("127.0.0.1", port))
