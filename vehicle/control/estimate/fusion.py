"""An extended Kalman filter over RTK GNSS, dual-antenna heading, gyro, tilt and track encoders.

x = (east, north, yaw, gyro bias, belt slip, creep). Belt speed, corrected by slip, drives the motion; on a side slope
the machine creeps downhill by `creep * tan(roll)` of the distance it travels, whichever way it faces, so the
coefficient learned in one swath holds in the next. The antenna is 2 to 3 m up: roll moves it 24 cm at 5 degrees, so
positions are taken down its 3-D lever arm before they are compared.
"""

import math

from msgspec.structs import replace

from firmware_bridge.types import FixType, GnssFix
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.frames import LocalFrame, enu_offset_from_body
from vehicle.contracts.messages import Estimate
from vehicle.contracts.units import NS_PER_S, TICK_S, wrap_rad
from vehicle.control import beat
from vehicle.control.estimate import covariance, heading, motion, place, start
from vehicle.control.estimate.correction import correct
from vehicle.control.estimate.motion import belts as _belts
from vehicle.control.estimate.motion import cut_m, slip_curvature, turn_rate_radps, unsure_mps
from vehicle.control.estimate.motion import standing as _standing
from vehicle.control.estimate_state import Drift, EstimateState
from vehicle.control.state import WireState

OUTLIERS_MAX = 1
"""One fix in three thousand lies beyond the gate by chance alone (exp(-8)), and the one before it is 0.1 s old: a lone
outlier is left out and proves nothing wrong. Two in a row are a jump."""
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
SLID_S, SLID_FREE_M = 1.0, 0.025
"""Way that the belts claim and the receiver's own speed denies, forgotten over a second: a fix pulls the place back no
faster. Noise of 0.03 m/s alone sums up to 7 mm (1-sigma), so that 25 mm are free; what exceeds them is doubt about
where the tool is. Tracks that dig at 90 % slip had credited 0.04 m2 that the tool had not reached."""
GAP_FREE_M = 0.01
"""Belts that lag behind a set-point which falls at once leave 6 mm."""
UNKNOWN_MPS = motion.UNKNOWN_MPS
MARK_OFF_M = 0.02
"""A mark is hit within this and k sigma of the fix; a receiver that says another place is not shown to be right."""
REST_SIGMA_RADPS = math.radians(0.1)
"""Of one look at the gyro at rest, which shows its bias."""
SPREAD_TICKS = 5
"""The covariance is carried at 10 Hz, with the GNSS or without."""


def step(state: EstimateState, wire: WireState, config: VehicleConfig, datum: LocalFrame, now_ns: int) -> EstimateState:
    """One tick: predict by gyro and belts, correct by what is fresh."""
    if not state.ready:
        begun = start.begun(state, wire, config, datum, now_ns)
        return replace(_with_sigmas(begun, wire, config), t_ns=now_ns) if begun.ready else state
    resting = _standing(wire, wire.gnss)
    state = _watched(_predict(state, wire, config, now_ns, resting=resting), wire, now_ns, resting=resting)
    fix = wire.gnss
    measured = wire.gnss_fresh and fix is not None and fix.fix >= FixType.RTK_FLOAT
    if state.drift.ticks < SPREAD_TICKS and not measured:
        return state
    state = _spread(state, wire, resting=resting)
    if measured and fix is not None:
        state = correct(state, fix, wire, config, datum, now_ns)
    return _with_sigmas(state, wire, config)


def at_mark(
    state: EstimateState,
    wire: WireState,
    mark_m: tuple[float, float],
    config: VehicleConfig,
    datum: LocalFrame,
    now_ns: int,
    *,
    good: bool = True,
) -> EstimateState:
    """The machine stands with its origin on a known mark: if its receiver says so to centimetres, it is right.

    If it says another place, that is wrong, until a mark is hit. `good`: so does whoever measured it.
    """
    fix = _stands_on(state, wire, now_ns)
    if fix is None:
        return state
    within_m = MARK_OFF_M + config.mission.k_sigma * fix.sigma_horizontal_m
    said_m = _said_m(state, start.origin_m(fix, state.x[2], wire, config, datum), within_m)
    if not math.dist(said_m, mark_m) <= within_m:
        return _missed(state, said_m, mark_m, within_m, now_ns)
    if not good:
        return state
    return _marked(state, said_m, now_ns)


