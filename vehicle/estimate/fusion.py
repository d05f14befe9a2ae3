"""An extended Kalman filter over RTK GNSS, dual-antenna heading, gyro, tilt and track encoders.

x = (east, north, yaw, gyro bias, belt slip, creep). Belt speed, corrected by slip, drives the motion; on a side slope
the machine creeps downhill by `creep * tan(roll)` of the distance it travels, whichever way it faces, so the
coefficient learned in one swath holds in the next. The antenna is 2 to 3 m up: roll moves it 24 cm at 5 degrees, so
positions are taken down its 3-D lever arm before they are compared.
"""

import math

import numpy as np

from firmware_bridge.types import FixType, GnssFix
from vehicle.config import VehicleConfig
from vehicle.frames import LocalFrame, enu_offset_from_body
from vehicle.messages import Estimate
from vehicle.state import EstimateState, FloatArray, WireState
from vehicle.units import NS_PER_S, TICK_S, wrap_rad

GATE_SIGMA = 4.0
"""An innovation beyond this is quarantined, not averaged in (safety.md row 45)."""
BODY_NOISE_RATIO = 0.02
"""Unmodelled slip: 1-sigma of the velocity error as a share of belt speed, over one second."""
GYRO_NOISE_RADPS = math.radians(0.1)
SLIP_WALK = 0.01
CREEP_WALK = 0.01
BIAS_WALK_RADPS = math.radians(0.002)
CORRELATED_SHARE = 0.65
"""RTK noise is partly slow (multipath, troposphere) and does not average out: this share of the receiver's sigma stays
in the uncertainty at the tool, however many fixes were averaged. With 0.4 a run credited five cells that the tool had
not covered; RTK error series decorrelate over about a minute, with slow parts of half to two thirds of the total."""
SLIP_FILTER_S = 1.5
MOVING_MPS = 0.05
_IDENTITY = np.eye(6)


def step(state: EstimateState, wire: WireState, config: VehicleConfig, datum: LocalFrame, now_ns: int) -> EstimateState:
    """One tick: predict by gyro and belts, correct by what is fresh."""
    if not state.ready:
        return _start(state, wire, config, datum, now_ns)
    state = _predict(state, wire, config)
    fix = wire.gnss
    if not wire.gnss_fresh or fix is None or fix.fix < FixType.RTK_FLOAT:
        return state
    return _correct(state, fix, wire, config, datum, now_ns)


def _start(
    state: EstimateState, wire: WireState, config: VehicleConfig, datum: LocalFrame, now_ns: int
) -> EstimateState:
    """The first RTK-fixed position with a heading and tilt sets the pose; nothing is assumed before."""
    fix, imu = wire.gnss, wire.imu
    if fix is None or imu is None or fix.fix is not FixType.RTK_FIXED or fix.yaw_rad is None:
        return state
    yaw = wrap_rad(fix.yaw_rad - config.machine.gnss.heading_offset_rad)
    east, north = _origin_from_antenna(fix, yaw, wire, config, datum)
    sigma2 = fix.sigma_horizontal_m**2
    p = np.diag([sigma2, sigma2, fix.yaw_sigma_rad**2, math.radians(0.2) ** 2, 0.1**2, 0.1**2])
    x = np.array([east, north, yaw, 0.0, 0.0, 0.0])
    return EstimateState(ready=True, x=x, p=p, accepted_t_ns=now_ns)


def _origin_from_antenna(
    fix: GnssFix, yaw: float, wire: WireState, config: VehicleConfig, datum: LocalFrame
) -> tuple[float, float]:
    dx, dy, _ = _lever(yaw, wire, config)
    east, north, _ = datum.enu_from_geodetic(fix.lat_deg, fix.lon_deg, fix.alt_m)
    return east - dx, north - dy


def _lever(yaw: float, wire: WireState, config: VehicleConfig) -> tuple[float, float, float]:
    gnss = config.machine.gnss
    pitch, roll = (wire.imu.pitch_rad, wire.imu.roll_rad) if wire.imu is not None else (0.0, 0.0)
    return enu_offset_from_body((gnss.antenna_x_m, gnss.antenna_y_m, gnss.antenna_z_m), yaw, pitch, roll)


