"""Acts of an operator on their way to the vehicle: numbered, repeated until answered, none lost and none done twice.

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
"""From the press to the end of an act, whatever became of it."""
BRIEF_NS = 150_000_000
"""So long an act is in the frames to a vehicle that answers none."""
SURE_TICKS = 15
"""A report that shows a stop counts if it is so much newer than the press: what stood before it is no answer."""
WAITING_MAX = 8
"""More presses than this in three seconds are nobody's deliberate acts."""
STOPS = OperatorEdge.STOP | OperatorEdge.ESTOP
URGENT = STOPS | OperatorEdge.DISARM | OperatorEdge.RELEASE | OperatorEdge.MISSION_PAUSE
"""Each ends motion; done twice they do no harm."""
STANDS_ON = OperatorEdge.ARM | OperatorEdge.RESET | OperatorEdge.MISSION_START | OperatorEdge.RECOVERY
"""Meant for the mode that was seen when they were pressed."""
TOWARDS_MOTION = STANDS_ON | OperatorEdge.TAKE | OperatorEdge.RELEASE_ESTOP
FIRST_NS = 500_000_000
"""From its press an act towards motion is in a frame within so long, or it is not done."""
NOTHING_YET = 1
"""Act number of a console that has done nothing; 0 is said by one that knows no act numbers."""


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
        """The vehicle answers acts."""
        self.number = NOTHING_YET
        """The newest act that is or was in the frames."""
        self.shown_tick = 0
        """The tick that was shown when it was pressed."""
        self.answers: list[ActAnswer] = []

    def press(self, edge: OperatorEdge, now_ns: int, shown_tick: int | None = None) -> int:
        """One act; its number. `shown_tick`: the newest that was shown to whoever pressed; None: all that is known.

        Raises:
            ValueError: none, or several at once.
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
        """A STOP or ENGINE OFF is not seen yet: it goes on, with and without a reading, and no stick beside it."""
        return any(act.edge & STOPS for act in self._urgent)

    @property
    def engine_off(self) -> bool:
        """The stop that is not seen yet is ENGINE OFF."""
        return any(act.edge & OperatorEdge.ESTOP for act in self._urgent)

    def edges(self, now_ns: int) -> OperatorEdge:
        """The edges of the frame that goes out now; `number` is that of the newest of them."""
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
        """What the newest report or beat shows."""
        self._seen = now
        for act in [*self._urgent, *self._plain]:
            if act.begun_ns is not None and self._shown(act, now):
                self._end(act, ActResult.ACCEPTED)
            elif self._stale(act, now):
                self._end(act, ActResult.NO_ANSWER, "changed_meanwhile")

    def _shown(self, act: _Act, now: Seen) -> bool:
        """By a vehicle that answers, only a stop is taken for seen without its answer."""
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
        """The vehicle's word; it is heard before `seen` of the same message."""
        self.answering = True
        for act in [*self._urgent, *self._plain]:
            if act.begun_ns is None or (verdict.number - act.number) % NUMBER_MAX > NUMBER_MAX // 2:
                continue
            if act.edge & verdict.refused:
                self._end(act, ActResult.REFUSED, verdict.why, verdict.reason)
            else:
                self._end(act, ActResult.ACCEPTED)

    def poll(self, now_ns: int) -> None:
        """End what nobody answered in time."""
        for act in [*self._urgent, *self._plain]:
            if now_ns - act.pressed_ns >= LASTS_NS:
                self._end(act, ActResult.NO_ANSWER, "no_answer")

    def restart(self) -> None:
        """The vehicle, or the session with it, began anew: what was pressed before is not meant for it. Stops go on."""
        self.answering = False
        self._seen = None
        for act in [*self._urgent, *self._plain]:
            if not act.edge & STOPS:
                self._end(act, ActResult.NO_ANSWER, "changed_meanwhile")
            act.before = None

    def drop(self) -> None:
        """Whoever pressed is gone: what ends motion goes on, all else is not done any more."""
        for act in list(self._plain):
            self._end(act, ActResult.NO_ANSWER, "superseded")

    def taken(self) -> list[ActAnswer]:
        """The answers since the last call."""
        found, self.answers = self.answers, []
        return found

    def _end(self, act: _Act, result: ActResult, why: str = "", reason: int | None = None) -> None:
        self._urgent = [one for one in self._urgent if one is not act]
        self._plain = [one for one in self._plain if one is not act]
        self.answers.append(ActAnswer(number=act.number, edge=act.edge, result=result, why=why, reason=reason))
