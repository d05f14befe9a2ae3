"""A MAVSDK program, as an integrator would write one; prints what it saw, one JSON line a step. Run as a process."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Awaitable
from typing import Any

from mavsdk.asyncio import ComponentType, Configuration, Mavsdk
from mavsdk.asyncio.plugins.action import ActionAsync
from mavsdk.asyncio.plugins.mission_raw import MissionRawAsync
from mavsdk.asyncio.plugins.param import ParamAsync
from mavsdk.asyncio.plugins.telemetry import TelemetryAsync


def say(step: str, value: Any) -> None:
    sys.stdout.write(json.dumps({"step": step, "value": value}) + "\n")
    sys.stdout.flush()


async def outcome(step: str, call: Awaitable[Any]) -> None:
    try:
        await call
        say(step, "ok")
    except Exception as refusal:  # noqa: BLE001 (whatever the client raises is what is looked at)
        say(step, str(refusal))


async def told(step: str) -> None:
    """Wait until the test says so on standard input."""
    line = await asyncio.to_thread(sys.stdin.readline)
    assert line.strip() == step, line


async def main(port: int) -> None:
    sdk = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
    await sdk.add_any_connection(f"udpout://127.0.0.1:{port}")
    system = await sdk.first_autopilot(60.0)
    assert system is not None, "no vehicle"
    say("connected", system is not None)
    action, param, telemetry, mission = (
        ActionAsync(system),
        ParamAsync(system),
        TelemetryAsync(system),
        MissionRawAsync(system),
    )
    say("speed", round(await param.get_param_float("MAN_SPEED"), 3))
    await outcome("set", param.set_param_float("MAN_SPEED", 0.2))
    await outcome("set read only", param.set_param_float("WP_SPEED", 9.0))
    items = await mission.download_mission()
    say("items", len(items))
    await outcome("upload", mission.upload_mission(items))
    await told("arm refused")
    await outcome("arm refused", action.arm())
    await told("arm")
    await outcome("arm", action.arm())
    await outcome("start", mission.start_mission())
    await told("pause")
    await outcome("pause", mission.pause_mission())
    await outcome("return", action.return_to_launch())
    await outcome("disarm", action.disarm())
    with contextlib.suppress(Exception):
        say("position", round(telemetry.position().latitude_deg, 2))
    say("done", True)


asyncio.run(main(int(sys.argv[1])))
