"""Depth readings with rod and straight edge: the mean of five points a place, where the record claims ground.

The tool's whole true path is kept, however shallow. The depth at a point is that of the deepest pass of the tool over
it.
"""

import math

import numpy as np

from sim.checker import Place
from sim.world import Truth
from vehicle.contracts.frames import FloatArray
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState

POINT_M = 0.01
"""1-sigma at one point: rod and straight edge find a depth within 2 cm."""
POINTS = 5
MEAN_M = POINT_M / math.sqrt(POINTS)
STEP_M = 0.04
"""Distance of the tool between two points; five of them lie within 8 cm of their place."""
READINGS = 5
"""Number of places at the end."""


class Rod:
    """Follows the tool in each tick; `chosen`: the places for depth readings at the end."""

    def __init__(self) -> None:
        self._times_ns: list[int] = []
        self._lines: list[tuple[float, float, float, float, float]] = []

    def see(self, now_ns: int, true: Truth) -> None:
        """Note one tick of the tool, in the ground or above it."""
        line = (*true.tool_left_m, *true.tool_right_m, true.depth_m)
        if self._lines and math.dist(_middle_m(line), _middle_m(self._lines[-1])) < STEP_M:
            last = self._lines[-1]
            self._lines[-1] = (*last[:4], max(last[4], true.depth_m))  # lowered or raised without driving
            return
        self._times_ns.append(now_ns)
        self._lines.append(line)

    def chosen(self, ledger: LedgerState, cell_m: float) -> tuple[Place, ...]:
        """Return at most five places evenly over the claimed ground, the newest first.

        Each comes with the true mean of five points. In this order each reading counts for all ground worked since the
        last good reading; in the other order the oldest ground would depend on one reading alone.
        """
        claimed = [index for index, line in enumerate(self._lines) if is_claimed(ledger, _middle_m(line), cell_m)]
        if not claimed:
            return ()
        places = (round((len(claimed) - 1) * number / READINGS) for number in range(READINGS, 0, -1))
        return tuple(self._read(claimed, place) for place in places)

    def _read(self, claimed: list[int], place: int) -> Place:
        """Return five claimed points in a row around one of them."""
        first = max(0, min(place - POINTS // 2, len(claimed) - POINTS))
        lines = np.array(self._lines)
        depth_m = sum(_depth_m(lines, _middle_m(self._lines[index])) for index in claimed[first : first + POINTS])
        index = claimed[place]
        count = len(claimed[first : first + POINTS])
        return Place(self._times_ns[index], *_middle_m(self._lines[index]), depth_m / count)


def is_claimed(ledger: LedgerState, place_m: tuple[float, float], cell_m: float) -> bool:
    """Whether the record says that this cell was processed, deep enough or not."""
    column, row = math.floor(place_m[0] / cell_m), math.floor(place_m[1] / cell_m)
    tile = raster.find(ledger.tiles, (column // raster.TILE, row // raster.TILE))
    return bool(tile[raster.FLAGS, row % raster.TILE, column % raster.TILE] & raster.CLAIMS)


def _middle_m(line: tuple[float, float, float, float, float]) -> tuple[float, float]:
    return (line[0] + line[2]) / 2.0, (line[1] + line[3]) / 2.0


def _depth_m(lines: FloatArray, point_m: tuple[float, float]) -> float:
    """Return the greatest depth [m] of passes at a point; lines (n, 5): left east, north, right east, north, depth."""
    across = lines[:, 0:2] - lines[:, 2:4]
    width_m = np.hypot(across[:, 0], across[:, 1])
    from_right = np.array(point_m) - lines[:, 2:4]
    along_m = np.abs(across[:, 0] * from_right[:, 1] - across[:, 1] * from_right[:, 0]) / width_m
    share = (across * from_right).sum(axis=1) / width_m**2
    over = (along_m <= STEP_M / 2.0) & (share >= 0.0) & (share <= 1.0)
    return max(0.0, float(lines[over, 4].max()))
