"""Cells of the record as polygons, exact to the cell: for maps, exports and lots. Outside the tick."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import shapely

from vehicle.control.ground import raster, rasterise
from vehicle.control.state import LedgerState

NO_LABEL: Final = -1
SQUARE: Final = 16
"""Cells along a square of depths; a tile holds whole ones."""
Label = Callable[[raster.Tile], npt.NDArray[np.int64]]
"""A tile (8, n, n) to the label of each cell (n, n); `NO_LABEL` for cells of none."""


def outlines(ledger: LedgerState, cell_m: float, label: Label) -> dict[int, Any]:
    """Every label that occurs to its cells, dissolved: a (Multi)Polygon in ENU metres, in the order of the labels.

    The union is made in whole cells, so that no rounding opens a seam between two tiles.
    """
    boxes: dict[int, list[Any]] = {}
    for column, row, tile in raster.each(ledger.tiles):
        labels = label(tile)
        for number in np.unique(labels).tolist():
            if number != NO_LABEL:
                boxes.setdefault(number, []).extend(rasterise.outline(labels == number, column, row, 1.0))
    return {number: _dissolved(boxes[number], cell_m) for number in sorted(boxes)}


def _dissolved(boxes: list[Any], cell_m: float) -> Any:
    """One geometry without the corners that lie on a straight edge; `boxes` count in cells."""
    shape = shapely.simplify(shapely.union_all(boxes), 0.0)
    return shapely.transform(shape, lambda cells: cells * cell_m)


def where(flag: int) -> Label:
    """Label 0 for cells with `flag`, and without credit where `flag` is another.

    Ground worked below depth in one pass and credited in another is processed.
    """

    def label(tile: raster.Tile) -> npt.NDArray[np.int64]:
        return np.where(_chosen(tile, flag), 0, NO_LABEL)

    return label


def open_cells(ledger: LedgerState, tile: raster.Tile) -> npt.NDArray[np.bool_]:
    """Credited cells that no closing check of the base confirms, (n, n)."""
    numbers = raster.numbers(tile)
    is_open = numbers > ledger.firm
    for first, last in ledger.unclosed:
        is_open |= (numbers >= first) & (numbers <= last)
    return np.asarray(is_open & ((tile[raster.FLAGS] & raster.CREDITED) != 0))


def by_number(last_numbers: tuple[int, ...]) -> Label:
    """Label of each credited cell: the first of `last_numbers`, ascending, that is not below its stroke's number."""
    ends = np.array(last_numbers, np.uint32)

    def label(tile: raster.Tile) -> npt.NDArray[np.int64]:
        return np.where(_chosen(tile, raster.CREDITED), np.searchsorted(ends, raster.numbers(tile)), NO_LABEL)

    return label


def _chosen(tile: raster.Tile, flag: int) -> npt.NDArray[np.bool_]:
    return np.asarray((tile[raster.FLAGS] & (flag | raster.CREDITED)) == flag)


class DepthSquare(msgspec.Struct, frozen=True, kw_only=True):
    """The credited ground of a square (ENU metres), its least and mean proven depth, its area."""

    geometry: Any
    least_cm: int
    mean_cm: float
    area_m2: float


def depth_squares(ledger: LedgerState, cell_m: float) -> Iterator[DepthSquare]:
    """All squares with credited ground, tile after tile, south to north."""
    for column, row, tile in raster.each(ledger.tiles):
        credited, depth_cm = (tile[raster.FLAGS] & raster.CREDITED) != 0, tile[raster.DEPTH]
        for south in range(0, raster.TILE, SQUARE):
            for west in range(0, raster.TILE, SQUARE):
                place = slice(south, south + SQUARE), slice(west, west + SQUARE)
                mask = credited[place]
                if mask.any():
                    shape = _dissolved(rasterise.outline(mask, column + west, row + south, 1.0), cell_m)
                    found = depth_cm[place][mask]
                    yield DepthSquare(
                        geometry=shape,
                        least_cm=int(found.min()),
                        mean_cm=round(float(found.mean()), 1),
                        area_m2=int(np.count_nonzero(mask)) * cell_m**2,
                    )
