"""The console's server as a process beside the simulator; it ends with the program that started it.

`flailpilot demo` starts it as `flailpilot demo-console SETTINGS.json` and holds its stdin open.
"""

import asyncio
import contextlib
import sys
from pathlib import Path

import msgspec

from console.client.protocol import Credentials
from console.server.app import make_app, serving
from console.server.settings import ServerSettings, VehicleSettings
from flailpilot.exit_status import BAD_INPUT, DONE
from flailpilot.options import DemoConsole
from vehicle.contracts.errors import InputError


def main(path: Path) -> int:
    """Serve until stdin ends."""
    settings = msgspec.json.decode(path.read_bytes(), type=DemoConsole)
    try:
        asyncio.run(_serve(settings))
    except InputError as error:
        sys.stderr.write(f"flailpilot: {error}\n")
        return BAD_INPUT
    return DONE


async def _serve(settings: DemoConsole) -> None:
    vehicle = VehicleSettings(
        id="simulator",
        name=settings.name,
        host=settings.host,
        port=settings.port,
        credentials=Credentials(
            system_id=settings.system_id, secret=settings.secret, machine_id=settings.machine_id, name="console"
        ),
        video_port=settings.video_port,
    )
    server = ServerSettings(
        console_name="console",
        state_folder=Path(settings.state_folder),
        token=settings.token,
        simulation=True,
        speed=settings.speed,
        training=settings.training,
    )
    async with serving(make_app((vehicle,), server), settings.page_port) as address:
        sys.stdout.write(f"{address.url}\n")
        sys.stdout.flush()
        await _end_of_stdin()


async def _end_of_stdin() -> None:
    """Return when the other end of stdin is closed, which means that the simulator has ended in any way."""
    loop = asyncio.get_running_loop()
    ended = asyncio.StreamReader()
    with contextlib.suppress(OSError, ValueError):
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(ended), sys.stdin)
        await ended.read()
