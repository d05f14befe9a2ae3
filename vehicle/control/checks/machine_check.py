"""What the machine shows while it stands, and the daily check of it in its parking bay. Pure.

The newest half minute is judged alone: what is measured may change while the machine stands, and a mean over all that
time would hide it. How the stand began is kept beside it. A change within the last four
seconds, or the first three, shares a part with the time before it and stands out by less.
"""

import math
from typing import Final

from msgspec.structs import replace

from firmware_bridge.types import FixType, GnssFix, ImuSample
from vehicle.config.vehicle import MachineConfig
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.units import wrap_rad
from vehicle.control.checks_state import Calibration, MachineCheck, Stand
from vehicle.control.state import WireState

DAILY: Final = "daily check"
"""The note that tells of one."""
STAND_FIXES: Final = 20
"""Two seconds of fixes make a stand of the full check."""
DAILY_FIXES: Final = 300
"""Half a minute in the bay."""
PART_FIXES: Final = 30
"""Three seconds: what is told apart within a stand."""
PART_LEAST: Final = 10
"""A mean of less than a second is too rough to tell a change by."""
SILENT_TICKS: Final = 100
"""Two seconds without a fix that counts: what was seen before says nothing of now, and the half minute begins again."""
STAND_LONGER: Final = "stand in the bay for half a minute first"
CHANGED: Final = "it changed in this stand: drive out and in again"
STANDS_MAX: Final = 16
DAILY_RAD: Final = math.radians(0.3)
DAILY_M: Final = 0.05
NO_STAND: Final = Stand()


def watched(before: MachineCheck, wire: WireState, machine: MachineConfig, datum: LocalFrame) -> MachineCheck:
    """One tick: fixes of a standing machine add to the stand; the first that moves ends it."""
    status, fix, imu = wire.status, wire.gnss, wire.imu
    if status is None or status.track_left_mps != 0.0 or status.track_right_mps != 0.0:
        if before.now.fixes == before.first.fixes == 0:
            return before
        kept = (*before.stands, ended(before))[-STANDS_MAX:] if _counts(before) else before.stands
        return MachineCheck(under_way=before.under_way, stands=kept)
    if not wire.gnss_fresh or fix is None or imu is None or fix.fix is not FixType.RTK_FIXED or fix.yaw_rad is None:
        return _silent(before)
    parts = _with_fix(before.parts, fix, wrap_rad(fix.yaw_rad - machine.gnss.heading_offset_rad), imu, datum)
    now = _mean_of(parts)
    grows = before.first == before.now and now.fixes <= PART_FIXES
    return replace(before, now=now, first=now if grows else before.first, parts=parts, silent_ticks=0)


def _silent(before: MachineCheck) -> MachineCheck:
    """One tick without a fix that counts; how the stand began is remembered over a loss of the fixes."""
    if before.now.fixes == 0:
        return before
    if before.silent_ticks < SILENT_TICKS:
        return replace(before, silent_ticks=before.silent_ticks + 1)
    first = before.first if before.first.fixes >= STAND_FIXES else NO_STAND
    return replace(before, now=NO_STAND, first=first, parts=(), silent_ticks=0)


def _with_fix(
    parts: tuple[Stand, ...], fix: GnssFix, yaw_rad: float, imu: ImuSample, datum: LocalFrame
) -> tuple[Stand, ...]:
    """The parts of the newest half minute with one more fix; the oldest goes where the others are half a minute."""
    east_m, north_m, _ = datum.enu_from_geodetic(fix.lat_deg, fix.lon_deg, fix.alt_m)
    one = Stand(
        fixes=1, east_m=east_m, north_m=north_m, yaw_rad=yaw_rad, roll_rad=imu.roll_rad, pitch_rad=imu.pitch_rad
    )
    if parts and parts[-1].fixes < PART_FIXES:
        return (*parts[:-1], _mean_of((parts[-1], one)))
    full_parts = DAILY_FIXES // PART_FIXES
    return (*parts[-full_parts:], one)


