"""Edges of one tick -> the one act that counts."""

from vehicle.messages import OperatorEdge
from vehicle.safety.authority import Heard
from vehicle.safety.modes import Act, act_of

OPENING = (Act.RESET, Act.RECOVERY, Act.ARM, Act.START)
"""Acts that lead towards motion; they must be distinct."""
PAUSE_TICKS = 25
"""Half a second between two of them: a hammered or bouncing button is one act (rows 114, 119)."""


def act(heard: Heard, last_tick: int, tick: int) -> Act:
    """The act of this tick; an opening one too soon after the last is none."""
    edges = heard.edges
    found = act_of(
        (
            heard.estop,
            heard.stop,
            OperatorEdge.DISARM in edges,
            heard.cloned or OperatorEdge.RELEASE in edges,
            OperatorEdge.MISSION_PAUSE in edges,
            OperatorEdge.RELEASE_ESTOP in edges,
            OperatorEdge.RESET in edges,
            OperatorEdge.RECOVERY in edges,
            OperatorEdge.ARM in edges,
            OperatorEdge.MISSION_START in edges,
            heard.taker != 0,
        )
    )
    return Act.NONE if found in OPENING and tick - last_tick < PAUSE_TICKS else found
