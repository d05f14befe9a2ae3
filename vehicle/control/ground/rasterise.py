"""A polygon as cells: which lie wholly in it, and how much of each cell on its border does. Outside the tick.

Squares are halved from tiles to cells (128, 32, 8, 1 cells); only those that the border crosses are looked into, so
the cost follows the length of the border and not the area.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import shapely

from vehicle.control.ground import raster

LEVELS: Final = (raster.TILE, 32, 8, 1)
BoolArray = npt.NDArray[np.bool_]
_ALL: Final = np.ones((raster.TILE, raster.TILE), np.bool_)


class AreaTile(msgspec.Struct, frozen=True):
    """One tile of an area: `inside` cells lie wholly in it; `border` holds (row, column, area in m2) of the others."""

    column: int
    row: int
    inside: BoolArray
    border: tuple[tuple[int, int, float], ...]


Wanted = Callable[[int, int], BoolArray]


def area_tiles(area: Any, cell_m: float, wanted: Wanted | None = None) -> Iterator[AreaTile]:
    """The tiles that a shapely (Multi)Polygon touches, south to north, west to east; indices count within the tile.

    `wanted(tile column, tile row)` names the cells that matter: the others are left out, which spares their geometry.
    """
    if area.is_empty:
        return
    shapely.prepare(area)
    west_m, south_m, east_m, north_m = area.bounds
    size_m = raster.TILE * cell_m
    columns = np.arange(np.floor(west_m / size_m), np.floor(east_m / size_m) + 1).astype(int)
    for tile_row in range(int(south_m // size_m), int(north_m // size_m) + 1):
        boxes = shapely.box(columns * size_m, tile_row * size_m, (columns + 1) * size_m, (tile_row + 1) * size_m)
        touched, whole = shapely.intersects(area, boxes), shapely.covers(area, boxes)
        for column, hit, full in zip(columns.tolist(), touched, whole, strict=True):
            if hit:
                cells = wanted(column, tile_row) if wanted is not None else _ALL
                yield _tile(area, column, tile_row, cell_m, cells, whole=bool(full))


def _tile(area: Any, tile_column: int, tile_row: int, cell_m: float, wanted: BoolArray, *, whole: bool) -> AreaTile:
    column, row = tile_column * raster.TILE, tile_row * raster.TILE
    if whole or not wanted.any():
        return AreaTile(column, row, wanted.copy(), ())
    box = shapely.box(column * cell_m, row * cell_m, (column + raster.TILE) * cell_m, (row + raster.TILE) * cell_m)
    look = _Look(column, row, cell_m, wanted)
    look.into(shapely.intersection(area, box), (0, 0), 0)
    return AreaTile(column, row, look.inside & wanted, tuple(look.border))


class _Look:
    """The halving within one tile: collects whole cells and the border cells' parts."""

    def __init__(self, column: int, row: int, cell_m: float, wanted: BoolArray) -> None:
        self._column, self._row, self._cell_m, self._wanted = column, row, cell_m, wanted
        self.inside = np.zeros((raster.TILE, raster.TILE), np.bool_)
        self.border: list[tuple[int, int, float]] = []

    def into(self, area: Any, place: tuple[int, int], level: int) -> None:
        """Sort the squares of the next level within one of this level; `area` is already clipped to the square."""
        if area.is_empty:
            return
        size, step, cell_m = LEVELS[level], LEVELS[level + 1], self._cell_m
        block = self._wanted[place[0] : place[0] + size, place[1] : place[1] + size]
        count = size // step
        rows, columns = np.nonzero(block.reshape(count, step, count, step).any(axis=(1, 3)))
        if rows.size == 0:
            return
        rows, columns = rows * step + place[0], columns * step + place[1]
        south_m, west_m = (self._row + rows) * cell_m, (self._column + columns) * cell_m
        boxes = shapely.box(west_m, south_m, west_m + step * cell_m, south_m + step * cell_m)
        shapely.prepare(area)
        full = shapely.covers(area, boxes)
        for row, column in zip(rows[full].tolist(), columns[full].tolist(), strict=True):
            self.inside[row : row + step, column : column + step] = True
        cut = ~full & shapely.intersects(area, boxes)
        parts = shapely.intersection(area, boxes[cut])
        if step == 1:
            areas_m2 = shapely.area(parts).tolist()
            found = zip(rows[cut].tolist(), columns[cut].tolist(), areas_m2, strict=True)
            self.border += [cell for cell in found if cell[2] > 0.0]
            return
        for row, column, part in zip(rows[cut].tolist(), columns[cut].tolist(), parts, strict=True):
            self.into(part, (row, column), level + 1)


def outline(mask: BoolArray, column: int, row: int, cell_m: float) -> list[Any]:
    """Boxes (shapely, ENU metres) that make up the set cells of a tile, a run of cells in a row each.

    `mask` (rows, columns) from the tile's south-west corner; `column` and `row` count that cell from the origin.
    """
    if mask.all():
        rows, columns = mask.shape
        return [shapely.box(column * cell_m, row * cell_m, (column + columns) * cell_m, (row + rows) * cell_m)]
    edges = np.diff(mask.astype(np.int8), axis=1, prepend=0, append=0)
    starts, ends = np.argwhere(edges == 1), np.argwhere(edges == -1)
    west_m, east_m = (column + starts[:, 1]) * cell_m, (column + ends[:, 1]) * cell_m
    south_m = (row + starts[:, 0]) * cell_m
    return list(shapely.box(west_m, south_m, east_m, (row + starts[:, 0] + 1) * cell_m))
