"""Path follower of a skid-steered tracked machine that steers the *tool's* cross-track error.

Forward, the controlled point is the tool's axis, `ahead` metres before the body origin: feedback linearisation of that
point makes its error decay as exp(-LAMBDA t), and the body follows it like a trailer (stable, time constant ahead/v).
In reverse that inner motion is unstable, so the controlled point is as far behind the origin, aimed such that the
*tool* ends up on the line although the machine crabs on a slope. Unequal slip of the tracks is fed forward as a
curvature learned by the estimate.
"""

import math

from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.geometry import along_cross_m
from vehicle.contracts.messages import DriveKind, DriveRequest, Estimate, Task
from vehicle.contracts.units import wrap_rad

LAMBDA_PER_S = 0.5
"""Decay of the tool's cross-track error: fast against slip (seconds), slow against the belts' lag (about 0.3 s)."""
LAMBDA_REVERSE_PER_M = 0.7
"""In reverse the decay goes with the way, not with time: 0.2 per s while creeping, for the tool swings out while the
body turns (8 cm at 0.5 per s on a 10 degree slope, 6.5 cm at 0.2), and 0.6 per s at 0.86 m/s, where 0.2 per s let
unequal slip carry the tool 12 cm off its line."""
REAR_POINT_M = 1.2
YAW_RATE_MAX_RADPS = 0.25
PIVOT_GAIN_PER_S = 1.2
APPROACH_GAIN_PER_S = 1.0
SPEED_MIN_MPS = 0.03
ACCEL_HORIZON_S = 0.3
"""The set-point runs ahead of the measured speed by what the ramps make up in this time. Further ahead both belts climb
at their limit, their difference is lost until they arrive, and then the steering comes all at once (12 cm at the tool
after a reverse start at 0.86 m/s)."""
COS_MIN = 0.5
"""Beyond 60 degrees off the line the law would divide by next to nothing; the machine then turns at its limit."""


def step(task: Task, estimate: Estimate, config: VehicleConfig, speed_ratio: float) -> DriveRequest:
    """Twist for this tick; `speed_ratio` is what the flail governor leaves of the working speed."""
    if task.drive is DriveKind.PIVOT:
        return DriveRequest(yaw_rate_radps=_pivot_rate(task, estimate, config))
    if task.drive is not DriveKind.LINE:
        return DriveRequest()
    speed = _speed_mps(task, estimate, config, speed_ratio)
    yaw_rate = (
        _forward_rate(task, estimate, config, speed)
        if task.direction > 0
        else _reverse_rate(task, estimate, config, speed)
    )
    yaw_rate = max(-YAW_RATE_MAX_RADPS, min(YAW_RATE_MAX_RADPS, yaw_rate))
    return DriveRequest(speed_mps=speed, yaw_rate_radps=yaw_rate + speed * estimate.slip_curvature_1pm)


def _speed_mps(task: Task, estimate: Estimate, config: VehicleConfig, speed_ratio: float) -> float:
    """Signed speed: the segment's, slowed by load, and by the way left so that the stop is where the segment ends."""
    left_m = task.length_m - task.along_m if task.direction > 0 else _reverse_left_m(task, estimate)
    slowed = min(
        math.sqrt(2.0 * 0.5 * config.machine.tracks.decel_mps2 * max(0.0, left_m)), APPROACH_GAIN_PER_S * left_m
    )
    wanted = min(task.speed_mps * (speed_ratio if task.tool_down else 1.0), max(SPEED_MIN_MPS, slowed))
    reached = max(0.0, task.direction * estimate.speed_mps) + ACCEL_HORIZON_S * config.machine.tracks.accel_mps2
    return task.direction * min(wanted, reached) if left_m > 0.0 else 0.0


def _reverse_left_m(task: Task, estimate: Estimate) -> float:
    along, _ = along_cross_m(
        (estimate.east_m, estimate.north_m), (task.start_east_m, task.start_north_m), task.course_rad
    )
    return task.length_m - along


def _forward_rate(task: Task, estimate: Estimate, config: VehicleConfig, speed: float) -> float:
    error_rad = wrap_rad(estimate.yaw_rad - task.course_rad)
    cos_error = max(COS_MIN, math.cos(error_rad))
    drift_mps = abs(speed) * math.tan(estimate.crab_rad)
    demand = -LAMBDA_PER_S * task.cross_track_m - speed * math.sin(error_rad) - drift_mps * cos_error
    return demand / (config.machine.tool.ahead_m * cos_error)


def _reverse_rate(task: Task, estimate: Estimate, config: VehicleConfig, speed: float) -> float:
    """As forward, for a point behind the origin; signs follow the body's yaw, not the course."""
    body_yaw = wrap_rad(task.course_rad + math.pi)
    error_rad = wrap_rad(estimate.yaw_rad - body_yaw)
    cos_error = max(COS_MIN, math.cos(error_rad))
    start = (task.start_east_m, task.start_north_m)
    _, cross = along_cross_m((estimate.east_m, estimate.north_m), start, body_yaw)
    rear_cross = cross - REAR_POINT_M * math.sin(error_rad)
    drift_mps = abs(speed) * math.tan(estimate.crab_rad)
    crab_rad = math.asin(max(-0.3, min(0.3, drift_mps / max(abs(speed), SPEED_MIN_MPS))))
    wanted_cross = -(REAR_POINT_M + config.machine.tool.ahead_m) * math.sin(crab_rad)
    demand = (
        LAMBDA_REVERSE_PER_M * abs(speed) * (rear_cross - wanted_cross)
        + speed * math.sin(error_rad)
        + drift_mps * cos_error
    )
    return demand / (REAR_POINT_M * cos_error)


def _pivot_rate(task: Task, estimate: Estimate, config: VehicleConfig) -> float:
    """Turn the way the plan says; the plan checked the ground under that side of the swept disc only once."""
    left_rad = wrap_rad(task.yaw_goal_rad - estimate.yaw_rad)
    if abs(left_rad) > 2.6 and left_rad * task.turn_rad < 0.0:  # 2.6 rad: near half a turn the shorter way is noise
        left_rad = math.copysign(2.0 * math.pi - abs(left_rad), task.turn_rad)
    rate_max = config.machine.tracks.pivot_rate_radps
    return max(-rate_max, min(rate_max, PIVOT_GAIN_PER_S * left_rad))
