"""What was told in this shift, and what of it still blocks START; pure, and the same after a restart.

A shift begins with the first act after the last one ended. It ends with the closing check, or after 14 h. The acts of
closing that follow the closing check still belong to it.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.shift_table import BLOCKS_START, CLOSING_CHECK, ITEM_OF, ShiftPart, said_of

SHIFT_US: Final = 14 * 3600 * 1_000_000
AHEAD_US: Final = 600 * 1_000_000
"""Clocks differ by less than this; a shift that begins later than now by more was told with a wrong one."""
ACTS_MAX: Final = 200
"""Of the acts of one shift the newest so many are held; the record holds all."""
DONE_KIND: Final = "shift_done"
NOT_DONE_KIND: Final = "shift_not_done"
KINDS: Final = (DONE_KIND, NOT_DONE_KIND)
"""As an `Observed` has them."""


class ShiftNow(msgspec.Struct, frozen=True, kw_only=True):
    """The time: of the receiver, None if it does not know; and of this start of the program."""

    utc_us: int | None
    t_ns: int | None


class ShiftAct(msgspec.Struct, frozen=True, kw_only=True):
    """One act as it was told. `words`: a reason, a role, the name of who takes over."""

    item: str
    done: bool
    minutes: float
    who: str
    words: str
    utc_us: int


class ShiftState(msgspec.Struct, frozen=True, kw_only=True):
    """The shift. `used`: this task works in shifts; if not, nothing blocks.

    `acts`: in the order in which they were told. `good`: items that block START and were told done. `begun_t_ns`: None
    after a restart of the program. `missing`: items that block START now. `clock_wrong`: by the receiver's time this
    shift has not begun yet.
    """

    used: bool = False
    acts: tuple[ShiftAct, ...] = ()
    good: tuple[str, ...] = ()
    closed: bool = False
    begun_us: int = 0
    begun_t_ns: int | None = None
    missing: tuple[str, ...] = ()
    clock_wrong: bool = False


def is_over(state: ShiftState, now: ShiftNow) -> bool:
    """Return whether 14 h have passed since the shift began; also where its age is not known."""
    by_utc = now.utc_us - state.begun_us if now.utc_us is not None else None
    by_run = None
    if now.t_ns is not None and state.begun_t_ns is not None:
        by_run = (now.t_ns - state.begun_t_ns) // 1_000
    known = [age_us for age_us in (by_utc, by_run) if age_us is not None and age_us >= -AHEAD_US]
    return not known or max(known) > SHIFT_US


def begins_later(state: ShiftState, now: ShiftNow) -> bool:
    """Return whether the shift begins in the future: one of the two clocks is wrong, and its age says nothing."""
    return bool(state.acts) and now.utc_us is not None and now.utc_us - state.begun_us < -AHEAD_US


def told(state: ShiftState, act: ShiftAct, now: ShiftNow) -> ShiftState:
    """Return the shift with one more act; the act begins a new shift if the last one has ended."""
    closing = ITEM_OF[act.item].part is ShiftPart.CLOSING
    if not state.acts or is_over(state, now) or (state.closed and not closing):
        state = ShiftState(used=state.used, begun_us=act.utc_us, begun_t_ns=now.t_ns)
    closed = state.closed or act.item == CLOSING_CHECK
    good = tuple(name for name in state.good if name != act.item)
    if act.done and act.item in BLOCKS_START:
        good = (*good, act.item)
    acts = (*state.acts, act)[-ACTS_MAX:]
    return msgspec.structs.replace(state, acts=acts, closed=closed, good=() if closed else good)


def missing(state: ShiftState, now: ShiftNow) -> tuple[str, ...]:
    """Return the items that block START of a mission now, in the order of the day."""
    if not state.used:
        return ()
    if not state.acts or state.closed or is_over(state, now):
        return BLOCKS_START
    return tuple(name for name in BLOCKS_START if name not in state.good)


def due_text(names: tuple[str, ...], *, clock_wrong: bool = False) -> str:
    """Return what blocks START, in at most 40 characters."""
    if clock_wrong:
        return "shift: told with a wrong clock, all due"
    return f"shift: {', '.join(names)} {'are' if len(names) > 1 else 'is'} due"


def act_of(observed: object) -> ShiftAct | None:
    """Return the act of a shift in a record; None if the record is another one, or has no time."""
    if not isinstance(observed, Observed) or observed.kind not in KINDS or observed.utc_us is None:
        return None
    said = said_of(observed.text)
    if said is None:
        return None
    item, words = said
    return ShiftAct(
        item=item.name,
        done=observed.kind == DONE_KIND,
        minutes=observed.value,
        who=observed.by,
        words=words,
        utc_us=observed.utc_us,
    )


def shifts_of(records: Iterable[object]) -> tuple[ShiftState, ...]:
    """Return the shifts of a record, oldest first, as the vehicle held each at its end."""
    found: list[ShiftState] = []
    for act in filter(None, map(act_of, records)):
        before = found[-1] if found else ShiftState()
        after = told(before, act, ShiftNow(utc_us=act.utc_us, t_ns=None))
        if found and len(after.acts) > 1:
            found[-1] = after
        else:
            found.append(after)
    return tuple(found)


def restored(records: Iterable[object], *, used: bool) -> ShiftState:
    """Return the shift that a record ends in, for a program that starts again."""
    found = shifts_of(records)
    return msgspec.structs.replace(found[-1], used=used) if found else ShiftState(used=used)
