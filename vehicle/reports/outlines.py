"""Converts cells of the record to polygons, exact to the cell, for maps, exports and lots. Runs outside the tick."""

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
"""Cells along the side of a depth square; a tile holds a whole number of squares."""
Label = Callable[[raster.Tile], npt.NDArray[np.int64]]
"""Function from a tile (8, n, n) to the label of each cell (n, n); `NO_LABEL` for cells without a label."""


def outlines(ledger: LedgerState, cell_m: float, label: Label) -> dict[int, Any]:
    """Return for every label that occurs the union of its cells: a (Multi)Polygon in ENU metres, in label order.

    The union is computed in whole cells, so that rounding opens no gap between two tiles.
    """
    boxes: dict[int, list[Any]] = {}
    for column, row, tile in raster.each(ledger.tiles):
        labels = label(tile)
        for number in np.unique(labels).tolist():
            if number != NO_LABEL:
                boxes.setdefault(number, []).extend(rasterise.outline(labels == number, column, row, 1.0))
    return {number: _dissolved(boxes[number], cell_m) for number in sorted(boxes)}


def _dissolved(boxes: list[Any], cell_m: float) -> Any:
    """Return the union of boxes without corners on straight edges; `boxes` are in cell units."""
    shape = shapely.simplify(shapely.union_all(boxes), 0.0)
    return shapely.transform(shape, lambda cells: cells * cell_m)


def where(flag: int) -> Label:
    """Return a function that labels cells with `flag` as 0; for another flag than credit, only cells without credit.

    Ground that is below depth in one pass and credited in another counts as processed.
    """

    def label(tile: raster.Tile) -> npt.NDArray[np.int64]:
        return np.where(_chosen(tile, flag), 0, NO_LABEL)

    return label


def open_cells(ledger: LedgerState, tile: raster.Tile) -> npt.NDArray[np.bool_]:
    """Return which credited cells no closing check of the base or no count after a detonation confirms, (n, n) bool."""
    numbers = raster.numbers(tile)
    is_open = numbers > ledger.firm
    for first, last in ledger.open_ranges:
        is_open |= (numbers >= first) & (numbers <= last)
    return np.asarray(is_open & ((tile[raster.FLAGS] & raster.CREDITED) != 0))


def by_number(last_numbers: tuple[int, ...]) -> Label:
    """Label each credited cell with the first of the ascending `last_numbers` not below its stroke number."""
    ends = np.array(last_numbers, np.uint32)

    def label(tile: raster.Tile) -> npt.NDArray[np.int64]:
        return np.where(_chosen(tile, raster.CREDITED), np.searchsorted(ends, raster.numbers(tile)), NO_LABEL)

    return label


def _chosen(tile: raster.Tile, flag: int) -> npt.NDArray[np.bool_]:
    return np.asarray((tile[raster.FLAGS] & (flag | raster.CREDITED)) == flag)


class DepthSquare(msgspec.Struct, frozen=True, kw_only=True):
    """The credited ground of a square (ENU metres), its smallest and mean proven depth, and its area."""

    geometry: Any
    least_cm: int
    mean_cm: float
    area_m2: float


def depth_squares(ledger: LedgerState, cell_m: float) -> Iterator[DepthSquare]:
    """Return all squares with credited ground, tile by tile, from south to north."""
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
