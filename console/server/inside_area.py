"""How much of the work area is processed, passed, below depth: the console's copy of the record, cut to the areas.

The vehicle tells the whole of its record, and a plan works ground beyond the edges of its area too; as a share of the
area that would be too much. Counted by cells whose middle lies in a work area, tile by tile as they change.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from console.server.ground import GroundMirror
from console.server.ground_classes import BELOW, PASSED, PROCESSED, PROVISIONAL, classes
from vehicle.contracts.frames import FloatArray
from vehicle.control.ground import raster, support

TILES_A_LOOK: Final = 4
"""Counted in one look, some milliseconds at most: the loop that looks carries the operator's hands too."""
Mask = npt.NDArray[np.bool_]


class Inside(NamedTuple):
    """Square metres of the work areas; processed whether the base is checked yet or not."""

    processed_m2: float
    passed_m2: float
    below_m2: float


class InsideArea:
    """Of one console. What it counted is kept; only tiles that changed are counted again."""

    def __init__(self) -> None:
        self._begin(None, None)

    def _begin(self, site: dict[str, Any] | None, mirror: GroundMirror | None) -> None:
        self._site, self._mirror = site, mirror
        self._areas = areas_of(site)
        self._epoch, self._version = (mirror.epoch if mirror is not None else -1), 0
        self._masks: dict[raster.Key, Mask] = {}
        self._counts: dict[raster.Key, npt.NDArray[np.int64]] = {}

    def look(self, site: dict[str, Any] | None, mirror: GroundMirror) -> Inside | None:
        """None while site or record are not known whole, or not all of it is counted yet."""
        if site is not self._site or mirror is not self._mirror or mirror.epoch != self._epoch:
            self._begin(site, mirror)
        if not self._areas or not mirror.complete:
            return None
        for key, version in mirror.since(self._version, TILES_A_LOOK):
            self._count(key, mirror)
            self._version = version
        if self._version != mirror.version:
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
    """Edges (n, 4) of each work area of the site; none where it names none."""
    found = []
    for area in (site or {}).get("areas") or ():
        if area["role"] == "work_area":
            rings = [np.asarray(ring, float) for ring in area["rings"]]
            found.append(np.concatenate([np.hstack((ring, np.roll(ring, -1, axis=0))) for ring in rings]))
    return found


def mask_of(areas: list[FloatArray], key: raster.Key, cell_m: float) -> Mask:
    """(TILE, TILE) cells of a tile whose middle lies in one of the areas; rows north, columns east."""
    steps = np.arange(raster.TILE) + 0.5
    east, north = np.meshgrid((key[0] * raster.TILE + steps) * cell_m, (key[1] * raster.TILE + steps) * cell_m)
    places_m = np.stack((east.ravel(), north.ravel()), axis=1)
    found = np.zeros(len(places_m), bool)
    for edges_m in areas:
        ends = edges_m[:, 1::2]
        near = edges_m[(ends.min(axis=1) <= north.max()) & (ends.max(axis=1) >= north.min())]
        found |= support.inside(near, places_m)
    return found.reshape(raster.TILE, raster.TILE)
