"""The console's server as a process beside the simulator; it ends with the program that started it.

`flailpilot demo` starts it as `flailpilot demo-console SETTINGS.json` and holds its stdin open. Its first line is the
address of the page; each line after it is a wish for an exercise.
"""

import asyncio
import contextlib
import sys
from pathlib import Path

import msgspec

from console.client.protocol import Credentials
from console.server.app import make_app, serving
from console.server.settings import ServerSettings, VehicleSettings
from console.server.training import Training
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
    )
    trainer = PipedTrainer((settings.host, settings.port), settings.exercises)
    app = make_app((vehicle,), server, trainer=trainer if settings.exercises else None)
    async with serving(app, settings.page_port) as address:
        _write(address.url)
        await _listen(trainer)


class PipedTrainer:
    """The simulator's end of the exercises: wishes go out on stdout, what runs comes in on stdin, a line each."""

    def __init__(self, place: tuple[str, int], exercises: tuple[str, ...]) -> None:
        self.place, self.exercises, self.state = place, exercises, Training(changing=True)

    def begin(self, name: str, *, hints: bool) -> None:
        """Ask for this exercise."""
        self._wish({"begin": name, "hints": hints})

    def leave(self) -> None:
        """Ask for the machine without an exercise."""
        self._wish({"begin": ""})

    def heard(self, line: bytes) -> None:
        """What runs now, as the simulator tells it."""
        self.state = msgspec.json.decode(line, type=Training)

    def _wish(self, wish: dict[str, object]) -> None:
        self.state = msgspec.structs.replace(self.state, changing=True)
        _write(msgspec.json.encode(wish).decode())


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _listen(trainer: PipedTrainer) -> None:
    """Return when the other end of stdin is closed, which means that the simulator has ended in any way."""
    loop = asyncio.get_running_loop()
    told = asyncio.StreamReader()
    with contextlib.suppress(OSError, ValueError):
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), sys.stdin)
        while line := await told.readline():
            trainer.heard(line)
