"""A mavkit program: its asynchronous API, and nothing else."""

import asyncio
import contextlib
import sys
import threading
from collections.abc import Awaitable, Callable

import mavkit
from steps import obey

MISSION_START, REQUEST_MESSAGE, HOME_POSITION = 300, 512, 242

FINDS = ("connect", "upload")


async def upload(vehicle: mavkit.Vehicle) -> int:
    """Read the vehicle's plan, send it back as it is."""
    plan = await vehicle.download_mission(mavkit.MissionType.Mission)
    await vehicle.upload_mission(plan)
    return len(plan)


async def state(vehicle: mavkit.Vehicle) -> list[object]:
    return [vehicle.state.mode_name, vehicle.state.armed]


async def heard(vehicle: mavkit.Vehicle) -> None:
    """The library sends no heartbeat: whoever does not ask for something now and then is not there."""
    while True:
        with contextlib.suppress(mavkit.MavkitError):
            await vehicle.command_long(REQUEST_MESSAGE, HOME_POSITION)
        await asyncio.to_thread(threading.Event().wait, 0.7)


async def main(address: str) -> None:
    vehicle = await mavkit.Vehicle.connect(address)
    tasks: list[asyncio.Task[None]] = []

    async def speak() -> None:
        tasks.append(asyncio.create_task(heard(vehicle)))

    steps: dict[str, Callable[[], Awaitable[object]]] = {
        "speak": speak,
        "connect": lambda: state(vehicle),
        "upload": lambda: upload(vehicle),
        "arm": lambda: vehicle.arm(False),
        "start": lambda: vehicle.command_long(MISSION_START),
        "stop": lambda: vehicle.set_mode_by_name("HOLD"),
        "disarm": lambda: vehicle.disarm(False),
    }
    await obey(steps, FINDS)


asyncio.run(main(sys.argv[1]))
