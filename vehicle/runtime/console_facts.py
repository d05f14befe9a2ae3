"""Facts for the consoles: whether the machine stands still, the nearest boundary, and the areas by state of processing.

They are computed between ticks with the same functions that the tick uses; nothing is decided here.
"""

import math
from typing import Final

import msgspec
import numpy as np

from vehicle.config.vehicle import MachineConfig
from vehicle.contracts.frames import FloatArray
from vehicle.contracts.messages import DriveRequest, Estimate
from vehicle.contracts.units import wrap_rad
from vehicle.control.ground import raster, support
from vehicle.control.mission.job import WAITING_PHASES
from vehicle.control.mission.progress import begins_at
from vehicle.control.safety.measurements import stands_now
from vehicle.control.state import LedgerState, VehicleState
from vehicle.operator_link.console_facts import Areas, Near, Start

NEAR_MAX_M: Final = 100.0
"""Boundaries further away than this are not reported."""
TILES_A_LOOK: Final = 8
"""Tiles counted in one call; this takes half a millisecond."""


class _Block(msgspec.Struct):
    """Counts of one block of tiles. `held`: version of the tiles to which all counts belong, None while they differ."""

    held: dict[raster.Key, raster.Tile | bytes] | None = None
    tiles: dict[raster.Key, tuple[raster.Tile | bytes, int, int]] = {}


class TickFacts:
    """`ConsoleFacts` of the vehicle program; it keeps the counts of ground between calls."""

    def __init__(self) -> None:
        self._blocks: dict[raster.Key, _Block] = {}
        self._passed = self._below = 0

    def standing(self, state: VehicleState, now_ns: int) -> bool | None:
        """Whether the machine stands still by belts and receiver, as the gate judges; None without a status."""
        return stands_now(state.wire, state.gate.monitor.rest_ticks, state.config, now_ns)

    def near(self, state: VehicleState, estimate: Estimate) -> Near:
        """Distance and side of the nearest boundary; unknown while the position is unknown."""
        if not estimate.valid:
            return Near()
        distance_m, side = None, ""
        if state.gate.fence is not None:
            distance_m, side = nearest(state.gate.fence, estimate, state.config.machine)
        left, right = self._unproven(state, estimate)
        return Near(keep_out_m=distance_m, side=side, left_unproven=left, right_unproven=right)

    def start(self, state: VehicleState, estimate: Estimate) -> Start:
        """Distance and direction to where a waiting mission begins; unknown while the position is unknown."""
        mission = state.mission
        if mission.plan is None or mission.phase not in WAITING_PHASES or not estimate.valid:
            return Start()
        east_m, north_m = begins_at(mission, estimate)
        east_m, north_m = east_m - estimate.east_m, north_m - estimate.north_m
        bearing_rad = wrap_rad(math.atan2(north_m, east_m) - estimate.yaw_rad)
        return Start(distance_m=math.hypot(east_m, north_m), bearing_rad=bearing_rad)

    def areas(self, ledger: LedgerState, cell_m: float) -> Areas | None:
        """Areas by state of processing; None until every worked tile was counted once, a few in each call."""
        budget = TILES_A_LOOK
        for key, tiles in ledger.tiles.items():
            block = self._blocks.setdefault(key, _Block())
            if block.held is tiles:
                continue
            for tile_key, tile in tiles.items():
                counted = block.tiles.get(tile_key)
                if counted is None or counted[0] is not tile:
                    if not budget:
                        return None
                    budget -= 1
                    passed, below = _counts(tile)
                    block.tiles[tile_key] = (tile, passed, below)
                    self._passed += passed - (counted[1] if counted is not None else 0)
                    self._below += below - (counted[2] if counted is not None else 0)
            block.held = tiles
        return Areas(passed_m2=self._passed * cell_m**2, below_m2=self._below * cell_m**2)

    def _unproven(self, state: VehicleState, estimate: Estimate) -> tuple[bool | None, bool | None]:
        """Unproven ground under the left and right track; None where no plan says which ground bears the tracks."""
        if state.mission.plan is None:
            return None, None
        places_m = support.samples_m(estimate, DriveRequest(), state.config)
        half = len(places_m) // 2  # the right track's come first
        right, left = (self._bare(state, part) for part in (places_m[:half], places_m[half:]))
        return left, right

    def _bare(self, state: VehicleState, places_m: FloatArray) -> bool:
        edges_m = state.mission.unproven_m
        known = bool(len(edges_m)) or bool(state.ledger.craters_m)
        return known and not support.bears(state.ledger, edges_m, places_m, state.config.mission.cell_m)


