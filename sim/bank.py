"""A bank across the machine's way: level ground that rises to a steep slope, for exercises."""

import math
from typing import Final

from sim.ground import Ground
from sim.plant import Pose

STEEP_RAD: Final = math.radians(32.0)
ROUND_M: Final = 1.5
"""Distance over which the slope grows to its full value."""
LONG_M: Final = 6.0


class Bank:
    """`ground` with a bank that begins `ahead_m` before the pose and runs at right angles to its heading."""

    def __init__(self, ground: Ground, pose: Pose, ahead_m: float) -> None:
        self._ground, self._ahead_m = ground, ahead_m
        self._cos, self._sin = math.cos(pose.yaw_rad), math.sin(pose.yaw_rad)
        self._from_m = pose.east_m * self._cos + pose.north_m * self._sin

    def height_m(self, east_m: float, north_m: float) -> float:
        """Height of the undisturbed surface above the datum's plane [m]."""
        along_m = east_m * self._cos + north_m * self._sin - self._from_m - self._ahead_m
        rise_m = 0.0
        if along_m > 0.0:
            rounded_m = min(along_m, ROUND_M)
            rise_m = math.tan(STEEP_RAD) * (
                rounded_m * rounded_m / (2.0 * ROUND_M) + min(max(0.0, along_m - ROUND_M), LONG_M)
            )
        return self._ground.height_m(east_m, north_m) + rise_m

    def specific_energy_jpm3(self, east_m: float, north_m: float) -> float:
        """Energy to loosen this soil with the tool [J/m3]."""
        return self._ground.specific_energy_jpm3(east_m, north_m)
