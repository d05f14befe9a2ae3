"""`flailpilot shift`: through the working day, item by item; each act goes into the vehicle's record.

The vehicle holds the acts of the shift, so the guide can be ended and started again, on any computer with a key.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, NoReturn, Protocol

import msgspec

from console.client.link import ConsoleLink, TransferError, console_link
from firmware_bridge.mavlink.observation_adapters import observation_fault
from firmware_bridge.types import Observation, ObservationKind, ObservationResult, ObservationVerdict
from flailpilot import shift_text
from flailpilot.addresses import host_port
from flailpilot.exit_status import DONE, FAILED
from flailpilot.observe import credentials
from vehicle.contracts.errors import InputError
from vehicle.contracts.shift_day import ShiftRow, day_of, next_due
from vehicle.contracts.shift_state import ShiftState
from vehicle.contracts.shift_table import HAND_OVER, ITEM_OF, SIGN_IN, fault_of, text_of
from vehicle.host.clock import SystemClock, utc_now
from vehicle.operator_link.files import SESSION_S
from vehicle.operator_link.keystore import stamp_of
from vehicle.operator_link.shift_file import SHIFT, shift_of

UNANSWERED: Final = (
    "no answer: it is unknown whether it was recorded; `flailpilot shift --list` shows what is on record"
)
OPTION_OF: Final = {HAND_OVER: "--to NAME", SIGN_IN: "--role ROLE"}
"""The option for the words that an item needs."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command line. `config` None: `vehicle` names the address."""

    config: Path | None
    vehicle: str | None
    key: Path
    who: str
    done: str | None
    not_done: str | None
    because: str
    minutes: float | None
    to: str
    role: str
    listed: bool


class Desk(Protocol):
    """Where the shift is read and told."""

    async def shift(self) -> ShiftState:
        """Return the shift as the vehicle holds it."""
        ...

    async def tell(self, observation: Observation) -> ObservationResult | None:
        """Send one act; None if no answer came."""
        ...


class LinkDesk:
    """The shift of a vehicle behind a link."""

    def __init__(self, link: ConsoleLink, place: str) -> None:
        self._link, self._place = link, place

    async def shift(self) -> ShiftState:
        """Return the shift as the vehicle holds it. Raises InputError if the vehicle does not tell it."""
        try:
            return shift_of(await self._link.fetch(SHIFT))
        except (TransferError, ValueError) as refusal:
            raise InputError(f"--vehicle {self._place}: the vehicle does not tell its shift: {refusal}") from None

    async def tell(self, observation: Observation) -> ObservationResult | None:
        """Send one act; None if no answer came. Raises InputError if it is impossible."""
        try:
            return await self._link.observe(observation)
        except TimeoutError:
            return None
        except ValueError as refusal:
            raise InputError(f"shift: {refusal}") from None


def run(asked: Asked, read: Callable[[str], str] = input, show: Callable[[str], None] = shift_text.show) -> int:
    """List, tell one act, or guide through the day. Exit status 1: refused, no answer, or (`--list`) START is blocked.

    Raises:
        InputError: One line: an option is wrong, or the vehicle cannot be reached.
    """
    act = observation_of(asked)
    if act is None and not asked.listed and not asked.who.strip():
        raise InputError("shift: --who NAME says whose words are recorded")
    host, port = _address(asked)
    held = credentials(asked.key)

    async def main() -> int:
        async with console_link(host, port, held, SystemClock(), stamp_of(utc_now())) as link:
            try:
                await link.opened(SESSION_S)
            except TimeoutError:
                raise InputError(
                    f"--vehicle {host}:{port}: no session within {SESSION_S:g} s; is the vehicle program up, and does "
                    "its key store hold this key?"
                ) from None
            desk = LinkDesk(link, f"{host}:{port}")
            if act is not None:
                return await told(desk, act, show)
            if asked.listed:
                return await listed(desk, show)
            return await guide(desk, asked.who, _aside(read), show)

    try:
        return asyncio.run(main())
    except KeyboardInterrupt:
        return DONE


def _aside(read: Callable[[str], str]) -> Callable[[str], Awaitable[str]]:
    """Read lines in a thread, so that the link lives on; the end of the input is "q"."""

    async def line(prompt: str) -> str:
        try:
            return await asyncio.to_thread(read, prompt)
        except EOFError:
            return "q"

    return line


def _address(asked: Asked) -> tuple[str, int]:
    if (asked.config is None) == (asked.vehicle is None):
        raise InputError("shift: name the vehicle once: CONFIG of the vehicle program, or --vehicle HOST:PORT")
    if asked.vehicle is not None:
        return host_port("--vehicle", asked.vehicle, "14555")
    from vehicle.config.drive import load_drive

    assert asked.config is not None
    operator = load_drive(asked.config).config.operator
    return operator.host, operator.port


def observation_of(asked: Asked) -> Observation | None:
    """Convert the options to the observation of one act; None if no act is told.

    Raises:
        InputError: The item is unknown, or who, reason, role or name is missing.
    """
    told_now = [name for name in ("--done", "--not-done", "--list") if _given(asked, name)]
    if len(told_now) > 1:
        raise InputError(f"shift: {' and '.join(told_now)}: one of them")
    name = asked.done or asked.not_done
    refuse_unused(asked, name)
    if name is None:
        return None
    words = asked.because if asked.not_done is not None else {HAND_OVER: asked.to, SIGN_IN: asked.role}.get(name, "")
    if asked.not_done is not None and not words.strip():
        raise InputError(f"shift --not-done {name}: say why with --because TEXT")
    act = act_of(name, done=asked.done is not None, minutes=asked.minutes or 0.0, who=asked.who, words=words)
    if asked.done is not None and asked.minutes is None and ITEM_OF[name].planned_min:
        raise InputError(f"shift --done {name}: say how long it took with --minutes MIN")
    return act


