"""MAVSDK, unmodified, as a real process against the vehicle in real time."""

import asyncio
import contextlib
import itertools
import json
import statistics
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ports import free_port
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.tables import SPECS
from tests.operator_link.live_vehicle import Live, live_vehicle
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import NS_PER_S
from vehicle.operator_link.admission import Address
from vehicle.operator_link.transfer import MISSION

pytestmark = [pytest.mark.real, pytest.mark.slow]
CLIENT, SERVICES = (Path(__file__).with_name(f"mavsdk_{name}.py") for name in ("client", "services"))


class Client:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: dict[str, Any] = {}

    def tell(self, step: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{step}\n".encode())

    async def expect(self, step: str, timeout_s: float = 120.0) -> Any:
        assert self._process.stdout is not None
        async with asyncio.timeout(timeout_s):
            while step not in self.said:
                line = await self._process.stdout.readline()
                assert line, f"MAVSDK ended before {step!r}; it had said {self.said}"
                if line.startswith(b"{"):  # it writes its own log between the lines, and at their ends
                    heard, _ = json.JSONDecoder().raw_decode(line.decode())
                    self.said[heard["step"]] = heard["value"]
        return self.said[step]


@contextlib.asynccontextmanager
async def client(port: int, program: Path = CLIENT, *arguments: str) -> AsyncIterator[Client]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(program),
        str(port),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
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
    assert await sdk.expect("speed") == pytest.approx(0.27)
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
    assert not live.link.view.armed


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
            await sdk.expect("arm refused")
            await _start(live, sdk)

    asyncio.run(main())


HEARD = {
    "version": 1,
    "metadata": "refused: NOT_AVAILABLE",
    "download": "ok",
    "list": "refused: FILE_DOES_NOT_EXIST",
    "logs": "refused: NO_LOGFILES",
    "position": 40.0,
    "heading": True,
    "home": 40.0,
    "attitude": True,
    "fix": 6,
    "armed": False,
    "flight mode": "9",  # Manual
    "jump": "refused: INVALID_ARGUMENT",
    "fence up": "ok",
    "fence crossed": "refused: INVALID_ARGUMENT",
    "fence down": 4,
    "rally": 1,
    "clear": 1,  # home stays
    "goto": "refused: COMMAND_DENIED",
    "return": "refused: COMMAND_DENIED",
    "takeoff": "refused: COMMAND_DENIED",
    "speed": "refused: COMMAND_DENIED",
    "hold": "ok",
    "terminate": "ok",
    "done": True,
}


def sent_ns(live: Live, name: str) -> list[int]:
    """When the vehicle sends a message from now on, by its own clock [ns]."""
    sent: list[int] = []
    outbox = live.link.outbox

    def noted() -> list[tuple[str, Address, list[bytes]]]:
        found = outbox()
        frames = [one for *_, frames in found for frame in frames for one in FrameParser().feed(frame)]
        sent.extend(live.clock.now_ns() for one in frames if SPECS[one.msg_id].name == name)
        return found

    live.link.outbox = noted  # type: ignore[method-assign]
    return sent


def gaps_s(sent: list[int]) -> list[float]:
    """Seconds between each two."""
    return [(later - earlier) / NS_PER_S for earlier, later in itertools.pairwise(sent)]


def test_every_service_it_knows(tmp_path: Path) -> None:
    async def main() -> None:
        async with live_vehicle() as live, client(live.port, SERVICES, str(tmp_path)) as sdk:
            sent = sent_ns(live, "GLOBAL_POSITION_INT")
            await live.until(lambda: live.vehicle.state.estimate.ready)
            await sdk.expect("terminate")
            await live.until(lambda: live.mode is Mode.ESTOP)
            await sdk.expect("done")
            heard = {step: str(value).split("; origin")[0] for step, value in sdk.said.items()}
            assert {step: heard[step] for step in HEARD} == {step: str(value) for step, value in HEARD.items()}
            assert len(sdk.said["parameters"]) == len(live.link.parameters)
            assert "MAN_SPEED" in sdk.said["parameters"]
            slow_s = [gap_s for gap_s in gaps_s(sent) if gap_s > 0.5]  # 0.25 s unless asked
            assert len(slow_s) >= 3
            assert statistics.median(slow_s) == pytest.approx(1.0 / sdk.said["rate"], abs=0.1)
            assert sdk.said["arm"].startswith("ActionError: Arm: ")
            assert (tmp_path / "param.pck").stat().st_size > 100
            # a fence round the own plan; then the mission is cleared, and the fence holds
            assert [(bool(site.fence_m), site.empty) for site in live.proposals] == [(True, False), (True, True)]

    asyncio.run(main())


def test_a_vehicle_that_was_away_is_found_again() -> None:
    async def main() -> None:
        port = free_port()
        async with contextlib.AsyncExitStack() as stack:
            async with live_vehicle(port=port):
                sdk = await stack.enter_async_context(client(port, SERVICES, "reconnect"))
                assert await sdk.expect("connected") is True
            assert await sdk.expect("lost") is True
            async with live_vehicle(port=port):
                assert await sdk.expect("found") == pytest.approx(0.27)

    asyncio.run(main())
