"""From a run of tool lines to a stroke, and from a stroke to cells.

Each stroke adds the ground between lines that the tool has crossed since the stroke before, seen in the frame of the
newest line: forward a, left w. The bands are convex and lie inside the union of the run's quads (sides are taken at
the innermost of the lines, less what the centre strayed from the chord), so a cell with all corners in a band is
wholly inside the strip. A band reaches back over the one before by a whole cell's extent: no cell falls between two.
"""

import math

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from vehicle.contracts.ledger_types import LedgerBand, LedgerRun, LedgerStroke, ToolLine
from vehicle.control.ground import raster
from vehicle.control.ledger import withdrawal
from vehicle.control.ledger.grid import LOST_M, drawn_in
from vehicle.control.ledger.rule import Rule
from vehicle.control.state import LedgerState

STROKE_M = 0.1
"""Way of the tool between two strokes: short enough to be straight (1 mm of bow at a radius of 1.2 m)."""

OVERLAP_SLACK_M = 0.01
"""Added to a cell's extent where bands overlap, for the turn of the frame between two strokes."""


class _Frame:
    """Coordinates of the newest line: a forward, w left of the tool's centre, less `slope` x a."""

    __slots__ = ("east_m", "extent_a_m", "extent_w_m", "forward_east", "forward_north", "half_m", "north_m", "slope")

    def __init__(self, tip: ToolLine, cell_m: float) -> None:
        self.east_m, self.north_m = tip.east_m, tip.north_m
        self.half_m = math.hypot(tip.half_east_m, tip.half_north_m)
        self.forward_east = tip.half_north_m / self.half_m
        self.forward_north = -tip.half_east_m / self.half_m
        self.slope = 0.0
        self.extent_a_m = cell_m * (abs(self.forward_east) + abs(self.forward_north))

    def ahead_m(self, line: ToolLine) -> float:
        """The foremost end of a line."""
        centre_m = self.forward_east * (line.east_m - self.east_m) + self.forward_north * (line.north_m - self.north_m)
        return centre_m + abs(self.forward_east * line.half_east_m + self.forward_north * line.half_north_m)

    def place(self, east_m: float, north_m: float) -> tuple[float, float]:
        """(a, w) of a point, w with the slope taken off."""
        east_m, north_m = east_m - self.east_m, north_m - self.north_m
        a_m = self.forward_east * east_m + self.forward_north * north_m
        return a_m, self.forward_east * north_m - self.forward_north * east_m - self.slope * a_m


def stroke(run: LedgerRun, rule: Rule, number: int) -> tuple[LedgerStroke, float, tuple[ToolLine, ...]]:
    """The stroke that ends at the run's tip, the path [m] up to which credit was given, the lines needed later."""
    tip = run.tip
    frame = _Frame(tip, rule.cell_m)
    reach_m = frame.extent_a_m + OVERLAP_SLACK_M + LOST_M
    sigma_m, end_sigma_m, depth_m = tip.sigma_m, tip.end_sigma_m, math.inf
    since_m = math.inf if run.credit_from is None else run.credit_from.path_m
    for line in (*run.lines, tip):
        if line.path_m >= since_m:
            sigma_m, end_sigma_m = max(sigma_m, line.sigma_m), max(end_sigma_m, line.end_sigma_m)
            depth_m = min(depth_m, line.depth_m)
    trim_m = rule.k_sigma * end_sigma_m
    done_m = max(run.credit_done_m, tip.path_m - trim_m)
    rear_m = run.swept_done_m - tip.path_m - reach_m
    credit_rear_m = run.credit_done_m - tip.path_m - reach_m
    lines = _within(run.lines, frame, min(rear_m, credit_rear_m) if run.credit_from else rear_m)
    right_m, left_m = _sides(lines, tip, frame)
    floor_m = frame.ahead_m(lines[0])
    bands = _outer(run, lines[0], frame, max(rear_m, floor_m), right_m, left_m)
    if run.credit_from is not None and depth_m < math.inf:
        margin_m = rule.k_sigma * sigma_m * math.hypot(1.0, frame.slope)
        credit_rear_m = max(credit_rear_m, floor_m, _start_m(run.credit_from, lines[0], frame, trim_m))
        # Rounded down: a record may understate the depth, never overstate it.
        depth_cm = min(255, max(0, int(depth_m * 100.0)))
        bands += _band(
            credit_rear_m, -trim_m, right_m + margin_m, left_m - margin_m, run.credit_flag, depth_cm, reach_m
        )
    # The next stroke reaches back by less than this, with as much again for a sigma that has grown.
    needed = _within(run.lines, frame, -2.0 * trim_m - reach_m - STROKE_M)
    return drawn_in(_named(frame, bands, number, run.t_ns)), done_m, needed


