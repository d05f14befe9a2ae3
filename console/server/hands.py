"""The slot between a page's readings and a vehicle's link: the newest reading is sent once, if it is young enough."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from console.client.readings import Reading
from console.server.drive_frames import PageReading, Verdict
from console.server.page_clock import PageClock
from firmware_bridge.types import ToolMode

AGE_MAX_MS: Final = 100.0
"""An older reading is not sent."""
PICTURE_GONE_MS: Final = 65_534
"""Age sent for a hidden, lost or missing picture: the vehicle treats it as stale."""

Told = Callable[[PageReading, Verdict], None]
"""Called with the result of a reading."""


class Slot:
    """Holds one reading of one page; a newer one replaces it. Pure except for its callback."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._waiting: PageReading | None = None
        self._newest = -1
        self.clock = PageClock()

    def put(self, reading: PageReading, server_ms: float) -> None:
        """Put a reading that has just arrived; one that is not newer than all before is ignored."""
        self.clock = self.clock.heard(reading.page_ms, server_ms)
        if reading.number <= self._newest:
            self._told(reading, Verdict.NOT_NEWEST)
            return
        self._newest = reading.number
        if self._waiting is not None:
            self._told(self._waiting, Verdict.NOT_NEWEST)
        self._waiting = reading

    def take(self, server_ms: float) -> PageReading | None:
        """Take the waiting reading and empty the slot; None if there is none young enough to be sent."""
        reading, self._waiting = self._waiting, None
        if reading is not None and self.clock.age_ms(reading.page_ms, server_ms) > AGE_MAX_MS:
            self._told(reading, Verdict.TOO_OLD)
            return None
        return reading


def held(reading: PageReading) -> bool:
    """Whether the page holds to run; a page without focus, or a reading without a source, never holds."""
    return reading.hold and reading.focused and reading.source != 0


def for_vehicle(reading: PageReading, number: int, *, by_sight: bool) -> Reading:
    """Convert a page's reading for the link, with this console's `number`.

    Without a hold, rotor and tool get no command. Sticks are sent unchanged: the vehicle waits for neutral sticks, and
    only the vehicle may judge that. `by_sight`: no picture is needed; otherwise a picture that is not visible counts as
    old.
    """
    seen_ms = reading.video_age_ms if reading.picture else None
    wanted = Reading(
        number=number,
        drive=reading.drive,
        turn=reading.turn,
        vehicle_tick=reading.vehicle_tick,
        battery=reading.battery,
        tilt_rad=reading.tilt_rad,
        video_age_ms=PICTURE_GONE_MS if seen_ms is None and not by_sight else seen_ms,
    )
    if not held(reading):
        return wanted
    return replace(
        wanted,
        hold=True,
        rotor_request=reading.rotor_request,
        tool_mode=reading.tool_mode,
        tool_value_m=reading.tool_value_m,
    )


def neutral(number: int, vehicle_tick: int) -> Reading:
    """Return the reading that the server sends when the page has gone: no hold, sticks centred, tool unchanged."""
    return Reading(number=number, vehicle_tick=vehicle_tick, tool_mode=ToolMode.HOLD)
