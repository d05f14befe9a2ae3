"""The first pose after a start of the program: the receiver's, held against where the last start left the machine.

A wrong fix that lasts would become true by a restart, if the first fix were simply believed. So where the last start
left a place, a second of fixes is judged against it as after any loss (`place.py`, `heading.py`), and a doubt of the
last start goes on. Where nothing was kept, or the machine has been moved meanwhile, the fix is worked with, but no
check of the base makes ground firm until the daily check or a mark has shown that the place is right.
"""

import math
from typing import Final

from firmware_bridge.types import FixType, GnssFix
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.units import wrap_rad
from vehicle.control.estimate import covariance
from vehicle.control.estimate.correction import lever_arm_m
from vehicle.control.estimate.place import LASTING_NS, MOVED_M
from vehicle.control.estimate_state import EstimateState, HeadingState, HeldPlace, PlaceState
from vehicle.control.state import WireState

BIAS_SIGMA_RADPS: Final = math.radians(0.2)
SLIP_SIGMA = CREEP_SIGMA = 0.1
SIGMAS: Final = 4.0
"""A turn that nobody saw widens the yaw's bound, which is four of its sigmas."""


def begun(
    state: EstimateState, wire: WireState, config: VehicleConfig, datum: LocalFrame, now_ns: int
) -> EstimateState:
    """The filter with its first pose; not ready before the first RTK-fixed position with a heading and tilt."""
    fix = wire.gnss
    if fix is None or wire.imu is None or fix.fix is not FixType.RTK_FIXED or fix.yaw_rad is None:
        return state
    yaw_rad = wrap_rad(fix.yaw_rad - config.machine.gnss.heading_offset_rad)
    east_m, north_m = origin_m(fix, yaw_rad, wire, config, datum)
    held = state.held
    if held is not None and math.hypot(east_m - held.east_m, north_m - held.north_m) <= MOVED_M:
        return _gone_on(held, now_ns)
    missed = state.place.missed
    return _at(
        (east_m, north_m, yaw_rad),
        (fix.sigma_horizontal_m, fix.yaw_sigma_rad),
        PlaceState(
            seen_t_ns=now_ns,
            checked_t_ns=now_ns,
            believed=not missed,
            missed=missed,
            disbelieved_t_ns=now_ns if missed else 0,
            shown=state.place.shown and held is None,
        ),
        HeadingState(seen_t_ns=now_ns, vouched_t_ns=now_ns),
        now_ns,
    )


def _gone_on(held: HeldPlace, now_ns: int) -> EstimateState:
    """At the place that was left, with a second of fixes and headings to be held against it."""
    return _at(
        (held.east_m, held.north_m, held.yaw_rad),
        (held.sigma_m, held.yaw_sigma_rad + held.yaw_gap_rad / SIGMAS),
        PlaceState(
            seen_t_ns=now_ns,
            checked_t_ns=now_ns,
            gathered=(0, 0.0, 0.0, now_ns),
            anew=True,
            gap_m=held.gap_m,
            offset_m=held.offset_m,
            believed=held.believed,
            missed=held.missed,
            disbelieved_t_ns=0 if held.believed else now_ns - LASTING_NS,
            shown=held.shown,
        ),
        HeadingState(
            seen_t_ns=now_ns, vouched_t_ns=now_ns, believed=held.heading_believed, gathered=(0, 0.0, 0.0, now_ns)
        ),
        now_ns,
    )


def _at(
    pose: tuple[float, float, float],
    sigmas: tuple[float, float],
    told: PlaceState,
    turned: HeadingState,
    now_ns: int,
) -> EstimateState:
    """`pose`: east, north [m], yaw [rad]; `sigmas`: of the place [m] and the yaw [rad]."""
    place_m2, yaw_rad2 = sigmas[0] ** 2, sigmas[1] ** 2
    p = covariance.diagonal((place_m2, place_m2, yaw_rad2, BIAS_SIGMA_RADPS**2, SLIP_SIGMA**2, CREEP_SIGMA**2))
    return EstimateState(ready=True, x=(*pose, 0.0, 0.0, 0.0), p=p, accepted_t_ns=now_ns, place=told, heading=turned)


def origin_m(
    fix: GnssFix, yaw_rad: float, wire: WireState, config: VehicleConfig, datum: LocalFrame
) -> tuple[float, float]:
    """The body origin below the antenna, ENU."""
    east_lever_m, north_lever_m = lever_arm_m(yaw_rad, wire, config)
    east_m, north_m, _ = datum.enu_from_geodetic(fix.lat_deg, fix.lon_deg)
    return east_m - east_lever_m, north_m - north_lever_m
