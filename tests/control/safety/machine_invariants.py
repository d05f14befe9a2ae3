"""What must hold in every transition of the discrete machine, written against docs/SAFETY.md and not against the code.

An invariant is a function of (before, situation, after, cause). Those of what goes on are in `liveness_invariants.py`,
those of an engine start in `starting_invariants.py`, those of what may pass in `permit_invariants.py`.
"""

# ruff: noqa: ARG005 - one signature for all, each reads what it needs

from tests.control.safety.liveness_invariants import LIVENESS
from tests.control.safety.machine_words import (
    AM,
    ARMED,
    AUTO,
    AW,
    CAUSES,
    MISSION,
    OPENING,
    SLIDING,
    STOPS,
    WORSE,
    B,
    D,
    E,
    F,
    H,
    M,
    R,
    S,
    Step,
    W,
    Y,
    calm,
    cranked,
    curable,
    hands_off,
    quiet,
)
from tests.control.safety.starting_invariants import STARTING
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.safety.modes import Act, Class, Motion, Want

STEP: dict[str, Step] = {
    "I5 an e-stop acts in the same tick in every state": lambda m, s, n, c: (
        n.mode is E or not (s.estop or s.act is Act.ESTOP)
    ),
    "I6 ESTOP leaves only to DISARMED by a clean reset with the rotor at rest": lambda m, s, n, c: (
        m.mode is not E
        or n.mode is E
        or (
            n.mode is D
            and s.act is Act.RESET
            and hands_off(m, s)
            and s.rotor_stopped
            and curable(s)
            and not s.estop
            and not n.estop_latched
        )
    ),
    "I7 FAULT leaves only to ESTOP, or to DISARMED by a clean reset": lambda m, s, n, c: (
        m.mode is not F
        or n.mode in WORSE
        or (n.mode is D and s.act is Act.RESET and hands_off(m, s) and s.rotor_stopped and curable(s))
    ),
    "I8 no mission with a reason of class NAV or worse": lambda m, s, n, c: (
        n.mode not in MISSION or s.worst < Class.NAV
    ),
    "I8b and it only waits with one that is waited for": lambda m, s, n, c: (
        n.mode not in AUTO or s.worst is not Class.WAIT
    ),
    "I9 AUTO_WORK is entered with the rotor at speed and work wanted": lambda m, s, n, c: (
        n.mode is not AW or m.mode is AW or (m.mode is AM and s.at_speed and s.want in (Want.LOWER, Want.WORK))
    ),
    "I10 a mission starts, or goes on, by START, hold, neutral, standing, nothing in force": lambda m, s, n, c: (
        n.mode is not AM
        or m.mode in AUTO
        or (
            m.mode in (M, W)
            and s.act is Act.START
            and s.live
            and s.hold
            and s.neutral
            and m.neutral_seen
            and s.motion is Motion.STANDING
            and s.worst is Class.OK
        )
    ),
    "I11 hands get the machine only from READY by a second act": lambda m, s, n, c: (
        n.mode not in (M, Y)
        or m.mode is n.mode
        or (m.mode is R and hands_off(m, s) and s.act is (Act.ARM if n.mode is M else Act.RECOVERY))
    ),
    "I12 the lease is given only at a stand, to nobody's rival, to no live holder's": lambda m, s, n, c: (
        m.held
        or not n.held
        or (
            s.act is Act.TAKE
            and not s.live
            and s.motion is Motion.STANDING
            and m.mode in (B, D, R, H, E, F)
            and not n.neutral_seen
        )
    ),
    "I12b it is given where it may be": lambda m, s, n, c: (
        not (s.act is Act.TAKE and not s.live and s.motion is Motion.STANDING and m.mode in (B, D, R, H, E, F))
        or n.held
    ),
    "I13 KILL means FAULT, but for a reset that leaves it": lambda m, s, n, c: (
        s.worst is not Class.KILL
        or n.mode in WORSE
        or (m.mode in WORSE and n.mode is D and s.retreat and s.act is Act.RESET)
    ),
    "I13b and nothing but an e-stop comes before it": lambda m, s, n, c: (
        s.worst is not Class.KILL or m.mode in WORSE or n.mode is (E if s.estop or n.estop_latched else F)
    ),
    "I14 STOP ends all motion but a retreat": lambda m, s, n, c: (
        s.worst < Class.STOP or n.mode not in ARMED or (n.mode is Y and s.retreat)
    ),
    "I15 a stop that does not come to a stand is an e-stop": lambda m, s, n, c: (
        m.mode not in (S, F) or s.motion is not Motion.LATE or n.mode in WORSE
    ),
    "I15b and says so": lambda m, s, n, c: (
        not (m.mode is S and s.motion is Motion.LATE and calm(m, s)) or (n.mode is E and c is StopReason.RUNAWAY)
    ),
    "I15c in FAULT too": lambda m, s, n, c: (
        not (m.mode is F and s.motion is Motion.LATE and not s.estop and s.act is not Act.ESTOP)
        or (n.mode is E and c is StopReason.RUNAWAY)
    ),
    "I16 BOOT leads nowhere but DISARMED or a stop": lambda m, s, n, c: m.mode is not B or n.mode in (B, D, E, F),
    "I16b it ends as soon as all is curable": lambda m, s, n, c: (
        m.mode is not B or not calm(m, s) or n.mode is (D if curable(s) else B)
    ),
    "I19 without an act of a live holder nothing gets closer to motion": lambda m, s, n, c: (
        (s.live and s.act in OPENING)
        or n.mode not in (R, *ARMED)
        or m.mode is n.mode
        or {m.mode, n.mode} == AUTO
        or (m.mode in AUTO and n.mode is W)
    ),
    "I21 a stick ends a mission": lambda m, s, n, c: m.mode not in MISSION or s.neutral or n.mode in STOPS,
    "I22 what is armed stops before it is anything else": lambda m, s, n, c: (
        m.mode not in ARMED or n.mode in ARMED or n.mode in STOPS
    ),
    "I22b armed modes do not mix": lambda m, s, n, c: (
        m.mode not in ARMED
        or n.mode not in ARMED
        or m.mode is n.mode
        or (m.mode in (M, W) and n.mode is AM)
        or (m.mode in AUTO and n.mode is W)
        or {m.mode, n.mode} == AUTO
    ),
    "I23 HOLD never resumes": lambda m, s, n, c: m.mode is not H or n.mode not in ARMED,
    "I24 a latched e-stop is ESTOP": lambda m, s, n, c: n.mode is E or not n.estop_latched,
    "I24b only its release unlatches it": lambda m, s, n, c: (
        n.estop_latched is (s.act is Act.ESTOP or (m.estop_latched and s.act is not Act.RELEASE_ESTOP))
    ),
    "I25 armed and silent means stop, and says why": lambda m, s, n, c: (
        m.mode not in ARMED
        or s.live
        or n.mode in WORSE
        or (n.mode is S and (c is StopReason.LINK_LOST or s.act in (Act.STOP, Act.DISARM, Act.RELEASE)))
    ),
    "I26 PAUSE makes a mission wait": lambda m, s, n, c: (
        m.mode not in MISSION or s.act is not Act.PAUSE or n.mode in (W, *STOPS)
    ),
    "I26b a stick, or a WAIT that is over, is told as such": lambda m, s, n, c: (
        not (
            m.mode in MISSION
            and n.mode is S
            and s.live
            and s.worst < Class.NAV
            and not (m.mode is W and s.neutral and s.motion in SLIDING)
        )
        or c is CAUSES.get(s.act, StopReason.MISSION_LEFT)
    ),
    "I27 STOP and DISARM stop, and say so": lambda m, s, n, c: (
        m.mode not in ARMED
        or s.act not in (Act.STOP, Act.DISARM)
        or n.mode in WORSE
        or (n.mode is S and c is StopReason.OPERATOR_STOP)
    ),
    "I27b RELEASE stops, and says so": lambda m, s, n, c: (
        m.mode not in ARMED
        or s.act is not Act.RELEASE
        or n.mode in WORSE
        or (n.mode is S and c is StopReason.LEASE_RELEASED)
    ),
    "I28 READY is reached by ARM from DISARMED or RESET from HOLD, hands off": lambda m, s, n, c: (
        n.mode is not R
        or m.mode is R
        or (
            hands_off(m, s)
            and curable(s)
            and ((m.mode is D and s.act is Act.ARM and not m.reset_due) or (m.mode is H and s.act is Act.RESET))
        )
    ),
    "I29 HOLD is a stand": lambda m, s, n, c: (
        n.mode is not H or m.mode is H or (m.mode is S and s.motion is Motion.STANDING)
    ),
    "I30 DISARM is always honoured": lambda m, s, n, c: (
        s.act is not Act.DISARM or n.mode not in (R, H, *ARMED) or (m.mode is S and n.mode is H)
    ),
    "I31 READY does not survive its link, its holder or its health": lambda m, s, n, c: (
        n.mode is not R or (s.live and n.held and curable(s) and s.act not in (Act.STOP, Act.RELEASE))
    ),
    "I32 motion while unarmed is answered in one tick": lambda m, s, n, c: (
        m.mode not in (D, R, H)
        or s.motion is not Motion.MOVING
        or n.mode in WORSE
        or (n.mode is S and c is StopReason.MOVED_WHILE_BRAKED)
    ),
    "I32b and in WAIT, where it also may not creep beyond the brake time": lambda m, s, n, c: (
        not (m.mode is W and s.motion in SLIDING)
        or n.mode in WORSE
        or (
            n.mode is S
            and (c is StopReason.MOVED_WHILE_BRAKED or not (s.live and s.neutral and quiet(s)) or s.worst >= Class.NAV)
        )
    ),
    "I35 the lease ends only by RELEASE": lambda m, s, n, c: not m.held or n.held is (s.act is not Act.RELEASE),
    "I36 neutral is somebody's": lambda m, s, n, c: n.held or not n.neutral_seen,
    "I37 neutral: seen now, or kept under a held hand; never over a stop": lambda m, s, n, c: (
        not n.held
        or n.neutral_seen
        is (
            (s.neutral or (s.hold and m.neutral_seen))
            and not (n.mode in STOPS and n.mode is not m.mode)
            and not cranked(m, n)
        )
    ),
    "I38 every stop asks for a reset": lambda m, s, n, c: n.reset_due or n.mode not in STOPS or m.mode is n.mode,
    "I38b only a clean reset ends that, and only where the stop is left": lambda m, s, n, c: (
        not m.reset_due or n.reset_due or (s.act is Act.RESET and hands_off(m, s) and curable(s) and n.mode in (D, R))
    ),
    "I38c nothing else asks for one": lambda m, s, n, c: (
        not n.reset_due or m.reset_due or (n.mode in STOPS and m.mode is not n.mode) or cranked(m, n)
    ),
    "I38d a clean reset does end it, but for a stop in the same tick": lambda m, s, n, c: (
        not (n.reset_due and s.act is Act.RESET and hands_off(m, s) and curable(s))
        or (n.mode in STOPS and m.mode is not n.mode)
        or (n.mode in WORSE and not s.rotor_stopped)
        or (n.mode in WORSE and (s.estop or n.estop_latched or s.worst is Class.KILL))
        or (m.mode is S and n.mode is H)
        or cranked(m, n)
    ),
    "I38e a stop that is not left wants its reset": lambda m, s, n, c: (
        n.mode not in (S, H, E, F) or n.reset_due or (m.mode in (S, H, E, F) and not m.reset_due)
    ),
    "I40 ESTOP has a cause": lambda m, s, n, c: (
        n.mode is not E
        or m.mode is E
        or s.estop
        or n.estop_latched
        or (m.mode in (S, F) and s.motion is Motion.LATE and c is StopReason.RUNAWAY)
    ),
    "I41 FAULT has a cause": lambda m, s, n, c: n.mode is not F or m.mode is F or s.worst is Class.KILL,
    "I42 BOOT is never come back to": lambda m, s, n, c: n.mode is not B or m.mode is B,
    "I43 a reason in force is told by itself": lambda m, s, n, c: (
        n.mode not in WORSE
        or c is None
        or (m.mode in (S, F) and n.mode is E and not s.estop and not n.estop_latched and c is StopReason.RUNAWAY)
    ),
    "I44 what is not armed stops only because it moves": lambda m, s, n, c: (
        not (m.mode in (D, R, H) and n.mode is S) or s.motion is Motion.MOVING
    ),
    "I45 READY lapses only with its link, its holder or its health": lambda m, s, n, c: (
        not (m.mode is R and n.mode is D)
        or not s.live
        or s.act in (Act.STOP, Act.DISARM, Act.RELEASE)
        or not curable(s)
    ),
    "I46 a stop of what is armed tells the act, else the silence, else nothing but the reasons": lambda m, s, n, c: (
        not (m.mode in ARMED and n.mode is S)
        or c is CAUSES.get(s.act, StopReason.LINK_LOST if not s.live else None)
        or (c is StopReason.MISSION_LEFT and m.mode in MISSION and s.worst < Class.NAV)
        or (c is StopReason.MOVED_WHILE_BRAKED and m.mode is W and s.worst < Class.NAV)
    ),
    "W1 a WAIT begins only in a mission, by PAUSE or by what is waited for": lambda m, s, n, c: (
        n.mode is not W
        or m.mode is W
        or (m.mode in AUTO and s.live and s.neutral and quiet(s) and (s.act is Act.PAUSE or s.worst is Class.WAIT))
    ),
    "W2 never with anything worse": lambda m, s, n, c: n.mode is not W or (s.worst <= Class.WAIT and not s.estop),
    "W3 it does not outlast its time": lambda m, s, n, c: not (m.mode is W and s.wait_over) or n.mode in STOPS,
    "W4 it is left by a START or a stop": lambda m, s, n, c: m.mode is not W or n.mode in (W, AM, *STOPS),
    "W5 it is no stop: nothing is to be reset after it": lambda m, s, n, c: n.mode is not W or not n.reset_due,
    "W6 it goes on while nothing ends it": lambda m, s, n, c: (
        not (
            m.mode is W
            and calm(m, s)
            and quiet(s)
            and s.act is not Act.START
            and s.live
            and s.neutral
            and s.worst < Class.NAV
            and s.motion not in SLIDING
            and not s.wait_over
        )
        or n.mode is W
    ),
    "W7 what is waited for makes a mission wait": lambda m, s, n, c: (
        not (
            m.mode in AUTO
            and calm(m, s)
            and quiet(s)
            and s.live
            and s.neutral
            and s.worst < Class.NAV
            and (s.act is Act.PAUSE or s.worst is Class.WAIT)
        )
        or n.mode is W
    ),
    **LIVENESS,
    **STARTING,
    "L13 a cause is told only with a stop": lambda m, s, n, c: c is None or (n.mode in STOPS and n.mode is not m.mode),
}

