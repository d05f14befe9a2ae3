"""The words of the invariants of the discrete machine: modes by their letters, and what several of them ask."""

from collections.abc import Callable

from vehicle.contracts.messages import EngineStart, Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.safety.modes import Act, Class, Motion, SafetyState, Situation, Starter

B, D, R, M = Mode.BOOT, Mode.DISARMED, Mode.READY, Mode.MANUAL
AM, AW, S, H = Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.STOPPING, Mode.HOLD
E, F, Y, W = Mode.ESTOP, Mode.FAULT, Mode.RECOVERY, Mode.WAIT
ARMED, AUTO, WORSE = frozenset((M, AM, AW, W, Y)), frozenset((AM, AW)), frozenset((E, F))
MISSION = AUTO | {W}
OFF, ASKED, HELD = EngineStart.NONE, EngineStart.ASKED, EngineStart.HELD
WARNING, CRANKING = EngineStart.WARNING, EngineStart.CRANKING
STOPS = frozenset((S, E, F))

Step = Callable[[SafetyState, Situation, SafetyState, StopReason | None], bool]


def hands_off(m: SafetyState, s: Situation) -> bool:
    return s.live and m.neutral_seen and s.neutral and not s.hold and s.motion is Motion.STANDING


def held_into(step: EngineStart, before: EngineStart, m: SafetyState, s: Situation) -> bool:
    """Hold pressed and no act: into a step of an engine start when the one before is spent, and on in it."""
    spent = m.start is before and s.starter is not Starter.ABLE
    goes_on = m.start is step and s.starter is Starter.ABLE
    return s.hold and s.act is Act.NONE and (spent or goes_on)


def curable(s: Situation) -> bool:
    return s.worst in (Class.OK, Class.LIMIT, Class.WAIT, Class.NAV) or s.retreat


def calm(m: SafetyState, s: Situation) -> bool:
    """Neither an e-stop nor a fault decides this tick."""
    return not s.estop and s.act is not Act.ESTOP and s.worst is not Class.KILL and not m.estop_latched


def quiet(s: Situation) -> bool:
    """No act that ends anything; PAUSE only makes a mission wait."""
    return s.act not in (Act.ESTOP, Act.STOP, Act.DISARM, Act.RELEASE)


def cranked(m: SafetyState, n: SafetyState) -> bool:
    """A crank ended in this step."""
    return m.start is CRANKING and n.start is not CRANKING


def startable(m: SafetyState, s: Situation) -> bool:
    """All that an engine start needs in every step of it, hold-to-run left out."""
    return (
        m.mode is D
        and m.held
        and s.live
        and s.neutral
        and m.neutral_seen
        and not m.reset_due
        and s.worst in (Class.OK, Class.LIMIT, Class.WAIT, Class.NAV)
        and s.motion is Motion.STANDING
        and s.rotor_stopped
        and s.starter in (Starter.ABLE, Starter.OVER, Starter.RUNS)
    )


SLIDING = (Motion.MOVING, Motion.LATE)

OPENING = (Act.RESET, Act.RECOVERY, Act.ARM, Act.START)

CAUSES = {
    Act.STOP: StopReason.OPERATOR_STOP,
    Act.DISARM: StopReason.OPERATOR_STOP,
    Act.RELEASE: StopReason.LEASE_RELEASED,
}
