"""How often tracks and tool passed over each place: only the measured input to a disturbance index.

A pass is one continuous movement: a standstill, or a change between forward and reverse, begins a new one.
"""

from typing import Any, Final

import msgspec
import numpy as np
import shapely

from vehicle.contracts.frames import FloatArray
from vehicle.contracts.plan import MachineFootprint
from vehicle.reports.story import STAND_MPS, TURN_RADPS, Samples

GRID_M: Final = 0.25
"""Side of the squares in which passes are counted."""


class Passes(msgspec.Struct, frozen=True, kw_only=True):
    """Passes over the squares of an area: mean, and share of the squares with none, one, two, three and more."""

    mean: float
    shares: tuple[float, float, float, float]


def passes_of(samples: Samples, machine: MachineFootprint, area: Any) -> tuple[Passes, Passes]:
    """Return passes of the tracks, and of the working tool, over an area (shapely, ENU metres)."""
    middles = _middles(area)
    half_m, reach_m = machine.track_outer_width_m / 2.0, machine.track_length_m / 2.0
    track = _rectangle(-reach_m, reach_m, half_m)
    deep_m = max(machine.tool_length_m, GRID_M) / 2.0
    tool = _rectangle(machine.tool_ahead_m - deep_m, machine.tool_ahead_m + deep_m, machine.tool_width_m / 2.0)
    drives = np.abs(samples.speed_mps) >= STAND_MPS
    moves = drives | (np.abs(samples.yaw_rate_radps) >= TURN_RADPS)
    ways = np.where(drives, np.sign(samples.speed_mps), 0.0)
    legs = np.flatnonzero((np.diff(moves.astype(int), prepend=0) != 0) | (np.diff(ways, prepend=0.0) != 0.0))
    found = []
    for chosen, shape in ((moves, track), (moves & samples.is_work, tool)):
        count = np.zeros(len(middles), int)
        for leg in np.split(np.arange(len(samples)), legs):
            here = leg[chosen[leg]]
            if here.size > 1:
                count = count + shapely.contains_xy(_swept(samples, here, shape), middles[:, 0], middles[:, 1])
        found.append(_of(count))
    return found[0], found[1]


def _middles(area: Any) -> FloatArray:
    """Return the centres of the squares of an area, (n, 2) [m]."""
    west, south, east, north = area.bounds
    x, y = np.meshgrid(np.arange(west, east, GRID_M) + GRID_M / 2.0, np.arange(south, north, GRID_M) + GRID_M / 2.0)
    found = np.column_stack([x.ravel(), y.ravel()])
    return np.asarray(found[shapely.contains_xy(area, found[:, 0], found[:, 1])])


def _rectangle(rear_m: float, front_m: float, half_m: float) -> FloatArray:
    """Return the corners of a body-fixed rectangle, (4, 2) [m]."""
    return np.array([(rear_m, -half_m), (front_m, -half_m), (front_m, half_m), (rear_m, half_m)])


def _swept(samples: Samples, here: Any, shape: FloatArray) -> Any:
    """Return the ground that a body-fixed rectangle covers over some samples."""
    cos, sin = np.cos(samples.yaw_rad[here])[:, None], np.sin(samples.yaw_rad[here])[:, None]
    east = samples.east_m[here][:, None] + cos * shape[:, 0] - sin * shape[:, 1]
    north = samples.north_m[here][:, None] + sin * shape[:, 0] + cos * shape[:, 1]
    rectangles = shapely.polygons(np.stack([east, north], axis=2))
    hulls = shapely.convex_hull(shapely.union(rectangles[:-1], rectangles[1:]))
    found = shapely.union_all(hulls)
    shapely.prepare(found)
    return found


def _of(count: Any) -> Passes:
    if not count.size:
        return Passes(mean=0.0, shares=(1.0, 0.0, 0.0, 0.0))
    none, one, two, more = (np.bincount(np.minimum(count, 3), minlength=4) / count.size).tolist()
    return Passes(mean=float(count.mean()), shares=(none, one, two, more))
