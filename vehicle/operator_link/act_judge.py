"""What an act of a console did, from the gate's state before and after the tick that heard it. Pure.

The gate has decided already; this module puts its decision into words and decides nothing. Each act has one function.
It returns `ActWhy.NONE` if the state afterwards shows the effect of the act, and otherwise the first cause that an
operator can remove.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from firmware_bridge.console_types import ActWhy
from firmware_bridge.operator_limits import STICK_CENTRE
from firmware_bridge.types import OperatorEdge, OperatorFrame
from vehicle.contracts.messages import ACTIVE_MODES, AUTO_MODES, EngineStart, Mode, RotorState
from vehicle.contracts.stop_codes import Level
from vehicle.contracts.stop_reasons import RULES, codes
from vehicle.contracts.units import TICK_S

if TYPE_CHECKING:
    from vehicle.control.state import GateState

ARMED: Final = (Mode.READY, *ACTIVE_MODES)
STOPPED: Final = (Mode.HOLD, Mode.ESTOP, Mode.FAULT)
PAUSE_S: Final = 0.5
"""Between two acts that lead towards motion."""
OLD_S: Final = 0.45
"""A frame that is older when it comes does nothing but stop."""
OPENING: Final = (
    OperatorEdge.RESET
    | OperatorEdge.RECOVERY
    | OperatorEdge.ARM
    | OperatorEdge.MISSION_START
    | OperatorEdge.ENGINE_START
)


class Judged(msgspec.Struct, frozen=True):
    """Why an act was refused, and the stop reason behind it, if there is one. NONE: the act was accepted."""

    why: ActWhy
    reason: int | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the judge knows besides the gate's state.

    `standing`: None if unknown; `blocked`: no mission can start here; `shift_due`: acts of the shift block START;
    `starter`: what stands against an engine start.
    """

    tick: int
    standing: bool | None
    has_plan: bool
    blocked: bool
    shift_due: bool = False
    starter: ActWhy = ActWhy.NONE


class Heard(NamedTuple):
    """One act as the tick heard it: the gate before and after, and what else was seen."""

    station_id: int
    frame: OperatorFrame
    before: "GateState"
    after: "GateState"
    seen: Seen


ACCEPTED: Final = Judged(ActWhy.NONE)


def judged(edge: OperatorEdge, heard: Heard) -> Judged:
    """What became of one edge."""
    meant, refused = _RULES[edge]
    if meant(heard):
        return ACCEPTED
    if edge is not OperatorEdge.TAKE and heard.before.holder != heard.station_id:
        return Judged(ActWhy.HELD_BY_OTHER if heard.before.holder else ActWhy.TAKE_FIRST)
    if (heard.seen.tick - heard.frame.echo_tick) * TICK_S >= OLD_S:
        return Judged(ActWhy.TOO_LATE)
    if edge & OPENING and (heard.seen.tick - heard.before.act_tick) * TICK_S < PAUSE_S:
        return Judged(ActWhy.TOO_SOON)
    return refused(heard)


# --- what each act means ---------------------------------------------------------------------------------------------
def _changed(heard: Heard, *modes: Mode) -> bool:
    return heard.after.mode is not heard.before.mode and heard.after.mode in modes


def _reset(heard: Heard) -> bool:
    return heard.before.reset_due and not heard.after.reset_due


def _acknowledged(heard: Heard) -> bool:
    return heard.before.latched & ~heard.after.latched != 0


# --- and why it was refused ------------------------------------------------------------------------------------------
def _hands(heard: Heard) -> Judged:
    """Hands off: sticks centred, hold released, the machine standing."""
    frame = heard.frame
    if abs(frame.drive) > STICK_CENTRE or abs(frame.turn) > STICK_CENTRE:
        return Judged(ActWhy.NOT_NEUTRAL)
    if frame.hold_to_run:
        return Judged(ActWhy.HOLD_PRESSED)
    if heard.seen.standing is False:
        return Judged(ActWhy.NOT_STANDING)
    return ACCEPTED


def _unready(heard: Heard) -> Judged:
    """Hands off, and no reset due."""
    hands = _hands(heard)
    return Judged(ActWhy.RESET_FIRST) if hands is ACCEPTED and heard.before.reset_due else hands


def _other_mode(heard: Heard) -> Judged:
    return Judged(ActWhy.RESET_FIRST if heard.before.mode in STOPPED else ActWhy.WRONG_MODE)


def _against(heard: Heard, level: Level) -> Judged:
    """The worst reason in force of at least this level; else it may be tried again."""
    after = heard.after
    for code in codes(after.active | after.latched):
        if RULES[code].gravest >= level:
            return Judged(ActWhy.REASON, code)
    return Judged(ActWhy.NOT_NOW)


def _no_arm(heard: Heard) -> Judged:
    if heard.before.mode not in (Mode.DISARMED, Mode.READY):
        return _other_mode(heard)
    unready = _unready(heard)
    if unready is not ACCEPTED:
        return unready
    return _against(heard, Level.STOP)


