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


def passes_of(samples: Samples, machine: MachineFootprint, area: Any, gauge_m: float) -> tuple[Passes, Passes]:
    """Return passes of the tracks, and of the working tool, over an area (shapely, ENU metres).

    `gauge_m`: between the middles of the two tracks; what lies between the tracks they do not pass over.
    """
    middles = _middles(area)
    reach_m, deep_m = machine.track_length_m / 2.0, max(machine.tool_length_m, GRID_M) / 2.0
    edge_m = machine.track_outer_width_m / 2.0
    tracks = [_rectangle(-reach_m, reach_m, side * (gauge_m - edge_m), side * edge_m) for side in (-1.0, 1.0)]
    ahead_m, half_m = machine.tool_ahead_m, machine.tool_width_m / 2.0
    tool = [_rectangle(ahead_m - deep_m, ahead_m + deep_m, -half_m, half_m)]
    drives = np.abs(samples.speed_mps) >= STAND_MPS
    moves = drives | (np.abs(samples.yaw_rate_radps) >= TURN_RADPS)
    ways = np.where(drives, np.sign(samples.speed_mps), 0.0)
    legs = np.flatnonzero((np.diff(moves.astype(int), prepend=0) != 0) | (np.diff(ways, prepend=0.0) != 0.0))
    found = []
    for chosen, shapes in ((moves, tracks), (moves & samples.is_work, tool)):
        count = np.zeros(len(middles), int)
        for leg in np.split(np.arange(len(samples)), legs):
            here = leg[chosen[leg]]
            if here.size > 1:
                ground = shapely.union_all([_swept(samples, here, shape) for shape in shapes])
                shapely.prepare(ground)
                count = count + shapely.contains_xy(ground, middles[:, 0], middles[:, 1])
        found.append(_of(count))
    return found[0], found[1]


def _middles(area: Any) -> FloatArray:
    """Return the centres of the squares of an area, (n, 2) [m]."""
    west, south, east, north = area.bounds
    x, y = np.meshgrid(np.arange(west, east, GRID_M) + GRID_M / 2.0, np.arange(south, north, GRID_M) + GRID_M / 2.0)
    found = np.column_stack([x.ravel(), y.ravel()])
    return np.asarray(found[shapely.contains_xy(area, found[:, 0], found[:, 1])])


def _rectangle(rear_m: float, front_m: float, inner_m: float, outer_m: float) -> FloatArray:
    """Return the corners of a body-fixed rectangle between two distances to the left, (4, 2) [m]."""
    return np.array([(rear_m, inner_m), (front_m, inner_m), (front_m, outer_m), (rear_m, outer_m)])


def _swept(samples: Samples, here: Any, shape: FloatArray) -> Any:
    """Return the ground that a body-fixed rectangle covers over some samples."""
    cos, sin = np.cos(samples.yaw_rad[here])[:, None], np.sin(samples.yaw_rad[here])[:, None]
    east = samples.east_m[here][:, None] + cos * shape[:, 0] - sin * shape[:, 1]
    north = samples.north_m[here][:, None] + sin * shape[:, 0] + cos * shape[:, 1]
    rectangles = shapely.polygons(np.stack([east, north], axis=2))
    hulls = shapely.convex_hull(shapely.union(rectangles[:-1], rectangles[1:]))
    return shapely.union_all(hulls)


def _of(count: Any) -> Passes:
    if not count.size:
        return Passes(mean=0.0, shares=(1.0, 0.0, 0.0, 0.0))
    none, one, two, more = (np.bincount(np.minimum(count, 3), minlength=4) / count.size).tolist()
    return Passes(mean=float(count.mean()), shares=(none, one, two, more))
