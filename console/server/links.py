"""The links to all vehicles of this console: opened with the server, and replaced when an address changes."""

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from console.client.link import ConsoleLink, console_link
from console.server.settings import VehicleSettings
from vehicle.host.clock import Clock, utc_now

STAMP_ZERO_S: Final = 1_420_070_400
"""Stamps of signatures count from 2015, in steps of 10 us."""
STAMPS_PER_SECOND: Final = 100_000


LAST_NS: Final = 20_000_000
"""Period of the check whether a stop is still unconfirmed on a link that ends."""


class Links:
    """One link for each vehicle, by the vehicle's id."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, tuple[ConsoleLink, contextlib.AsyncExitStack]] = {}
        self._changing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _, stack in self._open.values():
            await stack.aclose()
        self._open.clear()

    async def begin(self, settings: VehicleSettings) -> ConsoleLink:
        """Open the first link of a vehicle; if its address is unreachable, the link keeps trying."""
        link, _ = self._open[settings.id] = await self._opened(settings, patient=True)
        return link

    async def change(self, settings: VehicleSettings, take: Callable[[ConsoleLink], str]) -> str:
        """Replace the link of a vehicle; return the result of `take`: "" or the refusal.

        There is always a link for a stop: the new link is taken before the old one ends, and the old one ends only when
        it has no unconfirmed stop.

        Raises:
            OSError: The new name cannot be resolved; the old link continues.
        """
        async with self._changing:
            link, stack = await self._opened(settings)
            if why := take(link):
                await stack.aclose()
                return why
            (before, old), self._open[settings.id] = self._open[settings.id], (link, stack)
            try:
                while before.stopping:
                    await self._clock.sleep_until_ns(self._clock.now_ns() + LAST_NS)
            finally:
                await old.aclose()
            return ""

    async def _opened(
        self, settings: VehicleSettings, *, patient: bool = False
    ) -> tuple[ConsoleLink, contextlib.AsyncExitStack]:
        stack = contextlib.AsyncExitStack()
        stamp = int((utc_now().timestamp() - STAMP_ZERO_S) * STAMPS_PER_SECOND)
        link = console_link(settings.host, settings.port, settings.credentials, self._clock, stamp, patient=patient)
        opened = await stack.enter_async_context(link)
        opened.vehicle_id = settings.id
        return opened, stack