def _no_reset(heard: Heard) -> Judged:
    before = heard.before
    if not before.reset_due:
        return Judged(ActWhy.NOTHING_DUE)
    if before.estop_latched:
        return Judged(ActWhy.RELEASE_FIRST)
    hands = _hands(heard)
    if hands is not ACCEPTED:
        return hands
    against = _against(heard, Level.STOP)
    if against.why is ActWhy.REASON or before.mode not in (Mode.ESTOP, Mode.FAULT):
        return against
    return Judged(ActWhy.ROTOR_TURNS) if heard.after.rotor is not RotorState.OFF else against


def _no_start(heard: Heard) -> Judged:
    if not heard.seen.has_plan:
        return Judged(ActWhy.NOTHING_TO_START)
    if heard.seen.shift_due:
        return Judged(ActWhy.SHIFT_DUE)
    if heard.seen.blocked:
        return Judged(ActWhy.START_BLOCKED)
    if heard.before.mode not in (Mode.MANUAL, Mode.WAIT):
        return Judged(ActWhy.WRONG_MODE)
    if not heard.frame.hold_to_run:
        return Judged(ActWhy.HOLD_NOT_PRESSED)
    hands = _hands(heard)
    if heard.seen.standing is False and hands.why is ActWhy.HOLD_PRESSED:
        hands = Judged(ActWhy.NOT_STANDING)
    if hands.why not in (ActWhy.NONE, ActWhy.HOLD_PRESSED):
        return hands
    return _against_start(heard)


def _against_start(heard: Heard) -> Judged:
    """What stands against a START by clean hands."""
    against = _against(heard, Level.LIMIT)
    if heard.before.mode is Mode.WAIT and against.why is ActWhy.NOT_NOW:
        return Judged(ActWhy.WAIT_MOMENT)  # in the first second nothing goes on, whatever it waits for
    return against


def _no_recovery(heard: Heard) -> Judged:
    if heard.before.mode is not Mode.READY:
        return Judged(ActWhy.WRONG_MODE)
    hands = _hands(heard)
    return hands if hands is not ACCEPTED else _against(heard, Level.STOP)


def _no_engine_start(heard: Heard) -> Judged:
    """First what nobody at the console can change, then hands, then what may be over in a moment."""
    if heard.seen.starter in (ActWhy.NO_STARTER, ActWhy.START_BARRED):
        return Judged(heard.seen.starter)
    if heard.before.mode is not Mode.DISARMED or heard.before.start is not EngineStart.NONE:
        return _other_mode(heard)
    unready = _unready(heard)
    if unready is not ACCEPTED:
        return unready
    against = _against(heard, Level.STOP)
    if heard.seen.starter is ActWhy.NONE or against.why is ActWhy.REASON:
        return against
    return Judged(heard.seen.starter)


def _no_take(heard: Heard) -> Judged:
    if heard.before.holder and heard.before.holder != heard.station_id:
        return Judged(ActWhy.HELD_BY_OTHER)
    hands = _hands(heard)
    return hands if hands is not ACCEPTED else Judged(ActWhy.NOT_NOW)


def _no_acknowledge(heard: Heard) -> Judged:
    if not heard.before.latched:
        return Judged(ActWhy.NOTHING_DUE)
    if heard.frame.echo_tick < heard.before.latch_tick:
        return Judged(ActWhy.CHANGED_MEANWHILE)
    return Judged(ActWhy.REASON, codes(heard.after.latched)[0])


def _no_release(heard: Heard) -> Judged:
    if not heard.before.estop_latched:
        return Judged(ActWhy.NOTHING_DUE)
    return Judged(ActWhy.CHANGED_MEANWHILE if heard.frame.echo_tick < heard.before.estop_tick else ActWhy.NOT_NOW)


def _wrong(_: Heard) -> Judged:
    return Judged(ActWhy.WRONG_MODE)


def _later(_: Heard) -> Judged:
    return Judged(ActWhy.NOT_NOW)


_E = OperatorEdge
_RULES: dict[OperatorEdge, tuple[Callable[[Heard], bool], Callable[[Heard], Judged]]] = {
    _E.ARM: (lambda h: _changed(h, Mode.READY, Mode.MANUAL), _no_arm),
    _E.DISARM: (lambda h: h.after.mode in (Mode.DISARMED, Mode.STOPPING), _wrong),
    _E.RESET: (_reset, _no_reset),
    _E.STOP: (lambda h: h.after.mode not in ARMED, _later),
    _E.ESTOP: (lambda h: h.after.estop_latched, _later),
    _E.TAKE: (lambda h: h.after.holder == h.station_id, _no_take),
    _E.RELEASE: (lambda h: h.after.holder != h.station_id, _later),
    _E.MISSION_START: (lambda h: h.after.mode in AUTO_MODES and not h.seen.blocked, _no_start),
    _E.MISSION_PAUSE: (lambda h: h.after.mode not in AUTO_MODES, _later),
    _E.ATTENTION: (lambda h: h.after.attention_tick == h.seen.tick and h.after.holder == h.station_id, _later),
    _E.ACKNOWLEDGE: (_acknowledged, _no_acknowledge),
    _E.RECOVERY: (lambda h: _changed(h, Mode.RECOVERY), _no_recovery),
    _E.ENGINE_START: (lambda h: h.after.start is EngineStart.ASKED, _no_engine_start),
    _E.RELEASE_ESTOP: (lambda h: h.before.estop_latched and not h.after.estop_latched, _no_release),
}
