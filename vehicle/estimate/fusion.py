"""An extended Kalman filter over RTK GNSS, dual-antenna heading, gyro, tilt and track encoders.

x = (east, north, yaw, gyro bias, belt slip, creep). Belt speed, corrected by slip, drives the motion; on a side slope
the machine creeps downhill by `creep * tan(roll)` of the distance it travels, whichever way it faces, so the
coefficient learned in one swath holds in the next. The antenna is 2 to 3 m up: roll moves it 24 cm at 5 degrees, so
positions are taken down its 3-D lever arm before they are compared.
"""

import math

from msgspec.structs import replace

from firmware_bridge.types import ControllerStatus, FixType, GnssFix
from vehicle.config import VehicleConfig
from vehicle.estimate import covariance
from vehicle.frames import LocalFrame, enu_offset_from_body
from vehicle.messages import Estimate
from vehicle.state import Drift, EstimateState, WireState
from vehicle.units import NS_PER_S, TICK_S, wrap_rad

GATE_SIGMA = 4.0
"""An innovation beyond this is quarantined, not averaged in (safety.md row 45)."""
OUTLIERS_MAX = 1
"""One fix in three thousand lies beyond the gate by chance alone (exp(-8)), and the one before it is 0.1 s old: a lone
outlier is left out and proves nothing wrong. Two in a row are a jump."""
BODY_NOISE_RATIO = 0.02
"""Unmodelled slip: 1-sigma of the velocity error as a share of belt speed, over one second."""
GYRO_NOISE_RADPS = math.radians(0.1)
SLIP_WALK = 0.01
CREEP_WALK = 0.01
BIAS_WALK_RADPS = math.radians(0.002)
QUARANTINE_FIXES = 50
"""A standing machine whose fixes were refused for 5 s (row 45) has been moved or has misjudged its way: it starts anew
from the next RTK-fixed one. Nothing moves by that; whoever goes on has reset and armed."""
CORRELATED_SHARE = 0.65
"""RTK noise is partly slow (multipath, troposphere) and does not average out: this share of the receiver's sigma stays
in the uncertainty at the tool, however many fixes were averaged. With 0.4 a run credited five cells that the tool had
not covered; RTK error series decorrelate over about a minute, with slow parts of half to two thirds of the total."""
SLIP_FILTER_S = 1.5
SLID_S, SLID_FREE_M = 1.0, 0.025
"""Way that the belts claim and the receiver's own speed denies, forgotten over a second: a fix pulls the place back no
faster. Noise of 0.03 m/s alone sums up to 7 mm (1-sigma), so that 25 mm are free; what exceeds them is doubt about
where the tool is. Tracks that dig at 90 % slip had credited 0.04 m2 that the tool had not reached."""
UNKNOWN_MPS = 0.05
"""1-sigma of a speed that was not measured but worked out, over one second: what doubt grows by, also at a stand."""
REST_RADPS, REST_MPS = 0.02, 0.1
"""Of a standing machine with a silent encoder; GNSS noise of 0.03 m/s is within."""
MOVING_MPS = 0.05
SPREAD_TICKS = 5
"""The covariance is carried at 10 Hz, with the GNSS or without."""


def step(state: EstimateState, wire: WireState, config: VehicleConfig, datum: LocalFrame, now_ns: int) -> EstimateState:
    """One tick: predict by gyro and belts, correct by what is fresh."""
    if not state.ready:
        return _start(state, wire, config, datum, now_ns)
    state = _predict(state, wire, config, now_ns)
    fix = wire.gnss
    measured = wire.gnss_fresh and fix is not None and fix.fix >= FixType.RTK_FLOAT
    if state.drift.ticks < SPREAD_TICKS and not measured:
        return state
    state = _spread(state)
    if measured and fix is not None:
        state = _correct(state, fix, wire, config, datum, now_ns)
    return _with_sigmas(state, wire, config)


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
    p = covariance.diagonal((sigma2, sigma2, fix.yaw_sigma_rad**2, math.radians(0.2) ** 2, 0.1**2, 0.1**2))
    started = EstimateState(ready=True, x=(east, north, yaw, 0.0, 0.0, 0.0), p=p, accepted_t_ns=now_ns)
    return _with_sigmas(started, wire, config)


def _origin_from_antenna(
    fix: GnssFix, yaw: float, wire: WireState, config: VehicleConfig, datum: LocalFrame
) -> tuple[float, float]:
    dx, dy, _ = _lever(yaw, wire, config)
    east, north, _ = datum.enu_from_geodetic(fix.lat_deg, fix.lon_deg)
    return east - dx, north - dy


