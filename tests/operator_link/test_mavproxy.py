"""MAVProxy, unmodified, as a real process against the vehicle in real time."""

import asyncio
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.operator_link.live_vehicle import TRIES, Live, live_vehicle
from tests.operator_link.mavproxy import MavProxy, mavproxy
from vehicle.contracts.messages import Mode
from vehicle.operator_link.keystore import KeyStore
from vehicle.operator_link.transfer import FENCE, MISSION

pytestmark = [pytest.mark.real, pytest.mark.slow]
ME = 255


async def ready(live: Live, proxy: MavProxy) -> None:
    """Connected, parameters read through MAVFTP, position known."""
    await proxy.expect(r"Received \d+ parameters \(ftp\)")
    await live.until(lambda: live.vehicle.state.estimate.ready)


async def armed(live: Live, proxy: MavProxy) -> None:
    """Typed again after five seconds in which the vehicle did not take it."""
    for _ in range(TRIES):
        proxy.say("arm throttle")
        if await live.reaches(lambda: live.mode is Mode.READY, live.later(5.0)):
            return
    raise AssertionError(f"not armed: {proxy.heard[-3000:]}")


async def disarmed(live: Live, proxy: MavProxy) -> None:
    """Hands off and disarm, once it can have heard of the stop; typed again as `armed`."""
    for _ in range(TRIES):
        await live.until(lambda: live.link.view.stops <= live.link.view.told)
        proxy.say("rc 3 1500", "rc 8 1000", "disarm")
        if await live.reaches(lambda: live.mode is Mode.DISARMED, live.later(5.0)):
            return
    raise AssertionError(f"not disarmed: {proxy.heard[-3000:]}")


async def driving(live: Live, proxy: MavProxy, far_enough: Callable[[], bool] = lambda: True) -> None:
    """Centre the sticks, arm, press the button, push the stick, until it moves and `far_enough` is true.

    Anew where MAVProxy on a busy computer falls silent meanwhile, which is a lost link.
    """
    for _ in range(TRIES):
        proxy.say("rc 1 1500", "rc 3 1500", "rc 8 1000")
        await live.until(lambda: _sticks(live) is not None)
        await armed(live, proxy)
        proxy.say("rc 8 1900")
        if await live.arms(lambda: live.mode is Mode.MANUAL):
            proxy.say("rc 3 1900")
            if await live.arms(lambda: live.world.truth().speed_mps > 0.1 and far_enough()):
                return
        await disarmed(live, proxy)
    raise AssertionError(f"never driven: {proxy.heard[-3000:]}")


def _sticks(live: Live) -> object:
    station = live.link.station(ME)
    return station.sticks.newest if station is not None else None


def test_connect_set_arm_drive_stop(tmp_path: Path) -> None:
    async def main() -> None:
        async with live_vehicle() as live, mavproxy(live.port, tmp_path) as proxy:
            await ready(live, proxy)
            assert re_fence(proxy.heard) is False
            proxy.say("param set MAN_SPEED 0.2")
            await live.until(lambda: abs(live.link.parameters["MAN_SPEED"] - 0.2) < 1e-6)
            proxy.say("param set FS_TIMEOUT 9")
            proxy.say("param fetch FS_TIMEOUT")
            await proxy.expect(r"FS_TIMEOUT")
            assert live.link.parameters["FS_TIMEOUT"] == pytest.approx(0.45)
            await driving(live, proxy)
            assert live.world.truth().speed_mps < 0.25
            assert live.vehicle.state.report is not None
            assert live.world.truth().rotor_radps == 0.0
            proxy.say("mode HOLD")
            await live.until(lambda: live.mode is Mode.HOLD)
            assert abs(live.world.truth().speed_mps) < 0.05

    asyncio.run(main())


def re_fence(heard: str) -> bool:
    return "fence breach" in heard


def test_arming_is_refused_with_the_reason(tmp_path: Path) -> None:
    async def main() -> None:
        async with live_vehicle() as live, mavproxy(live.port, tmp_path) as proxy:
            await ready(live, proxy)
            live.world.controller.estop_chain_open = True
            await live.until(lambda: live.mode is Mode.ESTOP)
            proxy.say("arm throttle")
            await proxy.expect(r"AP: Arm: E-stop on machine")
            await proxy.expect(r"COMPONENT_ARM_DISARM: (DENIED|FAILED)|ARM_DISARM.*DENIED")
            assert not live.link.view.armed

    asyncio.run(main())


