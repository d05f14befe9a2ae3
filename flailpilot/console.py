"""`flailpilot console CONFIG`: the operator's page, or its plain text, against the vehicles that the file names."""

import asyncio
import contextlib
from pathlib import Path

from msgspec.structs import replace

from flailpilot.exit_status import DONE


def run(config: Path, port: int | None) -> int:
    """Serve until told to end. A mistake in the configuration is an `InputError`."""
    from console.server.app import make_app, serve
    from console.server.config import load_console

    file = load_console(config)
    port = file.port if port is None else port
    app = make_app(file.vehicles, replace(file.settings))
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(app, port, _ready))
    return DONE


def _ready(url: str) -> None:
    print(f"Operator's page, on this computer only: {url}\nCtrl+C ends it; the vehicle then stops.", flush=True)
