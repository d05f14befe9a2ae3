"""Hands of a test: one look at `controls` every 20 ms, each a reading of its own; what a page does for a console."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from console.client.link import ConsoleLink
from console.client.protocol import LinkProtocol
from console.client.readings import Reading
from console.client.station import NEUTRAL, Controls
from vehicle.host.clock import Clock

LOOK_NS = 20_000_000


def reading_of(controls: Controls, number: int, tick: int) -> Reading:
    """A look at these controls by hands that saw this tick; a console in good health."""
    return Reading(
        number=number,
        vehicle_tick=tick,
        hold=controls.hold_to_run,
        drive=controls.drive,
        turn=controls.turn,
        rotor_request=controls.rotor_request,
        tool_mode=controls.tool_mode,
        tool_value_m=controls.tool_value_m,
        battery=1.0,
        tilt_rad=0.0,
        video_age_ms=0,
    )


class Hands:
    """Of a link. `live` False: gone, nothing reads the sticks."""

    def __init__(self, link: ConsoleLink, clock: Clock) -> None:
        self._link, self._clock = link, clock
        self.controls, self.live, self._number = NEUTRAL, True, 0

    async def run(self) -> None:
        while True:
            if self.live:
                self._number += 1
                self._link.feed(reading_of(self.controls, self._number, self._link.view.tick))
            await self._clock.sleep_until_ns(self._clock.now_ns() + LOOK_NS)


@contextlib.asynccontextmanager
async def hands_of(link: ConsoleLink, clock: Clock) -> AsyncIterator[Hands]:
    hands = Hands(link, clock)
    task = asyncio.get_running_loop().create_task(hands.run())
    try:
        yield hands
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def feed(protocol: LinkProtocol, controls: Controls, now_ns: int) -> bool:
    """One more look, for tests that turn the time by hand."""
    last = protocol.slot.last
    return protocol.feed(reading_of(controls, last.number + 1 if last is not None else 1, protocol.tick), now_ns)
