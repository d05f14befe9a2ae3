"""What the belts, the gyro and the receiver's own speed say of the movement, one tick at a time."""

import math

from firmware_bridge.types import ControllerStatus, GnssFix, ImuSample
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.units import TICK_S
from vehicle.control.estimate_state import EstimateState
from vehicle.control.state import WireState

SLIP_FILTER_S = 1.5
UNKNOWN_MPS = 0.05
"""1-sigma of a speed that was not measured but worked out, over one second: what doubt grows by, also at a stand."""
REST_RADPS, REST_MPS = 0.02, 0.1
"""Of a standing machine with a silent encoder; GNSS noise of 0.03 m/s is within."""
MOVING_MPS = 0.05
FOLLOWS_MPS, FOLLOWS_RATIO = 0.1, 0.5
"""Belts lag behind what is applied by a ramp; beyond this they do not follow."""
LEAN_MAX_RAD = math.radians(60.0)


def belts(status: ControllerStatus | None, yaw_rate_radps: float, config: VehicleConfig) -> tuple[float, float, float]:
    """Speeds of the left and right belt, and 1-sigma over one second of what was not measured [all m/s].

    A machine with a silent encoder is driven out of its swath, and its place must stay known: the other belt and the
    gyro tell what the belt does, and with both silent what the controller applies. No ground is credited by that.
    """
    if status is None:
        return 0.0, 0.0, 0.0
    left, right = status.track_left_mps, status.track_right_mps
    if not math.isnan(left + right):
        return left, right, 0.0
    if math.isnan(left) and math.isnan(right):
        return status.applied_left_mps, status.applied_right_mps, UNKNOWN_MPS
    across_mps = yaw_rate_radps * config.machine.tracks.gauge_m
    return (right - across_mps, right, UNKNOWN_MPS) if math.isnan(left) else (left, left + across_mps, UNKNOWN_MPS)


def unsure_mps(status: ControllerStatus | None) -> float:
    """How far off the machine's speed may be where encoders deny what the controller applies: dead or reversed ones."""
    if status is None:
        return 0.0
    off_mps = 0.0
    pairs = ((status.track_left_mps, status.applied_left_mps), (status.track_right_mps, status.applied_right_mps))
    for measured_mps, applied_mps in pairs:
        beyond_mps = abs(measured_mps - applied_mps)
        off_mps += beyond_mps if beyond_mps > FOLLOWS_MPS + FOLLOWS_RATIO * abs(applied_mps) else 0.0
    return off_mps / 2.0


def turn_rate_radps(imu: ImuSample | None) -> float:
    """Rate of the heading on level ground's plane: on a slope the gyro's axis leans, and a pitching body turns it too.

    d yaw / dt = (q sin(roll) + r cos(roll)) / cos(pitch); without a believable tilt the gyro's own rate.
    """
    if imu is None:
        return 0.0
    leaning = abs(imu.roll_rad) < LEAN_MAX_RAD and abs(imu.pitch_rad) < LEAN_MAX_RAD
    if not leaning or math.isnan(imu.pitch_rate_radps):
        return imu.yaw_rate_radps
    across = imu.pitch_rate_radps * math.sin(imu.roll_rad) + imu.yaw_rate_radps * math.cos(imu.roll_rad)
    return across / math.cos(imu.pitch_rad)


def slip_curvature(
    state: EstimateState, belt_mps: float, belt_yaw_rate: float, yaw_rate: float, tick_s: float = TICK_S
) -> float:
    """The curvature [1/m] that unequal slip of the tracks adds; slip is a share of belt speed, so it holds both ways.

    `belt_yaw_rate` is what the belts alone would turn by, `yaw_rate` what is measured [rad/s].
    """
    curvature = state.slip_curvature_1pm
    if abs(belt_mps) <= MOVING_MPS or abs(belt_yaw_rate) >= abs(belt_mps):
        return curvature
    return curvature + tick_s / SLIP_FILTER_S * ((belt_yaw_rate - yaw_rate) / belt_mps - curvature)


def standing(wire: WireState, fix: GnssFix | None) -> bool:
    """Both belts at rest; for a silent encoder gyro, set-points and the receiver's own speed must say so."""
    status, imu = wire.status, wire.imu
    if status is None:
        return False
    left, right = status.track_left_mps, status.track_right_mps
    if not math.isnan(left + right):
        return left == 0.0 == right
    if imu is None or fix is None:
        return False
    if not abs(imu.yaw_rate_radps) < REST_RADPS or not abs(fix.speed_mps) < REST_MPS:
        return False
    rest = (0.0 if math.isnan(left) else left, 0.0 if math.isnan(right) else right)
    return rest == (0.0, 0.0) == (status.applied_left_mps, status.applied_right_mps)


def cut_m(wire: WireState, config: VehicleConfig) -> float:
    """Where the tool cuts, along the body's up axis.

    On a slope of 15 degrees a depth of 0.2 m lies 5 cm beside the point above it, and ground is worked where the cut
    is. A depth beyond the tool's reach is a broken sensor's.
    """
    depth_m = wire.status.depth_m if wire.status is not None else 0.0
    tool = config.machine.tool
    return -depth_m if -tool.height_max_m <= depth_m <= 1.5 * tool.depth_max_m else 0.0
