"""The acts of a working day: one table of items, in the order of the day, for program, console, report and vehicle.

A person tells each act with an observation (FLAIL_OBSERVATION) of kind SHIFT_DONE or SHIFT_NOT_DONE. Its value is the
time it took in minutes; its text begins with the item's name, and what follows is a reason, a role or a name. The
minutes planned are those of docs/WORKING_DAY.md: an example to begin with, not a measurement.
"""

from enum import StrEnum
from typing import Final

import msgspec

MINUTES_MAX: Final = 840.0
"""Of one act; a shift is no longer than this."""


class ShiftPart(StrEnum):
    """When in the day an item is due."""

    OPENING = "opening"
    BLOCK = "block"
    PARKING = "parking"
    CLOSING = "closing"


class ShiftStop(StrEnum):
    """What is not offered or refused before the item was told done: nothing, ARM by consoles, START by the vehicle."""

    NOTHING = ""
    ARM = "ARM"
    START = "START"


class ShiftItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item. `words_told`: what the words after the name are when it was done; "" where none are needed.

    Whoever did not do it says why. An item that blocks has no excuse: told as not done, it blocks again.
    """

    name: str
    title: str
    part: ShiftPart
    planned_min: int
    blocks: ShiftStop = ShiftStop.NOTHING
    words_told: str = ""


_P, _S = ShiftPart, ShiftStop
RING: Final = "ring"
HAND_OVER: Final = "hand-over"
REST: Final = "rest"
PARKING_VISIT: Final = "parking"
DRIVE_IN: Final = "drive-in"
CLOSING_CHECK: Final = "closing-check"
SIGN_IN: Final = "sign-in"
STROP: Final = "strop"
ESTOP_STANDING: Final = "estop-standing"
ESTOP_MOVING: Final = "estop-moving"
TEST_STRIP: Final = "test-strip"

SHIFT_ITEMS: Final = (
    ShiftItem(name="site-brief", title="site brief", part=_P.OPENING, planned_min=15),
    ShiftItem(name="programs", title="programs started, doctor looked at", part=_P.OPENING, planned_min=5),
    ShiftItem(name="machine-check", title="machine check, hammers counted", part=_P.OPENING, planned_min=15),
    ShiftItem(
        name=STROP, title="strop fitted, its free end caught once", part=_P.OPENING, planned_min=5, blocks=_S.START
    ),
    ShiftItem(name="base-check", title="base checked on a control point", part=_P.OPENING, planned_min=5),
    ShiftItem(name="daily-check", title="daily check in the bay", part=_P.OPENING, planned_min=2),
    ShiftItem(name=RING, title="ring clear, sentry on post", part=_P.OPENING, planned_min=6, blocks=_S.START),
    ShiftItem(
        name=ESTOP_STANDING,
        title="radio e-stop, standing: the engine dies",
        part=_P.OPENING,
        planned_min=7,
        blocks=_S.ARM,
    ),
    ShiftItem(
        name=SIGN_IN,
        title="sign-in at TAKE, checklist",
        part=_P.OPENING,
        planned_min=2,
        words_told="the role",
    ),
    ShiftItem(
        name=ESTOP_MOVING,
        title="radio e-stop, in motion: the machine stops",
        part=_P.OPENING,
        planned_min=7,
        blocks=_S.START,
    ),
    ShiftItem(name=TEST_STRIP, title="test strip and depth reading", part=_P.OPENING, planned_min=16),
    ShiftItem(
        name=HAND_OVER,
        title="hand-over to another operator",
        part=_P.BLOCK,
        planned_min=10,
        words_told="who takes over",
    ),
    ShiftItem(name=REST, title="rest of the operator", part=_P.BLOCK, planned_min=10),
    ShiftItem(name=PARKING_VISIT, title="parking: fuel, hammers, depth, strop", part=_P.PARKING, planned_min=30),
    ShiftItem(name=DRIVE_IN, title="drive in, engine off, ring opened", part=_P.CLOSING, planned_min=5),
    ShiftItem(name=CLOSING_CHECK, title="closing check of the base", part=_P.CLOSING, planned_min=5),
    ShiftItem(name="hammers", title="hammers counted", part=_P.CLOSING, planned_min=5),
    ShiftItem(name="depth", title="depth readings that are due", part=_P.CLOSING, planned_min=10),
    ShiftItem(name="wash", title="wash, machine check, fuel, strop off", part=_P.CLOSING, planned_min=15),
    ShiftItem(name="report", title="report made and verified", part=_P.CLOSING, planned_min=5),
    ShiftItem(name="signatures", title="report read and signed", part=_P.CLOSING, planned_min=10),
    ShiftItem(name="last-words", title="what broke, what was near", part=_P.CLOSING, planned_min=10),
)
ITEM_OF: Final = {item.name: item for item in SHIFT_ITEMS}
BLOCKS_START: Final = tuple(item.name for item in SHIFT_ITEMS if item.blocks is ShiftStop.START)
"""The vehicle refuses START of a mission before these were told done in this shift."""


def said_of(text: str) -> tuple[ShiftItem, str] | None:
    """Return item and words of an observation's text; None if it begins with no item's name."""
    name, _, words = text.partition(" ")
    item = ITEM_OF.get(name)
    return (item, words.strip()) if item is not None else None


def text_of(name: str, words: str) -> str:
    """Return the text of an observation about an item."""
    return f"{name} {words}".strip()


def fault_of(text: str, who: str, *, done: bool) -> str:
    """Return why a person's words about an item cannot be recorded, in at most 50 bytes; "" if they can."""
    said = said_of(text)
    if said is None:
        return "text: begins with no item of a shift"
    item, words = said
    if not who.strip():
        return "who: a shift's act names who says it"
    if not done and not words:
        return f"{item.name}: say why it was not done"
    if done and item.words_told and not words:
        return f"{item.name}: say {item.words_told}"
    return ""
