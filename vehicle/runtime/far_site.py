"""Whether the site is near the vehicle: with swapped coordinates a plan is valid but lies on another continent."""

import math
from collections.abc import Callable

from firmware_bridge.types import FixType, GnssFix
from vehicle.contracts.frames import AWAY_MAX_M, LocalFrame
from vehicle.contracts.units import NS_PER_S, place_text
from vehicle.host.clock import Clock

LAT_MAX_DEG = 90.0
LOOK_S, AGAIN_S = 1.0, 60.0
Say = Callable[[str], None]


def away_m(datum: LocalFrame, lat_deg: float, lon_deg: float) -> float:
    """Distance [m] from the datum in a straight line through the earth."""
    return math.hypot(*datum.enu_from_geodetic(lat_deg, lon_deg))


def far_words(datum: LocalFrame, fix: GnssFix) -> tuple[str, str] | None:
    """Return a log line, and a line short enough for a station, if the site is too far away to be right; else None."""
    distance_m = away_m(datum, fix.lat_deg, fix.lon_deg)
    if not distance_m > AWAY_MAX_M:
        return None
    turned_m = away_m(datum, fix.lon_deg, fix.lat_deg) if abs(fix.lon_deg) <= LAT_MAX_DEG else math.inf
    advice = (
        "its latitude and longitude are swapped" if turned_m <= AWAY_MAX_M else "correct its coordinates, or the datum"
    )
    site, here = place_text(datum.lat_deg, datum.lon_deg), place_text(fix.lat_deg, fix.lon_deg)
    far = f"{distance_m / 1000.0:,.0f} km"
    log = f"the site lies {far} from the vehicle: its datum is at {site}, the fix at {here}; no mission starts there"
    return (
        f"{log}; {advice}",
        f"Site {far} away{': lat, lon swapped' if turned_m <= AWAY_MAX_M else '; no start'}",
    )


async def told_if_far(
    clock: Clock, datum: LocalFrame, newest: Callable[[], GnssFix | None], say: Say, tell: Say
) -> None:
    """Report a site that is too far away at the first fix; stations that join later are told within a minute."""
    said = False
    while True:
        fix = newest()
        known = fix is not None and fix.fix >= FixType.FIX_2D and math.isfinite(fix.lat_deg + fix.lon_deg)
        words = far_words(datum, fix) if known and fix is not None else None
        if known and words is None:
            return
        if words is not None:
            if not said:
                say(words[0])
            said = True
            tell(words[1])
        await clock.sleep_until_ns(clock.now_ns() + round((AGAIN_S if said else LOOK_S) * NS_PER_S))