def _predict(state: EstimateState, wire: WireState, config: VehicleConfig) -> EstimateState:
    # plain floats: small numpy scalars cost ten times as much, and they are no JSON numbers
    east, north, yaw_before, bias, slip, creep = state.x.tolist()
    imu, status = wire.imu, wire.status
    left, right = (status.track_left_mps, status.track_right_mps) if status is not None else (0.0, 0.0)
    yaw_rate = imu.yaw_rate_radps - bias if imu is not None else 0.0
    roll = imu.roll_rad if imu is not None else 0.0
    belt_mps = 0.5 * (left + right)
    speed = belt_mps * (1.0 - slip)
    tan_roll = math.tan(roll)
    creep_mps = -abs(speed) * creep * tan_roll  # roll is positive right side down, left is positive
    yaw = yaw_before + 0.5 * yaw_rate * TICK_S
    cos_yaw, sin_yaw = math.cos(yaw), math.sin(yaw)
    east_mps = speed * cos_yaw - creep_mps * sin_yaw
    north_mps = speed * sin_yaw + creep_mps * cos_yaw
    yaw_next = wrap_rad(yaw_before + yaw_rate * TICK_S)
    x_next = np.array([east + east_mps * TICK_S, north + north_mps * TICK_S, yaw_next, bias, slip, creep])
    f = _IDENTITY.copy()
    f[0, 2], f[1, 2] = -north_mps * TICK_S, east_mps * TICK_S
    f[0, 4], f[1, 4] = -belt_mps * cos_yaw * TICK_S, -belt_mps * sin_yaw * TICK_S
    lateral = -abs(speed) * tan_roll * TICK_S
    f[0, 5], f[1, 5] = -lateral * sin_yaw, lateral * cos_yaw
    f[2, 3] = -TICK_S
    p = f @ state.p @ f.T
    p[_DIAGONAL] += _process_noise(belt_mps, left, right)
    return _with_slip(state, x_next, p, belt_mps, (right - left) / config.machine.tracks.gauge_m, yaw_rate)


_DIAGONAL = np.diag_indices(6)


def _process_noise(belt_mps: float, left: float, right: float) -> FloatArray:
    """Diagonal of Q; nothing walks while the belts stand, so a parked machine keeps its covariance."""
    moving = abs(left) + abs(right) > 2.0e-3
    position = (BODY_NOISE_RATIO * max(abs(belt_mps), 0.5 * abs(right - left))) ** 2 * TICK_S
    walk = TICK_S if moving else 0.0
    return np.array(
        [
            position,
            position,
            GYRO_NOISE_RADPS**2 * TICK_S,
            BIAS_WALK_RADPS**2 * TICK_S,
            SLIP_WALK**2 * walk,
            CREEP_WALK**2 * walk,
        ]
    )


def _with_slip(
    state: EstimateState, x: FloatArray, p: FloatArray, belt_mps: float, belt_yaw_rate: float, yaw_rate: float
) -> EstimateState:
    """Learn the curvature that unequal slip of the tracks adds, for each way of driving by itself."""
    forward, reverse = state.slip_curvature_forward_1pm, state.slip_curvature_reverse_1pm
    if abs(belt_mps) > MOVING_MPS and abs(belt_yaw_rate) < abs(belt_mps):
        gain = TICK_S / SLIP_FILTER_S
        curvature = (belt_yaw_rate - yaw_rate) / belt_mps
        if belt_mps > 0.0:
            forward += gain * (curvature - forward)
        else:
            reverse += gain * (curvature - reverse)
    return EstimateState(
        ready=True,
        x=x,
        p=p,
        accepted_t_ns=state.accepted_t_ns,
        rejected_count=state.rejected_count,
        innovation_ratio=state.innovation_ratio,
        slip_curvature_forward_1pm=forward,
        slip_curvature_reverse_1pm=reverse,
    )


def _correct(
    state: EstimateState, fix: GnssFix, wire: WireState, config: VehicleConfig, datum: LocalFrame, now_ns: int
) -> EstimateState:
    """Heading first, then position through the lever arm; a fix beyond the gate changes nothing and is counted."""
    x, p = state.x.copy(), state.p
    if fix.yaw_rad is not None:
        innovation = wrap_rad(fix.yaw_rad - config.machine.gnss.heading_offset_rad - float(x[2]))
        variance = float(p[2, 2]) + fix.yaw_sigma_rad**2
        if innovation * innovation < GATE_SIGMA**2 * variance:
            gain = p[:, 2] / variance
            x = x + gain * innovation
            p = p - np.outer(gain, p[2])
    dx, dy, _ = _lever(float(x[2]), wire, config)
    east, north, _ = datum.enu_from_geodetic(fix.lat_deg, fix.lon_deg, fix.alt_m)
    h = np.zeros((2, 6))
    h[0, 0] = h[1, 1] = 1.0
    h[0, 2], h[1, 2] = -dy, dx
    residual = np.array([east - x[0] - dx, north - x[1] - dy])
    s = h @ p @ h.T
    s[0, 0] += fix.sigma_horizontal_m**2
    s[1, 1] += fix.sigma_horizontal_m**2
    s_inverse = np.linalg.inv(s)
    ratio = math.sqrt(max(0.0, float(residual @ s_inverse @ residual))) / GATE_SIGMA
    if ratio > 1.0:
        return _replace(state, x, p, state.accepted_t_ns, state.rejected_count + 1, ratio)
    gain2 = p @ h.T @ s_inverse
    x = x + gain2 @ residual
    x[2] = wrap_rad(float(x[2]))
    p = p - gain2 @ h @ p
    p = 0.5 * (p + p.T)
    return _replace(state, x, p, now_ns, 0, ratio)


