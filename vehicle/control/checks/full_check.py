"""The full check of the machine, on firm ground: what is off in heading, tilt and the antenna's place. Pure.

Stand, 12 m straight out, stand, pivot by half a turn, stand, back on the own line, stand, and one of the ways once more
in reverse; four minutes on firm, fairly level ground. What the machine shows standing (antenna, heading, tilt) and the
straight ways between tell what is off: driven the other way, a side slope pulls to the other side, and ground that
leans left leans right, so that the mean of both is the machine's own error.
"""

import hashlib
import itertools
import math
from typing import Final

import msgspec
from msgspec.structs import replace

from vehicle.config.vehicle import MachineConfig
from vehicle.contracts.units import wrap_rad
from vehicle.control.checks.machine_check import DAILY_RAD, STAND_FIXES, ended
from vehicle.control.checks_state import Calibration, ChecksState, MachineCheck, Stand

CHANGED_STAND: Final = "it changed while it stood: full check anew"
UNCHECKED: Final = Calibration()
LEG_M: Final = 8.0
LEG_TURN_RAD: Final = math.radians(5.0)
PIVOT_RAD: Final = math.radians(160.0)
PIVOT_M: Final = 2.0
SPREAD_RAD: Final = math.radians(1.5)
"""The two directions may differ by so much (crab on a side slope); beyond, the ground was no place for it."""
FOUND_MAX_RAD: Final = math.radians(8.0)
LEVER_MAX_M: Final = 0.3
PLACE_BOUND_M: Final = 0.02
"""Of the lever arm: half of how well the way back is steered on the own line. Angles stay within what the daily check
lets pass."""


def full(check: MachineCheck, before: Calibration, machine: MachineConfig) -> Calibration | str:
    """What a full check found, on top of what was corrected already; or why it says nothing, in 50 bytes."""
    stands = (*check.stands, ended(check)) if check.now.fixes >= STAND_FIXES else check.stands
    if any(stand.changed for stand in stands):
        return CHANGED_STAND
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
        profile=profile_of(machine),
    )


def profile_of(machine: MachineConfig) -> str:
    """Hash of what a full check depends on in the profile: antennas, place of the tool, gauge of the tracks."""
    gnss = machine.gnss
    antennas = (gnss.antenna_x_m, gnss.antenna_y_m, gnss.antenna_z_m, gnss.heading_offset_deg)
    figures = (*antennas, machine.tool.ahead_m, machine.tracks.gauge_m)
    return hashlib.sha256(msgspec.json.encode(tuple(float(figure) for figure in figures))).hexdigest()[:16]


def for_profile(state: ChecksState, machine: MachineConfig) -> ChecksState:
    """The checks of an earlier start, for the machine as its profile has it now: what was found for another one goes.

    Figures that were measured anew may hold what a check corrected, and would be corrected twice. Where the profile is
    the same after all and only the file does not say so, the machine is off by what was corrected: nothing is credited
    until the full check if that is more than a machine is allowed that nobody has checked.
    """
    known = state.calibration
    if known == UNCHECKED or known.profile == profile_of(machine):
        return state
    failed = state.calibration_failed or not _is_allowed(known)
    return replace(state, calibration=UNCHECKED, calibration_due=True, calibration_failed=failed)


def _is_allowed(known: Calibration) -> bool:
    """Whether the machine without these corrections is within the bounds of one that nobody has checked."""
    tilt_rad = max(abs(known.roll_rad), abs(known.pitch_rad))
    return (
        abs(known.heading_rad) + known.heading_bound_rad <= UNCHECKED.heading_bound_rad
        and tilt_rad + known.tilt_bound_rad <= UNCHECKED.tilt_bound_rad
        and abs(known.lever_left_m) + known.place_bound_m <= UNCHECKED.place_bound_m
        and known.belt_scale == UNCHECKED.belt_scale
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
