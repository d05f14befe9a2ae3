"""What must go on or can be reached in the discrete machine, written against docs/SAFETY.md and not against the code.

An invariant is a function of (before, situation, after, cause), as in `machine_invariants.py`.
"""

# ruff: noqa: ARG005 - one signature for all, each reads what it needs

from tests.control.safety.machine_words import (
    AM,
    AUTO,
    AW,
    OFF,
    WORSE,
    D,
    E,
    H,
    M,
    R,
    S,
    Step,
    W,
    Y,
    calm,
    curable,
    hands_off,
    quiet,
)
from vehicle.control.safety.modes import Act, Class, Motion, Want

LIVENESS: dict[str, Step] = {
    "L1 hands keep the machine while all is well": lambda m, s, n, c: (
        not (m.mode is M and calm(m, s) and quiet(s) and s.live and s.worst < Class.STOP)
        or n.mode is M
        or (n.mode is AM and s.act is Act.START)
    ),
    "L2 a mission goes on while all is well": lambda m, s, n, c: (
        not (
            m.mode in AUTO
            and calm(m, s)
            and quiet(s)
            and s.act is not Act.PAUSE
            and s.live
            and s.neutral
            and s.worst < Class.WAIT
        )
        or n.mode in AUTO
    ),
    "L3 its part follows what it wants and what is measured": lambda m, s, n, c: (
        not (m.mode in AUTO and n.mode in AUTO)
        or n.mode is (AW if s.want in (Want.LOWER, Want.WORK) and (s.at_speed or m.mode is AW) else AM)
    ),
    "L4 a stop that stands is a HOLD": lambda m, s, n, c: (
        not (m.mode is S and calm(m, s)) or n.mode is {Motion.STANDING: H, Motion.LATE: E}.get(s.motion, S)
    ),
    "L5 ESTOP and FAULT are left by a clean reset": lambda m, s, n, c: (
        not (
            m.mode in WORSE
            and n.mode is not D
            and s.act is Act.RESET
            and hands_off(m, s)
            and s.rotor_stopped
            and curable(s)
            and not s.estop
            and not m.estop_latched
        )
    ),
    "L6 HOLD is left by a clean reset": lambda m, s, n, c: (
        not (m.mode is H and calm(m, s) and s.act is Act.RESET and hands_off(m, s) and curable(s)) or n.mode is R
    ),
    "L6b or by DISARM": lambda m, s, n, c: (
        not (m.mode is H and calm(m, s) and s.act is Act.DISARM and s.motion is not Motion.MOVING) or n.mode is D
    ),
    "L6c by nothing else": lambda m, s, n, c: not (m.mode is H and n.mode is D) or s.act is Act.DISARM,
    "L7 the first ARM makes it READY": lambda m, s, n, c: (
        not (m.mode is D and calm(m, s) and s.act is Act.ARM and hands_off(m, s) and curable(s) and not m.reset_due)
        or m.start is not OFF
        or n.mode is R
    ),
    "L8 the second makes it MANUAL": lambda m, s, n, c: (
        not (m.mode is R and calm(m, s) and s.act is Act.ARM and hands_off(m, s) and s.worst < Class.STOP)
        or n.mode is M
    ),
    "L9 RECOVERY retreats": lambda m, s, n, c: (
        not (m.mode is R and calm(m, s) and s.act is Act.RECOVERY and hands_off(m, s) and curable(s)) or n.mode is Y
    ),
    "L9b and goes on while its reasons are tolerated": lambda m, s, n, c: (
        not (m.mode is Y and calm(m, s) and quiet(s) and s.live and curable(s)) or n.mode is Y
    ),
    "L10 a mission can be started, and go on": lambda m, s, n, c: (
        not (
            m.mode in (M, W)
            and not (m.mode is W and s.wait_over)
            and calm(m, s)
            and s.act is Act.START
            and m.neutral_seen
            and s.neutral
            and s.hold
            and s.motion is Motion.STANDING
            and s.worst is Class.OK
        )
        or n.mode is AM
    ),
    "L11 READY waits": lambda m, s, n, c: (
        not (
            m.mode is R and calm(m, s) and s.act is Act.NONE and s.live and curable(s) and s.motion is not Motion.MOVING
        )
        or n.mode is R
    ),
    "L12 DISARMED and HOLD wait": lambda m, s, n, c: (
        not (m.mode in (D, H) and calm(m, s) and s.act is Act.NONE and s.motion is not Motion.MOVING)
        or n.mode is m.mode
    ),
}
