"""What must hold in every transition of an engine start, written against docs/SAFETY.md and not against the code.

An invariant is a function of (before, situation, after, cause), as in `machine_invariants.py`.
"""

# ruff: noqa: ARG005 - one signature for all, each reads what it needs

from tests.control.safety.machine_words import (
    ASKED,
    CRANKING,
    HELD,
    OFF,
    STOPS,
    WARNING,
    D,
    Step,
    calm,
    cranked,
    hands_off,
    held_into,
    startable,
)
from vehicle.control.safety.modes import Act, Starter

STARTING: dict[str, Step] = {
    "X1 an engine start is a matter of DISARMED alone, before and after": lambda m, s, n, c: (
        n.start is OFF or (m.mode is D and n.mode is D)
    ),
    "X2 and goes on only while all is there that it needs": lambda m, s, n, c: n.start is OFF or startable(m, s),
    "X3 it is asked for by its act, hands off, and waits for hold": lambda m, s, n, c: (
        n.start is not ASKED
        or (m.start is OFF and s.act is Act.ENGINE_START and hands_off(m, s) and s.starter is Starter.ABLE)
        or (m.start is ASKED and s.act is Act.NONE and not s.hold and s.starter is Starter.ABLE)
    ),
    "X4 hold-to-run begins it": lambda m, s, n, c: (
        n.start is not HELD or (m.start in (ASKED, HELD) and s.hold and s.act is Act.NONE and s.starter is Starter.ABLE)
    ),
    "X5 the horn sounds once it was held for its time": lambda m, s, n, c: (
        n.start is not WARNING or held_into(WARNING, HELD, m, s)
    ),
    "X6 nothing cranks before the horn has sounded for its time": lambda m, s, n, c: (
        n.start is not CRANKING or held_into(CRANKING, WARNING, m, s)
    ),
    "X7 a crank ends at release, by any act, when the engine runs, and with its time": lambda m, s, n, c: (
        m.start is not CRANKING
        or n.start is OFF
        or (s.hold and s.act is Act.NONE and s.starter not in (Starter.OVER, Starter.RUNS))
    ),
    "X8 after a crank a RESET is due, and neutral is to be seen again": lambda m, s, n, c: (
        not cranked(m, n) or (n.reset_due and not n.neutral_seen)
    ),
    "X9 it brings nothing nearer to motion": lambda m, s, n, c: m.start is OFF or n.mode in (D, *STOPS),
    "XL1 it can be asked for": lambda m, s, n, c: (
        not (
            m.start is OFF
            and calm(m, s)
            and startable(m, s)
            and s.act is Act.ENGINE_START
            and not s.hold
            and s.starter is Starter.ABLE
        )
        or n.start is ASKED
    ),
    "XL2 and goes on to its end while it is held": lambda m, s, n, c: (
        not (m.start is not OFF and calm(m, s) and startable(m, s) and s.hold and s.act is Act.NONE)
        or n.start
        is (
            {ASKED: HELD}.get(m.start, m.start)
            if s.starter is Starter.ABLE
            else {HELD: WARNING, WARNING: CRANKING}.get(m.start, OFF)
        )
    ),
    "XL3 it waits a while for hold": lambda m, s, n, c: (
        not (
            m.start is ASKED
            and calm(m, s)
            and startable(m, s)
            and not s.hold
            and s.act is Act.NONE
            and s.starter is Starter.ABLE
        )
        or n.start is ASKED
    ),
}