def _replace(
    state: EstimateState, x: FloatArray, p: FloatArray, accepted_t_ns: int, rejected: int, ratio: float
) -> EstimateState:
    return EstimateState(
        ready=True,
        x=x,
        p=p,
        accepted_t_ns=accepted_t_ns,
        rejected_count=rejected,
        innovation_ratio=ratio,
        slip_curvature_forward_1pm=state.slip_curvature_forward_1pm,
        slip_curvature_reverse_1pm=state.slip_curvature_reverse_1pm,
    )


def estimate(state: EstimateState, wire: WireState, config: VehicleConfig, now_ns: int) -> Estimate:
    """The message that every room after this one reads."""
    x, p = state.x, state.p
    yaw = float(x[2])
    status, imu, fix = wire.status, wire.imu, wire.gnss
    roll, pitch = (imu.roll_rad, imu.pitch_rad) if imu is not None else (0.0, 0.0)
    belt_mps = 0.5 * (status.track_left_mps + status.track_right_mps) if status is not None else 0.0
    ahead = config.machine.tool.ahead_m
    tool_dx, tool_dy, _ = enu_offset_from_body((ahead, 0.0, 0.0), yaw, pitch, roll)
    gnss_age_s = (now_ns - state.accepted_t_ns) / NS_PER_S
    fix_type = fix.fix if fix is not None else FixType.NONE
    receiver_sigma = fix.sigma_horizontal_m if fix is not None else 1e3
    fresh = gnss_age_s < config.safety.gnss_timeout_s and (now_ns - wire.gnss_t_ns) / NS_PER_S < 0.5
    return Estimate(
        t_ns=now_ns,
        valid=state.ready and fresh,
        position_proven=state.ready and fresh and fix_type is FixType.RTK_FIXED and state.rejected_count == 0,
        fix=fix_type,
        gnss_age_s=gnss_age_s,
        imu_age_s=(now_ns - wire.imu_t_ns) / NS_PER_S,
        status_age_s=(now_ns - wire.status_t_ns) / NS_PER_S,
        east_m=float(x[0]),
        north_m=float(x[1]),
        yaw_rad=yaw,
        speed_mps=belt_mps * (1.0 - float(x[4])),
        yaw_rate_radps=imu.yaw_rate_radps - float(x[3]) if imu is not None else 0.0,
        roll_rad=roll,
        pitch_rad=pitch,
        crab_rad=-float(x[5]) * math.tan(roll),
        slip_ratio=float(x[4]),
        slip_curvature_forward_1pm=state.slip_curvature_forward_1pm,
        slip_curvature_reverse_1pm=state.slip_curvature_reverse_1pm,
        sigma_east_m=math.sqrt(float(p[0, 0])),
        sigma_north_m=math.sqrt(float(p[1, 1])),
        sigma_yaw_rad=math.sqrt(float(p[2, 2])),
        tool_east_m=float(x[0]) + tool_dx,
        tool_north_m=float(x[1]) + tool_dy,
        tool_sigma_m=_tool_sigma(p, tool_dx, tool_dy, receiver_sigma),
        innovation_ratio=state.innovation_ratio,
    )


def _tool_sigma(p: FloatArray, tool_dx: float, tool_dy: float, receiver_sigma: float) -> float:
    """1-sigma of the tool's position in its worse direction [m], with the share that does not average out."""
    var_east = p[0, 0] - 2.0 * tool_dy * p[0, 2] + tool_dy * tool_dy * p[2, 2]
    var_north = p[1, 1] + 2.0 * tool_dx * p[1, 2] + tool_dx * tool_dx * p[2, 2]
    cov = p[0, 1] + tool_dx * p[0, 2] - tool_dy * p[1, 2] - tool_dx * tool_dy * p[2, 2]
    mean, half = 0.5 * (var_east + var_north), 0.5 * (var_east - var_north)
    worst = float(mean + math.sqrt(float(half * half + cov * cov)))
    return math.sqrt(max(0.0, worst) + (CORRELATED_SHARE * receiver_sigma) ** 2)
