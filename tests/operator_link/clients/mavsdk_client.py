"""A MAVSDK program that asks for one step after another: action, mission_raw."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

from mavsdk.asyncio import ComponentType, Configuration, Mavsdk, System
from mavsdk.asyncio.plugins.action import ActionAsync
from mavsdk.asyncio.plugins.mission_raw import MissionRawAsync
from steps import obey

FINDS = ("connect", "upload")


async def upload(mission: MissionRawAsync) -> int:
    """Read the vehicle's plan, send it back as it is."""
    items = await mission.download_mission()
    await mission.upload_mission(items)
    return len(items)


async def found(sdk: Mavsdk) -> System:
    system = await sdk.first_autopilot(60.0)
    assert system is not None, "no vehicle"
    return system


async def connected() -> bool:
    return True


async def main(address: str) -> None:
    sdk = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
    await sdk.add_any_connection(address)
    system = await found(sdk)
    action, mission = ActionAsync(system), MissionRawAsync(system)
    steps: dict[str, Callable[[], Awaitable[object]]] = {
        "connect": connected,
        "upload": lambda: upload(mission),
        "arm": action.arm,
        "start": mission.start_mission,
        "stop": mission.pause_mission,
        "disarm": action.disarm,
    }
    await obey(steps, FINDS)


asyncio.run(main(sys.argv[1]))
