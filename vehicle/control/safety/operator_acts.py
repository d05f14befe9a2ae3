"""Edges of one tick -> the one act that counts."""

from vehicle.contracts.messages import OperatorEdge
from vehicle.control.safety.authority import AcceptedFrames
from vehicle.control.safety.modes import Act

OPENING = (Act.RESET, Act.RECOVERY, Act.ARM, Act.START, Act.ENGINE_START)
"""Acts that lead towards motion, or turn the engine; they must be distinct."""
PAUSE_TICKS = 25
"""Half a second between two of them: a hammered or bouncing button is one act (rows 114, 119)."""
PRIORITY = (
    (Act.DISARM, int(OperatorEdge.DISARM)),
    (Act.RELEASE, int(OperatorEdge.RELEASE)),
    (Act.PAUSE, int(OperatorEdge.MISSION_PAUSE)),
    (Act.RELEASE_ESTOP, int(OperatorEdge.RELEASE_ESTOP)),
    (Act.RESET, int(OperatorEdge.RESET)),
    (Act.RECOVERY, int(OperatorEdge.RECOVERY)),
    (Act.ARM, int(OperatorEdge.ARM)),
    (Act.START, int(OperatorEdge.MISSION_START)),
    (Act.ENGINE_START, int(OperatorEdge.ENGINE_START)),
)
"""The holder's edges: stopping beats everything, asking for motion loses to all. Plain ints cost a tenth of flags."""


def act(frames: AcceptedFrames, last_tick: int, tick: int) -> Act:
    """The act of this tick; an opening one too soon after the last is none."""
    found = _found(frames)
    return Act.NONE if found in OPENING and tick - last_tick < PAUSE_TICKS else found


def _found(frames: AcceptedFrames) -> Act:
    """Whoever asks for a stop comes first, then a doubtful identity, then the holder, last who wants the lease."""
    if frames.estop:
        return Act.ESTOP
    if frames.stop:
        return Act.STOP
    edges = int(frames.edges) | (int(OperatorEdge.RELEASE) if frames.cloned else 0)
    for found, bit in PRIORITY:
        if edges & bit:
            return found
    return Act.TAKE if frames.taker else Act.NONE
