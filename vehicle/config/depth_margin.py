"""The margin between a depth reading and a claimed depth, and whether a machine can prove the required depth.

The margin follows from the configuration: the sensor's sigma, the number of readings and the confidence factor. The
tick's use of it is in `vehicle/control/depth.py`.
"""

import math
from typing import Final

from vehicle.config.machine import MachineConfig
from vehicle.config.mission import MissionConfig

SLOW_SHARE: Final = 0.7
"""Share of a depth sensor's sigma that averaging over 0.5 m does not remove (stubble, dust, moisture)."""
FAST_READINGS: Final = 5
"""Readings in 0.1 s at 50 statuses a second: 3 cm of driving at the fastest working speed."""
SIGMA_ASSUMED_M: Final = 0.01
"""Assumed 1-sigma until the controller reports its own, and for plans of a machine whose profile has none."""
ARM_M: Final = 0.01
"""Error of the arm when it follows uneven ground."""


def scatter_m(sigma_m: float, readings: int = FAST_READINGS) -> float:
    """1-sigma [m] of the mean of this many consecutive readings."""
    return sigma_m * math.sqrt(SLOW_SHARE**2 + (1.0 - SLOW_SHARE**2) / max(1, readings))


def fast_scatter_m(sigma_m: float) -> float:
    """1-sigma [m] of the part of the short mean's scatter that changes from one mean to the next."""
    return sigma_m * math.sqrt((1.0 - SLOW_SHARE**2) / FAST_READINGS)


def withheld_m(mission: MissionConfig, sigma_m: float, bias_m: float = 0.0, readings: int = FAST_READINGS) -> float:
    """Depth [m] that a claim stays below the mean reading. `bias_m`: the sensor reads too deep by this much."""
    return bias_m + mission.k_depth * scatter_m(sigma_m, readings)


def needed_m(mission: MissionConfig, sigma_m: float, bias_m: float = 0.0) -> float:
    """Depth [m] that the machine must dig to prove the required depth: required + withheld + the arm's error."""
    return mission.required_depth_m + withheld_m(mission, sigma_m, bias_m) + ARM_M


def shortfall(mission: MissionConfig, machine: MachineConfig, sigma_m: float | None = None, bias_m: float = 0.0) -> str:
    """Return why this machine cannot prove the required depth, as a sum in words; "" if it can."""
    tool = machine.tool
    sigma_m = sigma_m if sigma_m is not None else tool.depth_sigma_m or SIGMA_ASSUMED_M
    need_m, withheld = needed_m(mission, sigma_m, bias_m), withheld_m(mission, sigma_m, bias_m)
    if need_m <= tool.depth_max_m + 1e-9:
        return ""
    return (
        f"{mission.required_depth_m:g} m required + {withheld:.3f} m withheld (sensor {sigma_m:g} m, k_depth "
        f"{mission.k_depth:g}, bias {bias_m:g} m) + {ARM_M:g} m for the arm = {need_m:.3f} m; {machine.name} digs "
        f"{tool.depth_max_m:g} m"
    )
