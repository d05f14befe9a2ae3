"""How long the vehicle takes to drive a plan: ramps, approach, pivots, rotor and arm as the mission drives them.

One time model for planner, files, stations and console. Without a `Pace` it is the peers' cost model: every length at
its speed, every turn at its rate, no pause. Formulas: `vehicle/control/drive/follower.py` and `vehicle/control/mission`
decide how it is driven; docs/adr/2026-11-30-hours-of-the-vehicle.md holds them beside simulated hours.
"""

import math

import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """What driving takes beyond length over speed; `vehicle/config/pace.py` makes it of a machine profile.

    `depth_m`, `soil_mj_per_m3`: working depth and specific energy of the soil that it was made for.
    `sweep_speed_mps`: what they let the rotor drive work. `accel_mps2`, `brake_mps2`: ramps of the speed.
    `approach_1ps`: the speed falls with the way left, down to `creep_mps`; a segment ends `done_m` before its end.
    `turn_approach_1ps`, `turn_done_rad`: the same of a pivot; `turn_share`: yaw rate over that of the belts without
    skid; `turn_lag_s`: until the belts follow. `spin_up_s` from standstill, `spin_down_s` to it, `at_speed_ratio` of it
    is enough. `lower_s`, `raise_s`: between the height for moves and the working depth.
    """

    depth_m: float
    soil_mj_per_m3: float
    sweep_speed_mps: float
    accel_mps2: float
    brake_mps2: float
    approach_1ps: float
    creep_mps: float
    done_m: float
    turn_approach_1ps: float
    turn_done_rad: float
    turn_share: float
    turn_lag_s: float
    spin_up_s: float
    spin_down_s: float
    at_speed_ratio: float
    lower_s: float
    raise_s: float


# --- one straight line, one pivot ------------------------------------------------------------------------------------
def line_s(length_m: float, speed_mps: float, pace: Pace | None) -> float:
    """Seconds for a straight line from standstill to standstill."""
    if pace is None:
        return length_m / speed_mps
    peak_mps = min(speed_mps, max(pace.creep_mps, _peak_mps(length_m, pace)))
    end_mps = min(peak_mps, 2.0 * pace.brake_mps2 / pace.approach_1ps)
    ramp_m = peak_mps**2 / (2.0 * pace.accel_mps2)
    stop_m = (peak_mps**2 - end_mps**2) / (2.0 * pace.brake_mps2) + end_mps / pace.approach_1ps
    ends_s = peak_mps / pace.accel_mps2 + (peak_mps - end_mps) / pace.brake_mps2 + _last_s(end_mps, pace)
    return ends_s + max(0.0, length_m - ramp_m - stop_m) / peak_mps


def lines_s(lengths_m: Floats, speed_mps: float, pace: Pace | None) -> Floats:
    """(n,) `line_s` of (n,) lengths, as an array; equal to it but for rounding."""
    if pace is None:
        return lengths_m / speed_mps
    end_max_mps = 2.0 * pace.brake_mps2 / pace.approach_1ps
    peak_mps = np.minimum(speed_mps, np.maximum(pace.creep_mps, _peaks_mps(lengths_m, pace)))
    end_mps = np.minimum(peak_mps, end_max_mps)
    ramp_m = peak_mps**2 / (2.0 * pace.accel_mps2)
    stop_m = (peak_mps**2 - end_mps**2) / (2.0 * pace.brake_mps2) + end_mps / pace.approach_1ps
    last_s = np.log(end_mps / pace.creep_mps) / pace.approach_1ps + _creep_s(pace)
    ends_s = peak_mps / pace.accel_mps2 + (peak_mps - end_mps) / pace.brake_mps2 + last_s
    return np.asarray(ends_s + np.maximum(0.0, lengths_m - ramp_m - stop_m) / peak_mps)


def turn_s(angle_rad: float, rate_radps: float, pace: Pace | None) -> float:
    """Seconds for a pivot from standstill to standstill."""
    angle_rad = abs(angle_rad)
    if pace is None:
        return angle_rad / rate_radps
    if angle_rad <= pace.turn_done_rad:
        return 0.0
    slow_rad = min(angle_rad, rate_radps / pace.turn_approach_1ps)
    slow_s = math.log(max(1.0, slow_rad / pace.turn_done_rad)) / pace.turn_approach_1ps
    return ((angle_rad - slow_rad) / rate_radps + slow_s) / pace.turn_share + pace.turn_lag_s


def turns_s(angles_rad: Floats, rate_radps: float, pace: Pace | None) -> Floats:
    """(n,) `turn_s` of (n,) angles, as an array; equal to it but for rounding."""
    angles_rad = np.abs(angles_rad)
    if pace is None:
        return angles_rad / rate_radps
    slow_rad = np.minimum(angles_rad, rate_radps / pace.turn_approach_1ps)
    slow_s = np.log(np.maximum(1.0, slow_rad / pace.turn_done_rad)) / pace.turn_approach_1ps
    whole_s = ((angles_rad - slow_rad) / rate_radps + slow_s) / pace.turn_share + pace.turn_lag_s
    return np.where(angles_rad <= pace.turn_done_rad, 0.0, whole_s)


def _peak_mps(length_m: float, pace: Pace) -> float:
    """The speed at which the ramp up meets the approach to the end."""
    accel, brake, gain = pace.accel_mps2, pace.brake_mps2, pace.approach_1ps
    knee_mps = 2.0 * brake / gain
    low_mps = accel * (math.sqrt(1.0 / gain**2 + 2.0 * length_m / accel) - 1.0 / gain)
    if low_mps <= knee_mps:
        return low_mps
    return math.sqrt((length_m - knee_mps / gain + knee_mps**2 / (2.0 * brake)) / (0.5 / accel + 0.5 / brake))


def _peaks_mps(lengths_m: Floats, pace: Pace) -> Floats:
    """(n,) `_peak_mps` of (n,) lengths."""
    accel, brake, gain = pace.accel_mps2, pace.brake_mps2, pace.approach_1ps
    knee_mps = 2.0 * brake / gain
    low_mps = accel * (np.sqrt(1.0 / gain**2 + 2.0 * lengths_m / accel) - 1.0 / gain)
    squared = (lengths_m - knee_mps / gain + knee_mps**2 / (2.0 * brake)) / (0.5 / accel + 0.5 / brake)
    return np.where(low_mps <= knee_mps, low_mps, np.sqrt(np.maximum(0.0, squared)))


def _last_s(end_mps: float, pace: Pace) -> float:
    """From a speed at which the way left decides, to the end."""
    return math.log(end_mps / pace.creep_mps) / pace.approach_1ps + _creep_s(pace)


def _creep_s(pace: Pace) -> float:
    """The last centimetres, which are crept."""
    return max(0.0, 1.0 / pace.approach_1ps - pace.done_m / pace.creep_mps)
