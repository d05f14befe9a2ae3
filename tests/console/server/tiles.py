"""Records of ground for tests: boxes of one tile, and a console's copy that holds them."""

from collections.abc import Iterator

import numpy as np

from console.client.ground_mirror import RECORD
from console.server.ground import GroundMirror
from tests.console.server.support import header
from vehicle.control.ground import raster
from vehicle.operator_link.ground_codec import packed_record

CELL_M = 0.05
Box = tuple[float, float, float, float]
"""West, south, east, north [m]."""
Tiles = dict[raster.Key, raster.Tile]


def swept(*boxes_m: Box, flags: int = raster.SWEPT) -> Tiles:
    """The tile from 0 to 6.4 m, with these flags in its boxes."""
    tile = np.zeros((raster.PLANES, raster.TILE, raster.TILE), np.uint8)
    for west, south, east, north in boxes_m:
        columns = slice(round(west / CELL_M), round(east / CELL_M))
        rows = slice(round(south / CELL_M), round(north / CELL_M))
        tile[raster.FLAGS, rows, columns] |= flags
    return {(0, 0): tile}


def packed(tiles: Tiles) -> Iterator[tuple[raster.Key, bytes]]:
    """As a record travels."""
    return ((key, raster.packed(tile)) for key, tile in tiles.items())


def known(tiles: Tiles | None = None) -> GroundMirror:
    """A console's copy that is whole, and holds these tiles."""
    mirror = GroundMirror()
    mirror.fetched(RECORD, packed_record(header(), packed(tiles or {})))
    assert mirror.complete
    return mirror
