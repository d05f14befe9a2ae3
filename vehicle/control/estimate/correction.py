"""An epoch of the receiver taken into the filter: heading first, then the position through the antenna's lever arm.

Each is first held against what the filter knows without it (`heading.py`, `place.py`, `course.py`); what is not
believed changes nothing, what lies beyond the gate of an innovation is left out and counted.
"""

import math

from msgspec.structs import replace

from firmware_bridge.types import FixType, GnssFix
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.frames import LocalFrame, enu_offset_from_body
from vehicle.contracts.units import NS_PER_S, wrap_rad
from vehicle.control.estimate import course, covariance, heading, place, speed_way
from vehicle.control.estimate.motion import standing, turn_rate_radps
from vehicle.control.estimate.track import SLIP_MAX, SLIP_MIN
from vehicle.control.estimate_state import EstimateState, WayEpoch
from vehicle.control.state import WireState

GATE_SIGMA = 4.0
"""An innovation beyond this is left out, not averaged in (row 45 of docs/FAULTS.md)."""
LATE_S = 0.05
"""1-sigma of how late a heading comes: while the machine turns, a late one is another one."""
FLOAT_FACTOR = 20.0
"""An RTK-float place errs by its whole sigma for a minute: 600 epochs are worth one or two. Averaged as independent,
they drew a parked machine half a metre and left it certain."""
KNOWN_NS = 500_000_000
"""A place whose newest epoch is older was not known all the while."""
CREEP_MAX = 0.3
Vector6 = tuple[float, float, float, float, float, float]


def correct(
    state: EstimateState, fix: GnssFix, wire: WireState, config: VehicleConfig, datum: LocalFrame, now_ns: int
) -> EstimateState:
    """The state after an epoch that is at least RTK float."""
    yaw_rad = None if fix.yaw_rad is None else wrap_rad(fix.yaw_rad - config.machine.gnss.heading_offset_rad)
    if yaw_rad is not None:
        state = _headed(state, fix, yaw_rad, wire, now_ns)
    lever_m = lever_arm_m(state.x[2], wire, config)
    east, north, _ = datum.enu_from_geodetic(fix.lat_deg, fix.lon_deg)
    epoch = place.Epoch(
        now_ns=now_ns,
        east_m=east - lever_m[0],
        north_m=north - lever_m[1],
        sigma_m=fix.sigma_horizontal_m,
        antenna_m=(east, north),
        resting=standing(wire, fix),
        odometer=state.odometer,
    )
    if fix.fix is not FixType.RTK_FIXED:
        return _gated(state, epoch, lever_m, FLOAT_FACTOR * fix.sigma_horizontal_m)
    taken = place.follow(state.place, (state.x[0], state.x[1]), state.p, epoch)
    taken = speed_way.witnessed(taken, _way_epoch(epoch, state, fix))
    state = _shifted(state, taken)
    if not taken.use:
        return replace(state, accepted_t_ns=now_ns) if _looked_at(state, epoch) else state
    state = _gated(state, epoch, lever_m, fix.sigma_horizontal_m)
    if state.rejected_count:
        return _shifted(state, place.refused(state.place, (state.x[0], state.x[1]), epoch))
    state = replace(state, place=place.accepted(state.place))
    return state if yaw_rad is None else _witnessed(state, epoch, fix, yaw_rad, wire)


def _way_epoch(epoch: place.Epoch, state: EstimateState, fix: GnssFix) -> WayEpoch:
    return WayEpoch(
        time_s=epoch.now_ns / NS_PER_S,
        antenna_m=epoch.antenna_m,
        sigma_m=epoch.sigma_m,
        yaw_rad=state.x[2],
        speed_mps=fix.speed_mps,
        belt_m=epoch.odometer[2],
        turned_rad=epoch.odometer[3],
    )


def _looked_at(state: EstimateState, epoch: place.Epoch) -> bool:
    """A machine at rest judges a fix that came back for a second: nothing is proven meanwhile, and no receiver is lost.

    Only where the position was known all the while, as by float epochs: after a silence, or under way, a fence would be
    kept by a place that nobody knows.
    """
    told = state.place
    known = epoch.now_ns - state.accepted_t_ns <= KNOWN_NS
    return told.gathered is not None and told.anew and not told.stuck and epoch.resting and known


def lever_arm_m(yaw_rad: float, wire: WireState, config: VehicleConfig) -> tuple[float, float]:
    """From the body origin to the antenna, east and north."""
    gnss = config.machine.gnss
    pitch, roll = (wire.imu.pitch_rad, wire.imu.roll_rad) if wire.imu is not None else (0.0, 0.0)
    return enu_offset_from_body((gnss.antenna_x_m, gnss.antenna_y_m, gnss.antenna_z_m), yaw_rad, pitch, roll)[:2]


def _shifted(state: EstimateState, taken: place.Taken) -> EstimateState:
    (east_m, north_m), x = taken.shift_m, state.x
    return replace(state, place=taken.place, x=(x[0] + east_m, x[1] + north_m, *x[2:]))


