"""MAVSDK, unmodified, as a real process against the vehicle in real time."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.operator_link.live_vehicle import Live, live_vehicle
from vehicle.messages import Mode
from vehicle.operator_link.transfer import MISSION

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
CLIENT = Path(__file__).with_name("mavsdk_client.py")


class Client:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: dict[str, Any] = {}

    def tell(self, step: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{step}\n".encode())

    async def expect(self, step: str, timeout_s: float = 20.0) -> Any:
        assert self._process.stdout is not None
        async with asyncio.timeout(timeout_s):
            while step not in self.said:
                line = await self._process.stdout.readline()
                assert line, f"MAVSDK ended before {step!r}; it had said {self.said}"
                if line.startswith(b"{"):
                    heard = json.loads(line)
                    self.said[heard["step"]] = heard["value"]
        return self.said[step]


@contextlib.asynccontextmanager
async def client(port: int) -> AsyncIterator[Client]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(CLIENT), str(port), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield Client(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _mission(live: Live, sdk: Client) -> None:
    plan_id = live.link.lists.list_id(MISSION)
    assert await sdk.expect("connected") is True
    assert await sdk.expect("speed") == pytest.approx(0.3)
    assert await sdk.expect("set") == "ok"
    assert live.link.parameters["MAN_SPEED"] == pytest.approx(0.2)
    assert await sdk.expect("set read only") != "ok"
    assert await sdk.expect("items") == len(live.link.lists.items(MISSION))
    assert await sdk.expect("upload") == "ok"
    assert live.link.lists.list_id(MISSION) == plan_id
    live.world.controller.oil_pressure_low = False
    live.world.controller.estop_chain_open = True
    await live.until(lambda: live.mode is Mode.ESTOP)
    sdk.tell("arm refused")
    assert await sdk.expect("arm refused") != "ok"
    assert not live.link.picture.armed


async def _start(live: Live, sdk: Client) -> None:
    sdk.tell("arm")
    assert await sdk.expect("arm") == "ok"
    assert await sdk.expect("start") == "ok"
    await live.until(lambda: live.world.truth().speed_mps > 0.1)
    assert live.mode is Mode.AUTO_MOVE
    sdk.tell("pause")
    assert await sdk.expect("pause") == "ok"
    await live.until(lambda: live.mode is Mode.HOLD)
    assert await sdk.expect("return") != "ok"
    assert await sdk.expect("disarm") == "ok"
    await sdk.expect("done")


def test_parameters_mission_and_a_refused_arm() -> None:
    async def main() -> None:
        async with live_vehicle(bench=True) as live, client(live.port) as sdk:
            await _mission(live, sdk)

    asyncio.run(main())


def test_arm_start_pause_on_the_bench() -> None:
    async def main() -> None:
        async with live_vehicle(bench=True) as live, client(live.port) as sdk:
            sdk.tell("arm refused")
            await sdk.expect("upload")
            live.link.picture  # noqa: B018
            await sdk.expect("arm refused")
            await _start(live, sdk)

    asyncio.run(main())
