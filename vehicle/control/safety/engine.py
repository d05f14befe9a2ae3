"""What the engine is told in each mode."""

from vehicle.contracts.messages import EngineMode, EngineStart, Mode
from vehicle.control.state import GateState

ENGINES = {
    Mode.MANUAL: EngineMode.WORK,
    Mode.AUTO_MOVE: EngineMode.WORK,
    Mode.AUTO_WORK: EngineMode.WORK,
    Mode.WAIT: EngineMode.WORK,
    Mode.RECOVERY: EngineMode.WORK,
    Mode.STOPPING: EngineMode.IDLE,
    Mode.HOLD: EngineMode.IDLE,
    Mode.FAULT: EngineMode.IDLE,
    Mode.ESTOP: EngineMode.SHUTDOWN,
}


def wanted(after: GateState, *, standing: bool) -> EngineMode:
    """After the RESET of a stop the engine may be started again, at the machine or by its maker's starter: IDLE.

    SHUTDOWN holds it off, and KEEP would go on holding it until the last ARM. START is the one mode that starts an
    engine: it is told in the last step of an engine start alone.
    """
    if after.start is EngineStart.CRANKING:
        return EngineMode.START
    if after.mode is Mode.FAULT and standing:
        return EngineMode.SHUTDOWN
    if after.mode in (Mode.DISARMED, Mode.READY) and after.reset_sequence and not after.reset_due:
        return EngineMode.IDLE
    return ENGINES.get(after.mode, EngineMode.KEEP)
