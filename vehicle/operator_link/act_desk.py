"""Numbered acts of consoles: each act reaches the tick once, however often the radio repeats it, and is answered.

A numbered act stays in the frames of its console until it is answered. This module passes the act on from the first
frame with its number to the tick that hears it, and removes it from all later frames. If an act follows one of the
same kind, it is held back for one frame, so that the gate sees it begin again. STOP and ENGINE OFF are never held
back: they count in each frame. Nothing is added to any frame.
"""

from typing import TYPE_CHECKING

import msgspec

from firmware_bridge.console_types import ActWhy
from firmware_bridge.types import OperatorEdge, OperatorFrame
from vehicle.contracts.units import TICK_S
from vehicle.operator_link.act_judge import ACCEPTED, OPENING, Heard, Judged, Seen, judged

if TYPE_CHECKING:
    from vehicle.control.state import GateState

STOPS = OperatorEdge.STOP | OperatorEdge.ESTOP
NUMBER_MAX = 65_535
AGAIN_NS = 4_000_000_000
"""After so long a silence the gate may have forgotten the station, and takes what it holds pressed for no act."""
SHOWN_S = 1.0
"""An act towards motion counts for what its console was shown no longer ago."""
TOWARDS_MOTION = OPENING | OperatorEdge.TAKE
EVERY = OperatorEdge(sum(OperatorEdge))


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one console: its newest answered act, which of its acts were refused, and why."""

    number: int = 0
    refused: OperatorEdge = OperatorEdge.NONE
    why: ActWhy = ActWhy.NONE
    reason: int | None = None


class _Console(msgspec.Struct):
    """`passed`: edges in the newest frame let through; `edges`, `frame`: of the act that the tick is to hear."""

    number: int
    heard_ns: int
    sequence: int = 0
    passed: OperatorEdge = EVERY
    done: bool = False
    edges: OperatorEdge = OperatorEdge.NONE
    frame: OperatorFrame | None = None
    answer: Answer = Answer()


class ActDesk:
    """The numbered acts of all consoles of one vehicle."""

    def __init__(self) -> None:
        self._consoles: dict[int, _Console] = {}
        self._tick = self._latch_tick = self._estop_tick = 0

    def forget(self, station_id: int) -> None:
        """A new session, or the end of one: its acts are numbered anew."""
        self._consoles.pop(station_id, None)

    def answer(self, station_id: int) -> Answer:
        """What this console is told."""
        console = self._consoles.get(station_id)
        return console.answer if console is not None else Answer()

    def sequence(self, station_id: int) -> int:
        """Of the newest frame that was heard; 0 before the first."""
        console = self._consoles.get(station_id)
        return console.sequence if console is not None else 0

    def let_through(self, frame: OperatorFrame, number: int, now_ns: int, shown_tick: int = 0) -> OperatorFrame:
        """The frame as the tick is to hear it; `shown_tick`: what whoever pressed had been shown, 0: not told."""
        if not number:
            return frame
        console = self._consoles.get(frame.station_id)
        if console is None:
            console = self._consoles[frame.station_id] = _Console(number, now_ns)
        if now_ns - console.heard_ns > AGAIN_NS:
            console.passed = EVERY
        if frame.sequence <= console.sequence:  # the gate will not count it either, but for a stop
            return msgspec.structs.replace(frame, edges=frame.edges & STOPS)
        console.heard_ns, console.sequence = now_ns, frame.sequence
        newer = (number - console.number) % NUMBER_MAX
        if 0 < newer <= NUMBER_MAX // 2:
            console.number, console.done, console.frame = number, False, None
        edges = frame.edges & STOPS
        if number == console.number and not console.done and frame.edges:
            edges = self._edges(console, frame, shown_tick)
        console.passed = edges
        return frame if edges == frame.edges else msgspec.structs.replace(frame, edges=edges)

    def refuse(self, frame: OperatorFrame, number: int, edges: OperatorEdge, why: ActWhy) -> None:
        """An act that no tick hears: it is answered at once."""
        console = self._consoles.get(frame.station_id)
        if console is None:
            console = self._consoles[frame.station_id] = _Console(number, 0)
        console.sequence = max(console.sequence, frame.sequence)
        console.number, console.done, console.frame = number, True, None
        console.answer = Answer(number=number, refused=edges, why=why)

    def _edges(self, console: _Console, frame: OperatorFrame, shown_tick: int) -> OperatorEdge:
        stops, others = frame.edges & STOPS, frame.edges & ~STOPS
        why = self._unseen(others, shown_tick) if shown_tick and console.frame is None else ActWhy.NONE
        if why is not ActWhy.NONE:
            console.answer, console.done = Answer(number=console.number, refused=others, why=why), True
            return stops
        if others & console.passed and console.frame is None:
            return stops
        if console.frame is None:
            console.frame, console.edges = frame, frame.edges
        return frame.edges

    def _unseen(self, edges: OperatorEdge, shown_tick: int) -> ActWhy:
        """Something was raised that its console had not been shown, or it was shown too long ago."""
        raised = edges & OperatorEdge.ACKNOWLEDGE and shown_tick < self._latch_tick
        pressed = edges & OperatorEdge.RELEASE_ESTOP and shown_tick < self._estop_tick
        if raised or pressed:
            return ActWhy.CHANGED_MEANWHILE
        late = edges & TOWARDS_MOTION and (self._tick - shown_tick) * TICK_S > SHOWN_S
        return ActWhy.TOO_LATE if late else ActWhy.NONE

    def follow(self, gate: "GateState", tick: int) -> None:
        """After each tick."""
        self._tick, self._latch_tick, self._estop_tick = tick, gate.latch_tick, gate.estop_tick

    @property
    def waits(self) -> bool:
        """The tick under way hears an act that is to be answered."""
        return any(console.frame is not None for console in self._consoles.values())

    def judge(self, before: "GateState", after: "GateState", seen: Seen) -> None:
        """The tick is over: what it heard is answered."""
        for station_id, console in self._consoles.items():
            frame = console.frame
            if console.done or frame is None:
                continue
            heard = Heard(station_id, frame, before, after, seen)
            found = {edge: judged(edge, heard) for edge in console.edges}
            console.answer, console.done = _answer(console.number, found), True
            console.frame = None


def _answer(number: int, found: dict[OperatorEdge, Judged]) -> Answer:
    refused = {edge: one for edge, one in found.items() if one != ACCEPTED}
    if not refused:
        return Answer(number=number)
    first = next(iter(refused.values()))
    edges = OperatorEdge.NONE
    for edge in refused:
        edges |= edge
    return Answer(number=number, refused=edges, why=first.why, reason=first.reason)
