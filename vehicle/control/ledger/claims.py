"""What the record claims at one place, for whoever holds a measurement against it."""

import math
from typing import Final

import numpy as np

from vehicle.contracts.ledger_types import Claim
from vehicle.control.ground import raster
from vehicle.control.ledger import trials
from vehicle.control.state import LedgerState

REACH_M: Final = 0.15
"""A rod and the place that somebody gave for it agree within this; the deepest claim within it is the one to uphold."""


def at(ledger: LedgerState, place_m: tuple[float, float], cell_m: float) -> Claim | None:
    """What is claimed (credited or below depth) within reach of a place; None where nothing is.

    Where nothing ever was, what was worked with all withheld (`trials`) stands for it.
    """
    found: list[tuple[int, int]] = []
    fell = False
    for column, row in _near(place_m, cell_m):
        tile = raster.find(ledger.tiles, (column // raster.TILE, row // raster.TILE))
        cell = tile[:, row % raster.TILE, column % raster.TILE]
        if cell[raster.FLAGS] & raster.CLAIMS:
            number = int(raster.numbers(tile)[row % raster.TILE, column % raster.TILE])
            found.append((int(cell[raster.DEPTH]), number))
        fell = fell or bool(cell[raster.MARKS] & (raster.WITHDRAWN >> 8))
    if not found:
        return None if fell else trials.at(ledger, place_m, REACH_M)
    return Claim(depth_m=max(depth for depth, _ in found) / 100.0, number=min(number for _, number in found))


def _near(place_m: tuple[float, float], cell_m: float) -> list[tuple[int, int]]:
    steps = np.arange(-REACH_M, REACH_M + 1e-9, cell_m).tolist()
    return [
        (math.floor((place_m[0] + east) / cell_m), math.floor((place_m[1] + north) / cell_m))
        for east in steps
        for north in steps
    ]