def _mean_of(parts: tuple[Stand, ...]) -> Stand:
    """The mean of several, each by its fixes; that of an angle is taken about the first of them."""
    first, fixes = parts[0], sum(part.fixes for part in parts)
    if len(parts) == 1:
        return first
    east_m = north_m = turned_rad = roll_rad = pitch_rad = 0.0
    for part in parts:
        share = part.fixes / fixes
        east_m += share * (part.east_m - first.east_m)
        north_m += share * (part.north_m - first.north_m)
        turned_rad += share * wrap_rad(part.yaw_rad - first.yaw_rad)
        roll_rad += share * part.roll_rad
        pitch_rad += share * part.pitch_rad
    return Stand(
        fixes=fixes,
        east_m=first.east_m + east_m,
        north_m=first.north_m + north_m,
        yaw_rad=wrap_rad(first.yaw_rad + turned_rad),
        roll_rad=roll_rad,
        pitch_rad=pitch_rad,
    )


def _counts(check: MachineCheck) -> bool:
    return check.under_way and check.now.fixes >= STAND_FIXES


def ended(check: MachineCheck) -> Stand:
    """The stand as a full check takes it."""
    return replace(check.now, changed=not _steady(check.parts) or _began_otherwise(check))


def unfit(check: MachineCheck) -> str:
    """Why the newest half minute is none in which the machine showed one thing; "" where it is."""
    return STAND_LONGER if check.now.fixes < DAILY_FIXES or not _steady(check.parts) else ""


def changed(check: MachineCheck) -> str:
    """Why what the machine shows now is not what it came into this stand with; "" where it is."""
    return CHANGED if _began_otherwise(check) else ""


def _steady(parts: tuple[Stand, ...]) -> bool:
    counted = [part for part in parts if part.fixes >= PART_LEAST]
    return all(_passes(_apart(part, counted[-1])) for part in counted)


def _began_otherwise(check: MachineCheck) -> bool:
    return check.first.fixes > 0 and not _passes(_apart(check.now, check.first))


def stored(known: Calibration, stand: Stand) -> Calibration:
    """The same with this stand as the bay that the daily check comes back to."""
    return replace(known, bay=(stand.east_m, stand.north_m, stand.yaw_rad, stand.roll_rad, stand.pitch_rad))


def daily(stand: Stand, known: Calibration) -> str:
    """What a daily check in the bay finds wrong; "" where heading, tilt and place are as they were stored."""
    turned_rad, tilted_rad, away_m = off = _apart(stand, _stored(known))
    if _passes(off):
        return ""
    heading, tilt = math.degrees(turned_rad), math.degrees(tilted_rad)
    return f"daily check: heading {heading:.2f}, tilt {tilt:.2f} degrees, place {away_m:.3f} m off"


def beyond(stand: Stand, known: Calibration, bounds: Calibration) -> bool:
    """The daily check found the machine off by more than these bounds, and by more than it lets pass."""
    turned_rad, tilted_rad, away_m = _apart(stand, _stored(known))
    return (
        turned_rad > max(bounds.heading_bound_rad, DAILY_RAD)
        or tilted_rad > max(bounds.tilt_bound_rad, DAILY_RAD)
        or away_m > max(bounds.place_bound_m, DAILY_M)
    )


def _stored(known: Calibration) -> Stand:
    assert known.bay is not None, "asked only where a bay is stored"
    east_m, north_m, yaw_rad, roll_rad, pitch_rad = known.bay
    return Stand(east_m=east_m, north_m=north_m, yaw_rad=yaw_rad, roll_rad=roll_rad, pitch_rad=pitch_rad)


def _passes(off: tuple[float, float, float]) -> bool:
    """Whether two stands are no further apart than a daily check lets pass."""
    turned_rad, tilted_rad, away_m = off
    return turned_rad <= DAILY_RAD and tilted_rad <= DAILY_RAD and away_m <= DAILY_M


def _apart(one: Stand, other: Stand) -> tuple[float, float, float]:
    """Heading, tilt and place between two stands."""
    return (
        abs(wrap_rad(one.yaw_rad - other.yaw_rad)),
        max(abs(one.roll_rad - other.roll_rad), abs(one.pitch_rad - other.pitch_rad)),
        math.hypot(one.east_m - other.east_m, one.north_m - other.north_m),
    )
