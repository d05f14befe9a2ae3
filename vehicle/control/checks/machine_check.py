"""The checks of the machine itself: the full one on firm ground, the daily one in its parking bay. Pure.

Full check: stand, 12 m straight out, stand, pivot by half a turn, stand, back on the own line, stand, and one of the
ways once more in reverse; four minutes on firm, fairly level ground. What the machine shows standing (antenna, heading,
tilt) and the straight ways between tell what is off: driven the other way, a side slope pulls to the other side, and
ground that leans left leans right, so that the mean of both is the machine's own error.
"""

import itertools
import math
from typing import Final

import msgspec
from msgspec.structs import replace

from firmware_bridge.types import FixType
from vehicle.config.vehicle import MachineConfig
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.units import wrap_rad
from vehicle.control.checks_state import Calibration, MachineCheck, Stand
from vehicle.control.state import WireState

DAILY: Final = "daily check"
"""A note that tells of one begins so."""
STAND_FIXES: Final = 20
"""Two seconds of fixes make a stand of the full check."""
DAILY_FIXES: Final = 300
"""Half a minute in the bay."""
STAND_LONGER: Final = "stand in the bay for half a minute first"
STANDS_MAX: Final = 16
LEG_M: Final = 8.0
LEG_TURN_RAD: Final = math.radians(5.0)
PIVOT_RAD: Final = math.radians(160.0)
PIVOT_M: Final = 2.0
SPREAD_RAD: Final = math.radians(1.5)
"""The two directions may differ by so much (crab on a side slope); beyond, the ground was no place for it."""
FOUND_MAX_RAD: Final = math.radians(8.0)
LEVER_MAX_M: Final = 0.3
DAILY_RAD: Final = math.radians(0.3)
DAILY_M: Final = 0.05
PLACE_BOUND_M: Final = 0.02
"""Of the lever arm: half of how well the way back is steered on the own line. Angles stay within what the daily check
lets pass."""
NO_STAND: Final = Stand()


def watched(before: MachineCheck, wire: WireState, machine: MachineConfig, datum: LocalFrame) -> MachineCheck:
    """One tick: fixes of a standing machine add to the stand; the first that moves ends it."""
    status, fix, imu = wire.status, wire.gnss, wire.imu
    if status is None or status.track_left_mps != 0.0 or status.track_right_mps != 0.0:
        if before.now.fixes == 0:
            return before
        kept = (*before.stands, before.now)[-STANDS_MAX:] if _counts(before) else before.stands
        return replace(before, now=NO_STAND, stands=kept)
    if not wire.gnss_fresh or fix is None or imu is None or fix.fix is not FixType.RTK_FIXED or fix.yaw_rad is None:
        return before
    east_m, north_m, _ = datum.enu_from_geodetic(fix.lat_deg, fix.lon_deg, fix.alt_m)
    yaw_rad = wrap_rad(fix.yaw_rad - machine.gnss.heading_offset_rad)
    now, count = before.now, before.now.fixes + 1
    # The mean of an angle is taken about the first of the stand.
    turned_rad = wrap_rad(yaw_rad - now.yaw_rad) if now.fixes else 0.0
    start = now if now.fixes else Stand(east_m=east_m, north_m=north_m, yaw_rad=yaw_rad)
    stand = Stand(
        fixes=count,
        east_m=start.east_m + (east_m - start.east_m) / count,
        north_m=start.north_m + (north_m - start.north_m) / count,
        yaw_rad=wrap_rad(start.yaw_rad + turned_rad / count),
        roll_rad=now.roll_rad + (imu.roll_rad - now.roll_rad) / count,
        pitch_rad=now.pitch_rad + (imu.pitch_rad - now.pitch_rad) / count,
    )
    return replace(before, now=stand)


def _counts(check: MachineCheck) -> bool:
    return check.under_way and check.now.fixes >= STAND_FIXES


