"""The one codec of a stroke: place in mm, heading in 1e-4 rad, sides in 0.1 mm, time in ms: 35 bytes. A leaf for all.

    stroke = number, t_ms, east_mm, north_mm, heading, slope, bands, band*
    band   = flags, depth_cm, rear, front, right, left      (0.1 mm, less the same of the band before)

Every value is a zigzag varint (LEB128), so that no place and no time is out of range. `heading` is the angle of the
stroke's forward axis in 1e-4 rad, `slope` in 1e-4. Control makes strokes on this grid (`vehicle/control/ledger/
grid.py`), so that what is written and read is the stroke itself: `unpacked(packed(stroke)) == stroke`.
"""

import math
from typing import Final

import msgspec

from vehicle.contracts.ledger_types import LedgerBand, LedgerStroke
from vehicle.contracts.units import NS_PER_MS

PER_M: Final = 1_000
BAND_PER_M: Final = 10_000
"""Where two swaths meet nothing is to spare: millimetres would cost a cell of the seam here and there."""
PER_RAD: Final = 10_000
HEADING_MAX: Final = 31_415
"""The last step before half a turn: beyond it the same heading would have two names."""
_BAND_VALUES: Final = 6
_VALUE_BITS_MAX: Final = 70
"""No value of a stroke is longer; a longer one is damage."""


class GridBand(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A band as whole numbers; its sides in 0.1 mm."""

    flags: int
    depth_cm: int
    rear: int
    front: int
    right: int
    left: int


class GridStroke(msgspec.Struct, frozen=True, array_like=True):
    """A stroke as whole numbers."""

    number: int
    t_ms: int
    east_mm: int
    north_mm: int
    heading: int
    slope: int
    bands: tuple[GridBand, ...]


def from_grid(grid: GridStroke) -> LedgerStroke:
    """The stroke that these numbers stand for."""
    heading_rad = grid.heading / PER_RAD
    return LedgerStroke(
        number=grid.number,
        t_ns=grid.t_ms * NS_PER_MS,
        east_m=grid.east_mm / PER_M,
        north_m=grid.north_mm / PER_M,
        forward_east=math.cos(heading_rad),
        forward_north=math.sin(heading_rad),
        slope=grid.slope / PER_RAD,
        bands=tuple(
            LedgerBand(
                rear_m=band.rear / BAND_PER_M,
                front_m=band.front / BAND_PER_M,
                right_m=band.right / BAND_PER_M,
                left_m=band.left / BAND_PER_M,
                flags=band.flags,
                depth_cm=band.depth_cm,
            )
            for band in grid.bands
        ),
    )


def on_grid(stroke: LedgerStroke) -> GridStroke:
    """The nearest numbers; exact for a stroke that lies on the grid. What lies off it has to be drawn in first."""
    heading = nearest_heading(stroke.forward_east, stroke.forward_north)
    return GridStroke(
        number=stroke.number,
        t_ms=-(-stroke.t_ns // NS_PER_MS),
        east_mm=round(stroke.east_m * PER_M),
        north_mm=round(stroke.north_m * PER_M),
        heading=heading,
        slope=round(stroke.slope * PER_RAD),
        bands=tuple(
            GridBand(
                band.flags,
                band.depth_cm,
                round(band.rear_m * BAND_PER_M),
                round(band.front_m * BAND_PER_M),
                round(band.right_m * BAND_PER_M),
                round(band.left_m * BAND_PER_M),
            )
            for band in stroke.bands
        ),
    )


def nearest_heading(forward_east: float, forward_north: float) -> int:
    """The step of heading nearest to a direction (east, north) of any length [1e-4 rad from east, anticlockwise]."""
    heading = round(math.atan2(forward_north, forward_east) * PER_RAD)
    return max(-HEADING_MAX, min(HEADING_MAX, heading))


def packed(stroke: LedgerStroke) -> bytes:
    """The bytes of a stroke that lies on the grid.

    Raises:
        ValueError: It does not, so that the bytes would be another stroke.
    """
    grid = on_grid(stroke)
    if from_grid(grid) != stroke:
        raise ValueError(f"stroke {stroke.number} is not on the grid of its codec")
    out = bytearray()
    for value in (*msgspec.structs.astuple(grid)[:-1], len(grid.bands)):
        _put(out, value)
    before = (0,) * _BAND_VALUES
    for band in grid.bands:
        values = msgspec.structs.astuple(band)
        for value in (*values[:2], *(new - old for new, old in zip(values[2:], before[2:], strict=True))):
            _put(out, value)
        before = values
    return bytes(out)


def unpacked(payload: bytes) -> LedgerStroke:
    """The stroke of these bytes.

    Raises:
        ValueError: They are no stroke.
    """
    values, place = [], 0
    while place < len(payload):
        value, place = _take(payload, place)
        values.append(value)
    head, bands = values[:7], values[7:]
    if len(head) < 7 or len(bands) != head[6] * _BAND_VALUES:
        raise ValueError("no stroke: it does not hold what it says")
    before, found = [0, 0, 0, 0], []
    for start in range(0, len(bands), _BAND_VALUES):
        flags, depth_cm, *sides = bands[start : start + _BAND_VALUES]
        if not (0 <= flags <= 0xFF and 0 <= depth_cm <= 0xFF):
            raise ValueError("no stroke: flags or depth are no byte")
        before = [old + new for old, new in zip(before, sides, strict=True)]
        found.append(GridBand(flags, depth_cm, *before))
    number, t_ms, east_mm, north_mm, heading, slope = head[:6]
    return from_grid(GridStroke(number, t_ms, east_mm, north_mm, heading, slope, tuple(found)))


def _put(out: bytearray, value: int) -> None:
    left = value << 1 if value >= 0 else (-value << 1) - 1
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)


def _take(payload: bytes, place: int) -> tuple[int, int]:
    """The value at a place, and the place after it."""
    found = shift = 0
    while True:
        if place >= len(payload) or shift > _VALUE_BITS_MAX:
            raise ValueError("no stroke: it ends within a value")
        byte = payload[place]
        place += 1
        found |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return found >> 1 if not found & 1 else -((found + 1) >> 1), place
