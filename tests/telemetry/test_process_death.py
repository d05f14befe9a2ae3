"""The vehicle's program is killed: the broker says so at once, and the next start sends what the killed one stored."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.ports import free_port
from tests.telemetry.brokers import WAIT_S, Mosquitto, stream, watching
from tests.telemetry.conftest import Starter, settled
from tests.telemetry.samples import event

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[2]


def kill_when_ready(port: int, outbox: Path, events: int) -> None:
    """Run a publisher in a process until it says that it is ready, then kill it as nothing else can."""
    command = [sys.executable, "-m", "tests.telemetry.dying_publisher", str(port), str(outbox), str(events)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [line for line in iter(process.stdout.readline, "") if line == "ready\n" and not process.kill()]
        process.wait(WAIT_S)
    assert said == ["ready\n"]
    assert process.returncode == -9


def test_the_broker_tells_of_a_killed_vehicle(broker_port: int, tmp_path: Path) -> None:
    async def scene() -> None:
        async with watching(broker_port) as watcher:
            await asyncio.to_thread(kill_when_ready, broker_port, tmp_path / "outbox.db", 0)
            heard = await watcher.until(lambda heard: len(stream(heard, "connection")) >= 2)
        said = [(one.body["connection"], one.message.header.boot_id) for one in stream(heard, "connection")]
        assert said == [("ONLINE", "killed"), ("CONNECTION_BROKEN", "killed")]

    asyncio.run(scene())


def test_what_a_killed_vehicle_had_stored_is_sent_by_the_next(
    mosquitto: Mosquitto, publish: Starter, tmp_path: Path
) -> None:
    outbox = tmp_path / "outbox.db"
    kill_when_ready(free_port(), outbox, 25)

    async def scene() -> None:
        async with watching(mosquitto.port) as watcher:
            publisher = publish(mosquitto.port, boot_id="next", outbox_file=str(outbox))
            publisher.event(event(900))
            await settled(publisher, 0, 1)
            heard = await watcher.until(lambda heard: len(stream(heard, "event")) >= 26)
        told = [(one.message.header.boot_id, one.message.header.seq) for one in stream(heard, "event")]
        assert sorted(told) == [*(("killed", number) for number in range(25)), ("next", 0)]
        for one in stream(heard, "event"):
            if one.message.header.boot_id == "killed":
                assert one.message.header.historical
                assert one.user["boot_id"] == "killed"
                assert not one.retain

    asyncio.run(scene())