def _within(lines: tuple[ToolLine, ...], frame: _Frame, rear_m: float) -> tuple[ToolLine, ...]:
    """The lines from the first one that lies wholly behind `rear_m`."""
    first = 0
    for index in range(len(lines) - 1, -1, -1):
        if frame.ahead_m(lines[index]) <= rear_m:
            first = index
            break
    return lines[first:]


def _start_m(start: ToolLine, oldest: ToolLine, frame: _Frame, trim_m: float) -> float:
    """Where a stretch may begin to claim; far behind it is no bound, and its place in this frame means nothing."""
    if start.path_m < oldest.path_m - 2.0 * trim_m - STROKE_M:
        return -math.inf
    return frame.ahead_m(start) + trim_m


def _sides(lines: tuple[ToolLine, ...], tip: ToolLine, frame: _Frame) -> tuple[float, float]:
    """Right and left side of the strip: the innermost ends, along the slope at which the tool crabs."""
    a_m, w_m = frame.place(lines[0].east_m, lines[0].north_m)
    frame.slope = w_m / a_m if a_m < -OVERLAP_SLACK_M else 0.0
    right_m, left_m = -frame.half_m + tip.bow_left_m, frame.half_m - tip.bow_right_m
    for index, line in enumerate(lines):
        _, line_left_m = frame.place(line.east_m + line.half_east_m, line.north_m + line.half_north_m)
        _, line_right_m = frame.place(line.east_m - line.half_east_m, line.north_m - line.half_north_m)
        # The bow of the oldest line belongs to ground behind it.
        left_m = min(left_m, line_left_m - (line.bow_right_m if index else 0.0))
        right_m = max(right_m, line_right_m + (line.bow_left_m if index else 0.0))
    return right_m, left_m


def _outer(
    run: LedgerRun, oldest: ToolLine, frame: _Frame, rear_m: float, right_m: float, left_m: float
) -> tuple[LedgerBand, ...]:
    """Ground passed, unshrunk: marks of what was not proven, and `swept` as far back as the tool was engaged."""
    bands: tuple[LedgerBand, ...] = ()
    if run.unmet_conditions:
        bands = _band(rear_m, 0.0, right_m, left_m, run.unmet_conditions, 0, frame.extent_a_m)
    if run.swept_from is not None:
        swept_rear_m = max(rear_m, _start_m(run.swept_from, oldest, frame, 0.0))
        bands += _band(swept_rear_m, 0.0, right_m, left_m, raster.SWEPT, 0, frame.extent_a_m)
    return bands


def _band(
    rear_m: float, front_m: float, right_m: float, left_m: float, flags: int, depth_cm: int, extent_m: float
) -> tuple[LedgerBand, ...]:
    """The band, unless no cell can fit into it."""
    if front_m - rear_m < 0.7 * extent_m or left_m - right_m < 0.7 * extent_m:
        return ()
    return (LedgerBand(rear_m=rear_m, front_m=front_m, right_m=right_m, left_m=left_m, flags=flags, depth_cm=depth_cm),)


def _named(frame: _Frame, bands: tuple[LedgerBand, ...], number: int, t_ns: int) -> LedgerStroke:
    return LedgerStroke(
        number=number,
        t_ns=t_ns,
        east_m=frame.east_m,
        north_m=frame.north_m,
        forward_east=frame.forward_east,
        forward_north=frame.forward_north,
        slope=frame.slope,
        bands=bands,
    )


