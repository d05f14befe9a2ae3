"""The discrete machine: modes and acts; no floats, no time, small enough to be enumerated completely.

Whatever is numeric (ages, speeds, budgets, timers) enters as a class. Rules are read from the top; the first whose
guard holds decides. Nothing in here drives: `permits.py` says what the gate may let through in a mode.
"""

from collections.abc import Callable
from enum import IntEnum, auto
from typing import TypeAlias

import msgspec

from vehicle.contracts.messages import ACTIVE_MODES, AUTO_MODES, MISSION_MODES, EngineStart, Mode
from vehicle.contracts.stop_codes import StopReason


class Class(IntEnum):
    """The worst reason in force.

    LIMIT forbids a mission's start, WAIT makes a mission wait, NAV ends it, STOP and KILL end all motion.
    """

    OK = auto()
    LIMIT = auto()
    WAIT = auto()
    NAV = auto()
    STOP = auto()
    KILL = auto()


class Act(IntEnum):
    """The one deliberate act of a tick, by priority: the lowest number wins. STOP and ESTOP come from any station.

    RELEASE also stands for a holder whose identity is in doubt. TAKE comes from another station, its inputs neutral.
    """

    ESTOP = auto()
    STOP = auto()
    DISARM = auto()
    RELEASE = auto()
    PAUSE = auto()
    RELEASE_ESTOP = auto()
    RESET = auto()
    RECOVERY = auto()
    ARM = auto()
    START = auto()
    ENGINE_START = auto()
    TAKE = auto()
    NONE = auto()


class Motion(IntEnum):
    """UNKNOWN: no measurement. CREEP: not standing, not yet confirmed as motion. LATE: moves beyond the brake time.

    The brake time counts from a stop, and in WAIT from its begin.
    """

    UNKNOWN = auto()
    STANDING = auto()
    CREEP = auto()
    MOVING = auto()
    LATE = auto()


class Starter(IntEnum):
    """What stands against an engine start, and how far its step is; `starting.py` says it from what is measured.

    UNABLE: something that it needs is missing. ABLE: nothing is. OVER: nothing is, and the time of the step is spent.
    RUNS: nothing is, and the engine that is being cranked runs.
    """

    UNABLE = auto()
    ABLE = auto()
    OVER = auto()
    RUNS = auto()


class Want(IntEnum):
    """What the mission asks for, from its phase."""

    REST = auto()
    SPIN = auto()
    MOVE = auto()
    BACK_OFF = auto()
    LOWER = auto()
    WORK = auto()


class SafetyState(msgspec.Struct, frozen=True, gc=False):
    """The discrete state. `held`: a station holds the lease. `neutral_seen`: sticks centred since the last stop.

    `reset_due`: a stop happened, or the engine was cranked, and no reset since; there is no arming before.
    """

    mode: Mode
    held: bool
    neutral_seen: bool
    estop_latched: bool
    reset_due: bool
    start: EngineStart = EngineStart.NONE


class Situation(msgspec.Struct, frozen=True, gc=False):
    """The tick's inputs as classes.

    `live`: a frame of the holder is young enough to rest on; without one there are no sticks, `neutral` and `hold` are
    False.
    `retreat`: nothing stops but what RECOVERY may drive in spite of, so also where nothing does. `estop`: a reason of
    class ESTOP is in force. `wait_over`: the time that a WAIT may take is spent.
    """

    live: bool
    act: Act
    neutral: bool
    hold: bool
    worst: Class
    retreat: bool
    estop: bool
    motion: Motion
    at_speed: bool
    rotor_stopped: bool
    want: Want
    wait_over: bool
    starter: Starter = Starter.UNABLE


ARMED = ACTIVE_MODES
AUTO = AUTO_MODES
MISSION = MISSION_MODES
"""A mission is under way, whether it drives or waits."""
STOPPED = (Mode.STOPPING, Mode.ESTOP, Mode.FAULT)
AFTER_RESET = (Mode.DISARMED, Mode.READY)
"""Where a RESET leads."""
NO_TAKE = (*ARMED, Mode.STOPPING)
WORKING = (Want.LOWER, Want.WORK)

