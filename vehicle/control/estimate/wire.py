"""Files what arrived under the newest of each source; age is judged from the tick of arrival.

What a receiver says of itself is bounded here, before anything is reckoned with it: see `believed`.
"""

import math

from msgspec.structs import replace

from firmware_bridge.types import ControllerStatus, FixType, GnssFix
from vehicle.contracts.messages import Inputs
from vehicle.contracts.units import NEVER_NS, NS_PER_MS
from vehicle.control.estimate import bounds
from vehicle.control.estimate.bounds import Seen
from vehicle.control.state import WireState

SIGMA_M = (1.0e-3, 100.0)
"""No receiver knows its place to a millimetre, whose own phase noise is more; at 100 m it knows none. Zero is what
broken or simulated ones send for unknown: weighed as it stands, one such fix outweighs all others for ever."""
SIGMA_YAW_RAD = (math.radians(0.01), math.pi)
"""Antennas a metre apart resolve 0.1 degrees; of an angle whose sigma is half a turn nothing is known."""
ALTITUDE_M = (-1000.0, 20_000.0)
SPEED_MAX_MPS = 100.0
COURSE_MAX_RAD = 1.0e3
HEADING_AGE_MAX_MS = 200
"""A baseline solved ten times a second is one or two epochs old; an older one is where the body pointed then."""
WRAP_MS = 1 << 32
STAMP_SLACK_MS = 300
"""Two lines of the longest delay, and a tick."""
ODD_STAMPS_MAX = 10
COUNTS = 1 << 16
IN_ORDER = 25
"""So many statuses in order, half a second of them, and what was out of order is past."""


def step(wire: WireState, inputs: Inputs, now_ns: int) -> WireState:
    """The newest of each source. A fresh flag holds for one tick, so nothing is used twice as a measurement."""
    status = bounds.status(inputs.status, wire.belts, now_ns) if inputs.status is not None else None
    imu = inputs.imu
    if imu is not None and not bounds.imu(imu, wire.imu, now_ns - wire.imu_t_ns):
        imu = None
    gnss = believed(inputs.gnss) if inputs.gnss is not None else None
    possible, gnss = gnss is inputs.gnss, headed(gnss) if gnss is not None else None
    leaps = imu is not None and bounds.tilt_leaps(imu, wire.imu, now_ns - wire.imu_t_ns)
    odd = leaps or status is not inputs.status or imu is not inputs.imu or not possible
    stamp_ms, stamp_t_ns, odd_stamps = _stamped(wire, inputs, now_ns)
    return WireState(
        status=status or wire.status,
        status_t_ns=now_ns if status is not None else wire.status_t_ns,
        status_fresh=status is not None,
        status_counts=status is not None and _goes_on(wire.status, status),
        disorder=_disorder(wire, status),
        tilt_leaps=leaps,
        belts=wire.belts if status is None else _belts(wire, status, now_ns),
        imu=imu or wire.imu,
        imu_t_ns=now_ns if imu is not None else wire.imu_t_ns,
        imu_fresh=imu is not None,
        gnss=gnss or wire.gnss,
        gnss_t_ns=now_ns if gnss is not None else wire.gnss_t_ns,
        gnss_fresh=gnss is not None,
        hello=inputs.hello or wire.hello,
        operator=inputs.operator,
        bad_frames=inputs.bad_frames,
        overrun=inputs.overrun,
        recording=inputs.recording,
        controller_time_ms=stamp_ms,
        stamp_t_ns=stamp_t_ns,
        odd_stamps=odd_stamps,
        impossible=odd or odd_stamps > wire.odd_stamps,
    )


def _belts(wire: WireState, status: ControllerStatus, now_ns: int) -> tuple[Seen | None, Seen | None]:
    left, right = wire.belts
    return bounds.seen(status.track_left_mps, left, now_ns), bounds.seen(status.track_right_mps, right, now_ns)