def _lever(yaw: float, wire: WireState, config: VehicleConfig) -> tuple[float, float, float]:
    gnss = config.machine.gnss
    pitch, roll = (wire.imu.pitch_rad, wire.imu.roll_rad) if wire.imu is not None else (0.0, 0.0)
    return enu_offset_from_body((gnss.antenna_x_m, gnss.antenna_y_m, gnss.antenna_z_m), yaw, pitch, roll)


def _predict(state: EstimateState, wire: WireState, config: VehicleConfig, now_ns: int) -> EstimateState:
    """Move the state by one tick. The covariance follows every tenth of a second: see `_spread`.

    A controller that is silent for longer than its time-out has stopped the belts by itself: its last speeds are past.
    """
    east, north, yaw_before, bias, slip, creep = state.x
    silent = now_ns - wire.status_t_ns > config.safety.controller_timeout_s * NS_PER_S
    imu, status = wire.imu, None if silent else wire.status
    yaw_rate, roll = (imu.yaw_rate_radps - bias, imu.roll_rad) if imu is not None else (0.0, 0.0)
    left, right, doubt_mps = _belts(status, yaw_rate, config)
    belt_mps = 0.5 * (left + right)
    speed = belt_mps * (1.0 - slip)
    lateral = -abs(speed) * math.tan(roll)  # roll is positive right side down, left is positive
    yaw = yaw_before + 0.5 * yaw_rate * TICK_S
    cos_yaw, sin_yaw = math.cos(yaw), math.sin(yaw)
    east_step = (speed * cos_yaw - creep * lateral * sin_yaw) * TICK_S
    north_step = (speed * sin_yaw + creep * lateral * cos_yaw) * TICK_S
    curvature = _slip_curvature(state, belt_mps, (right - left) / config.machine.tracks.gauge_m, yaw_rate)
    drift = state.drift
    moving_mps = max(abs(belt_mps), 0.5 * abs(right - left))
    return EstimateState(
        ready=True,
        x=(east + east_step, north + north_step, wrap_rad(yaw_before + yaw_rate * TICK_S), bias, slip, creep),
        p=state.p,
        drift=Drift(
            ticks=drift.ticks + 1,
            east_m=drift.east_m + east_step,
            north_m=drift.north_m + north_step,
            belt_east_m=drift.belt_east_m + belt_mps * cos_yaw * TICK_S,
            belt_north_m=drift.belt_north_m + belt_mps * sin_yaw * TICK_S,
            side_east_m=drift.side_east_m - lateral * sin_yaw * TICK_S,
            side_north_m=drift.side_north_m + lateral * cos_yaw * TICK_S,
            position_m2=drift.position_m2 + ((BODY_NOISE_RATIO * moving_mps) ** 2 + doubt_mps**2) * TICK_S,
            moving_s=drift.moving_s + (TICK_S if moving_mps > 1.0e-3 else 0.0),
        ),
        sigmas=state.sigmas,
        accepted_t_ns=state.accepted_t_ns,
        rejected_count=state.rejected_count,
        innovation_ratio=state.innovation_ratio,
        slid_m=_slid_m(state, wire, abs(speed)),
        slip_curvature_1pm=curvature,
    )


