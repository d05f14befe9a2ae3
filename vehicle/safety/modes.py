"""The discrete machine: modes, acts and permissions; no floats, no time, small enough to be enumerated completely.

Whatever is numeric (ages, speeds, budgets, timers) enters as a class. Rules are read from the top; the first whose
guard holds decides. Nothing in here drives: `permits` says what the gate may let through in a mode.
"""

from collections.abc import Callable
from enum import IntEnum

import msgspec

from vehicle.messages import Mode
from vehicle.safety.reasons import StopReason


class Class(IntEnum):
    """The worst reason in force. LIMIT forbids a mission's start, NAV ends a mission, STOP and KILL end all motion."""

    OK = 0
    LIMIT = 1
    NAV = 2
    STOP = 3
    KILL = 4


class Link(IntEnum):
    """The holder's frames: none young enough, one still in force, one accepted in this very tick."""

    EXPIRED = 0
    SILENT = 1
    FRAME = 2


class Act(IntEnum):
    """The one deliberate act of a tick, by priority: the lowest number wins. STOP and ESTOP come from any station."""

    ESTOP = 0
    STOP = 1
    DISARM = 2
    RELEASE = 3
    PAUSE = 4
    RELEASE_ESTOP = 5
    RESET = 6
    RECOVERY = 7
    ARM = 8
    START = 9
    NONE = 10


class Motion(IntEnum):
    """UNKNOWN: no measurement. CREEP: not standing, not yet confirmed as motion. LATE: moves beyond the brake time."""

    UNKNOWN = 0
    STANDING = 1
    CREEP = 2
    MOVING = 3
    LATE = 4


class Want(IntEnum):
    """What the mission asks for, from its phase."""

    REST = 0
    SPIN = 1
    MOVE = 2
    BACK_OFF = 3
    LOWER = 4
    WORK = 5


class Machine(msgspec.Struct, frozen=True, gc=False):
    """The discrete state. `held`: a station holds the lease. `neutral_seen`: sticks centred since the stop."""

    mode: Mode = Mode.BOOT
    held: bool = False
    neutral_seen: bool = False
    estop_latched: bool = False


class Situation(msgspec.Struct, frozen=True, gc=False):
    """The tick's inputs as classes. `retreat`: all stopping reasons are such that RECOVERY may drive in spite of them.

    `estop`: a reason of class ESTOP is in force. `take`: another station asks for the lease, its inputs neutral.
    """

    link: Link
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
    take: bool


class Permit(msgspec.Struct, frozen=True, gc=False):
    """What may pass in a mode: tracks at all, only backward, rotor power, the tool lowered, the tool raised."""

    drive: bool = False
    reverse_only: bool = False
    rotor: bool = False
    tool: bool = False
    tool_down: bool = False


ARMED = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)
AUTO = (Mode.AUTO_MOVE, Mode.AUTO_WORK)
NO_TAKE_MODES = (*ARMED, Mode.STOPPING)
WORKING = (Want.LOWER, Want.WORK)

Guard = Callable[[Machine, Situation], bool]
Rule = tuple[Guard, Mode, StopReason | None]


def clean(m: Machine, s: Situation) -> bool:
    """A deliberate act counts only with hands off: sticks neutral, and so since the stop, hold released, standing."""
    return s.link is Link.FRAME and m.neutral_seen and s.neutral and not s.hold and s.motion is Motion.STANDING


def _recoverable(s: Situation) -> bool:
    return s.worst < Class.STOP or s.retreat


def _reset(m: Machine, s: Situation) -> bool:
    return s.act is Act.RESET and clean(m, s) and _recoverable(s)


def _reset_off(m: Machine, s: Situation) -> bool:
    return _reset(m, s) and s.rotor_stopped


def _disarms(_: Machine, s: Situation) -> bool:
    return s.act in (Act.DISARM, Act.STOP)


def _lapses(m: Machine, s: Situation) -> bool:
    """READY outlives neither its link nor its holder nor its health."""
    return s.link is Link.EXPIRED or s.act is Act.RELEASE or not _recoverable(s) or _disarms(m, s)


def _slides(_: Machine, s: Situation) -> bool:
    return s.motion is Motion.MOVING


def _may_start(m: Machine, s: Situation) -> bool:
    start = s.act is Act.START and s.link is Link.FRAME
    return start and m.neutral_seen and s.hold and s.neutral and s.motion is Motion.STANDING and s.worst is Class.OK


_STOPS: tuple[Rule, ...] = (
    (lambda _m, s: s.act is Act.STOP, Mode.STOPPING, StopReason.OPERATOR_STOP),
    (lambda _m, s: s.act is Act.DISARM, Mode.STOPPING, StopReason.OPERATOR_STOP),
    (lambda _m, s: s.act is Act.RELEASE, Mode.STOPPING, StopReason.LEASE_RELEASED),
    (lambda _m, s: s.link is Link.EXPIRED, Mode.STOPPING, StopReason.LINK_LOST),
)
_LATE: Rule = (lambda _m, s: s.motion is Motion.LATE, Mode.ESTOP, StopReason.RUNAWAY)
_SLIDE: Rule = (_slides, Mode.STOPPING, StopReason.MOVED_WHILE_BRAKED)
_AUTO_STOPS: tuple[Rule, ...] = (
    *_STOPS,
    (lambda _m, s: s.worst >= Class.NAV, Mode.STOPPING, None),
    (lambda _m, s: not s.neutral, Mode.STOPPING, StopReason.MISSION_LEFT),
    (lambda _m, s: s.act is Act.PAUSE, Mode.STOPPING, StopReason.MISSION_LEFT),
)

