"""A stroke is put on the grid of its codec where it is made, always inwards: it loses ground and never gains any.

The frame goes to the nearest millimetre and 1e-4 rad. Each band is measured anew in that frame: every side lies at the
innermost of its two corners, drawn in to the next tenth of a millimetre. A band is convex, so the new one lies inside
the old one. With a tool 1.7 m wide the turn of the frame takes up to 0.04 mm of a front or rear, the tenths at most one
at a side: 0.006 % of the width in the mean. How far a stroke reaches back (`LOST_M`) makes up for what two strokes lose
where one follows the other.
"""

import math
from typing import Final

from vehicle.contracts.ledger_types import LedgerBand, LedgerStroke
from vehicle.contracts.stroke_codec import BAND_PER_M, PER_M, PER_RAD, GridBand, GridStroke, from_grid, nearest_heading
from vehicle.contracts.units import NS_PER_MS

LOST_M: Final = 0.0005
"""More than the grid takes where a stroke follows another: a tenth of a millimetre of each, and the turn of frames."""


def drawn_in(stroke: LedgerStroke) -> LedgerStroke:
    """The same on the grid. Its time is the end of its millisecond: never older than it was."""
    heading = nearest_heading(stroke.forward_east, stroke.forward_north)
    slope = round(stroke.slope * PER_RAD)
    east_mm, north_mm = round(stroke.east_m * PER_M), round(stroke.north_m * PER_M)
    bare = GridStroke(stroke.number, -(-stroke.t_ns // NS_PER_MS), east_mm, north_mm, heading, slope, ())
    frame = from_grid(bare)
    bands = tuple(found for band in stroke.bands if (found := _band(stroke, band, frame)) is not None)
    return from_grid(GridStroke(*_head(bare), bands))


def _head(grid: GridStroke) -> tuple[int, int, int, int, int, int]:
    return grid.number, grid.t_ms, grid.east_mm, grid.north_mm, grid.heading, grid.slope


def _band(stroke: LedgerStroke, band: LedgerBand, frame: LedgerStroke) -> GridBand | None:
    """The greatest band of the new frame inside this one; None where nothing is left."""
    rear_right, rear_left, front_right, front_left = (
        _moved(stroke, a_m, w_m, frame) for a_m in (band.rear_m, band.front_m) for w_m in (band.right_m, band.left_m)
    )
    rear = math.ceil(max(rear_right[0], rear_left[0]) * BAND_PER_M)
    front = math.floor(min(front_right[0], front_left[0]) * BAND_PER_M)
    right = math.ceil(max(rear_right[1], front_right[1]) * BAND_PER_M)
    left = math.floor(min(rear_left[1], front_left[1]) * BAND_PER_M)
    if front <= rear or left <= right:
        return None
    return GridBand(band.flags, band.depth_cm, rear, front, right, left)


def _moved(stroke: LedgerStroke, a_m: float, w_m: float, frame: LedgerStroke) -> tuple[float, float]:
    """A point (a, w) of the stroke's frame in the other one."""
    w_m += stroke.slope * a_m
    east_m = stroke.east_m + stroke.forward_east * a_m - stroke.forward_north * w_m - frame.east_m
    north_m = stroke.north_m + stroke.forward_north * a_m + stroke.forward_east * w_m - frame.north_m
    a_m = frame.forward_east * east_m + frame.forward_north * north_m
    return a_m, frame.forward_east * north_m - frame.forward_north * east_m - frame.slope * a_m
