"""Sends an operator's acts to the vehicle: numbered, repeated until answered, none lost, none done twice.

Acts that end motion (STOP, ENGINE OFF, DISARM, RELEASE, PAUSE) are in the very next frame, however many at once. They
remove every waiting act that leads towards motion. All other acts go one by one: the next one waits for the answer to
the one before. So two presses of ARM are two acts on any radio. No act is sent later than `LASTS_NS` after its press,
or after the vehicle has left the state for which the operator pressed it. Pure.
"""

from enum import StrEnum

import msgspec

from console.client.inferred import Seen, shows
from firmware_bridge.types import OperatorEdge
from vehicle.operator_link.act_desk import NUMBER_MAX

LASTS_NS = 3_000_000_000
"""Longest time from the press to the end of an act, whatever its result."""
BRIEF_NS = 150_000_000
"""Time for which an act stays in the frames to a vehicle that does not answer acts."""
SURE_TICKS = 15
"""A report of a stop counts if it is newer than the press by this: an earlier standstill is no answer."""
WAITING_MAX = 8
"""More presses than this in three seconds cannot be deliberate."""
STOPS = OperatorEdge.STOP | OperatorEdge.ESTOP
URGENT = STOPS | OperatorEdge.DISARM | OperatorEdge.RELEASE | OperatorEdge.MISSION_PAUSE
"""Acts that end motion; doing one twice is harmless."""
STANDS_ON = (
    OperatorEdge.ARM
    | OperatorEdge.RESET
    | OperatorEdge.MISSION_START
    | OperatorEdge.RECOVERY
    | OperatorEdge.ENGINE_START
)
"""Acts that are valid only in the mode that was shown at the press."""
TOWARDS_MOTION = STANDS_ON | OperatorEdge.TAKE | OperatorEdge.RELEASE_ESTOP
FIRST_NS = 500_000_000
"""An act towards motion must be in a frame within this time after its press, or it is dropped."""
NOTHING_YET = 1
"""Act number of a console that has sent no act; 0 means a console without act numbers."""


class ActResult(StrEnum):
    """The result of an act."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"


class ActAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one act. `why`: a key such as `not_neutral`, "" if accepted. `reason`: code of a stop reason."""

    number: int
    edge: OperatorEdge
    result: ActResult
    why: str = ""
    reason: int | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The vehicle's answer for all acts up to `number`: which of them it refused, and why."""

    number: int
    refused: OperatorEdge = OperatorEdge.NONE
    why: str = ""
    reason: int | None = None


class _Act(msgspec.Struct):
    number: int
    edge: OperatorEdge
    pressed_ns: int
    before: Seen | None
    shown_tick: int
    begun_ns: int | None = None