def _belts(status: ControllerStatus | None, yaw_rate_radps: float, config: VehicleConfig) -> tuple[float, float, float]:
    """Left and right belt, and 1-sigma of what was not measured over one second.

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


def _slid_m(state: EstimateState, wire: WireState, believed_mps: float) -> float:
    """How far the machine may have stayed behind the way that its belts tell; a turning antenna is only ever faster."""
    measured_mps = wire.gnss.speed_mps if wire.gnss is not None else believed_mps
    return max(0.0, state.slid_m + TICK_S * (believed_mps - measured_mps - state.slid_m / SLID_S))


def _slip_curvature(state: EstimateState, belt_mps: float, belt_yaw_rate: float, yaw_rate: float) -> float:
    """The curvature that unequal slip of the tracks adds; slip is a share of belt speed, so it holds both ways."""
    curvature = state.slip_curvature_1pm
    if abs(belt_mps) <= MOVING_MPS or abs(belt_yaw_rate) >= abs(belt_mps):
        return curvature
    return curvature + TICK_S / SLIP_FILTER_S * ((belt_yaw_rate - yaw_rate) / belt_mps - curvature)


def _spread(state: EstimateState) -> EstimateState:
    """Carry the covariance over what was driven since it was last carried: P = F P F' + Q.

    Within a tenth of a second F is I + G to 1e-5, so the ticks' G are summed in `Drift` and applied at once; doing it
    in every tick costs five times as much and changes no digit that matters. Nothing walks while the belts stand, so a
    parked machine keeps its covariance.
    """
    drift = state.drift
    elapsed_s = drift.ticks * TICK_S
    walk = [
        drift.position_m2,
        drift.position_m2,
        GYRO_NOISE_RADPS**2 * elapsed_s,
        BIAS_WALK_RADPS**2 * elapsed_s,
        SLIP_WALK**2 * drift.moving_s,
        CREEP_WALK**2 * drift.moving_s,
    ]
    return replace(state, p=covariance.carried(state.p, drift, elapsed_s, walk), drift=Drift())


def _correct(
    state: EstimateState, fix: GnssFix, wire: WireState, config: VehicleConfig, datum: LocalFrame, now_ns: int
) -> EstimateState:
    """Heading first, then position through the lever arm; a fix beyond the gate changes nothing and is counted."""
    x, p = list(state.x), state.p
    if fix.yaw_rad is not None:
        innovation = wrap_rad(fix.yaw_rad - config.machine.gnss.heading_offset_rad - x[2])
        variance = p[2][2] + fix.yaw_sigma_rad**2
        if innovation * innovation < GATE_SIGMA**2 * variance:
            gain = [spread / variance for spread in p[2]]
            x = [value + k * innovation for value, k in zip(x, gain, strict=True)]
            p = covariance.less(p, gain, list(p[2]))
    dx, dy, _ = _lever(x[2], wire, config)
    east, north, _ = datum.enu_from_geodetic(fix.lat_deg, fix.lon_deg)
    off_east, off_north = east - x[0] - dx, north - x[1] - dy
    # H is the identity for east and north and the lever arm for yaw: P H' without building H
    ph = [(row[0] - dy * row[2], row[1] + dx * row[2]) for row in p]
    a, b, d = _inverse(ph, dx, dy, fix.sigma_horizontal_m**2)
    distance2 = a * off_east * off_east + 2.0 * b * off_east * off_north + d * off_north * off_north
    ratio = math.sqrt(max(0.0, distance2)) / GATE_SIGMA
    if ratio > 1.0:
        if state.rejected_count >= QUARANTINE_FIXES and _standing(wire, fix):
            return _start(state, wire, config, datum, now_ns)
        return replace(state, x=_wrapped(x), p=p, rejected_count=state.rejected_count + 1, innovation_ratio=ratio)
    gains = [(u * a + v * b, u * b + v * d) for u, v in ph]
    x = [value + k * off_east + m * off_north for value, (k, m) in zip(x, gains, strict=True)]
    p = covariance.less_pair(p, gains, ph)
    return replace(state, x=_wrapped(x), p=p, accepted_t_ns=now_ns, rejected_count=0, innovation_ratio=ratio)


def _inverse(ph: list[tuple[float, float]], dx: float, dy: float, noise_m2: float) -> tuple[float, float, float]:
    """Of the innovation's covariance H P H' + R, symmetric (2, 2): its entries east-east, east-north, north-north."""
    a = ph[0][0] - dy * ph[2][0] + noise_m2
    b = ph[0][1] - dy * ph[2][1]
    d = ph[1][1] + dx * ph[2][1] + noise_m2
    determinant = a * d - b * b
    return d / determinant, -b / determinant, a / determinant


def _standing(wire: WireState, fix: GnssFix) -> bool:
    """Both belts at rest; for a silent encoder gyro, set-points and the receiver's own speed must say so."""
    status, imu = wire.status, wire.imu
    if status is None:
        return False
    left, right = status.track_left_mps, status.track_right_mps
    if not math.isnan(left + right):
        return left == 0.0 == right
    if imu is None or not abs(imu.yaw_rate_radps) < REST_RADPS or not abs(fix.speed_mps) < REST_MPS:
        return False
    rest = (0.0 if math.isnan(left) else left, 0.0 if math.isnan(right) else right)
    return rest == (0.0, 0.0) == (status.applied_left_mps, status.applied_right_mps)


def _wrapped(x: list[float]) -> tuple[float, float, float, float, float, float]:
    east, north, yaw, bias, slip, creep = x
    return east, north, wrap_rad(yaw), bias, slip, creep