WHERE: dict[str, frozenset[Mode]] = {
    "I6": frozenset((E,)),
    "I7": frozenset((F,)),
    "I15": frozenset((S, F)),
    "I15b": frozenset((S,)),
    "I15c": frozenset((F,)),
    "I16": frozenset((B,)),
    "I16b": frozenset((B,)),
    "I21": MISSION,
    "I22": ARMED,
    "I22b": ARMED,
    "I23": frozenset((H,)),
    "I25": ARMED,
    "I26": MISSION,
    "I26b": MISSION,
    "I27": ARMED,
    "I27b": ARMED,
    "I32": frozenset((D, R, H)),
    "I32b": frozenset((W,)),
    "W3": frozenset((W,)),
    "W4": frozenset((W,)),
    "W6": frozenset((W,)),
    "W7": AUTO,
    "L1": frozenset((M,)),
    "L2": AUTO,
    "L3": AUTO,
    "L4": frozenset((S,)),
    "L5": WORSE,
    "L6": frozenset((H,)),
    "L6b": frozenset((H,)),
    "L6c": frozenset((H,)),
    "L7": frozenset((D,)),
    "L8": frozenset((R,)),
    "L9": frozenset((R,)),
    "L9b": frozenset((Y,)),
    "L10": frozenset((M, W)),
    "L11": frozenset((R,)),
    "X7": frozenset((D,)),
    "X8": frozenset((D,)),
    "X9": frozenset((D,)),
    "XL1": frozenset((D,)),
    "XL2": frozenset((D,)),
    "XL3": frozenset((D,)),
    "L12": frozenset((D, H)),
}
"""Modes before the step that an invariant speaks of; elsewhere it holds by its own first words. Saves two thirds."""

STEP_BY_MODE: dict[Mode, tuple[tuple[str, Step], ...]] = {
    mode: tuple((name, holds) for name, holds in STEP.items() if mode in WHERE.get(name.split(" ")[0], frozenset(Mode)))
    for mode in Mode
}
