"""The raster of a ledger as images: credited ground, and ground passed but not credited; also areas by depth."""

import math
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from vehicle.control.ground import raster
from vehicle.control.state import LedgerState
from vehicle.reports.outlines import open_cells

PIXELS_MAX: Final = 1700
"""Pixels along the longer side, the resolution of a print; a map of 80 m still shows single cells of 5 cm."""

FloatArray = npt.NDArray[np.float32]


class Layers(msgspec.Struct, frozen=True):
    """Images with rows from south; `extent_m` is west, east, south, north.

    `credited`, `passed`, `provisional`: shares of the pixel; what is provisional is credited too.
    """

    extent_m: tuple[float, float, float, float]
    credited: FloatArray
    passed: FloatArray
    provisional: FloatArray


def layers(ledger: LedgerState, bounds_m: tuple[float, float, float, float], cell_m: float) -> Layers:
    """Return images of a window (west, south, east, north) [m]; in a large window several cells share a pixel."""
    west_m, south_m, east_m, north_m = bounds_m
    cells = max(east_m - west_m, north_m - south_m) / cell_m
    share = 1
    while cells / share > PIXELS_MAX:
        share *= 2
    size = raster.TILE // share
    columns = range(math.floor(west_m / cell_m) // raster.TILE, math.floor(east_m / cell_m) // raster.TILE + 1)
    rows = range(math.floor(south_m / cell_m) // raster.TILE, math.floor(north_m / cell_m) // raster.TILE + 1)
    shape = (len(rows) * size, len(columns) * size)
    credited, passed, provisional = (np.zeros(shape, np.float32) for _ in range(3))
    for down, row in enumerate(rows):
        for across, column in enumerate(columns):
            tile = raster.find(ledger.tiles, (column, row))
            if tile[0].any():
                place = slice(down * size, (down + 1) * size), slice(across * size, (across + 1) * size)
                credited[place], passed[place] = _reduced(tile, share)
                provisional[place] = _shares(open_cells(ledger, tile), share)
    edge_m = raster.TILE * cell_m
    extent_m = (columns[0] * edge_m, (columns[-1] + 1) * edge_m, rows[0] * edge_m, (rows[-1] + 1) * edge_m)
    return Layers(extent_m, credited, passed, provisional)


def _reduced(tile: raster.Tile, share: int) -> tuple[FloatArray, FloatArray]:
    """Return shares (rows, columns) of credited and of only passed cells, with `share` x `share` cells in a pixel."""
    is_credited = (tile[raster.FLAGS] & raster.CREDITED) != 0
    is_passed = ((tile[raster.FLAGS] & raster.SWEPT) != 0) & ~is_credited
    return _shares(is_credited, share), _shares(is_passed, share)


def _shares(cells: npt.NDArray[np.bool_], share: int) -> FloatArray:
    """Return the share of True cells in each pixel of `share` x `share` cells."""
    size = raster.TILE // share
    return np.asarray(cells.reshape(size, share, size, share).mean(axis=(1, 3), dtype=np.float32))


def depths_cm(ledger: LedgerState) -> npt.NDArray[np.int64]:
    """Return the number of credited cells by whole centimetre of proven depth, (256,)."""
    counts = np.zeros(256, np.int64)
    for _, _, tile in raster.each(ledger.tiles):
        counts += np.bincount(tile[1][(tile[0] & raster.CREDITED) != 0], minlength=256)
    return counts
