"""Cells of the vehicle's record -> classes of the page's map, in one place. Pure.

The numbers are those of the page's wire (docs/CONSOLE.md), the names those of the palette. A cell is *processed* where
the record credits it, and nowhere else.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from vehicle.control.ground import raster

NOTHING, PROCESSED, PASSED, BELOW, PROVISIONAL, UNKNOWN = 0, 1, 2, 3, 4, 255
NAMES: Final = {
    NOTHING: "to_do",
    PROCESSED: "processed",
    PASSED: "passed",
    BELOW: "below",
    PROVISIONAL: "provisional",
    UNKNOWN: "unknown",
}
"""Class to its name in the palette."""
_OF_RANK: Final = np.array([NOTHING, PASSED, BELOW, PROCESSED], np.uint8)
"""A cell by what it claims most of all: nothing, that the tool passed, worked below depth, credited."""

Classes = npt.NDArray[np.uint8]


def classes(tile: raster.Tile, firm: int, unclosed: tuple[tuple[int, int], ...]) -> Classes:
    """Classes (TILE, TILE) of a tile of the record (PLANES, TILE, TILE); row 0 south, column 0 west.

    Credit is provisional on strokes above `firm`, and on those of the ranges `unclosed`, first and last included.
    """
    found: Classes = _OF_RANK[raster.RANK[tile[raster.FLAGS]]]
    credited = found == PROCESSED
    if credited.any():
        numbers = raster.numbers(tile)
        open_cells = numbers > firm
        for first, last in unclosed:
            open_cells |= (numbers >= first) & (numbers <= last)
        found[credited & open_cells] = PROVISIONAL
    return found
