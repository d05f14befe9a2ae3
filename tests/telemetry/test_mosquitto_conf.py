"""The broker configuration for the field, run as it is with only its places changed: who may write and read what."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest

from benchmarks.ports import LOOPBACK, free_port
from tests.needs import program
from tests.telemetry.brokers import WAIT_S, Mosquitto, Watcher, stream
from tests.telemetry.conftest import Starter
from tests.telemetry.samples import event
from vehicle.config.load import CONFIGS_PATH

pytestmark = pytest.mark.real
BROKER = CONFIGS_PATH / "broker"
PLACES = "/etc/flailpilot/broker"


def openssl(*words: str) -> None:
    subprocess.run([program("openssl"), *words], check=True, capture_output=True, timeout=WAIT_S)


def authority(folder: Path, name: str = "ca") -> None:
    words = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}")
    # From Python 3.13 on an authority must say that it is one (RFC 5280 4.2.1.3).
    usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl("req", "-x509", *words, *usage, "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.crt")


def certificate(folder: Path, name: str, signer: str = "ca") -> None:
    words = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}")
    signed = ("-CA", f"{folder}/{signer}.crt", "-CAkey", f"{folder}/{signer}.key")
    names = ("-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE")
    files = ("-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.crt")
    openssl("req", "-x509", *words, *signed, *names, *files)


class Field:
    """A running broker with its certificates."""

    def __init__(self, folder: Path, local_port: int, tls_port: int) -> None:
        self.folder, self.local_port, self.tls_port = folder, local_port, tls_port

    def identity(self, name: str) -> dict[str, object]:
        """Settings of a vehicle that holds a certificate."""
        return {
            "ca_file": f"{self.folder}/ca.crt",
            "cert_file": f"{self.folder}/{name}.crt",
            "key_file": f"{self.folder}/{name}.key",
        }

    def consumer(self, name: str | None, timeout_s: float = WAIT_S) -> aiomqtt.Client:
        tls = aiomqtt.TLSParameters(
            ca_certs=f"{self.folder}/ca.crt",
            certfile=f"{self.folder}/{name}.crt" if name else None,
            keyfile=f"{self.folder}/{name}.key" if name else None,
        )
        return aiomqtt.Client(
            LOOPBACK, self.tls_port, protocol=aiomqtt.ProtocolVersion.V5, tls_params=tls, timeout=timeout_s
        )


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    authority(folder)
    authority(folder, "stranger")
    for name in ("broker", "test", "other", "console"):
        certificate(folder, name)
    certificate(folder, "forged", "stranger")
    for name in ("acl", "acl.local"):
        shutil.copy(BROKER / name, folder / name)
    return folder


@pytest.fixture
def field(certificates: Path, tmp_path: Path) -> Iterator[Field]:
    local_port, tls_port = free_port(), free_port()
    config = (BROKER / "mosquitto.conf").read_text()
    for old, new in (
        (PLACES, str(certificates)),
        ("/var/lib/mosquitto/", f"{tmp_path}/"),
        ("listener 1883 127.0.0.1", f"listener {local_port} 127.0.0.1"),
        ("listener 8883", f"listener {tls_port} 127.0.0.1"),
        ("log_dest syslog", "log_dest stderr\nlog_type information\nconnection_messages false\nuser root"),
    ):
        assert old in config
        config = config.replace(old, new)
    with Mosquitto(tmp_path, config.replace("{", "{{").replace("}", "}}"), tls_port):
        yield Field(certificates, local_port, tls_port)


def test_a_vehicle_with_its_certificate_is_heard_by_a_console(field: Field, publish: Starter) -> None:
    async def scene() -> None:
        async with field.consumer("console") as client:
            await client.subscribe("flail/v1/#", qos=1)
            publisher = publish(field.tls_port, **field.identity("test"))
            publisher.event(event(0))
            heard = await Watcher(client).until(lambda heard: bool(stream(heard, "event")))
        assert stream(heard, "event")[0].topic == "flail/v1/test/event"

    asyncio.run(scene())


def test_a_vehicle_cannot_write_below_the_name_of_another(field: Field, publish: Starter) -> None:
    publisher = publish(field.tls_port, **field.identity("other"))
    publisher.event(event(0))
    assert publisher.wait_until(lambda counts: counts.refused >= 3, WAIT_S), "connection, factsheet and event"
    assert (publisher.counts().acknowledged, publisher.counts().backlog) == (0, 1)


def test_a_certificate_of_another_authority_is_not_let_in(field: Field, publish: Starter) -> None:
    publisher = publish(field.tls_port, answer_timeout_s=0.5, **field.identity("forged"))
    assert publisher.wait_until(lambda counts: counts.attempts >= 3, WAIT_S)
    assert publisher.counts().connects == 0


def test_a_vehicle_does_not_talk_to_a_broker_of_another_authority(field: Field, publish: Starter) -> None:
    identity = {**field.identity("test"), "ca_file": f"{field.folder}/stranger.crt"}
    publisher = publish(field.tls_port, **identity)
    assert publisher.wait_until(lambda counts: counts.attempts >= 3, WAIT_S)
    assert publisher.counts().connects == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the plain client's socket
def test_nobody_connects_over_tls_without_a_certificate(field: Field) -> None:
    async def scene() -> None:
        with pytest.raises(aiomqtt.MqttError):
            async with field.consumer(None, timeout_s=1.0):
                pass

    asyncio.run(scene())


def test_a_vehicle_reads_nothing(field: Field, publish: Starter) -> None:
    """Its own certificate, used by a thief, shows no other vehicle: a subscription is granted and stays empty."""

    async def scene() -> None:
        async with field.consumer("other") as thief, field.consumer("console") as console:
            await thief.subscribe("flail/v1/#", qos=1)
            await console.subscribe("flail/v1/#", qos=1)
            publisher = publish(field.tls_port, **field.identity("test"))
            publisher.event(event(0))
            await Watcher(console).until(lambda heard: bool(stream(heard, "event")))
            assert len(thief.messages) == 0

    asyncio.run(scene())


def test_the_vehicle_itself_needs_no_certificate(field: Field, publish: Starter) -> None:
    publisher = publish(field.local_port)
    publisher.event(event(0))
    assert publisher.wait_until(lambda counts: counts.acknowledged == 1, WAIT_S)
    assert publisher.counts().refused == 0


def test_the_open_listener_is_on_the_loopback_interface() -> None:
    lines = (BROKER / "mosquitto.conf").read_text().splitlines()
    assert [line for line in lines if line.startswith("listener")] == ["listener 1883 127.0.0.1", "listener 8883"]
    assert lines.index("allow_anonymous true") < lines.index("listener 8883") < lines.index("allow_anonymous false")