def _said_m(state: EstimateState, fix_m: tuple[float, float], within_m: float) -> tuple[float, float]:
    """The receiver's own place of the origin: on the mean where the newest fix is in line with that, else by the fix.

    A place that has just stepped, or is under its look, is not what the filter has.
    """
    off_m = place.expected_m(state.place)
    mean_m = (state.x[0] + off_m[0], state.x[1] + off_m[1])
    return mean_m if math.dist(mean_m, fix_m) <= within_m else fix_m


def _missed(
    state: EstimateState, said_m: tuple[float, float], mark_m: tuple[float, float], within_m: float, now_ns: int
) -> EstimateState:
    """The machine stands on the mark and its receiver says another place: the mark's is held, and both are kept from.

    A mark that is far away was named wrongly, or typed; then the place that was held stays.
    """
    far = not math.dist(said_m, mark_m) <= place.MOVED_M
    here_m = (state.x[0], state.x[1])
    held_m = here_m if far else mark_m
    off_m = (said_m[0] - held_m[0], said_m[1] - held_m[1])
    told = place.missed(state.place, off_m, now_ns, held=math.dist(here_m, mark_m) <= within_m)
    return replace(state, place=told, x=(*held_m, *state.x[2:]))


def in_bay(
    state: EstimateState, wire: WireState, config: VehicleConfig, datum: LocalFrame, now_ns: int
) -> EstimateState:
    """The daily check has found place and heading of the receiver as they were stored: both are right."""
    fix = _stands_on(state, wire, now_ns)
    if fix is None or fix.yaw_rad is None:
        return state
    turned, yaw_rad = state.heading, state.x[2]
    if not turned.believed:
        yaw_rad = wrap_rad(fix.yaw_rad - config.machine.gnss.heading_offset_rad)
    fix_m = start.origin_m(fix, yaw_rad, wire, config, datum)
    within_m = MARK_OFF_M + config.mission.k_sigma * fix.sigma_horizontal_m
    state = _marked(state, _said_m(state, fix_m, within_m) if turned.believed else fix_m, now_ns)
    return replace(state, x=(*state.x[:2], yaw_rad, *state.x[3:]), heading=heading.witnessed(turned, now_ns))


def _stands_on(state: EstimateState, wire: WireState, now_ns: int) -> GnssFix | None:
    """The receiver's fix where the machine stands and has a fresh RTK-fixed one; else no mark shows anything.

    A receiver whose place stands while the belts run says nothing of where the machine is, on a mark neither.
    """
    seen_ns, fix = state.place.seen_t_ns, wire.gnss
    fresh = state.ready and not state.place.stuck and seen_ns > 0 and now_ns - seen_ns <= place.LOSS_NS
    return fix if fresh and fix is not None and fix.fix is FixType.RTK_FIXED and _standing(wire, fix) else None


def _marked(state: EstimateState, said_m: tuple[float, float], now_ns: int) -> EstimateState:
    """The receiver's place is right: the filter goes there, and what was held against it is forgotten."""
    shift_m = (said_m[0] - state.x[0], said_m[1] - state.x[1])
    return replace(state, place=place.marked(state.place, shift_m, now_ns), x=(*said_m, *state.x[2:]))


def _watched(state: EstimateState, wire: WireState, now_ns: int, *, resting: bool) -> EstimateState:
    """What must be done in every tick, epoch or not: last tick's verdicts are past, a new fix is asked for in time."""
    told, fix = state.place, wire.gnss
    if told.revoke_t_ns:
        told = replace(told, revoke_t_ns=0)
    told = place.asking(told, fix.restart_count if fix is not None else 0, resting=resting, now_ns=now_ns)
    turned = state.heading
    if turned.revoke_t_ns:
        turned = replace(turned, revoke_t_ns=0)
    if told is state.place and turned is state.heading:
        return state
    return replace(state, place=told, heading=turned)