def _gated(state: EstimateState, epoch: place.Epoch, lever_m: tuple[float, float], noise_m: float) -> EstimateState:
    """The position's update, the receiver's offset taken off where it is not believed; an outlier is only counted."""
    x, p, (dx, dy) = list(state.x), state.p, lever_m
    expected_m = place.expected_m(state.place)
    off_east = epoch.east_m - expected_m[0] - x[0]
    off_north = epoch.north_m - expected_m[1] - x[1]
    # H is the identity for east and north and the lever arm for yaw: P H' without building H
    ph = [(row[0] - dy * row[2], row[1] + dx * row[2]) for row in p]
    a, b, d = _inverse(ph, dx, dy, noise_m**2)
    distance2 = a * off_east * off_east + 2.0 * b * off_east * off_north + d * off_north * off_north
    ratio = math.sqrt(max(0.0, distance2)) / GATE_SIGMA
    if ratio > 1.0:
        return replace(state, rejected_count=state.rejected_count + 1, innovation_ratio=ratio)
    gains = [(u * a + v * b, u * b + v * d) for u, v in ph]
    x = [value + k * off_east + m * off_north for value, (k, m) in zip(x, gains, strict=True)]
    p = covariance.less_pair(p, gains, ph)
    now_ns = epoch.now_ns
    return replace(state, x=_bounded(x), p=p, accepted_t_ns=now_ns, rejected_count=0, innovation_ratio=ratio)


def _inverse(ph: list[tuple[float, float]], dx: float, dy: float, noise_m2: float) -> tuple[float, float, float]:
    """Of the innovation's covariance H P H' + R, symmetric (2, 2): its entries east-east, east-north, north-north."""
    a = ph[0][0] - dy * ph[2][0] + noise_m2
    b = ph[0][1] - dy * ph[2][1]
    d = ph[1][1] + dx * ph[2][1] + noise_m2
    determinant = a * d - b * b
    return d / determinant, -b / determinant, a / determinant


def _bounded(x: list[float]) -> Vector6:
    """Slip and creep are parameters of the soil, with its bounds: they do not explain a place away that stands."""
    east, north, yaw, bias, slip, creep = x
    slip = min(max(slip, SLIP_MIN), SLIP_MAX)
    return east, north, wrap_rad(yaw), bias, slip, min(max(creep, -CREEP_MAX), CREEP_MAX)


# --- heading ---------------------------------------------------------------------------------------------------------
def _headed(state: EstimateState, fix: GnssFix, yaw_rad: float, wire: WireState, now_ns: int) -> EstimateState:
    rate_radps = 0.0 if standing(wire, fix) else turn_rate_radps(wire.imu) - state.x[3]
    turn = heading.Turn(
        now_ns=now_ns,
        yaw_rad=yaw_rad,
        held_rad=state.x[2],
        sigma_rad=fix.yaw_sigma_rad,
        held_sigma_rad=math.sqrt(max(0.0, state.p[2][2])),
        belt_m=state.odometer[2],
        turned_rad=state.odometer[3],
        rate_radps=rate_radps,
    )
    taken = heading.follow(state.heading, turn)
    state = _swung(state, taken)
    if not taken.use:
        return state
    innovation = wrap_rad(yaw_rad - state.x[2])
    variance = state.p[2][2] + fix.yaw_sigma_rad**2 + (LATE_S * rate_radps) ** 2
    if innovation * innovation >= GATE_SIGMA**2 * variance:
        return _swung(state, heading.refused(state.heading, turn))
    gain = [spread / variance for spread in state.p[2]]
    x = [value + k * innovation for value, k in zip(state.x, gain, strict=True)]
    p = covariance.less(state.p, gain, list(state.p[2]))
    return replace(state, x=_bounded(x), p=p, heading=heading.accepted(state.heading))


def _swung(state: EstimateState, taken: heading.Taken) -> EstimateState:
    east, north, yaw, bias, slip, creep = state.x
    if taken.turn_rad == 0.0:
        return replace(state, heading=taken.heading)
    # what a false heading taught the filter of the gyro is forgotten with it
    bias = taken.heading.rest_bias_radps if heading.measured(taken.heading) else bias
    return replace(state, heading=taken.heading, x=(east, north, wrap_rad(yaw + taken.turn_rad), bias, slip, creep))


def _witnessed(
    state: EstimateState, epoch: place.Epoch, fix: GnssFix, yaw_rad: float, wire: WireState
) -> EstimateState:
    """The course over ground speaks for the heading, or against it."""
    told, now_ns = state.heading, epoch.now_ns
    roll_rad = wire.imu.roll_rad if wire.imu is not None else 0.0
    look = course.Look(yaw_rad, roll_rad, epoch.sigma_m, fix.yaw_sigma_rad)
    sight = course.follow(told.course, state.place.samples, look)
    told = replace(told, course=sight.stretch)
    if not sight.looked or (sight.agrees and not sight.long):
        return replace(state, heading=told)
    if sight.agrees:
        turn_rad = 0.0 if told.believed else wrap_rad(yaw_rad - state.x[2])
        return _swung(state, heading.Taken(heading.witnessed(told, round(sight.begun_s * NS_PER_S)), turn_rad))
    if not told.believed or told.stuck:
        return replace(state, heading=told)
    return _swung(state, heading.Taken(heading.contradicted(told, now_ns), sight.error_rad))
