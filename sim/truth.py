"""What the ground truly received: an independent raster, fed with the simulated machine's tool, rotor and depth.

It shares no rule and no geometry with the vehicle's ledger. Swept ground is a polygon (shapely) through every true tool
line, tested at the corners and centres of cells. A cell is truly processed if its four corners and its centre were
swept while the true rotor was fast enough and the true depth great enough.
"""

import math

import numpy as np
import numpy.typing as npt
import shapely

from vehicle.control.ground import raster
from vehicle.control.state import LedgerState

Point = tuple[float, float]
BoolArray = npt.NDArray[np.bool_]

FLUSH_M = 0.6
"""Distance of the tool between two evaluations, so that their cost is spread over some hundred ticks."""

STEP_M = 0.002
"""Tool lines closer together than this are joined: it is less than any figure that is judged."""

SIZE = 256
"""Cells along each side of a tile."""


Line = tuple[float, float, float, float]
"""East and north [m] of the left end, then of the right end."""
Shares = tuple[tuple[float, float], ...]


class _Strip:
    """The path of one unbroken part of the tool's axis."""

    def __init__(self) -> None:
        self._chain: list[Line] = []
        self._last: Line | None = None

    def observe(self, line: Line) -> list[shapely.Polygon]:
        """Add a line; return the polygons to be marked if enough has been driven, else nothing."""
        chain = self._chain
        self._last = line
        if not chain:
            chain.append(line)
            return []
        last = chain[-1]
        step_m = max(abs(line[0] - last[0]), abs(line[1] - last[1]), abs(line[2] - last[2]), abs(line[3] - last[3]))
        if step_m < STEP_M:
            return []
        chain.append(line)
        first = chain[0]
        moved_m = math.hypot(line[0] + line[2] - first[0] - first[2], line[1] + line[3] - first[1] - first[3]) / 2.0
        if moved_m < FLUSH_M and len(chain) <= 400:
            return []
        found = self.flush()
        self._chain = [line]
        return found

    def flush(self) -> list[shapely.Polygon]:
        """Return the ground since the last call, and end the path."""
        chain = self._chain
        if self._last is not None and chain and self._last != chain[-1]:
            chain.append(self._last)
        self._chain, self._last = [], None
        return _swept(np.array(chain)) if len(chain) > 1 else []

    def caught_up(self) -> list[shapely.Polygon]:
        """Return the ground since the last call, and continue the path."""
        chain, last = list(self._chain), self._last
        found = self.flush()
        self._chain, self._last = chain[-1:] if last is None else [last], last
        return found


def _struck(bare: Shares) -> Shares:
    """Return the parts of the axis that the bare parts leave."""
    found, done = [], 0.0
    for low, high in sorted(bare):
        if low > done:
            found.append((done, low))
        done = max(done, high)
    if done < 1.0:
        found.append((done, 1.0))
    return tuple(found)


