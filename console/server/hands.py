"""The one slot between a page's hands and a vehicle's link: the newest reading that is young enough goes out, once."""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from console.client.readings import Reading
from console.server.drive_frames import PageReading, Verdict
from console.server.page_clock import PageClock
from firmware_bridge.types import ToolMode

AGE_MAX_MS: Final = 100.0
"""A reading that is older moves nothing."""
PICTURE_GONE_MS: Final = 65_534
"""The age of a picture that is hidden, lost or was never there: the vehicle takes it for stale."""

Told = Callable[[PageReading, Verdict], None]
"""Told what became of a reading."""


class Slot:
    """Holds one reading of one page; a newer one takes its place. Pure but for what it tells."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._waiting: PageReading | None = None
        self._newest = -1
        self.clock = PageClock()

    def put(self, reading: PageReading, server_ms: float) -> None:
        """A reading that arrived now; one that is not newer than all before counts for nothing."""
        self.clock = self.clock.heard(reading.page_ms, server_ms)
        if reading.number <= self._newest:
            self._told(reading, Verdict.NOT_NEWEST)
            return
        self._newest = reading.number
        if self._waiting is not None:
            self._told(self._waiting, Verdict.NOT_NEWEST)
        self._waiting = reading

    def take(self, server_ms: float) -> PageReading | None:
        """The reading that waits, if it is young enough, and the slot is empty; None where nothing may be sent."""
        reading, self._waiting = self._waiting, None
        if reading is not None and self.clock.age_ms(reading.page_ms, server_ms) > AGE_MAX_MS:
            self._told(reading, Verdict.TOO_OLD)
            return None
        return reading


def held(reading: PageReading) -> bool:
    """Hands of this page hold: a page without the focus, or hands of no source, hold nothing."""
    return reading.hold and reading.focused and reading.source != 0


def for_vehicle(reading: PageReading, number: int, *, by_sight: bool) -> Reading:
    """A page's reading as the link sends it, the `number`th of this console.

    Without a hold nothing is asked of rotor and tool. The sticks are told as they are: the vehicle waits for hands that
    are neutral, and only it may judge that. `by_sight`: nobody needs a picture here; else one that is not seen is old.
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
    """What the server itself sends when the hands are gone: nothing held, sticks centred, tool as it is."""
    return Reading(number=number, vehicle_tick=vehicle_tick, tool_mode=ToolMode.HOLD)
