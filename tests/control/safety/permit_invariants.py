"""What must hold of what may pass after every transition, written against docs/SAFETY.md and not against the code.

An invariant is a function of (after, situation, permit, tool_up, asked).
"""

# ruff: noqa: ARG005 - one signature for all, each reads what it needs

from collections.abc import Callable

from tests.control.safety.machine_words import AM, ARMED, AW, MISSION, M, W, Y
from vehicle.control.safety.modes import SafetyState, Situation, Want
from vehicle.control.safety.permits import Permit

NOTHING = Permit()

Output = Callable[[SafetyState, Situation, Permit, bool, bool], bool]

OUTPUT: dict[str, Output] = {
    "I1 without a live frame of the holder nothing moves": lambda n, s, p, up, asked: p == NOTHING or s.live,
    "I2 by stick the rotor needs hold-to-run and the request": lambda n, s, p, up, asked: (
        not p.rotor or n.mode in MISSION or (n.mode is M and s.hold and asked)
    ),
    "I3 by stick nothing moves without hold-to-run and neutral seen": lambda n, s, p, up, asked: (
        p == NOTHING or n.mode in MISSION or (s.hold and n.neutral_seen)
    ),
    "I9c in AUTO_WORK tracks and tool go on only with the rotor at speed": lambda n, s, p, up, asked: (
        n.mode is not AW or s.at_speed or not (p.drive or p.tool_down)
    ),
    "I9d and tracks only in the swath": lambda n, s, p, up, asked: (
        n.mode is not AW or not p.drive or s.want is Want.WORK
    ),
    "I18 whatever is not armed is inert": lambda n, s, p, up, asked: n.mode in ARMED or p == NOTHING,
    "I33 in AUTO_MOVE tracks move with the tool up, or backward to back off": lambda n, s, p, up, asked: (
        n.mode is not AM
        or not p.drive
        or (s.want is Want.MOVE and up)
        or (s.want is Want.BACK_OFF and p.reverse_only and not p.rotor)
    ),
    "I34 in AUTO_MOVE the tool is never lowered": lambda n, s, p, up, asked: n.mode is not AM or not p.tool_down,
    "I34b the rotor rests while nothing asks for it": lambda n, s, p, up, asked: (
        n.mode not in (AM, W) or p.rotor is (s.want not in (Want.REST, Want.BACK_OFF))
    ),
    "W8 in WAIT nothing moves but the rotor": lambda n, s, p, up, asked: (
        n.mode is not W or not (p.drive or p.tool or p.tool_down)
    ),
    "I39 RECOVERY locks the rotor out and lowers nothing": lambda n, s, p, up, asked: (
        n.mode is not Y or not (p.rotor or p.tool_down)
    ),
    "L14 a hand that holds does drive": lambda n, s, p, up, asked: (
        n.mode not in (M, Y) or (p.drive and p.tool and not p.reverse_only) is (s.hold and n.neutral_seen)
    ),
    "L14b and flails, and lowers": lambda n, s, p, up, asked: (
        n.mode is not M or (p.tool_down is p.drive and p.rotor is (p.drive and asked))
    ),
    "L15 a swath is driven": lambda n, s, p, up, asked: (
        n.mode is not AW
        or (p.rotor and p.tool and not p.reverse_only and p.drive is (s.want is Want.WORK and s.at_speed))
    ),
    "L15b with the tool down": lambda n, s, p, up, asked: n.mode is not AW or p.tool_down is s.at_speed,
    "L16 a move is driven, a back-off too": lambda n, s, p, up, asked: (
        n.mode is not AM or (p.tool and p.drive is ((s.want is Want.MOVE and up) or s.want is Want.BACK_OFF))
    ),
    "L16b and only that is backward": lambda n, s, p, up, asked: (
        p.reverse_only is (n.mode is AM and s.want is Want.BACK_OFF)
    ),
}
