"""What a status and an IMU sample can be, before anything reckons with them; a suspect value is never its own measure.

A reading beyond is unknown (NaN), as of a dead sensor; what the controller says of itself, or a sample of which any
part cannot be, is not used at all. A belt, a gyro and a tilt are also held against what they were when they were last
believed, however long ago: no machine of tons changes at once.
"""

import math
from operator import attrgetter, ge, le
from typing import TypeAlias

from msgspec.structs import replace

from firmware_bridge.types import ControllerStatus, ImuSample
from vehicle.contracts.units import NS_PER_S

BELT_MAX_MPS = 5.0
ROTOR_MAX_RADPS = 300.0
BOUNDS = {
    "track_left_mps": (-BELT_MAX_MPS, BELT_MAX_MPS),
    "track_right_mps": (-BELT_MAX_MPS, BELT_MAX_MPS),
    "rotor_speed_radps": (-ROTOR_MAX_RADPS, ROTOR_MAX_RADPS),
    "rotor_torque_nm": (-1.0e5, 1.0e5),
    "tool_height_m": (-3.0, 3.0),
    "depth_m": (-3.0, 3.0),
    "depth_sigma_m": (0.0, 3.0),
    "engine_speed_radps": (-10.0, 1000.0),
    "engine_load_ratio": (-1.0, 10.0),
    "hydraulic_pressure_pa": (-1.0e6, 1.0e8),
    "hydraulic_temp_degc": (-100.0, 400.0),
    "coolant_temp_degc": (-100.0, 400.0),
    "supply_voltage_v": (-1.0, 100.0),
}
"""Of this class of machine, with room: what no sensor of it can mean."""
_bounded = attrgetter(*BOUNDS)
_LOWS, _HIGHS = zip(*BOUNDS.values(), strict=True)
BELT_STEP_MPS, BELT_GAIN_MPS2 = 0.15, 5.0
"""Belts gain speed by 1 m/s2 at most, and jerk when they grip; losing it may take no time at all."""
GYRO_MAX_RADPS, GYRO_STEP_RADPS, GYRO_GAIN_RADPS2 = 4.0, 0.5, 10.0
TILT_STEP_RAD, TILT_GAIN_RADPS = 0.03, 4.0
ACCEL_MAX_MPS2 = 500.0
"""A detonation under the tool."""

Seen: TypeAlias = tuple[float, int]
"""A belt as it was last believed [m/s], and when [ns]."""


def status(told: ControllerStatus, belts: tuple[Seen | None, Seen | None], now_ns: int) -> ControllerStatus | None:
    """The status with unknown for every reading that cannot be; the same object where all can; None: not to be used."""
    applied = (told.applied_left_mps, told.applied_right_mps)
    if not (abs(applied[0]) <= BELT_MAX_MPS and abs(applied[1]) <= BELT_MAX_MPS):
        return None
    if not abs(told.applied_rotor_radps) <= ROTOR_MAX_RADPS:
        return None
    readings = _bounded(told)
    odd: dict[str, float] = {}
    if not (all(map(ge, readings, _LOWS)) and all(map(le, readings, _HIGHS))):  # asked of all at once: hardly ever not
        odd = {
            name: math.nan
            for value, (name, (low, high)) in zip(readings, BOUNDS.items(), strict=True)
            if value < low or value > high  # unknown is neither
        }
    for name, seen in zip(("track_left_mps", "track_right_mps"), belts, strict=True):
        if seen is not None and _leaps(getattr(told, name), seen, now_ns):
            odd[name] = math.nan
    return replace(told, **odd) if odd else told


def seen(speed_mps: float, before: Seen | None, now_ns: int) -> Seen | None:
    """What a belt is held against next: a reading that was not believed leaves the last one that was."""
    return before if math.isnan(speed_mps) else (speed_mps, now_ns)


def imu(sample: ImuSample, before: ImuSample | None, passed_ns: int) -> bool:
    """Whether the sample can be, after one that was believed `passed_ns` ago."""
    most_mps2, most_rad = ACCEL_MAX_MPS2, math.pi + 1e-3
    x_mps2, y_mps2, z_mps2 = sample.accel_x_mps2, sample.accel_y_mps2, sample.accel_z_mps2
    if not (abs(x_mps2) <= most_mps2 and abs(y_mps2) <= most_mps2 and abs(z_mps2) <= most_mps2):
        return False
    if not (abs(sample.roll_rad) <= most_rad and abs(sample.pitch_rad) <= most_rad):
        return False
    if not (math.isfinite(sample.roll_rate_radps) and math.isfinite(sample.pitch_rate_radps)):
        return False
    if not abs(sample.yaw_rate_radps) <= GYRO_MAX_RADPS:
        return False
    if before is None:
        return True
    most_radps = GYRO_STEP_RADPS + GYRO_GAIN_RADPS2 * passed_ns / NS_PER_S
    return abs(sample.yaw_rate_radps - before.yaw_rate_radps) <= most_radps


def tilt_leaps(sample: ImuSample, before: ImuSample | None, passed_ns: int) -> bool:
    """The tilt changed more than a machine can. It may be rolling over, so it stops; ground is proven by neither."""
    if before is None:
        return False
    most_rad = TILT_STEP_RAD + TILT_GAIN_RADPS * passed_ns / NS_PER_S
    return max(_apart(sample.roll_rad, before.roll_rad), _apart(sample.pitch_rad, before.pitch_rad)) > most_rad


def _apart(angle_rad: float, other_rad: float) -> float:
    return abs(math.remainder(angle_rad - other_rad, 2.0 * math.pi))


def _leaps(speed_mps: float, seen: Seen, now_ns: int) -> bool:
    """Faster than a belt can have become since it was last believed; the other way counts from rest."""
    was_mps, then_ns = seen
    most_mps = BELT_STEP_MPS + BELT_GAIN_MPS2 * (now_ns - then_ns) / NS_PER_S
    if speed_mps * was_mps > 0.0:
        most_mps += abs(was_mps)
    return abs(speed_mps) > most_mps