def believed(fix: GnssFix) -> GnssFix:
    """The fix, its heading only where that can be true; one that cannot be true at all is none and proves nothing.

    It still arrives: that the receiver lost its fix is seen at once, and not only when the last good one grew old.
    """
    if not _possible(fix):
        kind = min(fix.fix, FixType.NO_FIX)
        unknown = replace(fix, fix=kind, sigma_horizontal_m=SIGMA_M[1], speed_mps=math.nan, course_rad=math.nan)
        return replace(unknown, yaw_rad=None, yaw_sigma_rad=math.pi)
    yaw_rad = fix.yaw_rad
    if yaw_rad is None or (abs(yaw_rad) <= COURSE_MAX_RAD and _within(fix.yaw_sigma_rad, SIGMA_YAW_RAD)):
        return fix
    return replace(fix, yaw_rad=None, yaw_sigma_rad=math.pi)


def headed(fix: GnssFix) -> GnssFix:
    """The fix, without a heading that its baseline did not fix or that is old; what is not told is not asked.

    The baseline is solved apart from the place: one may be fixed while the other floats, or stands still.
    """
    fixed = fix.heading_fix is None or fix.heading_fix is FixType.RTK_FIXED
    fresh = fix.heading_age_ms is None or fix.heading_age_ms <= HEADING_AGE_MAX_MS
    return fix if fix.yaw_rad is None or (fixed and fresh) else replace(fix, yaw_rad=None, yaw_sigma_rad=math.pi)


def _possible(fix: GnssFix) -> bool:
    """A place on this planet, a speed and a sigma that a receiver can have; not a number is none of them."""
    return (
        _within(fix.lat_deg, (-90.0, 90.0))
        and _within(fix.lon_deg, (-180.0, 180.0))
        and _within(fix.alt_m, ALTITUDE_M)
        and _within(fix.sigma_horizontal_m, SIGMA_M)
        and abs(fix.speed_mps) <= SPEED_MAX_MPS
        and abs(fix.course_rad) <= COURSE_MAX_RAD
    )


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _stamped(wire: WireState, inputs: Inputs, now_ns: int) -> tuple[int, int, int]:
    """The newest stamp of the controller's clock (which wraps), when it came, and for how long none could follow it.

    A stamp that ran ahead of the time that passed here cannot be, and one from the past is an old epoch: neither
    counts, unless nothing else comes. Another boot's clock begins anew.
    """
    status, before_ms = inputs.status, wire.controller_time_ms
    if status is not None and (wire.status is None or status.boot_count != wire.status.boot_count):
        return status.time_ms, now_ns, 0
    stamps_ms = [message.time_ms for message in (status, inputs.imu, inputs.gnss) if message is not None]
    if not stamps_ms:
        return before_ms, wire.stamp_t_ns, wire.odd_stamps
    if wire.stamp_t_ns == NEVER_NS or wire.odd_stamps >= ODD_STAMPS_MAX:
        return stamps_ms[0], now_ns, 0
    most_ms = (now_ns - wire.stamp_t_ns) // NS_PER_MS + STAMP_SLACK_MS
    steps_ms = [(stamp_ms - before_ms) % WRAP_MS for stamp_ms in stamps_ms]
    following = [step_ms for step_ms in steps_ms if step_ms <= most_ms]
    if not following:
        return before_ms, wire.stamp_t_ns, wire.odd_stamps + 1
    return (before_ms + max(following)) % WRAP_MS, now_ns, 0


def _goes_on(before: ControllerStatus | None, now: ControllerStatus) -> bool:
    """It was made after the one before: count and clock, which both wrap, went on. Another boot begins anew."""
    if before is None or now.boot_count != before.boot_count:
        return True
    counted = (now.status_count - before.status_count) % COUNTS
    return 0 < counted < COUNTS // 2 and (now.time_ms - before.time_ms) % WRAP_MS < WRAP_MS // 2


def _disorder(wire: WireState, status: ControllerStatus | None) -> int:
    """So many statuses in order are still wanted, since the last that was repeated or came late."""
    if status is None:
        return wire.disorder
    return max(0, wire.disorder - 1) if _goes_on(wire.status, status) else IN_ORDER
