"""Lots for sampling: ground that one machine processed on one day within one interval between depth checks.

A quality officer takes samples from each lot; if a sample fails, the whole lot is worked again. Every credited cell
belongs to exactly one lot: the one whose strokes hold its claim.
"""

import bisect
from collections.abc import Sequence
from typing import Final

import msgspec

from vehicle.control.state import LedgerState
from vehicle.reports.outlines import Label, by_number

WHOLE_RECORD: Final = (1 << 32) - 1
"""Larger than every stroke number."""


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """Strokes after the lot before, up to `last_number`; `day` is the UTC date, "" if the time was unknown.

    `ended_by`: what closed the lot: a depth check, another day, or the end of the record. `check`: the closing depth
    reading in words; "" if no reading closed it.
    """

    name: str
    machine: str
    last_number: int
    day: str = ""
    from_us: int | None = None
    until_us: int | None = None
    ended_by: str = "end of the record"
    check: str = ""


def lots_or_one(lots: Sequence[Lot], machine: str) -> tuple[Lot, ...]:
    """Return the lots; a single lot of all ground if the checks are unknown."""
    return tuple(lots) or (Lot(name="L1", machine=machine, last_number=WHOLE_RECORD),)


def label_of(lots: Sequence[Lot]) -> Label:
    """Return the index of the lot of each credited cell."""
    return by_number(tuple(lot.last_number for lot in lots))


def newest_number(ledger: LedgerState) -> int:
    """Return the number of a ledger's newest stroke; 0 before the first."""
    return ledger.stroke.number if ledger.stroke is not None else 0


def lot_at(lots: Sequence[Lot], number: int) -> int:
    """Return the index of the lot of a stroke."""
    return min(bisect.bisect_left([lot.last_number for lot in lots], number), len(lots) - 1)