def refuse_unused(asked: Asked, name: str | None) -> None:
    """Refuse an option that says something about no act, or about another item.

    Raises:
        InputError: It names the option and what it goes with.
    """
    for option, given, goes_with in (
        ("--because", bool(asked.because) and asked.not_done is None, "--not-done ITEM"),
        ("--minutes", asked.minutes is not None and asked.done is None, "--done ITEM"),
        ("--to", bool(asked.to) and (asked.done, name) != (HAND_OVER, HAND_OVER), f"--done {HAND_OVER}"),
        ("--role", bool(asked.role) and (asked.done, name) != (SIGN_IN, SIGN_IN), f"--done {SIGN_IN}"),
    ):
        if given:
            raise InputError(f"shift {option}: goes with {goes_with}; leave it out here")


def _given(asked: Asked, option: str) -> bool:
    return {"--done": asked.done is not None, "--not-done": asked.not_done is not None, "--list": asked.listed}[option]


def act_of(name: str, *, done: bool, minutes: float, who: str, words: str) -> Observation:
    """Make the observation of one act, at the time of this computer.

    Raises:
        InputError: It cannot be recorded like this; the line says why.
    """
    if name not in ITEM_OF:
        raise InputError(f"shift: {name!r} is no item of a shift (there are: {', '.join(ITEM_OF)})")
    if not who.strip():
        raise InputError("shift: --who NAME says whose words are recorded")
    found = Observation(
        station_id=1,
        session_id=0,
        sequence=0,
        kind=ObservationKind.SHIFT_DONE if done else ObservationKind.SHIFT_NOT_DONE,
        value=minutes,
        time_utc_us=int(utc_now().timestamp() * 1e6),
        who=who.strip(),
        text=text_of(name, words),
    )
    if fault := fault_of(found.text, found.who, done=done):
        raise InputError(f"shift: {fault}" + (f" with {OPTION_OF[name]}" if done and name in OPTION_OF else ""))
    if fault := observation_fault(found):
        raise InputError(f"shift {name}: {fault}")
    return found


async def told(desk: Desk, act: Observation, show: Callable[[str], None]) -> int:
    """Send one act and report what became of it."""
    result = await desk.tell(act)
    if result is None:
        show(UNANSWERED)
        return FAILED
    if result.result is not ObservationVerdict.RECORDED:
        show(f"refused: {result.text or result.result.name.lower().replace('_', ' ')}")
        return FAILED
    show(f"recorded: {shift_text.told_words(act)}")
    return DONE


async def listed(desk: Desk, show: Callable[[str], None]) -> int:
    """Show the table; exit status 1 while START of a mission is blocked."""
    shift = await desk.shift()
    show(shift_text.page(shift, _now_us()))
    return FAILED if shift.missing else DONE


async def guide(desk: Desk, who: str, read: Callable[[str], Awaitable[str]], show: Callable[[str], None]) -> int:
    """Ask for item after item until the person ends it with q. An act that cannot be recorded is asked again."""
    skipped: set[str] = set()
    while True:
        shift = await desk.shift()
        show(shift_text.page(shift, _now_us()))
        row = _asked_next(shift, skipped)
        line = (await read(shift_text.prompt(row))).strip()
        if line in ("q", "Q"):
            return DONE
        if line in ("s", "S") and row is not None:
            skipped.add(row.item.name)
            continue
        if not line or line in ("s", "S"):
            skipped.clear()
            continue
        try:
            await told(desk, await _asked_act(line, row, who, read), show)
        except InputError as refusal:
            show(str(refusal))


def _asked_next(shift: ShiftState, skipped: set[str]) -> ShiftRow | None:
    acts = () if shift.closed and not _closing(shift) else shift.acts
    rows = tuple(row for row in day_of(acts, _now_us()) if row.item.name not in skipped)
    return next_due(rows)


def _closing(shift: ShiftState) -> bool:
    """Return whether acts of closing are still due in a shift that has ended."""
    return next_due(day_of(shift.acts, _now_us())) is not None


async def _asked_act(line: str, row: ShiftRow | None, who: str, read: Callable[[str], Awaitable[str]]) -> Observation:
    """Read an act: `d MINUTES`, `n REASON` of the item that is due, or first the name of another item."""
    first, _, rest = line.partition(" ")
    name = row.item.name if row is not None else ""
    if first in ITEM_OF:
        name = first
        line = rest.strip() or (await read(shift_text.act_prompt(ITEM_OF[name]))).strip()
        first, _, rest = line.partition(" ")
    if not name or first not in ("d", "n"):
        _unread(line)
    if first == "n":
        return act_of(name, done=False, minutes=0.0, who=who, words=rest or (await read("why not? ")).strip())
    minutes = shift_text.minutes_of(rest, ITEM_OF[name].planned_min)
    words = ITEM_OF[name].words_told
    told_words = (await read(f"{words}? ")).strip() if words else ""
    return act_of(name, done=True, minutes=minutes, who=who, words=told_words)


def _unread(line: str) -> NoReturn:
    raise InputError(f"shift: {line!r} was not understood: d MINUTES, n REASON, s, q, or the name of an item")


def _now_us() -> int:
    return int(utc_now().timestamp() * 1e6)