def full(check: MachineCheck, before: Calibration, machine: MachineConfig) -> Calibration | str:
    """What a full check found, on top of what was corrected already; or why it says nothing, in 50 bytes."""
    stands = (*check.stands, check.now) if check.now.fixes >= STAND_FIXES else check.stands
    legs = [
        _leg(first, last)
        for first, last in itertools.pairwise(stands)
        if _way_m(first, last) >= LEG_M and abs(wrap_rad(last.yaw_rad - first.yaw_rad)) <= LEG_TURN_RAD
    ]
    pivots = [
        (first, last)
        for first, last in itertools.pairwise(stands)
        if abs(wrap_rad(last.yaw_rad - first.yaw_rad)) >= PIVOT_RAD and _way_m(first, last) <= PIVOT_M
    ]
    out = [leg for leg in legs if math.cos(leg.yaw_rad - legs[0].yaw_rad) > 0.0]
    back = [leg for leg in legs if math.cos(leg.yaw_rad - legs[0].yaw_rad) < 0.0]
    if not out or not back or not pivots:
        return "drive 12 m out, pivot, and back on the own line"
    if not any(leg.reverse for leg in legs):
        return "drive one of the ways in reverse too"
    out_rad, back_rad = _mean([leg.off_rad for leg in out]), _mean([leg.off_rad for leg in back])
    heading_rad = 0.5 * (out_rad + back_rad)
    roll_rad = _mean([0.5 * (one.roll_rad + other.roll_rad) for one, other in pivots])
    pitch_rad = _mean([0.5 * (one.pitch_rad + other.pitch_rad) for one, other in pivots])
    lever_m = 0.5 * (_mean([_left_m(out[0], leg) for leg in out]) - _mean([_left_m(out[0], leg) for leg in back]))
    lever_left_m = lever_m - machine.gnss.antenna_y_m
    if abs(out_rad - back_rad) > 2.0 * SPREAD_RAD:
        return "the two directions differ: firm, level ground"
    if max(abs(heading_rad), abs(roll_rad), abs(pitch_rad)) > FOUND_MAX_RAD or abs(lever_left_m) > LEVER_MAX_M:
        return "far off: correct the machine's profile first"
    return replace(
        before,
        heading_rad=before.heading_rad + heading_rad,
        roll_rad=before.roll_rad + roll_rad,
        pitch_rad=before.pitch_rad + pitch_rad,
        lever_left_m=before.lever_left_m + lever_left_m,
        bay=None,
        heading_bound_rad=DAILY_RAD,
        tilt_bound_rad=DAILY_RAD,
        place_bound_m=PLACE_BOUND_M,
    )


class Leg(msgspec.Struct, frozen=True):
    """A straight way: heading shown, heading less course, in reverse or not, and the antenna's place in its middle."""

    yaw_rad: float
    off_rad: float
    reverse: bool
    middle_m: tuple[float, float]


def _leg(first: Stand, last: Stand) -> Leg:
    yaw_rad = wrap_rad(first.yaw_rad + 0.5 * wrap_rad(last.yaw_rad - first.yaw_rad))
    course_rad = math.atan2(last.north_m - first.north_m, last.east_m - first.east_m)
    reverse = math.cos(yaw_rad - course_rad) < 0.0
    off_rad = wrap_rad(yaw_rad - course_rad - (math.pi if reverse else 0.0))
    middle_m = (0.5 * (first.east_m + last.east_m), 0.5 * (first.north_m + last.north_m))
    return Leg(yaw_rad, off_rad, reverse, middle_m)


def _left_m(base: Leg, leg: Leg) -> float:
    """How far left of the base leg's course line the antenna ran; the course, for the heading shown may be off."""
    course_rad = base.yaw_rad - base.off_rad
    east_m, north_m = leg.middle_m[0] - base.middle_m[0], leg.middle_m[1] - base.middle_m[1]
    return -math.sin(course_rad) * east_m + math.cos(course_rad) * north_m


def _way_m(first: Stand, last: Stand) -> float:
    return math.hypot(last.east_m - first.east_m, last.north_m - first.north_m)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def stored(known: Calibration, stand: Stand) -> Calibration:
    """The same with this stand as the bay that the daily check comes back to."""
    return replace(known, bay=(stand.east_m, stand.north_m, stand.yaw_rad, stand.roll_rad, stand.pitch_rad))


def daily(stand: Stand, known: Calibration) -> str:
    """What a daily check in the bay finds wrong; "" where heading, tilt and place are as they were stored."""
    turned_rad, tilted_rad, away_m = _apart(stand, known)
    if turned_rad <= DAILY_RAD and tilted_rad <= DAILY_RAD and away_m <= DAILY_M:
        return ""
    heading, tilt = math.degrees(turned_rad), math.degrees(tilted_rad)
    return f"daily check: heading {heading:.2f}, tilt {tilt:.2f} degrees, place {away_m:.3f} m off"


def beyond(stand: Stand, known: Calibration, bounds: Calibration) -> bool:
    """The daily check found the machine off by more than these bounds, and by more than it lets pass."""
    turned_rad, tilted_rad, away_m = _apart(stand, known)
    return (
        turned_rad > max(bounds.heading_bound_rad, DAILY_RAD)
        or tilted_rad > max(bounds.tilt_bound_rad, DAILY_RAD)
        or away_m > max(bounds.place_bound_m, DAILY_M)
    )


def _apart(stand: Stand, known: Calibration) -> tuple[float, float, float]:
    """Heading, tilt and place of a stand against the stored bay."""
    assert known.bay is not None, "asked only where a bay is stored"
    east_m, north_m, yaw_rad, roll_rad, pitch_rad = known.bay
    return (
        abs(wrap_rad(stand.yaw_rad - yaw_rad)),
        max(abs(stand.roll_rad - roll_rad), abs(stand.pitch_rad - pitch_rad)),
        math.hypot(stand.east_m - east_m, stand.north_m - north_m),
    )
