"""The free witness of the heading: the course over ground of a straight stretch, forward and in reverse.

Between two places some metres apart the receiver shows the course to a fraction of a degree, and a tracked machine goes
where it points but for what a side slope makes it creep. What is looked at is a whole stretch, begun anew with every
turn and every change of direction.
"""

import math
from collections.abc import Sequence

import msgspec

from vehicle.contracts.units import wrap_rad
from vehicle.control.estimate_state import PlaceSample

TURN_MAX_RAD = math.radians(3.0)
LOOK_M, VOUCH_M, END_M = 5.0, 10.0, 12.0
FREE_RAD = math.radians(0.35)
SIGMAS, SLOW_SHARE = 5.0, 0.7
CREEP_PER_TILT = 0.15
"""Sideways metres per metre of way and tan(roll): what soil may do, 0.1 is usual."""

Stretch = tuple[float, ...]
"""Place at its begin (east, north), belts and turn there, count of epochs, sums of heading beyond the first and of
roll, the first heading, belts' way of the epoch before, time [s] of its begin."""


class Sight(msgspec.Struct, frozen=True, gc=False):
    """What an epoch showed: `error_rad` by which the course differs from the heading, and whether that may be.

    `long`: the stretch is long enough to vouch for a heading, as it was on the mean since `begun_s`.
    """

    stretch: Stretch
    error_rad: float = 0.0
    looked: bool = False
    agrees: bool = False
    long: bool = False
    begun_s: float = 0.0


class Look(msgspec.Struct, frozen=True, gc=False):
    """What an epoch brings beside the track: the body's yaw by the antennas, the roll, 1-sigma of place and yaw."""

    yaw_rad: float
    roll_rad: float
    sigma_m: float
    sigma_yaw_rad: float


def follow(stretch: Stretch, samples: Sequence[PlaceSample], look: Look) -> Sight:
    """Take an epoch in.

    With a track that begins anew, after a loss or a step, so does the stretch.
    """
    now, yaw_rad = samples[-1], look.yaw_rad
    east_m, north_m = now[3], now[4]  # the filter's place: averaged, and no outlier is in it
    belt_m, turned_rad = now[5][2], now[5][3]
    begun = (east_m, north_m, belt_m, turned_rad, 0.0, 0.0, 0.0, yaw_rad, belt_m, now[0])
    if len(samples) == 1 or not stretch or abs(turned_rad - stretch[3]) > TURN_MAX_RAD:
        return Sight(begun)
    east0_m, north0_m, belt0_m, turned0_rad, count, off_rad, roll_sum, yaw0_rad, before_m, begun_s = stretch
    way_m = belt_m - belt0_m
    if belt_m == before_m:
        return Sight(stretch)
    if way_m * (belt_m - before_m) < 0.0:
        return Sight(begun)
    count, off_rad, roll_sum = count + 1.0, off_rad + wrap_rad(yaw_rad - yaw0_rad), roll_sum + look.roll_rad
    stretch = (east0_m, north0_m, belt0_m, turned0_rad, count, off_rad, roll_sum, yaw0_rad, belt_m, begun_s)
    run_m = math.hypot(east_m - east0_m, north_m - north0_m)
    if run_m < LOOK_M:
        return Sight(stretch)
    course_rad = math.atan2(north_m - north0_m, east_m - east0_m) + (0.0 if way_m > 0.0 else math.pi)
    error_rad = wrap_rad(course_rad - yaw0_rad - off_rad / count)
    noise_rad = math.hypot(SLOW_SHARE * look.sigma_m / run_m, look.sigma_yaw_rad / math.sqrt(count))
    allowed_rad = FREE_RAD + SIGMAS * noise_rad + CREEP_PER_TILT * abs(math.tan(roll_sum / count))
    ended = run_m >= END_M
    return Sight(
        begun if ended else stretch,
        error_rad=error_rad,
        looked=True,
        agrees=abs(error_rad) <= allowed_rad,
        long=run_m >= VOUCH_M,
        begun_s=begun_s,
    )