class GroundTruth:
    """The places that the true tool has worked: corners and centres of cells, in ENU metres.

    `rotor_min_radps` and `depth_min_m` are the task's; a pass faster over ground than `speed_max_mps` does not count.
    """

    def __init__(
        self, *, cell_m: float, rotor_min_radps: float, depth_min_m: float, speed_max_mps: float = math.inf
    ) -> None:
        self._cell_m = cell_m
        self._rotor_min_radps = rotor_min_radps
        self._depth_min_m = depth_min_m
        self._speed_max_mps = speed_max_mps
        self._strips: list[_Strip] = []
        self._ends: tuple[Point, Point] | None = None
        self._bare: Shares | None = None
        self._shares: Shares = ()
        self._tiles: dict[tuple[int, int], BoolArray] = {}

    def observe(
        self,
        left_m: Point,
        right_m: Point,
        rotor_speed_radps: float,
        depth_m: float,
        ground_speed_mps: float,
        bare: Shares = (),
    ) -> None:
        """Note one tick: true ends of the tool's axis in plan view, true rotor, depth and ground speed.

        `bare`: parts of the axis, from 0 at its right end to 1 at its left, in which no hammer is left.
        """
        works = rotor_speed_radps >= self._rotor_min_radps and depth_m >= self._depth_min_m
        if not works or abs(ground_speed_mps) > self._speed_max_mps:
            self.flush()
            self._ends = None
            return
        if bare != self._bare:
            self.flush()
            self._bare, self._shares = bare, _struck(bare)
            self._strips = [_Strip() for _ in self._shares]
            if self._ends is not None:
                self._pass(*self._ends)  # the parts that still have hammers continue from here
        self._pass(left_m, right_m)

    def _pass(self, left_m: Point, right_m: Point) -> None:
        self._ends = left_m, right_m
        (left_east, left_north), (right_east, right_north) = left_m, right_m
        east, north = left_east - right_east, left_north - right_north
        for strip, (low, high) in zip(self._strips, self._shares, strict=True):
            line = (
                right_east + high * east,
                right_north + high * north,
                right_east + low * east,
                right_north + low * north,
            )
            for polygon in strip.observe(line):
                self._mark(polygon)

    def flush(self) -> None:
        """Mark all ground up to the newest tool line."""
        for strip in self._strips:
            for polygon in strip.flush():
                self._mark(polygon)

    def processed_m2(self) -> float:
        """Area of the cells that are truly processed [m2]."""
        _, _, cells = self.cells()
        return float(np.count_nonzero(cells)) * self._cell_m**2

    def false_credit_m2(self, ledger: LedgerState) -> float:
        """Area that the ledger credits although it was not truly processed [m2]; above 0 it is a false record."""
        column0, row0, cells = self.cells()
        false_cells = 0
        for column, row, tile in raster.each(ledger.tiles):
            credited = (tile[0] & raster.CREDITED) != 0
            if credited.any():
                false_cells += int(np.count_nonzero(credited & ~_window(cells, row - row0, column - column0)))
        return false_cells * self._cell_m**2

    def cells(self) -> tuple[int, int, BoolArray]:
        """Return first column, first row, and (rows north, columns east) from there which cells are truly processed."""
        for strip in self._strips:
            for polygon in strip.caught_up():
                self._mark(polygon)
        if not self._tiles:
            return 0, 0, np.zeros((1, 1), np.bool_)
        west, east = min(key[0] for key in self._tiles), max(key[0] for key in self._tiles)
        south, north = min(key[1] for key in self._tiles), max(key[1] for key in self._tiles)
        whole = np.zeros((2, (north - south + 1) * SIZE + 1, (east - west + 1) * SIZE + 1), np.bool_)
        for (column, row), tile in self._tiles.items():
            down, across = (row - south) * SIZE, (column - west) * SIZE
            whole[:, down : down + SIZE, across : across + SIZE] = tile
        corner, centre = whole
        cells = corner[:-1, :-1] & corner[1:, :-1] & corner[:-1, 1:] & corner[1:, 1:] & centre[:-1, :-1]
        return west * SIZE, south * SIZE, cells

    def _mark(self, polygon: shapely.Polygon) -> None:
        """Mark the corners and centres that lie in or on a polygon."""
        cell_m = self._cell_m
        west_m, south_m, east_m, north_m = polygon.bounds
        column, row = math.floor(west_m / cell_m) - 1, math.floor(south_m / cell_m) - 1
        columns, rows = math.ceil(east_m / cell_m) + 1 - column, math.ceil(north_m / cell_m) + 1 - row
        shapely.prepare(polygon)
        east = np.arange(column, column + columns) * cell_m
        north = np.arange(row, row + rows) * cell_m
        for layer, shift_m in enumerate((0.0, 0.5 * cell_m)):
            x, y = np.meshgrid(east + shift_m, north + shift_m)
            self._set(layer, column, row, shapely.intersects_xy(polygon, x, y))

    def _set(self, layer: int, column: int, row: int, inside: BoolArray) -> None:
        rows, columns = inside.shape
        for tile_row in range(row // SIZE, (row + rows - 1) // SIZE + 1):
            south, north = max(row, tile_row * SIZE), min(row + rows, (tile_row + 1) * SIZE)
            for tile_column in range(column // SIZE, (column + columns - 1) // SIZE + 1):
                west, east = max(column, tile_column * SIZE), min(column + columns, (tile_column + 1) * SIZE)
                part = inside[south - row : north - row, west - column : east - column]
                if part.any():
                    tile = self._tiles.setdefault((tile_column, tile_row), np.zeros((2, SIZE, SIZE), np.bool_))
                    down, across = south - tile_row * SIZE, west - tile_column * SIZE
                    tile[layer, down : down + part.shape[0], across : across + part.shape[1]] |= part


def _swept(lines_m: npt.NDArray[np.float64]) -> list[shapely.Polygon]:
    """Return the ground that a moving line passes; rows: left east, north, right east, north."""
    left, right = lines_m[:, :2], lines_m[:, 2:]
    across = left - right
    # Both ends of every step on the same side of the line: the lines bound one simple polygon.
    side = np.concatenate([_cross(across[:-1], np.diff(left, axis=0)), _cross(across[:-1], np.diff(right, axis=0))])
    if (side <= 0.0).all() or (side >= 0.0).all():
        polygon = shapely.Polygon(np.concatenate([left, right[::-1]]))
        if polygon.is_valid:
            return [polygon]
    pieces = []
    for index in range(len(lines_m) - 1):
        quad = shapely.Polygon([left[index], left[index + 1], right[index + 1], right[index]])
        # A line that turns about a point on itself sweeps a bow-tie: two triangles.
        pieces += [part for part in shapely.get_parts(shapely.make_valid(quad)) if part.geom_type == "Polygon"]
    return pieces


def _cross(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def _window(cells: BoolArray, row: int, column: int) -> BoolArray:
    """Return a tile-sized window of `cells` from this row and column; outside of `cells` nothing is processed."""
    window = np.zeros((raster.TILE, raster.TILE), np.bool_)
    rows, columns = cells.shape
    south, north = max(0, row), min(rows, row + raster.TILE)
    west, east = max(0, column), min(columns, column + raster.TILE)
    if south < north and west < east:
        window[south - row : north - row, west - column : east - column] = cells[south:north, west:east]
    return window
