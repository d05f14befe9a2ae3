"""Section of the report about the working day: acts with planned and used minutes, blocks, hand-overs, sign-ins."""

from collections.abc import Sequence
from html import escape

from vehicle.contracts.shift_day import BLOCK_MIN, ShiftMark, ShiftRow, blocks_of, day_of
from vehicle.contracts.shift_state import ShiftAct, ShiftState, shifts_of
from vehicle.contracts.shift_table import HAND_OVER, SIGN_IN
from vehicle.reports.facts import JobFacts
from vehicle.reports.html_parts import heads_of, section, table
from vehicle.reports.times import utc_text


def shifts(facts: JobFacts) -> str:
    """Return the section; "" if the task does not work in shifts and nobody told an act."""
    say = facts.words
    found = shifts_of(row.act for row in facts.acts)
    if not found:
        asked = facts.task is not None and facts.task.shift
        return section(say("shift.title"), f"<p>{say('shift.none')}</p>") if asked else ""
    return "\n".join(_shift(facts, shift) for shift in found)


def _shift(facts: JobFacts, shift: ShiftState) -> str:
    say = facts.words
    last_us = shift.acts[-1].utc_us
    rows = [_row(facts, row) for row in day_of(shift.acts, last_us)]
    heads = heads_of(facts, "shift", "item", "planned", "used", "state", "who", "when", "words")
    told = say("shift.note" if shift.closed else "shift.open_note", begun=_when(shift.begun_us))
    parts = [table(say("shift.title"), heads, rows, told)]
    for kind, acts in (("hand_over", _of(shift.acts, HAND_OVER)), ("sign_in", _of(shift.acts, SIGN_IN))):
        lines = "".join(
            f"<li>{say(f'shift.{kind}', when=_when(act.utc_us), who=escape(act.who), words=escape(act.words))}</li>"
            for act in acts
        )
        parts.append(f"<h3>{say(f'shift.{kind}s')}</h3><ul>{lines}</ul>" if lines else "")
    blocks = blocks_of(shift.acts)
    long = [(number, block) for number, block in enumerate(blocks, start=1) if block.too_long(last_us)]
    parts += [
        "<p><b>"
        + say(
            "shift.long_block",
            number=number,
            begun=_when(block.from_us),
            minutes=f"{block.length_min(last_us):.0f}",
            most=f"{BLOCK_MIN:g}",
        )
        + "</b></p>"
        for number, block in long
    ]
    return "\n".join(part for part in parts if part)


def _row(facts: JobFacts, row: ShiftRow) -> list[str]:
    say, newest = facts.words, row.newest
    name = say(f"shift.item.{row.item.name}")
    if newest is None:
        state = "missing" if row.mark is ShiftMark.DUE else "not_told"
        return [name, str(row.item.planned_min), "-", _state(facts, state, row), "-", "-", "-"]
    state = "done" if newest.done else "not_done"
    return [
        name,
        str(row.item.planned_min),
        f"{row.used_min:g}",
        _state(facts, state, row),
        escape(newest.who),
        _when(newest.utc_us),
        escape(newest.words) or "-",
    ]


def _state(facts: JobFacts, state: str, row: ShiftRow) -> str:
    """The state in words; one that was told several times with the number of times."""
    words = facts.words(f"shift.state.{state}")
    return facts.words("list.times", what=words, count=row.times) if row.times > 1 else words


def _of(acts: Sequence[ShiftAct], item: str) -> list[ShiftAct]:
    return [act for act in acts if act.item == item and act.done]


def _when(utc_us: int) -> str:
    """UTC, `2026-05-04 08:00`."""
    words = utc_text(utc_us).replace("T", " ")[:16]
    return f"<span class='whole'>{words}</span>"