def apply(state: LedgerState, stroke: LedgerStroke, cell_m: float, own: set[raster.Key] | None = None) -> LedgerState:
    """The masks with a stroke added: the only way in which a cell ever changes.

    `own`: tiles that no other version of the masks holds, for whoever adds up a whole journal: those are changed in
    place.

    A cell receives a band's flags if all four corners lie in the band: tested at the centre, with the band drawn in by
    half the cell's extent, which for a convex band is the same.
    """
    if not stroke.bands:
        return state
    column, row, marks, depths_cm, across = _cells(stroke, cell_m)
    if not marks.any():
        return state
    rows, columns = marks.shape
    fresh: dict[raster.Key, raster.Tile] = {}
    swept = credited = 0
    size = raster.TILE
    for tile_row in range(row // size, (row + rows - 1) // size + 1):
        south, north = max(row, tile_row * size), min(row + rows, (tile_row + 1) * size)
        for tile_column in range(column // size, (column + columns - 1) // size + 1):
            west, east = max(column, tile_column * size), min(column + columns, (tile_column + 1) * size)
            mark = marks[south - row : north - row, west - column : east - column]
            if not mark.any():
                continue
            key = (tile_column, tile_row)
            if state.pending:
                state = withdrawal.reached(state, key, cell_m)
            tile = raster.find(state.tiles, key)
            if own is None or key not in own or not tile.flags.writeable:  # a tile that was packed is read-only
                tile = tile.copy()
            fresh[key] = tile
            here = slice(south - row, north - row), slice(west - column, east - column)
            part = (
                slice(None),
                slice(south % size, south % size + north - south),
                slice(west % size, west % size + east - west),
            )
            cells = tile[part]
            flags = cells[raster.FLAGS]
            added = mark & ~flags
            swept += int(np.count_nonzero(added & raster.SWEPT))
            credited += int(np.count_nonzero(added & raster.CREDITED))
            _claim(cells, raster.RANK[mark] > raster.RANK[flags], stroke.number, depths_cm[here], across[here])
            flags |= mark
    if own is not None:
        own.update(fresh)
    return _counted(state, stroke, fresh, swept, credited, cell_m)


def _claim(
    cells: raster.Tile, risen: npt.NDArray[np.bool_], number: int, depths_cm: raster.Tile, across: raster.Tile
) -> None:
    """Cells (planes, rows, columns) whose claim is new or ranks above what they had rest on this stroke from now on."""
    np.copyto(cells[raster.DEPTH], depths_cm, where=risen)
    np.copyto(cells[raster.ACROSS], across, where=risen)
    for place in range(4):
        cells[raster.NUMBER + place][risen] = number >> 8 * place & 0xFF


def _counted(
    state: LedgerState,
    stroke: LedgerStroke,
    fresh: dict[raster.Key, raster.Tile],
    swept: int,
    credited: int,
    cell_m: float,
) -> LedgerState:
    blocks, warm = raster.stored(state.tiles, state.warm, fresh)
    swept, credited = state.swept_cells + swept, state.credited_cells + credited
    return replace(
        state,
        swept_m2=swept * cell_m * cell_m,
        credited_m2=credited * cell_m * cell_m,
        swept_cells=swept,
        credited_cells=credited,
        provisional_cells=state.provisional_cells + credited - state.credited_cells,
        tiles=blocks,
        warm=warm,
        stroke=stroke,
    )


def _cells(stroke: LedgerStroke, cell_m: float) -> tuple[int, int, raster.Tile, raster.Tile, raster.Tile]:
    """First column and row of the stroke's bounding box; of its cells flags to add, depth, place across the tool."""
    forward_east, forward_north, slope = stroke.forward_east, stroke.forward_north, stroke.slope
    # w grows along (side_east, side_north): left, with the slope taken off.
    side_east, side_north = -forward_north - slope * forward_east, forward_east - slope * forward_north
    half_a_m = 0.5 * cell_m * (abs(forward_east) + abs(forward_north))
    half_w_m = 0.5 * cell_m * (abs(side_east) + abs(side_north))
    column, columns, row, rows = _box(stroke, cell_m)
    east_m = (np.arange(column, column + columns) + 0.5) * cell_m - stroke.east_m
    north_m = ((np.arange(row, row + rows) + 0.5) * cell_m - stroke.north_m)[:, None]
    a_m = forward_east * east_m + forward_north * north_m
    w_m = side_east * east_m + side_north * north_m
    marks = np.zeros((rows, columns), np.uint8)
    depths_cm = np.zeros((rows, columns), np.uint8)
    inside, part = np.empty((rows, columns), np.bool_), np.empty((rows, columns), np.bool_)
    cells = inside.view(np.uint8)
    for band in stroke.bands:
        np.greater_equal(a_m, band.rear_m + half_a_m, out=inside)
        inside &= np.less_equal(a_m, band.front_m - half_a_m, out=part)
        inside &= np.greater_equal(w_m, band.right_m + half_w_m, out=part)
        inside &= np.less_equal(w_m, band.left_m - half_w_m, out=part)
        marks |= cells * np.uint8(band.flags)
        if band.depth_cm:
            np.maximum(depths_cm, cells * np.uint8(band.depth_cm), out=depths_cm)
    across = np.clip(np.rint((w_m + raster.ACROSS_MAX_M) / raster.ACROSS_STEP_M), 0.0, 255.0).astype(np.uint8)
    return column, row, marks, depths_cm, across


def _box(stroke: LedgerStroke, cell_m: float) -> tuple[int, int, int, int]:
    """First column, columns, first row, rows of the cells that the bands can touch."""
    rear_m = min(band.rear_m for band in stroke.bands)
    front_m = max(band.front_m for band in stroke.bands)
    right_m = min(band.right_m for band in stroke.bands)
    left_m = max(band.left_m for band in stroke.bands)
    east_m, north_m = [], []
    for a_m in (rear_m, front_m):
        for w_m in (right_m + stroke.slope * a_m, left_m + stroke.slope * a_m):
            east_m.append(stroke.east_m + stroke.forward_east * a_m - stroke.forward_north * w_m)
            north_m.append(stroke.north_m + stroke.forward_north * a_m + stroke.forward_east * w_m)
    column, row = math.floor(min(east_m) / cell_m), math.floor(min(north_m) / cell_m)
    return (
        column,
        math.floor(max(east_m) / cell_m) + 1 - column,
        row,
        math.floor(max(north_m) / cell_m) + 1 - row,
    )
