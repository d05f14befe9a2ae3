"""Processed ground of an area in masks that follow each other, such as those after each run of a task."""

from typing import Any

import numpy as np
import shapely

from vehicle.control.ground import raster
from vehicle.control.state import LedgerState
from vehicle.reports.depths import processed_by_depth_m2


class Processed:
    """Processed ground of an area [m2] in successive masks: unchanged blocks are counted once."""

    def __init__(self, asked: Any, cell_m: float) -> None:
        self._asked, self._cell_m = asked, cell_m
        self._known: dict[raster.Key, tuple[object, float]] = {}

    def area_m2(self, ledger: LedgerState) -> float:
        """Area [m2] processed in these masks within the area; border cells count with their part in it."""
        for key, block in ledger.tiles.items():
            if key not in self._known or self._known[key][0] is not block:
                self._known[key] = block, self._of_block(key, ledger)
        return sum(area_m2 for _, area_m2 in self._known.values())

    def _of_block(self, key: raster.Key, ledger: LedgerState) -> float:
        edges = np.array([key, (key[0] + 1, key[1] + 1)]) * raster.BLOCK * raster.TILE * self._cell_m
        part = shapely.intersection(self._asked, shapely.box(*edges.ravel().tolist()))
        return float(processed_by_depth_m2(part, ledger, self._cell_m).sum())
