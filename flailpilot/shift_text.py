"""The shift in words: its table, what is asked, and colours where the terminal has them; elsewhere plain lines."""

from datetime import UTC, datetime
from typing import Final

from firmware_bridge.types import Observation, ObservationKind
from vehicle.contracts.errors import InputError
from vehicle.contracts.shift_day import BLOCK_MIN, ShiftMark, ShiftRow, blocks_of, day_of
from vehicle.contracts.shift_state import ShiftState
from vehicle.contracts.shift_table import MINUTES_MAX, ShiftItem, said_of
from vehicle.planning.site.plain_number import plain_number

_US: Final = 1_000_000
_SIGN: Final = {ShiftMark.DONE: "x", ShiftMark.NOT_DONE: "-", ShiftMark.DUE: "!", ShiftMark.LATER: " "}

_STYLES: Final = {
    "!": "bold yellow",
    "due now": "bold yellow",
    "START": "bold red",
    "refused": "bold red",
    "block": "bold red",
}


def page(shift: ShiftState, now_us: int) -> str:
    """Return the table of the shift and what is due, without a line end."""
    rows = day_of(shift.acts, now_us)
    wide = max(len(row.item.title) for row in rows)
    head = f"  {'item':<14}  {'':<{wide}}  planned   used  state"
    lines = [_begun(shift), head, *(_line(row, wide) for row in rows)]
    due = [row.item.name for row in rows if row.mark is ShiftMark.DUE]
    lines.append(f"due now: {', '.join(due) if due else 'nothing'}")
    lines += [
        f"block {number}: {block.length_min(now_us):.0f} min without a change of operator, {BLOCK_MIN:g} are allowed"
        for number, block in enumerate(blocks_of(shift.acts), start=1)
        if block.too_long(now_us)
    ]
    lines.append(_blocked(shift))
    return "\n".join(lines)


def show(text: str) -> None:
    """Print lines; those that want something done stand out on a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for line in text.split("\n"):
        style = next((style for start, style in _STYLES.items() if line.startswith(start)), "")
        console.print(Text(line, style=style), soft_wrap=True)


def _begun(shift: ShiftState) -> str:
    if not shift.acts:
        return "no act of a shift is on record; the first one begins it"
    moment = f"{datetime.fromtimestamp(shift.begun_us / _US, UTC):%Y-%m-%d %H:%M} UTC"
    return f"shift since {moment}" + (", ended with the closing check" if shift.closed else "")


def _blocked(shift: ShiftState) -> str:
    if not shift.used:
        return "this task does not work in shifts ([task] shift): nothing blocks START"
    if shift.missing:
        return f"START of a mission is refused until they are told done: {', '.join(shift.missing)}"
    return "nothing blocks START"


def _line(row: ShiftRow, wide: int) -> str:
    used = f"{row.used_min:g}" if row.times else "-"
    newest = row.newest
    said = ""
    if newest is not None:
        said = f" ({', '.join(filter(None, (newest.who, newest.words)))})"
    blocks = f"  blocks {row.item.blocks.value}" if row.item.blocks and row.mark is ShiftMark.DUE else ""
    return (
        f"{_SIGN[row.mark]} {row.item.name:<14}  {row.item.title:<{wide}}  {row.item.planned_min:>3} min"
        f"  {used:>5}  {row.mark.value}{said}{blocks}"
    )


def told_words(act: Observation) -> str:
    """Return an act in words, for the line that says that it was recorded."""
    said = said_of(act.text)
    assert said is not None
    item, words = said
    if act.kind is ObservationKind.SHIFT_NOT_DONE:
        return f"{item.name} not done: {words}"
    return f"{item.name}, {act.value:g} min" + (f", {words}" if words else "")


def prompt(row: ShiftRow | None) -> str:
    """Return the question about the item that is due."""
    if row is None:
        return "nothing is due: ENTER looks again, the name of an item tells it, q ends> "
    item = row.item
    return f"{item.title} ({item.planned_min} min planned): d MINUTES | n REASON | s for later | ITEM | q> "


def act_prompt(item: ShiftItem) -> str:
    """Return the question about an item that a person named."""
    return f"{item.title} ({item.planned_min} min planned): d MINUTES | n REASON> "


def minutes_of(text: str, planned_min: int) -> float:
    """Return the minutes in a line; those planned if it is empty.

    Raises:
        InputError: The text is no number of minutes of a shift.
    """
    text = text.strip()
    if not text:
        return float(planned_min)
    minutes = plain_number(text)
    if minutes is None or not 0.0 <= minutes <= MINUTES_MAX:
        raise InputError(f"shift: {text!r}: minutes are a number from 0 to {MINUTES_MAX:g}")
    return minutes
