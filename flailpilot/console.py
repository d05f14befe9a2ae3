"""`flailpilot console CONFIG`: the operator's page, or a text view, for the vehicles named in the file."""

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flailpilot.exit_status import DONE
from vehicle.contracts.errors import InputError

if TYPE_CHECKING:
    from console.server.config import ConsoleFile

REFRESH_NS = 200_000_000
STOP_SAID = "STOP sent; it goes on until the vehicle is seen stopped, 3 s at most"


def run(config: Path, port: int | None, *, text: bool) -> int:
    """Serve until interrupted.

    Raises:
        InputError: The configuration is wrong, the port is in use, or `--text` has no terminal.
    """
    from console.server.config import load_console

    file = load_console(config)
    with contextlib.suppress(KeyboardInterrupt):
        if text:
            if not sys.stdin.isatty():
                raise InputError("--text: takes STOP from a keyboard; start it in a terminal")
            asyncio.run(watch(file))
        else:
            asyncio.run(_serve(file, file.port if port is None else port))
    return DONE


async def _serve(file: "ConsoleFile", port: int) -> None:
    from console.server.app import make_app, serve

    await serve(make_app(file.vehicles, file.settings), port, _ready)


def _ready(url: str) -> None:
    print(f"Operator's page, on this computer only: {url}\nCtrl+C ends it; the vehicle then stops.", flush=True)


async def watch(file: "ConsoleFile") -> None:
    """Show the state in the terminal; SPACE is STOP, 1 to 9 show another vehicle, Q ends it."""
    from rich.live import Live

    from console.server.app import desk_of
    from console.server.board import Board
    from console.server.setup import SetupStore
    from console.server.text_view import page
    from flailpilot.text_keys import END, keys, next_key
    from vehicle.host.clock import SystemClock

    clock, store, said = SystemClock(), SetupStore(file.settings.state_folder), ""
    async with desk_of(file.vehicles, file.settings, store, clock) as (desk, _), keys() as pressed:
        board = Board(desk, file.settings, store, clock)
        with Live(page(board.sections(""), said), auto_refresh=False, screen=True) as live:
            while True:
                key = await next_key(pressed, REFRESH_NS)
                if key == " ":
                    desk.stop()
                    said = STOP_SAID
                if key.isascii() and key.isdigit() and 1 <= int(key) <= len(file.vehicles):
                    said = desk.turn_to(file.vehicles[int(key) - 1].id)
                if key in END:
                    return
                live.update(page(board.sections(""), said), refresh=True)
