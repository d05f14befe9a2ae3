"""Real brokers for the tests: mosquitto as a process on a free loopback port, ended by its own id; a gate before it."""

import asyncio
import contextlib
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import aiomqtt
import msgspec

from benchmarks.ports import LOOPBACK, free_port
from tests.needs import program
from vehicle.telemetry.schemas import Envelope

WAIT_S = 120.0
"""Upper bound of every wait; waits end on a condition long before."""
PLAIN = """\
listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
connection_messages false
log_dest stderr
log_type notice
log_type information
log_type error
user root
"""


class Mosquitto:
    """A mosquitto process; `config` has `{port}` where its port goes."""

    def __init__(self, folder: Path, config: str = PLAIN, port: int = 0) -> None:
        self.port = port or free_port()
        self._config_path = folder / f"mosquitto-{self.port}.conf"
        self._config_path.write_text(config.format(port=self.port))
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        command = [program("mosquitto"), "-c", str(self._config_path)]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        said = []
        try:
            for line in self._process.stderr:
                said.append(line)
                if "running" in line:
                    return
        except BaseException:
            self.kill()
            raise
        raise AssertionError(f"mosquitto did not start: {said}")

    def kill(self) -> None:
        """As a power cut ends it."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def freeze(self) -> None:
        """Connections stay open, nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        process.send_signal(signal.SIGCONT)
        process.send_signal(how)
        process.wait(WAIT_S)
        assert process.stderr is not None
        process.stderr.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Gate:
    """A TCP relay that a test can shut: the broker stays, its consumers stay, and the vehicle's link is gone."""

    def __init__(self, target_port: int) -> None:
        self.port = free_port()
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._relays: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, self.port)

    async def shut(self) -> None:
        """Break what runs and refuse what comes."""
        if self._server is None:
            return
        self._server.close()
        for relay in self._relays:
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay = asyncio.get_running_loop().create_task(self._relay(reader, writer))
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._target_port)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(_pump(reader, far_writer))
                pumps.create_task(_pump(far_reader, writer))
        finally:
            for side in (writer, far_writer):
                side.transport.abort()
                with contextlib.suppress(OSError):
                    await side.wait_closed()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.shut()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.transport.abort()


class Heard(msgspec.Struct, frozen=True):
    """A message as a consumer got it, opened."""

    topic: str
    qos: int
    retain: bool
    message: Envelope
    body: dict[str, object]
    user: dict[str, str]
    content_type: str | None
    expiry_s: int | None

    @property
    def key(self) -> tuple[str, str, int]:
        """What a consumer tells doubles by."""
        header = self.message.header
        return header.boot_id, self.topic, header.seq


class Watcher:
    """A consumer that hears everything below `flail/`."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self.heard: list[Heard] = []

    async def until(self, holds: Callable[[list[Heard]], bool]) -> list[Heard]:
        """Listen until `holds(all heard so far)`."""
        async with asyncio.timeout(WAIT_S):
            while not holds(self.heard):
                self.heard.append(_heard(await anext(aiter(self._client.messages))))
        return self.heard


def _heard(message: aiomqtt.Message) -> Heard:
    assert isinstance(message.payload, bytes)
    envelope = msgspec.json.decode(message.payload, type=Envelope)
    properties = message.properties
    return Heard(
        topic=message.topic.value,
        qos=message.qos,
        retain=message.retain,
        message=envelope,
        body=msgspec.json.decode(envelope.body),
        user=dict(getattr(properties, "UserProperty", [])),
        content_type=getattr(properties, "ContentType", None),
        expiry_s=getattr(properties, "MessageExpiryInterval", None),
    )


@contextlib.asynccontextmanager
async def watching(port: int) -> AsyncIterator[Watcher]:
    """A consumer that is subscribed."""
    async with aiomqtt.Client(LOOPBACK, port, protocol=aiomqtt.ProtocolVersion.V5, identifier="watcher") as client:
        await client.subscribe("flail/#", qos=1)
        yield Watcher(client)


def stream(heard: list[Heard], name: str) -> list[Heard]:
    return [one for one in heard if one.message.header.stream == name]
