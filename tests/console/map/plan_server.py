"""The page's server in name only, with the real rooms of planning behind it and tiles that a test sends."""

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from starlette.applications import Starlette
from starlette.websockets import WebSocket

from console.server.planning_api import Planning
from tests.console.page.fake_server import FakeServer

TILE = struct.Struct("<BBHiiI")
SIZE = 128


def tile_frame(x: int, y: int, classes: npt.NDArray[np.uint8], stroke: int = 1) -> bytes:
    """A tile of the ground as /state sends it; classes (SIZE, SIZE), row 0 south."""
    return TILE.pack(16, 0, SIZE, x, y, stroke) + zlib.compress(classes.tobytes())


class PlanServer(FakeServer):
    """`tiles`: frames that the page is sent next."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.tiles: list[bytes] = []
        self.planning = Planning(folder, link=lambda: None, changed=self._jobs)

    def _jobs(self) -> None:
        self.state["jobs"] = self.planning.jobs()  # type: ignore[assignment]  # a list among objects

    def app(self) -> Starlette:
        """Planning's own requests before the made-up ones."""

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            yield
            await self.planning.close()

        routes = [*self.planning.public_routes(), *self.planning.routes(), *super().app().routes]
        return Starlette(routes=routes, lifespan=lifespan)

    async def _state(self, socket: WebSocket) -> None:
        sending = asyncio.ensure_future(self._send_tiles(socket))
        try:
            await super()._state(socket)
        finally:
            sending.cancel()

    async def _send_tiles(self, socket: WebSocket) -> None:
        never = asyncio.get_running_loop().create_future()
        while True:
            await asyncio.wait({never}, timeout=0.05)
            while self.tiles and socket.application_state.name == "CONNECTED":
                await socket.send_bytes(self.tiles.pop(0))
