"""What the record claims at one place, for whoever holds a measurement against it."""

import math
from typing import Final

import numpy as np

from vehicle.ledger import tiles
from vehicle.state import LedgerState

REACH_M: Final = 0.15
"""A rod and the place that somebody gave for it agree within this; the deepest claim within it is the one to uphold."""


def depth_m(ledger: LedgerState, place_m: tuple[float, float], cell_m: float) -> float | None:
    """Deepest claim (credited or below depth) within reach of a place; None where nothing is claimed."""
    found = [
        int(tile[tiles.DEPTH, row % tiles.TILE, column % tiles.TILE])
        for column, row in _near(place_m, cell_m)
        if (tile := tiles.find(ledger.tiles, (column // tiles.TILE, row // tiles.TILE)))[
            tiles.FLAGS, row % tiles.TILE, column % tiles.TILE
        ]
        & tiles.CLAIMS
    ]
    return max(found) / 100.0 if found else None


def _near(place_m: tuple[float, float], cell_m: float) -> list[tuple[int, int]]:
    steps = np.arange(-REACH_M, REACH_M + 1e-9, cell_m).tolist()
    return [
        (math.floor((place_m[0] + east) / cell_m), math.floor((place_m[1] + north) / cell_m))
        for east in steps
        for north in steps
    ]
