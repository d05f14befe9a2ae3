"""How far a shift is: what was done and what is due now, minutes planned and used, blocks of work. Pure.

A block of work begins with "ring clear" and ends with a hand-over, a rest, a parking or driving in; then the next "ring
clear" begins another. The one that follows the test strip begins the block anew: what was before it was the opening.
Nobody drives longer than 50 minutes in one block.
"""

from enum import StrEnum
from typing import Final

import msgspec

from vehicle.contracts.shift_state import ShiftAct
from vehicle.contracts.shift_table import (
    CLOSING_CHECK,
    DRIVE_IN,
    HAND_OVER,
    PARKING_VISIT,
    REST,
    RING,
    SHIFT_ITEMS,
    TEST_STRIP,
    ShiftItem,
    ShiftPart,
)

BLOCK_MIN: Final = 50.0
PARKING_MIN: Final = 120.0
"""Parking is due from here on, and no later than 150 minutes after work began or the last parking."""
_US_PER_MIN: Final = 60_000_000
_ENDS_BLOCK: Final = (HAND_OVER, REST, PARKING_VISIT, DRIVE_IN, CLOSING_CHECK)


class ShiftMark(StrEnum):
    """How an item stands."""

    DONE = "done"
    NOT_DONE = "not done"
    DUE = "due"
    LATER = "later"


class ShiftRow(msgspec.Struct, frozen=True, kw_only=True):
    """An item now. `used_min`: sum of the minutes told; `newest`: the last time it was told."""

    item: ShiftItem
    mark: ShiftMark
    used_min: float = 0.0
    times: int = 0
    newest: ShiftAct | None = None


class ShiftBlock(msgspec.Struct, frozen=True, kw_only=True):
    """A block of work. `until_us`: None while it goes on. `who`: who told "ring clear"."""

    from_us: int
    until_us: int | None
    who: str

    def length_min(self, now_us: int) -> float:
        """Return its length [min]."""
        return ((self.until_us if self.until_us is not None else now_us) - self.from_us) / _US_PER_MIN

    def too_long(self, now_us: int) -> bool:
        """Return whether it is longer than 50 minutes."""
        return self.length_min(now_us) > BLOCK_MIN


def blocks_of(acts: tuple[ShiftAct, ...]) -> tuple[ShiftBlock, ...]:
    """Return the blocks of work of one shift."""
    found: list[ShiftBlock] = []
    strip = False
    for act in acts:
        at_work = bool(found) and found[-1].until_us is None
        if act.item == TEST_STRIP:
            strip = True
        elif act.item == RING and act.done:
            if not at_work:
                found.append(ShiftBlock(from_us=act.utc_us, until_us=None, who=act.who))
            elif strip:
                found[-1] = ShiftBlock(from_us=act.utc_us, until_us=None, who=act.who)
            strip = False
        elif act.item in _ENDS_BLOCK and act.done and at_work:
            begun_us = act.utc_us - round(act.minutes * _US_PER_MIN)  # an act is told at its end
            found[-1] = msgspec.structs.replace(found[-1], until_us=max(found[-1].from_us, begun_us))
    return tuple(found)


def day_of(acts: tuple[ShiftAct, ...], now_us: int) -> tuple[ShiftRow, ...]:
    """Return every item of the table in order, as it stands now."""
    return tuple(_row(item, acts, now_us) for item in SHIFT_ITEMS)


def next_due(rows: tuple[ShiftRow, ...]) -> ShiftRow | None:
    """Return the first item that is due; None if none is."""
    return next((row for row in rows if row.mark is ShiftMark.DUE), None)


def _row(item: ShiftItem, acts: tuple[ShiftAct, ...], now_us: int) -> ShiftRow:
    told = [act for act in acts if act.item == item.name]
    newest = told[-1] if told else None
    return ShiftRow(
        item=item,
        mark=_mark(item, newest, acts, now_us),
        used_min=sum(act.minutes for act in told),
        times=len(told),
        newest=newest,
    )


def _mark(item: ShiftItem, newest: ShiftAct | None, acts: tuple[ShiftAct, ...], now_us: int) -> ShiftMark:
    if _is_due(item, newest, acts, now_us):
        return ShiftMark.DUE
    if newest is None:
        return ShiftMark.LATER
    return ShiftMark.DONE if newest.done else ShiftMark.NOT_DONE


def _is_due(item: ShiftItem, newest: ShiftAct | None, acts: tuple[ShiftAct, ...], now_us: int) -> bool:
    closing = any(act.item in (DRIVE_IN, CLOSING_CHECK) for act in acts)
    if item.part is ShiftPart.CLOSING:
        return closing and newest is None
    if closing:
        return False
    blocks = blocks_of(acts)
    at_work = bool(blocks) and blocks[-1].until_us is None
    if item.part is ShiftPart.BLOCK:
        return at_work and blocks[-1].too_long(now_us)
    if item.part is ShiftPart.PARKING:
        return bool(blocks) and now_us - _parked_us(acts, blocks) > PARKING_MIN * _US_PER_MIN
    if newest is None or (item.blocks and not newest.done):
        return True
    if item.name != RING:
        return False
    strips = [act for act in acts if act.item == TEST_STRIP]
    return not at_work or (bool(strips) and strips[-1].utc_us > newest.utc_us)


def _parked_us(acts: tuple[ShiftAct, ...], blocks: tuple[ShiftBlock, ...]) -> int:
    """Return when the last parking was, or when work began."""
    return max([blocks[0].from_us, *(act.utc_us for act in acts if act.item == PARKING_VISIT)])
