"""Many strokes as columns of numbers: decoded together, then turned into strokes or summed into masks.

Every number equals the one that `vehicle/contracts/stroke_codec.py` makes for a single stroke: the same divisions, and
sine and cosine from the same library.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from vehicle.contracts import stroke_codec
from vehicle.contracts.ledger_types import LedgerBand, LedgerStroke
from vehicle.contracts.stroke_codec import BAND_PER_M, PER_M, PER_RAD
from vehicle.contracts.units import NS_PER_MS

Ints = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
HEAD_VALUES, BAND_VALUES = 7, 6
SHORT_BYTES: Final = 9
"""A varint with more bytes does not fit 63 bits; strokes with such values are decoded one by one."""


class StrokeTable(msgspec.Struct, frozen=True):
    """n strokes with m bands: `heads` (number, t_ns), `frames` (n, 5) east, north, forward east and north, slope.

    `first`: (n + 1,) where each stroke's bands begin in `marks` (m, 2) flags and depth, and `sides` (m, 4) rear, front,
    right, left [m].
    """

    numbers: Ints
    t_ns: Ints
    frames: Doubles
    first: Ints
    marks: Ints
    sides: Doubles

    def __len__(self) -> int:
        return len(self.numbers)

    def strokes(self) -> list[LedgerStroke]:
        """Yield the strokes one by one."""
        bands = [
            LedgerBand(rear_m=rear_m, front_m=front_m, right_m=right_m, left_m=left_m, flags=flags, depth_cm=depth_cm)
            for (rear_m, front_m, right_m, left_m), (flags, depth_cm) in zip(
                self.sides.tolist(), self.marks.tolist(), strict=True
            )
        ]
        first = self.first.tolist()
        return [
            LedgerStroke(
                number=number,
                t_ns=t_ns,
                east_m=frame[0],
                north_m=frame[1],
                forward_east=frame[2],
                forward_north=frame[3],
                slope=frame[4],
                bands=tuple(bands[first[place] : first[place + 1]]),
            )
            for place, (number, t_ns, frame) in enumerate(
                zip(self.numbers.tolist(), self.t_ns.tolist(), self.frames.tolist(), strict=True)
            )
        ]


def table_of(strokes: Sequence[LedgerStroke]) -> StrokeTable:
    """Return strokes as a table of columns."""
    bands = [band for stroke in strokes for band in stroke.bands]
    return StrokeTable(
        numbers=np.array([stroke.number for stroke in strokes], np.int64),
        t_ns=np.array([stroke.t_ns for stroke in strokes], np.int64),
        frames=np.array(
            [(row.east_m, row.north_m, row.forward_east, row.forward_north, row.slope) for row in strokes], np.float64
        ).reshape(-1, 5),
        first=np.cumsum([0, *(len(stroke.bands) for stroke in strokes)], dtype=np.int64),
        marks=np.array([(band.flags, band.depth_cm) for band in bands], np.int64).reshape(-1, 2),
        sides=np.array([(band.rear_m, band.front_m, band.right_m, band.left_m) for band in bands], np.float64).reshape(
            -1, 4
        ),
    )


def decoded_table(payloads: Sequence[bytes]) -> StrokeTable:
    """Decode the payloads of many strokes.

    Raises:
        ValueError: A payload is no stroke.
    """
    found = _at_once(payloads) if payloads else None
    return found if found is not None else table_of([stroke_codec.unpacked(payload) for payload in payloads])


def _at_once(payloads: Sequence[bytes]) -> StrokeTable | None:
    """Decode all payloads together; None if one of them has to be decoded alone."""
    split = varints_of(payloads)
    if split is None:
        return None
    values, first_value, counts = split
    if (counts < HEAD_VALUES).any():
        return None
    head = values[first_value[:, None] + np.arange(HEAD_VALUES)]
    band_count = head[:, 6]
    if (band_count < 0).any() or (counts != HEAD_VALUES + BAND_VALUES * band_count).any():
        return None
    is_band = np.ones(len(values), bool)
    is_band[(first_value[:, None] + np.arange(HEAD_VALUES)).ravel()] = False
    bands = values[is_band].reshape(-1, BAND_VALUES)
    if ((bands[:, :2] < 0) | (bands[:, :2] > 0xFF)).any():
        return None
    first = np.concatenate(([0], np.cumsum(band_count)))
    headings, place = np.unique(head[:, 4], return_inverse=True)
    turned = np.array([(math.cos(step / PER_RAD), math.sin(step / PER_RAD)) for step in headings.tolist()])[place]
    return StrokeTable(
        numbers=head[:, 0],
        t_ns=head[:, 1] * NS_PER_MS,
        frames=np.column_stack((head[:, 2] / PER_M, head[:, 3] / PER_M, turned, head[:, 5] / PER_RAD)),
        first=first,
        marks=bands[:, :2],
        sides=_sides(bands[:, 2:], first) / BAND_PER_M,
    )


def varints_of(payloads: Sequence[bytes]) -> tuple[Ints, Ints, Ints] | None:
    """Return all zigzag varints, where each payload's begin, and its count; None if one does not fit 63 bits."""
    content = np.frombuffer(b"".join(payloads), np.uint8)
    sizes = np.array([len(payload) for payload in payloads], np.int64)
    payload_ends = np.cumsum(sizes)
    if not sizes.all() or (content[payload_ends - 1] >= 0x80).any():
        return None
    ends = np.flatnonzero(content < 0x80)
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if lengths.max() > SHORT_BYTES:
        return None
    within = np.arange(len(content)) - np.repeat(starts, lengths)
    found = np.add.reduceat((content & 0x7F).astype(np.int64) << 7 * within, starts)
    values = (found >> 1) ^ -(found & 1)
    last_value = np.searchsorted(ends, payload_ends - 1)
    counts = np.diff(np.concatenate(([-1], last_value)))
    return values, last_value - counts + 1, counts


def _sides(steps: Ints, first: Ints) -> Any:
    """Return the sides of bands (m, 4) from their differences to the band before in the same stroke."""
    if not len(steps):
        return steps
    total = np.cumsum(steps, axis=0)
    before = np.vstack((np.zeros((1, 4), np.int64), total))[first[:-1]]
    return total - np.repeat(before, np.diff(first), axis=0)
