"""The ground as a camera sees it: a raster around the machine with the kind and brightness of the ground.

One byte per cell of 5 cm: kind times 16 plus brightness. The raster wraps round, so that it needs no edge.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from sim.noise import generator

Point = tuple[float, float]
Ring = Sequence[Point]

CELL_M: Final = 0.05
SIZE: Final = 2048
"""Cells along each side of the raster, a power of two: 102 m."""
MASK: Final = SIZE - 1
SHADES: Final = 16
FURROW_CELLS: Final = 5


class Kind(IntEnum):
    """How the ground looks; worked ground is shown as worked, whatever the record says."""

    FIELD = 0
    OUTSIDE = 1
    KEEP_OUT = 2
    WORKED = 3
    TRODDEN = 4


def _blurred(coarse: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return (8 n, 8 n) from (n, n) with smooth transitions; wraps round."""
    found = coarse.astype(np.float32)
    for axis in (0, 1):
        share = (np.arange(8, dtype=np.float32) / 8.0).reshape((1, 8, 1) if axis == 0 else (1, 1, 8))
        here = np.expand_dims(found, axis + 1)
        next_ = np.expand_dims(np.roll(found, -1, axis), axis + 1)
        found = (here * (1.0 - share) + next_ * share).reshape(
            (-1, found.shape[1]) if axis == 0 else (found.shape[0], -1)
        )
    return found.astype(np.uint8)


class CameraGround:
    """Shows what truly happened: `worked` is called for every step of a tool that turns in the soil."""

    def __init__(self, work: Sequence[Ring], keep_outs: Sequence[Ring], seed: int) -> None:
        draw = generator(seed, "camera.ground")
        fine = draw.integers(0, 7, (SIZE, SIZE), np.uint8)
        coarse = _blurred(draw.integers(0, 14, (SIZE // 8, SIZE // 8), np.uint8))
        self._shade: npt.NDArray[np.uint8] = np.minimum(fine + coarse, SHADES - 1).astype(np.uint8)
        clods = draw.integers(0, SHADES, (SIZE, SIZE), np.uint8)
        furrows = np.arange(SIZE, dtype=np.uint8) % FURROW_CELLS < 2
        self._tilled: npt.NDArray[np.uint8] = np.where(furrows[:, None], clods // 3, clods // 2 + 4).astype(np.uint8)
        self.cells: npt.NDArray[np.uint8] = (Kind.OUTSIDE * SHADES + self._shade).astype(np.uint8)
        for ring in work:
            self._paint(np.array(ring), Kind.FIELD)
        for ring in keep_outs:
            self._paint(np.array(ring), Kind.KEEP_OUT)

    def worked(self, before: tuple[Point, Point], now: tuple[Point, Point]) -> None:
        """Mark the ground between two lines of the tool (left, right end) as worked."""
        hull = shapely.MultiPoint([*before, *now]).convex_hull
        if hull.geom_type == "Polygon":
            self._paint(np.array(hull.exterior.coords), Kind.WORKED)

    def kind_at(self, east_m: float, north_m: float) -> Kind:
        """Return the kind of ground at one place."""
        row, column = int(np.floor(north_m / CELL_M)) & MASK, int(np.floor(east_m / CELL_M)) & MASK
        return Kind(int(self.cells[row, column]) // SHADES)

    def _paint(self, ring: npt.NDArray[np.float64], kind: Kind) -> None:
        """Fill a polygon, an (n, 2) ring; what lies outside the raster is cut off."""
        first = np.floor(ring.min(axis=0) / CELL_M).astype(int)
        last = np.minimum(np.floor(ring.max(axis=0) / CELL_M).astype(int), first + MASK)
        columns, rows = np.arange(first[0], last[0] + 1), np.arange(first[1], last[1] + 1)
        east, north = np.meshgrid((columns + 0.5) * CELL_M, (rows + 0.5) * CELL_M)
        polygon = shapely.Polygon(ring)
        shapely.prepare(polygon)
        inside = shapely.contains_xy(polygon, east, north)
        place = np.ix_(rows & MASK, columns & MASK)
        shades = (self._tilled if kind is Kind.WORKED else self._shade)[place]
        self.cells[place] = np.where(inside, kind * SHADES + shades, self.cells[place])