def estimate(state: EstimateState, wire: WireState, config: VehicleConfig, now_ns: int) -> Estimate:
    """The message that every room after this one reads."""
    east, north, yaw, bias, slip, creep = state.x
    status, imu, fix = wire.status, wire.imu, wire.gnss
    roll, pitch = (imu.roll_rad, imu.pitch_rad) if imu is not None else (0.0, 0.0)
    belt_mps = 0.5 * (status.track_left_mps + status.track_right_mps) if status is not None else 0.0
    cut_m = _cut_m(wire, config)
    tool_dx, tool_dy, _ = enu_offset_from_body((config.machine.tool.ahead_m, 0.0, cut_m), yaw, pitch, roll)
    gnss_age_s = (now_ns - state.accepted_t_ns) / NS_PER_S
    fix_type = fix.fix if fix is not None else FixType.NONE
    timeout_s = config.safety.gnss_timeout_s
    fresh = state.ready and gnss_age_s < timeout_s and (now_ns - wire.gnss_t_ns) / NS_PER_S < timeout_s
    sigma_east, sigma_north, sigma_yaw, sigma_tool = state.sigmas
    return Estimate(
        t_ns=now_ns,
        valid=fresh,
        position_proven=fresh and fix_type is FixType.RTK_FIXED and state.rejected_count <= OUTLIERS_MAX,
        fix=fix_type,
        gnss_age_s=gnss_age_s,
        imu_age_s=(now_ns - wire.imu_t_ns) / NS_PER_S,
        status_age_s=(now_ns - wire.status_t_ns) / NS_PER_S,
        east_m=east,
        north_m=north,
        yaw_rad=yaw,
        speed_mps=belt_mps * (1.0 - slip),
        yaw_rate_radps=imu.yaw_rate_radps - bias if imu is not None else 0.0,
        roll_rad=roll,
        pitch_rad=pitch,
        crab_rad=-creep * math.tan(roll),
        slip_ratio=slip,
        slip_curvature_1pm=state.slip_curvature_1pm,
        sigma_east_m=sigma_east,
        sigma_north_m=sigma_north,
        sigma_yaw_rad=sigma_yaw,
        tool_east_m=east + tool_dx,
        tool_north_m=north + tool_dy,
        tool_sigma_m=sigma_tool,
        innovation_ratio=state.innovation_ratio,
        tool_aside_m=-math.sin(roll) * cut_m,
    )


def _cut_m(wire: WireState, config: VehicleConfig) -> float:
    """Where the tool cuts, along the body's up axis.

    On a slope of 15 degrees a depth of 0.2 m lies 5 cm beside the point above it, and ground is worked where the cut
    is. A depth beyond the tool's reach is a broken sensor's.
    """
    depth_m = wire.status.depth_m if wire.status is not None else 0.0
    tool = config.machine.tool
    return -depth_m if -tool.height_max_m <= depth_m <= 1.5 * tool.depth_max_m else 0.0


def _with_sigmas(state: EstimateState, wire: WireState, config: VehicleConfig) -> EstimateState:
    """1-sigma of east, north, yaw, and of the tool in its worse direction with the share that does not average out."""
    (ee, en, ey, *_), (_, nn, ny, *_), (_, _, yy, *_), *_ = state.p
    ahead, yaw = config.machine.tool.ahead_m, state.x[2]
    dx, dy = ahead * math.cos(yaw), ahead * math.sin(yaw)
    var_east = ee - 2.0 * dy * ey + dy * dy * yy
    var_north = nn + 2.0 * dx * ny + dx * dx * yy
    cov = en + dx * ey - dy * ny - dx * dy * yy
    mean, half = 0.5 * (var_east + var_north), 0.5 * (var_east - var_north)
    worst = mean + math.sqrt(half * half + cov * cov)
    receiver_sigma = wire.gnss.sigma_horizontal_m if wire.gnss is not None else 1e3
    behind = max(0.0, state.slid_m - SLID_FREE_M)
    tool = math.sqrt(max(0.0, worst) + (CORRELATED_SHARE * receiver_sigma) ** 2 + behind**2)
    # rounding of a variance that has shrunk by many powers of ten may end below zero
    root_ee, root_nn, root_yy = (math.sqrt(max(0.0, variance)) for variance in (ee, nn, yy))
    return replace(state, sigmas=(root_ee, root_nn, root_yy, tool))
