"""Slow false drift of the position against belts, heading and tilt: two-sided sums over GNSS epochs (row 46).

Sideways a tracked machine goes only by what a slope or a turn makes it creep; at a stand it goes nowhere. What the
receiver shows beyond that is summed up, and noise, which comes back, cancels itself.
"""

import math

import msgspec

from firmware_bridge.types import FixType, GnssFix, ImuSample
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.frames import enu_offset_from_body
from vehicle.contracts.units import wrap_rad
from vehicle.control.state import DriftState

METRES_PER_RAD = 6_371_000.0
CREEP_RATIO, CREEP_PER_TILT, CREEP_PER_TURN_M = 0.02, 0.2, 0.1
"""Sideways metres allowed per metre of belt, more of it per tan(roll) of a side slope, and per radian turned."""
ALARM_M = 0.3
"""RTK noise of 2 cm, its slow part included, stays within +-8 cm."""


def follow(old: DriftState, gnss: GnssFix, imu: ImuSample, config: VehicleConfig) -> DriftState:
    """Take an epoch in; `old.belt_m` is the way of the belts since the last one. Anything but RTK fixed starts anew."""
    if gnss.fix is not FixType.RTK_FIXED or gnss.yaw_rad is None:
        return DriftState()
    mount = config.machine.gnss
    yaw_rad = gnss.yaw_rad - mount.heading_offset_rad
    lever = (mount.antenna_x_m, mount.antenna_y_m, mount.antenna_z_m)
    east_m, north_m, _ = enu_offset_from_body(lever, yaw_rad, imu.pitch_rad, imu.roll_rad)
    now = DriftState(known=True, lat_deg=gnss.lat_deg, lon_deg=gnss.lon_deg, lever_m=(east_m, north_m), yaw_rad=yaw_rad)
    if not old.known:
        return now
    ahead_m, left_m = _moved_m(old, now)
    turned_rad = abs(wrap_rad(yaw_rad - old.yaw_rad))
    allowed_m = (
        old.belt_m * (CREEP_RATIO + CREEP_PER_TILT * abs(math.tan(imu.roll_rad))) + CREEP_PER_TURN_M * turned_rad
    )
    rests = old.belt_m == 0.0
    return msgspec.structs.replace(
        now,
        left_m=max(0.0, old.left_m + left_m - allowed_m),
        right_m=max(0.0, old.right_m - left_m - allowed_m),
        ahead_m=max(0.0, old.ahead_m + ahead_m) if rests else 0.0,
        back_m=max(0.0, old.back_m - ahead_m) if rests else 0.0,
    )


def _moved_m(old: DriftState, now: DriftState) -> tuple[float, float]:
    """What the body origin moved between two epochs by GNSS, lever arm taken off: ahead and to the left."""
    scale = math.radians(METRES_PER_RAD)
    east = (now.lon_deg - old.lon_deg) * scale * math.cos(math.radians(now.lat_deg)) - now.lever_m[0] + old.lever_m[0]
    north = (now.lat_deg - old.lat_deg) * scale - now.lever_m[1] + old.lever_m[1]
    cos_yaw, sin_yaw = math.cos(now.yaw_rad), math.sin(now.yaw_rad)
    return east * cos_yaw + north * sin_yaw, north * cos_yaw - east * sin_yaw


def alarm(drift: DriftState) -> bool:
    """Drifted further than noise can."""
    return max(drift.left_m, drift.right_m, drift.ahead_m, drift.back_m) > ALARM_M