Guard: TypeAlias = Callable[[SafetyState, Situation], bool]
Rule: TypeAlias = tuple[Guard, Mode, StopReason | None]


def clean(m: SafetyState, s: Situation) -> bool:
    """A deliberate act counts only with hands off: sticks neutral, and so since the stop, hold released, standing."""
    return m.neutral_seen and s.neutral and not s.hold and s.motion is Motion.STANDING


def resets(m: SafetyState, s: Situation) -> bool:
    """RESET is accepted: by clean hands, with nothing in force that neither clears nor lets RECOVERY drive."""
    return s.act is Act.RESET and clean(m, s) and s.retreat


def takes(m: SafetyState, s: Situation) -> bool:
    """The lease changes hands only at a stand, and only where nobody live holds it."""
    return s.act is Act.TAKE and not s.live and s.motion is Motion.STANDING and m.mode not in NO_TAKE


def _resets_at_rest(m: SafetyState, s: Situation) -> bool:
    return resets(m, s) and s.rotor_stopped


def _disarms(_: SafetyState, s: Situation) -> bool:
    return s.act in (Act.DISARM, Act.STOP)


def _arms(m: SafetyState, s: Situation) -> bool:
    return s.act is Act.ARM and clean(m, s)


def _lapses(m: SafetyState, s: Situation) -> bool:
    """READY outlives neither its link nor its holder nor its health."""
    return not s.live or s.act is Act.RELEASE or not s.retreat or _disarms(m, s)


def _starts(m: SafetyState, s: Situation) -> bool:
    hands = m.neutral_seen and s.hold and s.neutral
    return s.act is Act.START and hands and s.motion is Motion.STANDING and s.worst is Class.OK


_STOPS: tuple[Rule, ...] = (
    (_disarms, Mode.STOPPING, StopReason.OPERATOR_STOP),
    (lambda _m, s: s.act is Act.RELEASE, Mode.STOPPING, StopReason.LEASE_RELEASED),
    (lambda _m, s: not s.live, Mode.STOPPING, StopReason.LINK_LOST),
)
_MISSION_STOPS: tuple[Rule, ...] = (
    *_STOPS,
    (lambda _m, s: s.worst >= Class.NAV, Mode.STOPPING, None),
    (lambda _m, s: not s.neutral, Mode.STOPPING, StopReason.MISSION_LEFT),
)
_WAITS: Rule = (lambda _m, s: s.worst is Class.WAIT or s.act is Act.PAUSE, Mode.WAIT, None)
_LATE: Rule = (lambda _m, s: s.motion is Motion.LATE, Mode.ESTOP, StopReason.RUNAWAY)
_CREEPS: Rule = (lambda _m, s: s.motion is Motion.LATE, Mode.STOPPING, StopReason.MOVED_WHILE_BRAKED)
_SLIDES: Rule = (lambda _m, s: s.motion is Motion.MOVING, Mode.STOPPING, StopReason.MOVED_WHILE_BRAKED)

RULES: dict[Mode, tuple[Rule, ...]] = {
    Mode.BOOT: ((lambda _m, s: s.retreat, Mode.DISARMED, None),),
    Mode.DISARMED: (
        _SLIDES,
        (lambda m, s: _arms(m, s) and s.retreat and not m.reset_due and m.start is EngineStart.NONE, Mode.READY, None),
    ),
    Mode.READY: (
        _SLIDES,
        (_lapses, Mode.DISARMED, None),
        (lambda m, s: s.act is Act.RECOVERY and clean(m, s), Mode.RECOVERY, None),
        (lambda m, s: _arms(m, s) and s.worst < Class.STOP, Mode.MANUAL, None),
    ),
    Mode.MANUAL: (
        *_STOPS,
        (lambda _m, s: s.worst is Class.STOP, Mode.STOPPING, None),
        (_starts, Mode.AUTO_MOVE, None),
    ),
    Mode.AUTO_MOVE: (
        *_MISSION_STOPS,
        _WAITS,
        (lambda _m, s: s.want in WORKING and s.at_speed, Mode.AUTO_WORK, None),
    ),
    Mode.AUTO_WORK: (
        *_MISSION_STOPS,
        _WAITS,
        (lambda _m, s: s.want not in WORKING, Mode.AUTO_MOVE, None),
    ),
    Mode.WAIT: (
        *_MISSION_STOPS,
        _SLIDES,
        _CREEPS,
        (lambda _m, s: s.wait_over, Mode.STOPPING, StopReason.MISSION_LEFT),
        (_starts, Mode.AUTO_MOVE, None),
    ),
    Mode.RECOVERY: (
        *_STOPS,
        (lambda _m, s: not s.retreat, Mode.STOPPING, None),
    ),
    Mode.STOPPING: (
        _LATE,
        (lambda _m, s: s.motion is Motion.STANDING, Mode.HOLD, None),
    ),
    Mode.HOLD: (
        _SLIDES,
        (lambda _m, s: s.act is Act.DISARM, Mode.DISARMED, None),
        (resets, Mode.READY, None),
    ),
    Mode.ESTOP: ((_resets_at_rest, Mode.DISARMED, None),),
    Mode.FAULT: (
        _LATE,
        (_resets_at_rest, Mode.DISARMED, None),
    ),
}


