"""Processed, passed and below-depth ground inside the work areas, from the console's copy of the record.

The vehicle reports figures of its whole record, which includes ground beyond the edges of the work area, so they are
too large as a share of the area. Here cells whose centre is in a work area are counted, tile by tile as they change.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from console.server.ground import GroundMirror
from console.server.ground_classes import BELOW, PASSED, PROCESSED, PROVISIONAL, classes
from vehicle.contracts.frames import FloatArray
from vehicle.control.ground import raster

TILES_A_LOOK: Final = 4
EDGES_A_LOOK: Final = 20_000
"""Tiles counted in one call, a few milliseconds at most, because the same loop carries the operator's readings.

Fewer tiles are counted if the areas have so many edges that one tile takes 2 ms.
"""
Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.floating[Any]]


class Inside(NamedTuple):
    """Areas [m2] inside the work areas; `processed` includes ground without a base check."""

    processed_m2: float
    passed_m2: float
    below_m2: float


class InsideArea:
    """Counts for one console; they are kept, and only changed tiles are counted again."""

    def __init__(self) -> None:
        self._begin(None, None)

    def _begin(self, site: dict[str, Any] | None, mirror: GroundMirror | None) -> None:
        self._site, self._mirror = site, mirror
        self._areas = areas_of(site)
        self._epoch, self._version = (mirror.epoch if mirror is not None else -1), 0
        self._masks: dict[raster.Key, Mask] = {}
        self._counts: dict[raster.Key, npt.NDArray[np.int64]] = {}

    def look(self, site: dict[str, Any] | None, mirror: GroundMirror) -> Inside | None:
        """Return the areas; None while site or record are incomplete, or not everything is counted."""
        if site is not self._site or mirror is not self._mirror or mirror.epoch != self._epoch:
            self._begin(site, mirror)
        if not self._areas or not mirror.complete:
            return None
        room = EDGES_A_LOOK
        for key, version in mirror.since(self._version, TILES_A_LOOK):
            room -= 0 if key in self._masks else sum(map(len, self._areas))
            self._count(key, mirror)
            self._version = version
            if room <= 0:
                break
        if mirror.since(self._version, 1):
            return None
        processed, passed, below = sum(self._counts.values(), np.zeros(3, np.int64)) * mirror.cell_m**2
        return Inside(float(processed), float(passed), float(below))

    def _count(self, key: raster.Key, mirror: GroundMirror) -> None:
        mask = self._masks.get(key)
        if mask is None:
            mask = self._masks[key] = mask_of(self._areas, key, mirror.cell_m)
        if not mask.any():
            return
        ledger = mirror.ledger
        found = classes(raster.find(ledger.tiles, key), ledger.firm, ledger.unclosed)[mask]
        of = np.bincount(found, minlength=PROVISIONAL + 1)
        self._counts[key] = np.array((of[PROCESSED] + of[PROVISIONAL], of[PASSED], of[BELOW]), np.int64)


def areas_of(site: dict[str, Any] | None) -> list[FloatArray]:
    """Return the edges (n, 4) of each work area of the site; none if it has none."""
    found = []
    for area in (site or {}).get("areas") or ():
        if area["role"] == "work_area":
            rings = [np.asarray(ring, float) for ring in area["rings"]]
            found.append(np.concatenate([np.hstack((ring, np.roll(ring, -1, axis=0))) for ring in rings]))
    return found


def mask_of(areas: list[FloatArray], key: raster.Key, cell_m: float) -> Mask:
    """Return (TILE, TILE) bool: cells of a tile whose centre is in one of the areas; rows north, columns east."""
    steps = np.arange(raster.TILE, dtype=np.float64) + 0.5
    east_m, north_m = (key[0] * raster.TILE + steps) * cell_m, (key[1] * raster.TILE + steps) * cell_m
    found = np.zeros((raster.TILE, raster.TILE), bool)
    for edges_m in areas:
        found |= grid_inside(edges_m, east_m, north_m)
    return found


def grid_inside(edges_m: FloatArray, east_m: Places, north_m: Places) -> Mask:
    """Return which points of a grid are inside the edges (n, 4): (rows, columns), the same result as `support.inside`.

    `east_m` (columns,) and `north_m` (rows,) rise. An edge that crosses a row counts for the points west of it, so for
    each crossing only the number of these points is needed. The work grows with the number of crossings, not with cells
    times edges.
    """
    ends = edges_m[:, 1::2]
    first = np.searchsorted(north_m, ends.min(axis=1))  # rows with lower end <= north < upper end
    count = np.searchsorted(north_m, ends.max(axis=1)) - first
    crossed = np.repeat(np.arange(len(edges_m)), count)
    row = np.arange(len(crossed)) - np.repeat(np.cumsum(count) - count, count) + first[crossed]
    west = _west_of(edges_m[crossed], east_m, north_m[row])
    ending = np.zeros((len(north_m), len(east_m) + 1), np.int64)
    np.add.at(ending, (row, west), 1)
    crossings = ending[:, ::-1].cumsum(axis=1)[:, ::-1]  # per row: crossings with more points to their west
    return np.asarray(crossings[:, 1:] % 2 == 1)


def _west_of(edges_m: FloatArray, east_m: Places, north_m: Places) -> npt.NDArray[np.int64]:
    """Return how many of the points `east_m` are west of each edge (n, 4) in its row `north_m` (n,), by bisection.

    Each point is tested with the sum of `support.inside`, in the same order, so that rounding is the same; the sum
    never rises eastwards.
    """
    east0, north0, east1, north1 = edges_m.T
    low, high = np.zeros(len(edges_m), np.int64), np.full(len(edges_m), len(east_m), np.int64)
    for _ in range(len(east_m).bit_length()):
        middle = np.minimum((low + high) // 2, len(east_m) - 1)
        left_m2 = (north_m - north0) * (east1 - east0) - (east_m[middle] - east0) * (north1 - north0)
        west = (left_m2 * (north1 - north0) > 0.0) & (low < high)
        low, high = np.where(west, middle + 1, low), np.where(west, high, np.minimum(middle, high))
    return low