def _counts(tile: raster.Tile | bytes) -> tuple[int, int]:
    """Number of cells that were passed but not proven, and of cells below the required depth."""
    flags = raster.unpacked(tile)[raster.FLAGS]
    below = (flags & raster.BELOW != 0) & (flags & raster.CREDITED == 0)
    passed = (flags != 0) & (flags & raster.CLAIMS == 0)
    return int(np.count_nonzero(passed)), int(np.count_nonzero(below))


def nearest(edges_m: FloatArray, estimate: Estimate, machine: MachineConfig) -> tuple[float | None, str]:
    """Distance [m] from the machine's outline, raised tool included, to the nearest edge (n, 4) [m], and its side.

    The distance is 0 if an edge crosses the outline; None and "" if no edge is within `NEAR_MAX_M`.
    """
    front_m = max(machine.body.front_m, machine.tool.ahead_m + machine.tool.length_m / 2.0)
    rear_m = machine.body.rear_m
    half_m = max(machine.body.width_m, machine.tool.width_m, machine.tracks.outer_width_m) / 2.0
    cos_yaw, sin_yaw = math.cos(estimate.yaw_rad), math.sin(estimate.yaw_rad)
    east, north = edges_m[:, 0::2] - estimate.east_m, edges_m[:, 1::2] - estimate.north_m
    ahead, left = east * cos_yaw + north * sin_yaw, north * cos_yaw - east * sin_yaw
    if not support.inside(edges_m, np.array([(estimate.east_m, estimate.north_m)]))[0]:
        return 0.0, _side(np.array((ahead.mean(), left.mean())), front_m, rear_m, half_m)
    best_m, place = math.inf, np.zeros(2)
    starts, ends = np.stack((ahead[:, 0], left[:, 0]), 1), np.stack((ahead[:, 1], left[:, 1]), 1)
    corners = np.array([(x, y) for x in (-rear_m, front_m) for y in (-half_m, half_m)])
    for point_m, other in (
        *((_clipped(one, front_m, rear_m, half_m), one) for one in (starts, ends)),
        *((np.broadcast_to(corner, starts.shape), _foot(starts, ends, corner)) for corner in corners),
    ):
        distance_m = np.hypot(*(other - point_m).T)
        at = int(distance_m.argmin())
        if distance_m[at] < best_m:
            best_m, place = float(distance_m[at]), other[at]
    if _crosses(starts, ends, front_m, rear_m, half_m):
        best_m = 0.0
    return (best_m, _side(place, front_m, rear_m, half_m)) if best_m <= NEAR_MAX_M else (None, "")


def _clipped(points: FloatArray, front_m: float, rear_m: float, half_m: float) -> FloatArray:
    """Return the points of the outline's rectangle that are nearest to the given points."""
    return np.clip(points, (-rear_m, -half_m), (front_m, half_m))


def _foot(starts: FloatArray, ends: FloatArray, point: FloatArray) -> FloatArray:
    """Return the point of each edge that is nearest to a given point."""
    run = ends - starts
    squared = np.maximum((run**2).sum(axis=1), 1e-12)
    share = np.clip(((point - starts) * run).sum(axis=1) / squared, 0.0, 1.0)
    return np.asarray(starts + run * share[:, None])


def _crosses(starts: FloatArray, ends: FloatArray, front_m: float, rear_m: float, half_m: float) -> bool:
    """Whether an edge crosses the rectangle."""
    run = ends - starts
    low, high = np.array((-rear_m, -half_m)), np.array((front_m, half_m))
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (low - starts) / run, (high - starts) / run
    flat = run == 0.0
    inside = (starts >= low) & (starts <= high)
    enters = np.where(flat, np.where(inside, -np.inf, np.inf), np.minimum(one, other)).max(axis=1)
    leaves = np.where(flat, np.where(inside, np.inf, -np.inf), np.maximum(one, other)).min(axis=1)
    return bool(np.any(np.maximum(enters, 0.0) <= np.minimum(leaves, 1.0)))


def _side(place: FloatArray, front_m: float, rear_m: float, half_m: float) -> str:
    """Return the side of the machine on which a point lies: the one that it is furthest beyond."""
    beyond = {
        "ahead": float(place[0]) - front_m,
        "behind": -rear_m - float(place[0]),
        "left": float(place[1]) - half_m,
        "right": -half_m - float(place[1]),
    }
    return max(beyond, key=beyond.__getitem__)
