"""The broker for first runs: MQTT 5, on the loopback interface alone, ended with its owner."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from benchmarks.ports import LOOPBACK, free_port
from tests.telemetry.brokers import WAIT_S
from vehicle.telemetry.broker_client import publish_properties
from vehicle.telemetry.embedded import EmbeddedBroker

pytestmark = pytest.mark.real
LISTENING = "0A"


def listeners(port: int) -> set[str]:
    """Addresses (hexadecimal, as the kernel keeps them) on which anybody listens on a port, IPv4 and IPv6."""
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for line in table.read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            address, hex_port = local.split(":")
            if state == LISTENING and int(hex_port, 16) == port:
                found.add(address)
    return found


def test_it_listens_on_the_loopback_interface_and_nowhere_else() -> None:
    with EmbeddedBroker() as broker:
        assert listeners(broker.port) == {"0100007F"}, "127.0.0.1 in the kernel's byte order"
        assert broker.host == LOOPBACK


def test_the_search_for_listeners_finds_an_open_one() -> None:
    """Guards the test above: a listener on every interface is seen as such."""
    with socket.socket() as everywhere:
        everywhere.bind(("0.0.0.0", 0))  # noqa: S104 (what the broker must not do)
        everywhere.listen()
        assert listeners(everywhere.getsockname()[1]) == {"00000000"}


def test_an_mqtt_5_client_connects_and_hears_properties() -> None:
    async def scene(port: int) -> aiomqtt.Message:
        async with aiomqtt.Client(LOOPBACK, port, protocol=aiomqtt.ProtocolVersion.V5) as client:
            await client.subscribe("a/b", qos=1)
            await client.publish("a/b", b"x", qos=1, properties=publish_properties("b7", 9, historical=True))
            async with asyncio.timeout(WAIT_S):
                return await anext(aiter(client.messages))

    with EmbeddedBroker() as broker:
        properties: Any = asyncio.run(scene(broker.port)).properties
    assert properties is not None
    assert properties.MessageExpiryInterval == 9
    assert properties.UserProperty == [("schema_version", "1.0"), ("boot_id", "b7"), ("historical", "true")]


def test_it_returns_on_the_same_port() -> None:
    port = free_port()
    broker = EmbeddedBroker(port)
    broker.start()
    broker.stop()
    assert listeners(port) == set()
    broker.start()
    assert (broker.port, listeners(port)) == (port, {"0100007F"})
    broker.stop()
    broker.stop()


def test_a_port_that_is_taken_is_an_error_and_not_another_port() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        with pytest.raises(OSError, match=r"in use|already"):
            EmbeddedBroker(taken.getsockname()[1]).start()


def test_a_named_port_is_used() -> None:
    port = free_port()
    with EmbeddedBroker(port) as broker:
        assert broker.port == port
        assert listeners(port) == {"0100007F"}
