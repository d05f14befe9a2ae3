"""A MAVSDK program that uses every service it knows; one JSON line a step. Run as a process: port, folder.

With "reconnect" instead of a folder it says when the vehicle is lost and when it is back.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from mavsdk.asyncio import ComponentType, Configuration, Mavsdk
from mavsdk.asyncio.plugins.action import ActionAsync
from mavsdk.asyncio.plugins.component_metadata import ComponentMetadataAsync
from mavsdk.asyncio.plugins.ftp import FtpAsync
from mavsdk.asyncio.plugins.info import InfoAsync
from mavsdk.asyncio.plugins.log_files import LogFilesAsync
from mavsdk.asyncio.plugins.mission_raw import MissionRawAsync
from mavsdk.asyncio.plugins.param import ParamAsync
from mavsdk.asyncio.plugins.telemetry import TelemetryAsync
from mavsdk.plugins.component_metadata import MetadataType
from mavsdk.plugins.mission_raw import MissionItem

CORNERS = ((0.0, 0.0), (2e-4, 1e-5), (2.1e-4, 2.2e-4), (1e-5, 2e-4))
RATE_HZ, COUNTED = 1.0, 5
"""So many positions are waited for at that rate; the test times them by the vehicle's clock."""
Steps = dict[str, Callable[[], Awaitable[Any]]]


def say(step: str, value: Any) -> None:
    sys.stdout.write(json.dumps({"step": step, "value": value}) + "\n")
    sys.stdout.flush()


async def outcome(step: str, call: Callable[[], Awaitable[Any]]) -> None:
    try:
        say(step, await call())
    except Exception as refusal:  # noqa: BLE001 (whatever the client raises is what is looked at)
        say(step, f"refused: {refusal}")


async def first(stream: AsyncIterator[Any]) -> Any:
    async with asyncio.timeout(120.0):
        return await anext(stream)


def place(kind: int, number: int, north: float, east: float, corners: int) -> MissionItem:
    return MissionItem(
        seq=number,
        frame=3,
        command=5100 if kind == 2 else 5001,
        current=0,
        autocontinue=1,
        param1=float(corners),
        x=round((39.99 + north) * 1e7),
        y=round((46.93 + east) * 1e7),
        mission_type=kind,
    )


def telling(telemetry: TelemetryAsync) -> Steps:
    async def rate() -> float:
        await telemetry.set_rate_position(RATE_HZ)
        stream = telemetry.subscribe_position()
        for _ in range(COUNTED):
            await first(stream)
        return RATE_HZ

    async def position() -> float:
        return round(float((await first(telemetry.subscribe_position())).latitude_deg), 1)

    async def heading() -> bool:
        return 0.0 <= float((await first(telemetry.subscribe_heading())).heading_deg) < 360.0

    async def home() -> float:
        return round(float((await first(telemetry.subscribe_home())).latitude_deg), 1)

    async def attitude() -> bool:
        return abs(float((await first(telemetry.subscribe_attitude_euler())).roll_deg)) < 30.0

    async def fix() -> int:
        return int((await first(telemetry.subscribe_gps_info())).fix_type)

    async def armed() -> bool:
        return bool(await first(telemetry.subscribe_armed()))

    async def flight_mode() -> str:
        return str(await first(telemetry.subscribe_flight_mode()))

    return {
        "rate": rate,
        "position": position,
        "heading": heading,
        "home": home,
        "attitude": attitude,
        "fix": fix,
        "armed": armed,
        "flight mode": flight_mode,
    }


def lists(mission: MissionRawAsync) -> Steps:
    fence = [place(1, number, north, east, 4) for number, (north, east) in enumerate(CORNERS)]
    crossed = [place(1, number, *CORNERS[corner], 4) for number, corner in enumerate((0, 2, 1, 3))]

    async def up() -> str:
        await mission.upload_geofence(fence)
        return "ok"

    async def wrong() -> str:
        await mission.upload_geofence(crossed)
        return "ok"

    async def down() -> int:
        return len(await mission.download_geofence())

    async def rally() -> int:
        await mission.upload_rally_points([place(2, 0, 1e-4, 1e-4, 0)])
        return len(await mission.download_rallypoints())

    async def clear() -> int:
        await mission.clear_mission()
        return len(await mission.download_mission())

    async def jump() -> str:
        await mission.set_current_mission_item(2)
        return "ok"

    return {"jump": jump, "fence up": up, "fence crossed": wrong, "fence down": down, "rally": rally, "clear": clear}


def asking(system: Any, folder: str) -> Steps:
    described = ComponentMetadataAsync(system)
    info, param, files, logs = InfoAsync(system), ParamAsync(system), FtpAsync(system), LogFilesAsync(system)

    async def version() -> int:
        return int((await info.get_version()).flight_sw_minor)

    async def names() -> list[str]:
        found = await param.get_all_params()
        return sorted(one.name for one in (*found.float_params, *found.int_params))

    async def download() -> str:
        async for _ in files.download("@PARAM/param.pck", folder, False):
            pass
        return "ok"

    async def listing() -> str:
        await files.list_directory("@PARAM")
        return "ok"

    async def entries() -> int:
        return len(await logs.get_entries())

    async def metadata() -> str:
        await described.request_autopilot_component()
        async with asyncio.timeout(120.0):
            return str(await described.get_metadata(1, MetadataType.PARAMETER))

    return {
        "version": version,
        "metadata": metadata,
        "parameters": names,
        "download": download,
        "list": listing,
        "logs": entries,
    }


def acting(action: ActionAsync) -> Steps:
    async def goto() -> str:
        await action.goto_location(39.991, 46.931, 0.0, 0.0)
        return "ok"

    async def home() -> str:
        await action.return_to_launch()
        return "ok"

    async def takeoff() -> str:
        await action.takeoff()
        return "ok"

    async def hold() -> str:
        await action.hold()
        return "ok"

    async def speed() -> str:
        await action.set_current_speed(2.0)
        return "ok"

    async def terminate() -> str:
        await action.terminate()
        return "ok"

    return {"goto": goto, "return": home, "takeoff": takeoff, "speed": speed, "hold": hold, "terminate": terminate}


def refused_arm(action: ActionAsync, telemetry: TelemetryAsync) -> Steps:
    async def arm() -> str:
        heard = telemetry.subscribe_status_text()
        asked = asyncio.ensure_future(action.arm())
        line = ""
        while not line.startswith("Arm: "):
            line = str((await first(heard)).text)
        await asyncio.wait([asked])
        return f"{type(asked.exception()).__name__}: {line}"

    return {"arm": arm}


async def lost_and_found(system: Any) -> None:
    say("connected", await system.is_connected())
    states = system.is_connected_state()
    async for connected in states:
        if not connected:
            break
    say("lost", True)
    async for connected in states:
        if connected:
            break
    say("found", round(await ParamAsync(system).get_param_float("MAN_SPEED"), 3))


async def main(port: int, folder: str) -> None:
    sdk = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
    await sdk.add_any_connection(f"udpout://127.0.0.1:{port}")
    system = await sdk.first_autopilot(60.0)
    assert system is not None, "no vehicle"
    if folder == "reconnect":
        await lost_and_found(system)
        return
    action, telemetry = ActionAsync(system), TelemetryAsync(system)
    steps = asking(system, folder) | telling(telemetry) | lists(MissionRawAsync(system)) | acting(action)
    for step, call in (steps | refused_arm(action, telemetry)).items():
        await outcome(step, call)
    say("done", True)


asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