def _predict(
    state: EstimateState, wire: WireState, config: VehicleConfig, now_ns: int, *, resting: bool
) -> EstimateState:
    """Move the state by one tick, however long it was. The covariance follows every tenth of a second: see `_spread`.

    A controller that is silent for longer than its time-out has stopped the belts by itself: its last speeds are past.
    What a tick lasted longer than anything is carried on for, the belts may have run as before or not at all.
    """
    tick_s = beat.carried_s(state.t_ns, now_ns)
    lost_s = beat.since_s(state.t_ns, now_ns) - tick_s
    east, north, yaw_before, bias, slip, creep = state.x
    silent = now_ns - wire.status_t_ns > config.safety.controller_timeout_s * NS_PER_S
    imu, status = wire.imu, None if silent else wire.status
    raw_rate = turn_rate_radps(imu)
    yaw_rate, roll = (raw_rate - bias, imu.roll_rad) if imu is not None else (0.0, 0.0)
    turned = state.heading
    if resting and imu is not None:
        turned = heading.at_rest(turned, raw_rate, now_ns)
        # belts at rest turn nothing: the yaw is held, or a parked machine would drift off with its gyro
        yaw_rate = yaw_rate if abs(yaw_rate) >= heading.REST_TURN_RADPS else 0.0
    left, right, doubt_mps = _belts(status, yaw_rate, config)
    belt_mps = 0.5 * (left + right)
    speed = belt_mps * (1.0 - slip)
    lateral = -abs(speed) * math.tan(roll)  # roll is positive right side down, left is positive
    yaw = yaw_before + 0.5 * yaw_rate * tick_s
    cos_yaw, sin_yaw = math.cos(yaw), math.sin(yaw)
    east_step = (speed * cos_yaw - creep * lateral * sin_yaw) * tick_s
    north_step = (speed * sin_yaw + creep * lateral * cos_yaw) * tick_s
    curvature = slip_curvature(state, belt_mps, (right - left) / config.machine.tracks.gauge_m, yaw_rate, tick_s)
    drift, odometer = state.drift, state.odometer
    held = resting and yaw_rate == 0.0
    own_rate = 0.0 if held or imu is None else raw_rate - (turned.rest_bias_radps if heading.measured(turned) else bias)
    moving_mps = max(abs(belt_mps), 0.5 * abs(right - left))
    lost_m = max(moving_mps, state.moving_mps) * lost_s
    stands = resting and not silent
    return EstimateState(
        ready=True,
        x=(east + east_step, north + north_step, wrap_rad(yaw_before + yaw_rate * tick_s), bias, slip, creep),
        p=state.p,
        drift=Drift(
            ticks=drift.ticks + 1,
            time_s=drift.time_s + tick_s + lost_s,
            east_m=drift.east_m + east_step,
            north_m=drift.north_m + north_step,
            belt_east_m=drift.belt_east_m + belt_mps * cos_yaw * tick_s,
            belt_north_m=drift.belt_north_m + belt_mps * sin_yaw * tick_s,
            side_east_m=drift.side_east_m - lateral * sin_yaw * tick_s,
            side_north_m=drift.side_north_m + lateral * cos_yaw * tick_s,
            position_m2=drift.position_m2 + ((BODY_NOISE_RATIO * moving_mps) ** 2 + doubt_mps**2) * tick_s + lost_m**2,
            moving_s=drift.moving_s + (tick_s if moving_mps > 1.0e-3 else 0.0),
            turning_s=drift.turning_s + (0.0 if held else tick_s),
        ),
        sigmas=state.sigmas,
        accepted_t_ns=state.accepted_t_ns,
        rejected_count=state.rejected_count,
        innovation_ratio=state.innovation_ratio,
        slid_m=_slid_m(state, wire, abs(speed), tick_s),
        slip_curvature_1pm=curvature,
        odometer=(
            odometer[0] + east_step,
            odometer[1] + north_step,
            odometer[2] + belt_mps * tick_s,
            odometer[3] + own_rate * tick_s,
        ),
        place=place.unsure(state.place, unsure_mps(status) * tick_s + lost_m),
        heading=turned,
        t_ns=now_ns,
        moving_mps=moving_mps,
        stands_t_ns=(now_ns if state.stands_t_ns is None else state.stands_t_ns) if stands else None,
    )


def _slid_m(state: EstimateState, wire: WireState, believed_mps: float, tick_s: float = TICK_S) -> float:
    """How far the machine may have stayed behind the way that its belts tell; a turning antenna is only ever faster."""
    measured_mps = wire.gnss.speed_mps if wire.gnss is not None else believed_mps
    return max(0.0, state.slid_m + tick_s * (believed_mps - measured_mps - state.slid_m / SLID_S))


