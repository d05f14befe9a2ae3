"""What a claim of depth is less than the reading, and whether a machine digs deep enough to prove the required depth.

Figures of a configuration: of the sensor's sigma, how often, how sure. `vehicle/control/depth.py` works by them.
"""

import math
from typing import Final

from vehicle.config.machine import MachineConfig
from vehicle.config.mission import MissionConfig

SLOW_SHARE: Final = 0.7
"""Of a depth sensor's sigma what half a metre does not average out (stubble, dust, moisture before the rotor)."""
FAST_READINGS: Final = 5
"""A tenth of a second at 50 statuses a second: 3 cm of way at the fastest working speed."""
SIGMA_ASSUMED_M: Final = 0.01
"""Until the controller reports its own, and where a plan is made for a machine whose profile has none."""
ARM_M: Final = 0.01
"""Error with which the arm follows uneven ground."""


def scatter_m(sigma_m: float, readings: int = FAST_READINGS) -> float:
    """1-sigma of a mean of so many readings that follow each other."""
    return sigma_m * math.sqrt(SLOW_SHARE**2 + (1.0 - SLOW_SHARE**2) / max(1, readings))


def fast_scatter_m(sigma_m: float) -> float:
    """1-sigma of what the short mean scatters by anew."""
    return sigma_m * math.sqrt((1.0 - SLOW_SHARE**2) / FAST_READINGS)


def withheld_m(mission: MissionConfig, sigma_m: float, bias_m: float = 0.0, readings: int = FAST_READINGS) -> float:
    """What a claim is less than the mean reading. `bias_m`: the sensor reads so much too deep, as readings found."""
    return bias_m + mission.k_depth * scatter_m(sigma_m, readings)


def needed_m(mission: MissionConfig, sigma_m: float, bias_m: float = 0.0) -> float:
    """What the machine has to dig for the required depth to be proven: required, withheld, the arm's error."""
    return mission.required_depth_m + withheld_m(mission, sigma_m, bias_m) + ARM_M


def shortfall(mission: MissionConfig, machine: MachineConfig, sigma_m: float | None = None, bias_m: float = 0.0) -> str:
    """Why the required depth cannot be proven with this machine, as a sum; "" where it can."""
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