def test_the_stop_of_a_lost_link_is_left_by_disarm_and_arm_only(tmp_path: Path) -> None:
    async def main() -> None:
        async with live_vehicle() as live:
            async with mavproxy(live.port, tmp_path) as proxy:
                await ready(live, proxy)
                await driving(live, proxy)
            await live.until(lambda: live.mode is Mode.HOLD)
            assert live.vehicle.state.report is not None
            assert "link_lost" in live.vehicle.state.report.reasons
            async with mavproxy(live.port, tmp_path) as proxy:
                await ready(live, proxy)
                proxy.say("rc 3 1900", "rc 8 1900")
                proxy.say("arm throttle")
                await proxy.expect(r"AP: Arm: Radio link lost\. Disarm, then arm")
                await disarmed(live, proxy)
                await armed(live, proxy)

    asyncio.run(main())


def test_signed_and_nothing_else(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys" / "keys.json")
    key = store.create("mavproxy", ME)

    async def main() -> None:
        async with live_vehicle(store.path) as live, mavproxy(live.port, tmp_path) as proxy:
            await live.until(lambda: live.link.refused_frames > 0)
            assert live.link.peers == {}
            proxy.say(f"signing key {key.secret}")
            await ready(live, proxy)
            await driving(live, proxy)
            proxy.say("disarm")
            await live.until(lambda: not live.link.view.armed)
            before = live.link.parameters["MAN_SPEED"]
            proxy.say("signing disable", "param set MAN_SPEED 0.1")
            refused = live.link.admission.unsigned_refused
            await live.until(lambda: live.link.admission.unsigned_refused > refused)
            assert live.link.parameters["MAN_SPEED"] == before

    asyncio.run(main())


def test_mission_and_fence(tmp_path: Path) -> None:
    fence = tmp_path / "fence.waypoints"
    fence.write_text(_fence_file(), encoding="utf-8")

    async def main() -> None:
        async with live_vehicle(bench=True) as live, mavproxy(live.port, tmp_path) as proxy:
            await ready(live, proxy)
            plan_id = live.link.lists.list_id(MISSION)
            down = tmp_path / "down.waypoints"
            proxy.say("wp list")
            await proxy.expect(r"Requesting \d+ waypoints")
            proxy.say(f"wp save {down}")
            await proxy.expect(r"Saved \d+ (waypoints|.*) to")
            proxy.say(f"wp load {down}")
            await proxy.expect(r"(Flight plan received|Got MISSION_ACK.*|Loaded .*)")
            await live.until(lambda: live.link.lists.taken[MISSION] == 1)
            assert live.link.lists.list_id(MISSION) == plan_id
            proxy.say(f"fence load {fence}")
            await live.until(lambda: len(live.link.lists.items(FENCE)) == 4)
            assert len(live.proposals) == 1
            for _ in range(TRIES):
                await armed(live, proxy)
                proxy.say("mode AUTO")
                if await live.arms(lambda: live.mode is Mode.AUTO_MOVE and live.world.truth().speed_mps > 0.1):
                    break
                await disarmed(live, proxy)
            else:
                raise AssertionError(f"never driven: {proxy.heard[-3000:]}")
            proxy.say("mode HOLD")
            await live.until(lambda: live.mode is Mode.HOLD)

    asyncio.run(main())


def _fence_file() -> str:
    lat, lon, step = 39.99, 46.93, 2e-4
    corners = [(0.0, 0.0), (step, 0.0), (step, step), (0.0, step)]
    lines = ["QGC WPL 110"]
    for number, (north, east) in enumerate(corners):
        turned = (lat + north + math.sin(0.3) * east, lon + east)
        lines.append(f"{number}\t0\t3\t5001\t4\t0\t0\t0\t{turned[0]:.7f}\t{turned[1]:.7f}\t0\t1")
    return "\n".join(lines) + "\n"