def _spread(state: EstimateState, wire: WireState, *, resting: bool) -> EstimateState:
    """Carry the covariance over what was driven since it was last carried: P = F P F' + Q.

    Within a tenth of a second F is I + G to 1e-5, so the ticks' G are summed in `Drift` and applied at once; doing it
    in every tick costs five times as much and changes no digit that matters. Nothing walks while the belts stand, so a
    parked machine keeps its covariance; and its gyro shows the bias.
    """
    drift = state.drift
    walk = [
        drift.position_m2,
        drift.position_m2,
        GYRO_NOISE_RADPS**2 * drift.turning_s,
        BIAS_WALK_RADPS**2 * drift.time_s,
        SLIP_WALK**2 * drift.moving_s,
        CREEP_WALK**2 * drift.moving_s,
    ]
    p = covariance.carried(state.p, drift, drift.turning_s, walk)
    bias = turn_rate_radps(wire.imu)
    if not resting or wire.imu is None or not abs(bias - state.x[3]) < heading.REST_TURN_RADPS:
        return replace(state, p=p, drift=Drift())
    variance = p[3][3] + REST_SIGMA_RADPS**2
    gain = [spread / variance for spread in p[3]]
    east, north, yaw, old, slip, creep = (
        value + k * (bias - state.x[3]) for value, k in zip(state.x, gain, strict=True)
    )
    p = covariance.less(p, gain, list(p[3]))
    return replace(state, x=(east, north, wrap_rad(yaw), old, slip, creep), p=p, drift=Drift())


def estimate(state: EstimateState, wire: WireState, config: VehicleConfig, now_ns: int) -> Estimate:
    """The message that every room after this one reads."""
    east, north, yaw, bias, slip, creep = state.x
    status, imu, fix = wire.status, wire.imu, wire.gnss
    roll, pitch = (imu.roll_rad, imu.pitch_rad) if imu is not None else (0.0, 0.0)
    belt_mps = 0.5 * (status.track_left_mps + status.track_right_mps) if status is not None else 0.0
    cut = cut_m(wire, config)
    tool_dx, tool_dy, _ = enu_offset_from_body((config.machine.tool.ahead_m, 0.0, cut), yaw, pitch, roll)
    gnss_age_s = (now_ns - state.accepted_t_ns) / NS_PER_S
    fix_type = fix.fix if fix is not None else FixType.NONE
    timeout_s = config.safety.gnss_timeout_s
    fresh = state.ready and gnss_age_s < timeout_s and (now_ns - wire.gnss_t_ns) / NS_PER_S < timeout_s
    sigma_east, sigma_north, sigma_yaw, sigma_tool = state.sigmas
    return Estimate(
        t_ns=now_ns,
        valid=fresh,
        position_proven=fresh and fix_type is FixType.RTK_FIXED and _proven(state, wire),
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
        tool_aside_m=-math.sin(roll) * cut,
        doubt_m=place.doubt_m(state.place) + config.machine.tool.ahead_m * abs(state.heading.doubt_rad),
        position_reckoned=fresh and fix_type >= FixType.RTK_FLOAT and _reckoned(state, wire),
        position_doubted=not state.place.believed,
        position_stuck=state.place.stuck,
        heading_stuck=state.heading.stuck,
        heading_doubted=not state.heading.believed,
        gnss_restart=state.place.asks,
        revoke_t_ns=_revoke_t_ns(state),
    )


def _proven(state: EstimateState, wire: WireState) -> bool:
    """Nothing speaks against the receiver's place and heading, and both were looked at since they came back."""
    told, turned = state.place, state.heading
    if wire.gnss_t_ns - turned.seen_t_ns > heading.KEPT_NS:
        return False
    watched = told.believed and turned.believed and not (told.stuck or turned.stuck)
    return watched and told.gathered is None is turned.gathered and state.rejected_count <= OUTLIERS_MAX


def _reckoned(state: EstimateState, wire: WireState) -> bool:
    """The place held is the proven one, carried on by belts and gyro: nothing spoke against any of the three since.

    A fix that came back may be under its look; a place that stepped may not.
    """
    told, turned = state.place, state.heading
    headed = wire.gnss_t_ns - turned.seen_t_ns <= heading.KEPT_NS
    headed = headed and turned.believed and not turned.stuck and turned.gathered is None
    placed = told.believed and not told.stuck and (told.gathered is None or told.anew)
    doubted = told.doubt_t_ns != 0 or told.refused_t_ns != 0
    doubted = doubted or told.gap_m > GAP_FREE_M or state.slid_m > SLID_FREE_M
    return headed and placed and not doubted and state.rejected_count <= OUTLIERS_MAX


def _revoke_t_ns(state: EstimateState) -> int:
    """The earlier of what place and heading say is not upheld; 0 where neither says anything."""
    found = [t_ns for t_ns in (state.place.revoke_t_ns, state.heading.revoke_t_ns) if t_ns]
    return min(found, default=0)


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
