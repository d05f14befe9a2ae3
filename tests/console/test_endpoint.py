"""A link whose address leads nowhere goes on trying, and a socket that hears nothing any more is replaced."""

import asyncio
import errno
import socket as sockets
from typing import Any

import pytest

from console.client import endpoint as endpoint_module
from console.client.endpoint import AGAIN_NS, Endpoint, kind_of
from console.client.link import console_link
from console.client.protocol import Credentials
from sim.virtual_time import VirtualClock, run_virtual

KEY = Credentials(system_id=250)
UNKNOWN = sockets.gaierror(-2, "Name or service not known")


class Net:
    """Sockets of a test; `known`: whether the address leads anywhere."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, known: bool) -> None:
        self.known, self.tries = known, 0
        self.sockets: list[tuple[Socket, Any]] = []
        monkeypatch.setattr(asyncio.BaseEventLoop, "create_datagram_endpoint", self._open)

    async def _open(self, make: Any, *, remote_addr: tuple[str, int]) -> tuple["Socket", Any]:
        assert remote_addr in (("nowhere", 1), ("there", 1))
        self.tries += 1
        if not self.known:
            raise UNKNOWN
        socket, protocol = Socket(), make()
        self.sockets.append((socket, protocol))
        protocol.connection_made(socket)
        return socket, protocol


class Socket:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed = False

    def sendto(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.closed = True


class Ear:
    """Keeps what is told."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.on: list[Any] = []

    def attach(self, transport: Any) -> None:
        self.on.append(transport)

    def received(self, data: bytes) -> None:
        self.heard.append(data)

    def failed(self, error: OSError) -> None:
        del error


def test_an_address_that_leads_nowhere_is_tried_again_and_the_link_is_there_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main(clock: VirtualClock) -> None:
        net = Net(monkeypatch, known=False)
        async with console_link("nowhere", 1, KEY, clock, patient=True) as link:
            assert (link.problem, link.problem_kind) == ("name or service not known", "unknown_name")
            await clock.sleep_until_ns(clock.now_ns() + 3 * AGAIN_NS + AGAIN_NS // 2)
            assert net.tries == 4
            net.known = True
            await clock.sleep_until_ns(clock.now_ns() + AGAIN_NS)
            ((socket, _),) = net.sockets
            before = len(socket.sent)
            link.stop()
            assert len(socket.sent) > before
        assert socket.closed

    run_virtual(main)


def test_who_is_not_patient_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        Net(monkeypatch, known=False)
        with pytest.raises(OSError, match="not known"):
            async with console_link("nowhere", 1, KEY, clock):
                pass

    run_virtual(main)


@pytest.mark.parametrize("deaf", [True, False])
def test_a_socket_that_is_deaf_after_a_refusal_is_replaced(monkeypatch: pytest.MonkeyPatch, deaf: bool) -> None:
    async def main(clock: VirtualClock) -> None:
        net, ear = Net(monkeypatch, known=True), Ear()
        monkeypatch.setattr(endpoint_module, "deaf_after_errors", lambda: deaf)
        one = Endpoint("there", 1, ear, clock)
        await one.open()
        task = asyncio.ensure_future(one.keep())
        first, protocol = net.sockets[0]
        protocol.error_received(ConnectionRefusedError(111, "refused"))
        await clock.sleep_until_ns(clock.now_ns() + 2 * AGAIN_NS)
        assert len(net.sockets) == 1 + deaf
        assert (first.closed, ear.on[-1] is first) == (deaf, not deaf)
        protocol.connection_lost(None)
        await clock.sleep_until_ns(clock.now_ns() + 2 * AGAIN_NS)
        assert len(net.sockets) == 2  # the one in use was lost, or an old one of which nobody asks
        net.sockets[-1][1].datagram_received((b"", None), None)
        net.sockets[-1][1].datagram_received(b"frame", ("there", 1))
        assert ear.heard == [b"frame"]
        task.cancel()

    run_virtual(main)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (sockets.gaierror(-2, "Name or service not known"), "unknown_name"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "refused"),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset"), "refused"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "no_way"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "no_way"),
        (OSError(10_051, "A socket operation was attempted to an unreachable network"), "no_way"),
        (OSError(errno.EPERM, "Operation not permitted"), "other"),
    ],
    ids=str,
)
def test_what_a_socket_says_is_told_by_its_kind(error: OSError, kind: str) -> None:
    assert kind_of(error) == kind


def test_a_problem_ends_with_the_next_datagram(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(clock: VirtualClock) -> None:
        net = Net(monkeypatch, known=True)
        async with console_link("there", 1, KEY, clock) as link:
            ((_, protocol),) = net.sockets
            protocol.error_received(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"))
            assert (link.problem, link.problem_kind) == ("connection refused", "refused")
            protocol.datagram_received(b"x", ("there", 1))
            assert (link.problem, link.problem_kind) == ("", "")

    run_virtual(main)