class Acts:
    """The acts of one console. `answers`: results in the order in which the acts ended, until they are taken."""

    def __init__(self) -> None:
        self._last = NOTHING_YET
        self._urgent: list[_Act] = []
        self._plain: list[_Act] = []
        self._seen: Seen | None = None
        self.answering = False
        """Whether the vehicle answers acts."""
        self.number = NOTHING_YET
        """The newest act that is or was in a frame."""
        self.shown_tick = 0
        """The tick that was shown when the act was pressed."""
        self.answers: list[ActAnswer] = []

    def press(self, edge: OperatorEdge, now_ns: int, shown_tick: int | None = None) -> int:
        """Add one act and return its number. `shown_tick`: the newest tick shown at the press; None: the newest known.

        Raises:
            ValueError: There is no act, or there are several at once.
        """
        if edge.bit_count() != 1:
            raise ValueError(f"one act at a time, not {edge!r}")
        self._last = self._last + 1 if self._last < NUMBER_MAX else NOTHING_YET + 1
        newest = self._seen.tick if self._seen is not None else 0
        act = _Act(self._last, edge, now_ns, self._seen, newest if shown_tick is None else shown_tick)
        if edge & URGENT:
            for waiting in list(self._plain):
                self._end(waiting, ActResult.NO_ANSWER, "superseded")
            self._urgent.append(act)
        elif len(self._plain) >= WAITING_MAX:
            self._end(act, ActResult.REFUSED, "too_soon")
        else:
            self._plain.append(act)
        return act.number

    @property
    def stopping(self) -> bool:
        """Whether a STOP or ENGINE OFF is unconfirmed; it is repeated without sticks, even if no reading comes."""
        return any(act.edge & STOPS for act in self._urgent)

    @property
    def stop_unsent(self) -> bool:
        """Whether a STOP or ENGINE OFF has not yet been in any frame; it is sent without waiting for the frame rate."""
        stops = [act for act in self._urgent if act.edge & STOPS]
        carried = {act.edge for act in stops if act.begun_ns is not None}
        return any(act.edge not in carried for act in stops)

    @property
    def engine_off(self) -> bool:
        """Whether the unconfirmed stop is ENGINE OFF."""
        return any(act.edge & OperatorEdge.ESTOP for act in self._urgent)

    def edges(self, now_ns: int) -> OperatorEdge:
        """Return the edges for the frame that goes out now; `number` is the newest act among them."""
        found = OperatorEdge.NONE
        for act in list(self._urgent or self._plain[:1]):
            if act.begun_ns is None and act.edge & TOWARDS_MOTION and now_ns - act.pressed_ns > FIRST_NS:
                self._end(act, ActResult.NO_ANSWER, "too_late")
                continue
            if act.begun_ns is None:
                act.begun_ns, self.number, self.shown_tick = now_ns, act.number, act.shown_tick
            brief = not (self.answering or act.edge & STOPS)
            if not brief or now_ns - act.begun_ns < BRIEF_NS:
                found |= act.edge
        return found

    def seen(self, now: Seen) -> None:
        """Note the state in the newest report or beat."""
        self._seen = now
        for act in [*self._urgent, *self._plain]:
            if act.begun_ns is not None and self._shown(act, now):
                self._end(act, ActResult.ACCEPTED)
            elif self._stale(act, now):
                self._end(act, ActResult.NO_ANSWER, "changed_meanwhile")

    def _shown(self, act: _Act, now: Seen) -> bool:
        """Whether the state confirms an act; if the vehicle answers acts, this confirms only a stop."""
        stops = bool(act.edge & STOPS)
        if self.answering and not stops:
            return False
        old = act.before is not None and now.tick < act.before.tick + (SURE_TICKS if stops else 1)
        return not old and shows(act.edge, act.before or now, now)

    def _stale(self, act: _Act, now: Seen) -> bool:
        if act.before is None:
            return False
        if act.edge & STANDS_ON:
            return now.mode is not act.before.mode
        return act.edge is OperatorEdge.ACKNOWLEDGE and bool(now.reasons & ~act.before.reasons)

    def answered(self, verdict: Verdict) -> None:
        """Note the vehicle's verdict; call this before `seen` for the same message."""
        self.answering = True
        for act in [*self._urgent, *self._plain]:
            if act.begun_ns is None or (verdict.number - act.number) % NUMBER_MAX > NUMBER_MAX // 2:
                continue
            if act.edge & verdict.refused:
                self._end(act, ActResult.REFUSED, verdict.why, verdict.reason)
            else:
                self._end(act, ActResult.ACCEPTED)

    def poll(self, now_ns: int) -> None:
        """End the acts that were not answered in time."""
        for act in [*self._urgent, *self._plain]:
            if now_ns - act.pressed_ns >= LASTS_NS:
                self._end(act, ActResult.NO_ANSWER, "no_answer")

    def restart(self) -> None:
        """Drop acts pressed before a restart of the vehicle or of the session; stops continue."""
        self.answering = False
        self._seen = None
        for act in [*self._urgent, *self._plain]:
            if not act.edge & STOPS:
                self._end(act, ActResult.NO_ANSWER, "changed_meanwhile")
            act.before = None

    def drop(self) -> None:
        """Drop acts after their page has gone; acts that end motion continue."""
        for act in list(self._plain):
            self._end(act, ActResult.NO_ANSWER, "superseded")

    def taken(self) -> list[ActAnswer]:
        """Return the answers since the last call."""
        found, self.answers = self.answers, []
        return found

    def _end(self, act: _Act, result: ActResult, why: str = "", reason: int | None = None) -> None:
        self._urgent = [one for one in self._urgent if one is not act]
        self._plain = [one for one in self._plain if one is not act]
        self.answers.append(ActAnswer(number=act.number, edge=act.edge, result=result, why=why, reason=reason))
