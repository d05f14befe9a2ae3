"""Tracks as measured against what they were told: speed, standstill, and what the controller should have applied."""

import math

from firmware_bridge.types import ControllerStatus, GnssFix, ImuSample
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.units import TICK_S
from vehicle.control.safety.limits import clamp

STANDSTILL_MPS = 0.05
GNSS_NOISE_MPS = 0.12
"""Four sigma: once in three thousand seconds."""
STANDSTILL_GNSS_MPS = 0.2
"""GNSS speed is noisy (0.03 m/s); it must not contradict the encoders, of which one may be dead."""
REST_TICKS = 50
"""With a silent encoder standstill is proven otherwise, and for a second on end."""
REST_GNSS_MPS = 0.1
"""Noise of 0.03 m/s passes this in one epoch of 250, so that ten in a row are below it; what rolls is not."""
MISMATCH_MPS = 0.1
"""Set-point as applied against as expected from the profile's ramps; two ticks of latency are within."""
STILL_APPLIED_MPS = 0.02
STUCK_MPS = 0.2
FOLLOWS_FROM_MPS = 0.05
FOLLOWS_RATIO = 0.3
"""A belt that shows less than this share of what is applied, or the other sign, has a dead or reversed encoder."""


def advance_mps(status: ControllerStatus | None) -> float:
    """Half the sum of the belts: the body's speed but for slip; NaN where unknown."""
    return math.nan if status is None else (status.track_left_mps + status.track_right_mps) / 2.0


def speed_mps(status: ControllerStatus | None, gnss: GnssFix | None) -> float:
    """Body speed as a magnitude, the faster of encoders and GNSS less its noise; NaN where unknown.

    Each epoch of a receiver that is 0.1 m/s fast would take half a T_stop away from a machine that is slow.
    """
    heard = _heard_mps(gnss)
    if status is None:
        return heard or math.nan
    return max(abs(advance_mps(status)), heard - GNSS_NOISE_MPS)


def fastest_mps(status: ControllerStatus | None, gnss: GnssFix | None) -> float:
    """The fastest of what is known, either belt and GNSS; NaN where nothing is."""
    heard = _heard_mps(gnss)
    if status is None:
        return heard or math.nan
    left, right = abs(status.track_left_mps), abs(status.track_right_mps)
    if math.isnan(left):
        return max(right, heard) if not math.isnan(right) else heard or math.nan
    return max(left, heard, right)  # in this order a right belt that is not a number is passed over


def _heard_mps(gnss: GnssFix | None) -> float:
    """GNSS speed above its noise, else 0."""
    return gnss.speed_mps if gnss is not None and gnss.speed_mps >= STANDSTILL_GNSS_MPS else 0.0


def standing(status: ControllerStatus | None, gnss: GnssFix | None) -> bool:
    """Both belts measured at rest, and GNSS, where it is at hand, does not object. Unknown is not standing."""
    if status is None or (gnss is not None and gnss.speed_mps >= STANDSTILL_GNSS_MPS):
        return False
    return abs(status.track_left_mps) < STANDSTILL_MPS and abs(status.track_right_mps) < STANDSTILL_MPS


def silent(status: ControllerStatus) -> bool:
    """An encoder tells nothing: the controller knows that it is dead."""
    return math.isnan(status.track_left_mps) or math.isnan(status.track_right_mps)


def rests(status: ControllerStatus, imu: ImuSample | None, gnss: GnssFix | None, gauge_m: float) -> bool:
    """At rest in this tick, by what is left where an encoder is silent; all three arguments are fresh, or None.

    Nothing is applied, the belt that is known rests, and no turn shows that the other one runs. Both may still roll
    straight on: that GNSS denies, which may be missing only while one belt is known.
    """
    left, right = status.track_left_mps, status.track_right_mps
    if imu is None or not abs(imu.yaw_rate_radps) * gauge_m < STANDSTILL_MPS:
        return False
    if status.applied_left_mps != 0.0 or status.applied_right_mps != 0.0:
        return False
    if abs(left) >= STANDSTILL_MPS or abs(right) >= STANDSTILL_MPS:
        return False
    if gnss is None:
        return not (math.isnan(left) and math.isnan(right))
    return abs(gnss.speed_mps) < REST_GNSS_MPS


def ramped_mps(applied_mps: float, wanted_mps: float, config: VehicleConfig, tick_s: float = TICK_S) -> float:
    """One tick of the controller's ramp: away from zero by accel, towards it by decel, a reversal rests at zero."""
    if applied_mps < 0.0:
        return -ramped_mps(-applied_mps, -wanted_mps, config, tick_s)
    up_mps, down_mps = config.machine.tracks.accel_mps2 * tick_s, config.machine.tracks.decel_mps2 * tick_s
    lowest_mps = max(0.0, applied_mps - down_mps) if applied_mps > 0.0 else -up_mps
    return clamp(wanted_mps, lowest_mps, applied_mps + up_mps)


def mismatch(status: ControllerStatus, expected_mps: tuple[float, float]) -> bool:
    """The controller applies something else than it was told; not a number counts as that."""
    left = abs(status.applied_left_mps - expected_mps[0]) <= MISMATCH_MPS
    return not (left and abs(status.applied_right_mps - expected_mps[1]) <= MISMATCH_MPS)


def stuck(status: ControllerStatus) -> bool:
    """A belt runs although nothing is applied."""
    return _runs_alone(status.track_left_mps, status.applied_left_mps) or _runs_alone(
        status.track_right_mps, status.applied_right_mps
    )


def _runs_alone(measured_mps: float, applied_mps: float) -> bool:
    return abs(applied_mps) < STILL_APPLIED_MPS and abs(measured_mps) > STUCK_MPS


def unfollowed(status: ControllerStatus) -> bool:
    """A belt's encoder does not follow what is applied."""
    return _unfollowed(status.track_left_mps, status.applied_left_mps) or _unfollowed(
        status.track_right_mps, status.applied_right_mps
    )


def _unfollowed(measured_mps: float, applied_mps: float) -> bool:
    follows = measured_mps * applied_mps >= FOLLOWS_RATIO * applied_mps * applied_mps
    return abs(applied_mps) > FOLLOWS_FROM_MPS and not follows
