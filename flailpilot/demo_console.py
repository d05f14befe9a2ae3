"""The console's server as a process of its own beside the simulator; ends when whoever started it ends.

`flailpilot demo` starts it as `python -m flailpilot.demo_console SETTINGS.json` and holds its stdin open.
"""

import asyncio
import contextlib
import importlib
import sys
from pathlib import Path

import msgspec

from console.server.video import VideoRelay
from flailpilot.exit_status import BAD_INPUT, DONE
from vehicle.contracts.errors import InputError
from vehicle.host.clock import SystemClock


class ConsoleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the server is told, as JSON in a file that only its owner reads. `speed`: simulated seconds a second."""

    state_folder: str
    name: str
    host: str
    port: int
    system_id: int
    secret: str
    machine_id: str
    page_port: int
    token: str
    speed: float = 1.0
    training: str = ""
    video_port: int | None = None


def main(path: Path) -> int:
    """Serve until stdin ends."""
    settings = msgspec.json.decode(path.read_bytes(), type=ConsoleSettings)
    try:
        asyncio.run(_serve(settings))
    except InputError as error:
        sys.stderr.write(f"flailpilot: {error}\n")
        return BAD_INPUT
    return DONE


async def _serve(settings: ConsoleSettings) -> None:
    from console.client.protocol import Credentials

    app, given = importlib.import_module("console.server.app"), importlib.import_module("console.server.settings")
    vehicle = given.VehicleSettings(
        id="simulator",
        name=settings.name,
        host=settings.host,
        port=settings.port,
        credentials=Credentials(
            system_id=settings.system_id, secret=settings.secret, machine_id=settings.machine_id, name="console"
        ),
        video_port=settings.video_port,
    )
    server = given.ServerSettings(
        console_name="console",
        state_folder=Path(settings.state_folder),
        token=settings.token,
        simulation=True,
        speed=settings.speed,
        training=settings.training,
    )
    made = app.make_app((vehicle,), server)
    # the newest clock of this process: pictures are timed by it
    relay = VideoRelay(lambda: vehicle, SystemClock(), settings.speed)
    made.router.routes[:0] = relay.routes()
    async with app.serving(made, settings.page_port) as address:
        sys.stdout.write(f"{address.url}\n")
        sys.stdout.flush()
        await _end_of_stdin()


async def _end_of_stdin() -> None:
    """Return when nobody holds the other end any more; then the simulator has ended, however it did."""
    loop = asyncio.get_running_loop()
    ended = asyncio.StreamReader()
    with contextlib.suppress(OSError, ValueError):
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(ended), sys.stdin)
        await ended.read()


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
