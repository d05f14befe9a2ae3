"""Watches for what may be an accident, marks its run, and has the evidence sealed by another process.

A sink notices: it reads what a tick decided and returns at once. A task of the shell then writes the mark, waits until
the recording holds what came after, and starts the sealing. No tick waits for a disk, and none for that process.
"""

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from vehicle.contracts.detonation import BY_PEOPLE, LARGE_SHOCK, SHOCK
from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.shift_table import RING
from vehicle.contracts.sockets import TickRecord
from vehicle.contracts.stop_reasons import RULES
from vehicle.contracts.units import NS_PER_S
from vehicle.control.checks.judge import HEAVY_CLASS
from vehicle.host.atomic_file import write_whole
from vehicle.host.clock import Clock

MARK: Final = "INCIDENT"
"""Name of the file in the folder of a run in which something happened and which is not sealed to its end yet."""
REASONS: Final = {f"reason: {rule.name}": re.split("[.,:]", rule.text)[0].lower() for rule in RULES if rule.evidence}
"""Event of a stop that is always evidence -> words. A detonation is everyday work, until its shock is large."""
WORDS: Final = ("incident", "accident", "injur", "person in")
"""A note that begins so tells of one, such as `person in the ring`; so does the ring's act, told as not done."""
APART_S: Final = 600.0
"""What is seen within ten minutes of a seal that is under way belongs to the same incident."""
UNSEALED_MAX: Final = 8


class Sealed(msgspec.Struct, frozen=True):
    """What came of sealing: whether it was done, and the line for people."""

    done: bool
    line: str


Sealer = Callable[[Path, str], Awaitable[Sealed]]
"""Seals the folder of a run for a reason; never raises."""


class Marked(msgspec.Struct, frozen=True, kw_only=True):
    """Content of the mark."""

    reason: str
    utc: str


def reason_in(record: TickRecord, acts_before: int) -> str:
    """Return what in a tick is evidence, in words; "" for almost every tick."""
    for event in record.outputs.events:
        if (words := REASONS.get(event.text)) is not None:
            return words
    ledger = record.state.ledger
    new = ledger.act_count - acts_before
    told = (act for act in ledger.acts[-new:] if isinstance(act, Observed)) if new > 0 else ()
    return next(filter(None, map(_told, told)), "")


def _told(act: Observed) -> str:
    if act.kind == SHOCK and act.value >= LARGE_SHOCK:
        return "a large shock of the tool"
    if act.kind == BY_PEOPLE and act.value >= HEAVY_CLASS:
        return f"a heavy detonation, told by {act.by or 'nobody named'}"
    text = act.text.lower()
    words = text.removeprefix(f"{RING} ") if act.kind == "shift_not_done" else text
    if act.kind not in ("note", "shift_not_done") or not words.startswith(WORDS):
        return ""
    told = f"{act.text}, told by {act.by or 'nobody named'}"
    return "".join(letter if letter.isprintable() else "?" for letter in told)


def reason_of(folder: Path) -> str:
    """Return why a run is marked; "" if it is not, or is sealed to its end."""
    try:
        return msgspec.json.decode((folder / MARK).read_bytes(), type=Marked).reason
    except FileNotFoundError:
        return ""
    except (OSError, msgspec.DecodeError):
        return "marked as an incident, the reason cannot be read"


def marked_in(recordings: Path) -> tuple[tuple[Path, str], ...]:
    """Return the runs in a folder that are marked and not sealed to their end, with the reasons."""
    with contextlib.suppress(OSError):
        return tuple((path.parent, reason_of(path.parent)) for path in sorted(recordings.glob(f"*/{MARK}")))
    return ()


class IncidentWatch:
    """A sink of the loop. `folder`: of the run, None if nothing is recorded; `left`: runs that an earlier start left.

    Args:
        after_s: Time from what happened to the sealing [s].
    """

    name = "incident watch"

    def __init__(self, folder: Path | None, after_s: float, left: Sequence[tuple[Path, str]] = ()) -> None:
        self._folder, self._after_s = folder, after_s
        self._acts: int | None = None
        self._waiting: deque[tuple[Path, str]] = deque(left, UNSEALED_MAX)
        self._unmarked: deque[tuple[Path, str]] = deque(maxlen=UNSEALED_MAX)
        self._seen, self._to_mark, self._marking = asyncio.Event(), asyncio.Event(), asyncio.Lock()
        self._quiet_until_ns = 0
        if self._waiting:
            self._seen.set()

    def accept(self, record: TickRecord) -> None:
        """Look at one tick."""
        acts = record.state.ledger.act_count
        before, self._acts = self._acts, acts
        if self._folder is None or (not record.outputs.events and acts == before):
            return
        why = reason_in(record, acts if before is None else before)
        if why and record.t_ns >= self._quiet_until_ns:
            self._quiet_until_ns = record.t_ns + round(APART_S * NS_PER_S)
            self._waiting.append((self._folder, why))
            self._unmarked.append((self._folder, why))
            self._seen.set()
            self._to_mark.set()

    async def run(self, clock: Clock, seal: Sealer, now_text: Callable[[], str], tell: Callable[[str], None]) -> None:
        """Mark and seal what was seen, until cancelled; a mark waits for no sealing of another run."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._mark_at_once(now_text))
            group.create_task(self._seal(clock, seal, now_text, tell))

    async def _mark_at_once(self, now_text: Callable[[], str]) -> None:
        while True:
            await self._to_mark.wait()
            self._to_mark.clear()
            await self._mark_all(now_text)

    async def _mark_all(self, now_text: Callable[[], str]) -> None:
        """Return when all that was seen is marked."""
        async with self._marking:
            while self._unmarked:
                folder, why = self._unmarked.popleft()
                with contextlib.suppress(OSError):  # the seal is tried without the mark too, and says what fails
                    await asyncio.to_thread(_mark, folder, Marked(reason=why, utc=now_text()))

    async def _seal(self, clock: Clock, seal: Sealer, now_text: Callable[[], str], tell: Callable[[str], None]) -> None:
        while True:
            await self._seen.wait()
            self._seen.clear()
            while self._waiting:
                folder, why = self._waiting.popleft()
                tell(f"incident: {why}; its record is sealed in {self._after_s:.0f} s, nothing is deleted")
                await self._mark_all(now_text)
                await clock.sleep_until_ns(clock.now_ns() + round(self._after_s * NS_PER_S))
                sealed = await seal(folder, why)
                if sealed.done and folder != self._folder:
                    unmark(folder)  # of a run that goes on, the rest is sealed after its end
                tell(f"incident: {sealed.line}")


def unmark(folder: Path) -> None:
    """Take the mark away: the run is sealed to its end."""
    with contextlib.suppress(OSError):
        (folder / MARK).unlink(missing_ok=True)


def _mark(folder: Path, mark: Marked) -> None:
    if not (folder / MARK).exists():
        write_whole(folder / MARK, msgspec.json.encode(mark))
