"""The links to all vehicles of this console: opened with the server, one anew where its address changes."""

import contextlib
from types import TracebackType
from typing import Final, Self

from console.client.link import ConsoleLink, console_link
from console.server.settings import VehicleSettings
from vehicle.host.clock import Clock, utc_now

STAMP_ZERO_S: Final = 1_420_070_400
"""Stamps of signatures count from 2015, in steps of 10 us."""
STAMPS_PER_SECOND: Final = 100_000


class Links:
    """A link a vehicle, by its id."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, contextlib.AsyncExitStack] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for vehicle_id in list(self._open):
            await self.end(vehicle_id)

    async def begin(self, settings: VehicleSettings) -> ConsoleLink:
        """Open a link; one that is open for this vehicle is ended before."""
        await self.end(settings.id)
        stack = contextlib.AsyncExitStack()
        stamp = int((utc_now().timestamp() - STAMP_ZERO_S) * STAMPS_PER_SECOND)
        link = console_link(settings.host, settings.port, settings.credentials, self._clock, stamp)
        found = await stack.enter_async_context(link)
        self._open[settings.id] = stack
        return found

    async def end(self, vehicle_id: str) -> None:
        """Close the link of a vehicle."""
        stack = self._open.pop(vehicle_id, None)
        if stack is not None:
            await stack.aclose()
