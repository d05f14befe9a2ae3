"""The real `flailpilot demo`: from its start to motion over the console's own link, and its end without orphans."""

import asyncio
import contextlib
import http.client
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from console.client.link import ConsoleLink, console_link
from console.client.protocol import Credentials
from console.client.station import NEUTRAL, Controls
from console.server.video_client import video_client
from firmware_bridge.types import OperatorEdge
from flailpilot.options import DemoConsole
from tests.console.hands import Hands, hands_of
from vehicle.contracts.messages import Mode
from vehicle.host.clock import SystemClock
from vehicle.operator_link.keystore import KeyStore, clock_stamp

pytestmark = [pytest.mark.real, pytest.mark.slow]
CLOCK = SystemClock()
PATIENCE_S = 240.0
TRIES = 40
ANOTHER = 8
DRIVEN = Controls(hold_to_run=True, drive=0.4)


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except FileNotFoundError:
        return False


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await CLOCK.sleep_until_ns(CLOCK.now_ns() + 20_000_000)


@contextlib.asynccontextmanager
async def demo(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The command, once it has said where its page is."""
    command = ("-m", "flailpilot", "demo", "--no-browser", "--port", "0", "--state", str(folder))
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            async for line in process.stdout:
                if b" open http" in line:
                    break
        yield process, line.decode().split()[-1]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def settings_in(folder: Path) -> DemoConsole:
    return msgspec.json.decode((folder / "console.json").read_bytes(), type=DemoConsole)


async def pressed(link: ConsoleLink, edge: OperatorEdge) -> None:
    await link.done(link.act(edge))


async def armed(link: ConsoleLink, hands: Hands) -> None:
    """Taken and armed: acts again and again where a busy computer spoils one."""
    steps = {
        Mode.DISARMED: (OperatorEdge.TAKE, OperatorEdge.ARM),
        Mode.READY: (OperatorEdge.ARM,),
        Mode.HOLD: (OperatorEdge.ACKNOWLEDGE, OperatorEdge.RESET),
    }
    hands.controls = NEUTRAL
    for _ in range(TRIES):
        frame = link.view.vehicle
        mode = Mode(frame.mode) if frame is not None else Mode.BOOT
        if mode is Mode.MANUAL:
            return
        for edge in steps.get(mode, ()):
            await pressed(link, edge)
        await CLOCK.sleep_until_ns(CLOCK.now_ns() + 300_000_000)
    raise AssertionError(f"not armed: {link.view.vehicle}, {link.view.texts}")


async def driven(link: ConsoleLink, hands: Hands) -> bool:
    """Whether it moves within some seconds of holding and pushing the stick."""
    hands.controls = DRIVEN
    try:
        await link.until(lambda frame: frame.speed_mps is not None and frame.speed_mps > 0.1, 6.0)
    except TimeoutError:
        return False
    return True


def test_a_demo_is_driven_and_leaves_no_process(tmp_path: Path):
    async def main() -> None:
        async with demo(tmp_path) as (process, url):
            told, page = settings_in(tmp_path), urlsplit(url)
            assert page.fragment == f"t={told.token}"
            assert page.hostname == "localhost"
            assert answers(page.port, "/", None) == 200
            assert answers(page.port, "/api/camera", None) == 403
            assert answers(page.port, "/api/camera", told.token) == 200
            store = KeyStore(tmp_path / "keys.json")
            own = store.create("another console", ANOTHER)  # the page's server is on the air with the first one
            credentials = Credentials(system_id=ANOTHER, secret=own.secret, machine_id=told.machine_id)
            stamp = clock_stamp(store.load())
            async with (
                console_link(told.host, told.port, credentials, CLOCK, stamp) as link,
                hands_of(link, CLOCK) as hands,
            ):
                async with asyncio.timeout(PATIENCE_S):
                    await link.opened(PATIENCE_S)
                for _ in range(TRIES):
                    await armed(link, hands)
                    if await driven(link, hands):
                        break
                else:
                    raise AssertionError(f"no motion: {link.view.vehicle}, {link.view.texts}")
                link.stop()
                await link.until(lambda frame: Mode(frame.mode) is not Mode.MANUAL, PATIENCE_S)
            assert told.video_port is not None
            place, machine = (told.host, told.video_port), bytes.fromhex(told.machine_id)
            async with video_client(
                place, told.system_id, told.secret, machine, lambda: CLOCK.now_ns() / 1e6
            ) as cameras:
                assert [camera.name for camera in cameras.cameras] == ["front", "rear"]
                async with asyncio.timeout(PATIENCE_S):
                    while (frame := await cameras.frame(0)) is None:
                        pass  # one that a busy computer was too slow to time is dropped, and the page asks again
                assert frame.jpeg.startswith(b"\xff\xd8")
            beside = children(process.pid)
            assert len(beside) == 2
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 0
            assert not any(lives(pid) for pid in beside)

    asyncio.run(main())


def test_an_exercise_is_begun_from_the_page_and_its_machine_drives(tmp_path: Path):
    """The console sees a vehicle program that was started again."""

    async def main() -> None:
        async with demo(tmp_path) as (process, url):
            told, page = settings_in(tmp_path), urlsplit(url)
            store = KeyStore(tmp_path / "keys.json")
            own = store.create("another console", ANOTHER)
            credentials = Credentials(system_id=ANOTHER, secret=own.secret, machine_id=told.machine_id)
            async with (
                console_link(told.host, told.port, credentials, CLOCK, clock_stamp(store.load())) as link,
                hands_of(link, CLOCK) as hands,
            ):
                async with asyncio.timeout(PATIENCE_S):
                    await link.opened(PATIENCE_S)
                await link.until(lambda frame: frame.session_id != 0, PATIENCE_S)
                assert link.view.vehicle is not None
                first = link.view.vehicle.session_id
                await until(lambda: train(page.port, told.token, {"begin": "swath-by-stick"}) == 200)
                await link.until(lambda frame: frame.session_id != first, PATIENCE_S)
                for _ in range(TRIES):
                    await armed(link, hands)
                    if await driven(link, hands):
                        break
                else:
                    raise AssertionError(f"no motion: {link.view.vehicle}, {link.view.texts}")
                link.stop()
                await link.until(lambda frame: Mode(frame.mode) is Mode.HOLD, PATIENCE_S)
                second = link.view.vehicle.session_id
                await until(lambda: train(page.port, told.token, {"leave": True}) == 200)
                await link.until(lambda frame: frame.session_id != second, PATIENCE_S)
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 0

    asyncio.run(main())


def test_what_a_demo_started_ends_with_it_however_it_ends(tmp_path: Path):
    async def main() -> None:
        async with demo(tmp_path) as (process, _):
            beside = children(process.pid)
            os.kill(process.pid, signal.SIGKILL)
            await until(lambda: not any(lives(pid) for pid in beside))

    asyncio.run(main())


def train(port: int | None, token: str, wish: dict[str, object]) -> int:
    """Status of a wish for an exercise."""
    asked = http.client.HTTPConnection("localhost", port, timeout=PATIENCE_S)
    try:
        headers = {"X-Flail-Token": token, "Content-Type": "application/json"}
        asked.request("POST", "/api/training", msgspec.json.encode(wish), headers)
        return asked.getresponse().status
    finally:
        asked.close()


def answers(port: int | None, path: str, token: str | None) -> int:
    """Status of a request to the page's server."""
    asked = http.client.HTTPConnection("localhost", port, timeout=PATIENCE_S)
    try:
        asked.request("GET", path, headers={"X-Flail-Token": token} if token is not None else {})
        return asked.getresponse().status
    finally:
        asked.close()