RULES: dict[Mode, tuple[Rule, ...]] = {
    Mode.BOOT: ((lambda _m, s: _recoverable(s), Mode.DISARMED, None),),
    Mode.DISARMED: (
        _SLIDE,
        (lambda m, s: s.act is Act.ARM and clean(m, s) and _recoverable(s), Mode.READY, None),
    ),
    Mode.READY: (
        _SLIDE,
        (_lapses, Mode.DISARMED, None),
        (lambda m, s: s.act is Act.RECOVERY and clean(m, s), Mode.RECOVERY, None),
        (lambda m, s: s.act is Act.ARM and clean(m, s) and s.worst < Class.STOP, Mode.MANUAL, None),
    ),
    Mode.MANUAL: (
        *_STOPS,
        (lambda _m, s: s.worst >= Class.STOP, Mode.STOPPING, None),
        (_may_start, Mode.AUTO_MOVE, None),
    ),
    Mode.AUTO_MOVE: (
        *_AUTO_STOPS,
        (lambda _m, s: s.want in WORKING and s.at_speed, Mode.AUTO_WORK, None),
    ),
    Mode.AUTO_WORK: (
        *_AUTO_STOPS,
        (lambda _m, s: s.want not in WORKING, Mode.AUTO_MOVE, None),
    ),
    Mode.RECOVERY: (
        *_STOPS,
        (lambda _m, s: not _recoverable(s), Mode.STOPPING, None),
    ),
    Mode.STOPPING: (
        _LATE,
        (lambda _m, s: s.motion is Motion.STANDING, Mode.HOLD, None),
    ),
    Mode.HOLD: (
        _SLIDE,
        (_disarms, Mode.DISARMED, None),
        (_reset, Mode.READY, None),
    ),
    Mode.ESTOP: ((_reset_off, Mode.DISARMED, None),),
    Mode.FAULT: (
        _LATE,
        (_reset_off, Mode.DISARMED, None),
    ),
}


def takes(m: Machine, s: Situation) -> bool:
    """The lease changes hands only at a stand, and only where nobody live holds it."""
    return s.take and s.link is Link.EXPIRED and s.motion is Motion.STANDING and m.mode not in NO_TAKE_MODES


def step(m: Machine, s: Situation) -> tuple[Machine, StopReason | None]:
    """One tick: the next state, and the reason where the machine itself is what stopped."""
    estop_latched = s.act is Act.ESTOP or (m.estop_latched and s.act is not Act.RELEASE_ESTOP)
    mode, cause = _next_mode(m, s, estop=s.estop or estop_latched)
    stopped = mode in (Mode.STOPPING, Mode.ESTOP, Mode.FAULT) and mode is not m.mode
    # Neutral must be seen again after a stop, by a new holder, and whenever sticks move without hold-to-run.
    seen = s.link is not Link.EXPIRED and (s.neutral or (m.neutral_seen and s.hold))
    held = takes(m, s) or (m.held and s.act is not Act.RELEASE)
    return Machine(mode, held, seen and held and not stopped, estop_latched), cause


def _next_mode(m: Machine, s: Situation, *, estop: bool) -> tuple[Mode, StopReason | None]:
    if estop:
        return Mode.ESTOP, None
    if s.worst is Class.KILL and m.mode not in (Mode.ESTOP, Mode.FAULT):
        return Mode.FAULT, None
    for guard, mode, cause in RULES[m.mode]:
        if guard(m, s):
            return mode, cause
    return m.mode, None


def permits(m: Machine, s: Situation, *, tool_up: bool, rotor_asked: bool) -> Permit:
    """What the gate may let through after `step`. By hand, nothing moves without hold-to-run of the frame in force."""
    in_hand = s.link is not Link.EXPIRED and s.hold and m.neutral_seen
    if m.mode is Mode.MANUAL:
        return Permit(drive=in_hand, rotor=in_hand and rotor_asked, tool=in_hand, tool_down=in_hand)
    if m.mode is Mode.RECOVERY:
        return Permit(drive=in_hand, tool=in_hand)
    if m.mode is Mode.AUTO_WORK:
        working = s.want is Want.WORK
        return Permit(drive=working and s.at_speed, rotor=True, tool=True, tool_down=s.at_speed)
    if m.mode is Mode.AUTO_MOVE:
        back_off = s.want is Want.BACK_OFF
        drive = back_off or (s.want is Want.MOVE and tool_up)
        return Permit(drive=drive, reverse_only=back_off, rotor=s.want in _ROTOR_WANTS, tool=True)
    return Permit()


_ROTOR_WANTS = (Want.SPIN, Want.MOVE, Want.LOWER, Want.WORK)
"""In AUTO_MOVE the rotor may spin up, also on the last metres of a move; tracks move only with the tool up."""


def act_of(edges: tuple[bool, ...]) -> Act:
    """The act that wins; `edges` in the order of `Act`: stopping beats everything, asking for motion loses to all."""
    for act, edge in enumerate(edges):
        if edge:
            return Act(act)
    return Act.NONE
