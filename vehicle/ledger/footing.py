"""Row 108: whether the tracks, where they are about to be, stand on ground that bears them.

Ground bears that was safe or processed when the plan was made, or that the tool has swept since. The planner leaves the
tracks nowhere else and the follower keeps them there; this looks at what they really stand on, whoever drives.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from vehicle.config import VehicleConfig
from vehicle.ledger import tiles
from vehicle.messages import DriveRequest, Estimate
from vehicle.state import FloatArray, LedgerState

PERIOD_TICKS: Final = 10
"""Five times a second: 0.2 m at the speed of moves, two cells in a swath."""
REACTION_S: Final = 0.3
"""From here to the start of the stopping ramp, the period included."""
INSET_M: Final = 0.1
"""What the tracks may stand over: the mask holds whole cells only, and on a side slope the rear corners reach the rim
of the own strip (`benchmarks.tracking`: 0.10 m)."""
SPACING_M: Final = 0.25


def step(
    known: bool | None,
    ledger: LedgerState,
    unproven_m: FloatArray,
    estimate: Estimate,
    drive: DriveRequest,
    config: VehicleConfig,
    tick: int,
) -> bool | None:
    """True where the tracks will stand on ground that bears; None without a position. Between two looks the last holds.

    `unproven_m` (n, 4): edges of the ground that bore nothing when the plan was made; `drive`: what is about to come.
    """
    if not estimate.valid:
        return None
    if not len(unproven_m):
        return True
    if tick % PERIOD_TICKS and known is not None:
        return known
    places_m = samples_m(estimate, drive, config)
    open_m = places_m[~_swept(ledger, places_m, config.mission.cell_m)]
    return not len(open_m) or not bool(_inside(unproven_m, open_m).any())


def samples_m(estimate: Estimate, drive: DriveRequest, config: VehicleConfig) -> FloatArray:
    """(n, 2) places under both tracks, an inset off their rims, where a stop begun now would end."""
    tracks = config.machine.tracks
    speed_mps = drive.speed_mps
    way_m = speed_mps * REACTION_S + speed_mps * abs(speed_mps) / (2.0 * tracks.decel_mps2)
    yaw_rad = estimate.yaw_rad + drive.yaw_rate_radps * REACTION_S
    half_m = tracks.length_m / 2.0 - INSET_M
    along = np.linspace(-half_m, half_m, 1 + math.ceil(2.0 * half_m / SPACING_M))
    outer_m, inner_m = tracks.outer_width_m / 2.0 - INSET_M, tracks.gauge_m - tracks.outer_width_m / 2.0
    across = np.array([-outer_m, -inner_m, inner_m, outer_m])
    ahead, left = (grid.ravel() for grid in np.meshgrid(along, across))
    cos_yaw, sin_yaw = math.cos(yaw_rad), math.sin(yaw_rad)
    east = estimate.east_m + way_m * math.cos(estimate.yaw_rad) + ahead * cos_yaw - left * sin_yaw
    north = estimate.north_m + way_m * math.sin(estimate.yaw_rad) + ahead * sin_yaw + left * cos_yaw
    return np.column_stack([east, north])


def _swept(ledger: LedgerState, places_m: FloatArray, cell_m: float) -> npt.NDArray[np.bool_]:
    """Which places (n, 2) lie in cells that the tool has swept."""
    cells = np.floor_divide(places_m, cell_m).astype(np.int64)
    keys, inside = cells // tiles.TILE, cells % tiles.TILE
    swept = np.zeros(len(cells), dtype=bool)
    for key in {(int(column), int(row)) for column, row in keys}:
        here = (keys == key).all(axis=1)
        column, row = inside[here].T
        swept[here] = tiles.find(ledger.tiles, key)[0, row, column] & tiles.SWEPT != 0
    return swept


def _inside(edges_m: FloatArray, places_m: FloatArray) -> npt.NDArray[np.bool_]:
    """Even-odd along a ray to the east; only edges that span the places' north are looked at."""
    low, high = places_m[:, 1].min(), places_m[:, 1].max()
    spans = (edges_m[:, [1, 3]].min(axis=1) <= high) & (edges_m[:, [1, 3]].max(axis=1) > low)
    east0, north0, east1, north1 = edges_m[spans].T
    east, north = places_m[:, :1], places_m[:, 1:]
    crosses = (north0 > north) != (north1 > north)
    run = np.where(crosses, north1 - north0, 1.0)
    meets = east0 + (north - north0) * (east1 - east0) / run
    return np.asarray(np.count_nonzero(crosses & (meets > east), axis=1) % 2 == 1)
