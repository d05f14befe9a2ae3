"""Row 108: whether the tracks, where they are about to be, stand on ground that bears them.

Ground bears that was safe or processed when the plan was made, or that the tool has swept since, but no crater. The
planner leaves the tracks nowhere else and the follower keeps them there; this looks at what they really stand on,
whoever drives.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from vehicle.config.machine_parts import TracksConfig
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.detonation import Crater
from vehicle.contracts.frames import FloatArray
from vehicle.contracts.messages import DriveRequest, Estimate
from vehicle.contracts.units import TICK_S
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState

PERIOD_TICKS: Final = 10
SLOW_PERIOD_TICKS: Final = 20
SLOW_MPS: Final = 0.3
SLOW_RADPS: Final = 0.05
"""Five times a second on moves, half as often in a swath: 0.2 and 0.12 m of way."""
REACTION_S: Final = 0.1
"""From a look to the start of the stopping ramp, beside the period."""
NEAR_M: Final = 0.1
"""The tracks may be so far off swept ground: the mask holds whole cells only, so that a seam between two passes shows
as single cells, and on a side slope the rear corners reach the rim of the own strip (`benchmarks.tracking`: 0.10 m)."""
ASIDE_M: Final = tuple(
    (NEAR_M * math.cos(turn * math.pi / 4.0), NEAR_M * math.sin(turn * math.pi / 4.0)) for turn in range(8)
)
"""Where swept ground is looked for round a place that is not."""
SPACING_M: Final = 0.25


def step(
    known: bool | None,  # noqa: FBT001  # the state of this room
    ledger: LedgerState,
    unproven_m: FloatArray,
    estimate: Estimate,
    drive: DriveRequest,
    config: VehicleConfig,
    tick: int,
    *,
    late: bool = False,
) -> bool | None:
    """True where the tracks will stand on ground that bears; None without a position. Between two looks the last holds.

    `unproven_m` (n, 4): edges of the ground that bore nothing when the plan was made; `drive`: what is about to come;
    where nobody knows it (a silent encoder), the ground that they stand on is looked at. `late`: slots were missed
    before this tick, so that the last look is longer ago than its ticks say.
    """
    if not estimate.valid:
        return None
    if not (math.isfinite(drive.speed_mps) and math.isfinite(drive.yaw_rate_radps)):
        drive = DriveRequest()
    if not len(unproven_m) and not ledger.craters_m:
        return True
    if tick % period_ticks(drive) and known is not None and not late:
        return known
    return bears(ledger, unproven_m, samples_m(estimate, drive, config), config.mission.cell_m)


def bears(ledger: LedgerState, unproven_m: FloatArray, places_m: FloatArray, cell_m: float) -> bool:
    """True where all places (k, 2) bear: swept, beside swept ground, or outside the edges (n, 4) of unproven ground.

    None near a crater does, whatever the tool did there.
    """
    if cratered(ledger.craters_m, places_m):
        return False
    open_m = places_m[~raster.marked(ledger, places_m, cell_m, raster.SWEPT)]
    open_m = open_m[inside(unproven_m, open_m)]
    for aside_m in ASIDE_M:
        if not len(open_m):
            return True
        open_m = open_m[~raster.marked(ledger, np.add(open_m, aside_m), cell_m, raster.SWEPT)]
    return not len(open_m)


def cratered(craters_m: tuple[Crater, ...], places_m: FloatArray) -> bool:
    """True where any of the places (k, 2) lies in the keep-out round a crater."""
    return any(
        np.any(np.sum((places_m - (east_m, north_m)) ** 2, axis=1) < radius_m * radius_m)
        for east_m, north_m, radius_m in craters_m
    )


def period_ticks(drive: DriveRequest) -> int:
    """Ticks between two looks."""
    slow = abs(drive.speed_mps) <= SLOW_MPS and abs(drive.yaw_rate_radps) <= SLOW_RADPS
    return SLOW_PERIOD_TICKS if slow else PERIOD_TICKS


def samples_m(estimate: Estimate, drive: DriveRequest, config: VehicleConfig) -> FloatArray:
    """(n, 2) places under both tracks, rims and ends included, where a stop begun now would end."""
    tracks, speed_mps = config.machine.tracks, drive.speed_mps
    ahead_s = period_ticks(drive) * TICK_S + REACTION_S
    way_m = speed_mps * ahead_s + speed_mps * abs(speed_mps) / (2.0 * tracks.decel_mps2)
    yaw_rad = estimate.yaw_rad + drive.yaw_rate_radps * ahead_s
    cos_yaw, sin_yaw = math.cos(yaw_rad), math.sin(yaw_rad)
    east_m = estimate.east_m + way_m * math.cos(estimate.yaw_rad)
    north_m = estimate.north_m + way_m * math.sin(estimate.yaw_rad)
    return _under(tracks) @ ((cos_yaw, sin_yaw), (-sin_yaw, cos_yaw)) + (east_m, north_m)


def _under(tracks: TracksConfig) -> FloatArray:
    """(n, 2) the same places in the body's frame (ahead, left)."""
    half_m = tracks.length_m / 2.0
    count = math.ceil(2.0 * half_m / SPACING_M)
    spacing_m = 2.0 * half_m / count
    # plain numbers: to lay so small a grid, numpy takes five times as long
    along_m = [place * spacing_m - half_m for place in range(count)] + [half_m]
    outer_m, inner_m = tracks.outer_width_m / 2.0, tracks.gauge_m - tracks.outer_width_m / 2.0
    return np.array([(ahead_m, left_m) for left_m in (-outer_m, -inner_m, inner_m, outer_m) for ahead_m in along_m])


def inside(edges_m: FloatArray, places_m: FloatArray) -> npt.NDArray[np.bool_]:
    """Which of the places (k, 2) lie inside the edges (n, 4): (k,), even-odd along a ray to the east."""
    east0, north0, east1, north1 = edges_m.T
    east, north = places_m[:, :1], places_m[:, 1:]
    crosses = (north0 > north) != (north1 > north)
    # twice the area of the triangle of place and edge: > 0 where the place lies on the left of the edge
    left_m2 = (north - north0) * (east1 - east0) - (east - east0) * (north1 - north0)
    # an edge lies to the east of a place on its left where it leads north, of one on its right where it leads south
    meets = crosses & (left_m2 * (north1 - north0) > 0.0)
    return np.asarray(np.count_nonzero(meets, axis=1) % 2 == 1)
