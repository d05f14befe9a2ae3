"""Maps cells of the vehicle's record to classes of the page's map. Pure.

The numbers are those of the page's protocol (docs/CONSOLE.md), the names those of the palette. A cell is *processed*
only if the record credits it.
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
"""Class -> its name in the palette."""
_OF_RANK: Final = np.array([NOTHING, PASSED, BELOW, PROCESSED], np.uint8)
"""Class of a cell by its highest claim: nothing, passed by the tool, worked below depth, credited."""

Classes = npt.NDArray[np.uint8]


def classes(tile: raster.Tile, firm: int, unclosed: tuple[tuple[int, int], ...]) -> Classes:
    """Return classes (TILE, TILE) of a tile (PLANES, TILE, TILE) of the record; row 0 is south, column 0 is west.

    Credit is provisional for strokes above `firm`, and for strokes in the ranges `unclosed`, first and last included.
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