def step(m: SafetyState, s: Situation) -> tuple[SafetyState, StopReason | None]:
    """One tick: the next state, and the reason where the machine itself is what stopped."""
    estop_latched = s.act is Act.ESTOP or (m.estop_latched and s.act is not Act.RELEASE_ESTOP)
    mode, cause = _next_mode(m, s, estop=s.estop or estop_latched)
    start = _next_start(m, s, mode)
    cranked = m.start is EngineStart.CRANKING and start is not EngineStart.CRANKING
    stopped = cranked or (mode in STOPPED and mode is not m.mode)
    held = takes(m, s) or (m.held and s.act is not Act.RELEASE)
    # Neutral must be seen again after a stop, by a new holder, and whenever sticks move without hold-to-run.
    seen = (s.neutral or (m.neutral_seen and s.hold)) and held and not stopped
    # a RESET that leaves the machine in its stop, as where the rotor still turns, was refused
    was_reset = resets(m, s) and mode in AFTER_RESET
    reset_due = stopped or (m.reset_due and not was_reset)
    return SafetyState(mode, held, seen, estop_latched, reset_due, start), cause


def starts_engine(m: SafetyState, s: Situation) -> bool:
    """An engine start may be asked for, or go on: disarmed, the holder there with centred sticks, nothing that stops.

    Hold-to-run has its own rule in each step.
    """
    hands = m.held and s.live and m.neutral_seen and s.neutral
    well = s.worst < Class.STOP and s.motion is Motion.STANDING and s.rotor_stopped and not m.reset_due
    return m.mode is Mode.DISARMED and hands and well and s.starter is not Starter.UNABLE


_START_AFTER = {
    EngineStart.HELD: EngineStart.WARNING,
    EngineStart.WARNING: EngineStart.CRANKING,
    EngineStart.CRANKING: EngineStart.NONE,
}
"""What follows a step of an engine start whose time is spent."""


def _next_start(m: SafetyState, s: Situation, mode: Mode) -> EngineStart:
    """The step of an engine start after this tick: any act, and whatever is missing, ends it at once."""
    if mode is not Mode.DISARMED or not starts_engine(m, s):
        return EngineStart.NONE
    if m.start is EngineStart.NONE:
        asked = s.act is Act.ENGINE_START and clean(m, s) and s.starter is Starter.ABLE
        return EngineStart.ASKED if asked else EngineStart.NONE
    if s.act is not Act.NONE:
        return EngineStart.NONE
    over = s.starter is not Starter.ABLE
    if m.start is EngineStart.ASKED:
        return EngineStart.NONE if over else EngineStart.HELD if s.hold else EngineStart.ASKED
    if not s.hold:
        return EngineStart.NONE
    return _START_AFTER[m.start] if over else m.start


def _next_mode(m: SafetyState, s: Situation, *, estop: bool) -> tuple[Mode, StopReason | None]:
    if estop:
        return Mode.ESTOP, None
    if s.worst is Class.KILL and m.mode not in (Mode.ESTOP, Mode.FAULT):
        return Mode.FAULT, None
    for guard, mode, cause in RULES[m.mode]:
        if guard(m, s):
            return mode, cause
    return m.mode, None
