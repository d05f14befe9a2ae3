"""Proven depth of processed ground: areas by centimetre, which add up to the processed area, and computed slices.

A slice shows the depth that the sensor proved, cell by cell. It is **not a witness board**: nothing was dug up for it.
"""

import math
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import shapely

from vehicle.contracts.frames import FloatArray
from vehicle.control.ground import raster, rasterise
from vehicle.control.state import LedgerState

DEPTHS: Final = 256


def processed_by_depth_m2(asked: Any, ledger: LedgerState, cell_m: float) -> FloatArray:
    """Return the processed ground of an area (shapely, ENU metres) by whole centimetre of proven depth, (256,) [m2].

    Border cells count with their part in the area, as in the balance, so the sum is the processed area.
    """
    found = np.zeros(DEPTHS)

    def credited(tile_column: int, tile_row: int) -> npt.NDArray[np.bool_]:
        flags = raster.find(ledger.tiles, (tile_column, tile_row))[raster.FLAGS]
        return np.asarray((flags & raster.CREDITED) != 0)

    for part in rasterise.area_tiles(asked, cell_m, credited):
        tile = raster.find(ledger.tiles, (part.column // raster.TILE, part.row // raster.TILE))
        depth_cm = tile[raster.DEPTH]
        found += np.bincount(depth_cm[part.inside], minlength=DEPTHS) * cell_m**2
        for row, column, area_m2 in part.border:
            found[depth_cm[row, column]] += area_m2
    return found


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A depth measured by a person with rod and straight edge: position (ENU metres), depth, uncertainty [m].

    `where`: at arm's length, in a strip, or behind a team.
    """

    number: int
    east_m: float
    north_m: float
    depth_m: float
    sigma_m: float | None
    by: str
    where: str


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """A line across the swaths: `across_m` along it, `depth_m` proven there (NaN: not processed), both (n,).

    It passes through the reading with number `reading`; if that is None, it is at `share` of the length.
    `readings`: (across, reading) of those nearer than `NEAR_M` to the line.
    """

    reading: int | None = None
    share: float = 0.0
    start_m: tuple[float, float]
    end_m: tuple[float, float]
    across_m: FloatArray
    depth_m: FloatArray
    readings: tuple[tuple[float, Reading], ...]


NEAR_M: Final = 1.0
SLICE_STEP_M: Final = 0.05
WITHOUT_READING: Final = (0.25, 0.5, 0.75)


def slices_of(
    area: Any, ledger: LedgerState, cell_m: float, yaw_rad: float, readings: tuple[Reading, ...]
) -> list[Slice]:
    """Return slices across the swaths' direction `yaw_rad`: through each reading, and at quarters of the length."""
    if area.is_empty:
        return []
    ahead = np.array([math.cos(yaw_rad), math.sin(yaw_rad)])
    left = np.array([-ahead[1], ahead[0]])
    corners = shapely.get_coordinates(area)
    along, across = corners @ ahead, corners @ left
    places: dict[float, tuple[int | None, float]] = {
        round(float(along.min() + share * np.ptp(along)), 3): (None, share) for share in WITHOUT_READING
    }
    here = [row for row in readings if shapely.distance(area, shapely.Point(row.east_m, row.north_m)) <= NEAR_M]
    places |= {round(float(np.dot((row.east_m, row.north_m), ahead)), 3): (row.number, 0.0) for row in here}
    found = []
    for place in sorted(places):
        line = shapely.LineString([ahead * place + left * across.min(), ahead * place + left * across.max()])
        inside = shapely.intersection(line, area)
        if inside.is_empty:
            continue
        start, end = (ahead * place + left * edge for edge in _ends(inside, left))
        cut = _slice(start, end, ledger, cell_m, readings)
        reading, share = places[place]
        found.append(msgspec.structs.replace(cut, reading=reading, share=share))
    return found


def _ends(inside: Any, left: FloatArray) -> tuple[float, float]:
    across = shapely.get_coordinates(inside) @ left
    return float(across.min()), float(across.max())


def _slice(
    start: FloatArray, end: FloatArray, ledger: LedgerState, cell_m: float, readings: tuple[Reading, ...]
) -> Slice:
    length_m = float(np.hypot(*(end - start)))
    across_m = np.arange(SLICE_STEP_M / 2.0, max(length_m, SLICE_STEP_M), SLICE_STEP_M)
    unit = (end - start) / max(length_m, 1e-9)
    points_m = start + across_m[:, None] * unit
    near = []
    for row in readings:
        offset = np.array([row.east_m, row.north_m]) - start
        along_m = float(offset @ unit)
        beside = abs(offset[0] * unit[1] - offset[1] * unit[0]) <= NEAR_M
        if beside and -NEAR_M <= along_m <= length_m + NEAR_M:
            near.append((along_m, row))
    return Slice(
        start_m=(float(start[0]), float(start[1])),
        end_m=(float(end[0]), float(end[1])),
        across_m=across_m,
        depth_m=proven_depth_m(ledger, points_m, cell_m),
        readings=tuple(near),
    )


def proven_depth_m(ledger: LedgerState, points_m: FloatArray, cell_m: float) -> FloatArray:
    """Return the proven depth [m] at places (n, 2) [m], shape (n,); NaN where no ground is on record as processed."""
    found = np.full(len(points_m), np.nan)
    cells = np.floor_divide(points_m, cell_m).astype(np.int64)
    for key in {(int(x), int(y)) for x, y in cells // raster.TILE}:
        here = np.all(cells // raster.TILE == key, axis=1)
        columns, rows = (cells[here] - np.array(key) * raster.TILE).T
        tile = raster.find(ledger.tiles, key)
        credited = (tile[raster.FLAGS][rows, columns] & raster.CREDITED) != 0
        found[here] = np.where(credited, tile[raster.DEPTH][rows, columns] / 100.0, np.nan)
    return found
