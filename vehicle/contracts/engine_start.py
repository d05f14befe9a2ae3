"""What an engine start from a console needs of the machine, and how long its steps take; the gate and consoles read it.

`vehicle/control/safety/starting.py` decides by it. Unknown is never at rest.
"""

from typing import Final

from firmware_bridge.types import ControllerFlag, ControllerState, ControllerStatus
from vehicle.contracts.messages import EngineStart
from vehicle.contracts.units import NS_PER_S, TICK_S

ASKED_S: Final = 5.0
"""For so long hold-to-run may be waited for after the act."""
HELD_S: Final = 3.0
WARNING_S: Final = 5.0
"""The horn before the starter turns; hold-to-run stays pressed."""
TRIES_MAX: Final = 3
REST_S: Final = 30.0
"""Between two tries the starter cools; also after a start of the program, which does not know what was before."""
PAUSE_S: Final = 300.0
"""After three tries, and then they count anew."""
_LENGTHS_S: Final = {EngineStart.ASKED: ASKED_S, EngineStart.HELD: HELD_S, EngineStart.WARNING: WARNING_S}
ENGINE_RESTS_RADPS: Final = 5.0
ROTOR_RESTS_RATIO: Final = 0.05
"""Of the rotor's working speed."""
BRAKE_ON: Final = int(ControllerFlag.BRAKE_ON)
NOT_FOR_START: Final = int(
    ControllerFlag.ESTOP_CHAIN_OPEN | ControllerFlag.FIRE | ControllerFlag.KILL | ControllerFlag.SUPPRESSION
)


def secured(status: ControllerStatus, rotor_ratio: float) -> bool:
    """Brakes on by their contact, rotor at rest and its valve shut, nothing applied to the tracks, no kill, no fire.

    `rotor_ratio`: measured, of its working speed.
    """
    flags = int(status.flags)
    return (
        status.state is ControllerState.RUN
        and flags & BRAKE_ON != 0
        and flags & NOT_FOR_START == 0
        and status.applied_left_mps == 0.0 == status.applied_right_mps
        and valve_shut(status, rotor_ratio)
    )


def valve_shut(status: ControllerStatus, rotor_ratio: float) -> bool:
    """The rotor has no drive, and is measured to rest."""
    return status.applied_rotor_radps == 0.0 and abs(rotor_ratio) <= ROTOR_RESTS_RATIO


def engine_rests(status: ControllerStatus) -> bool:
    """Measured to stand."""
    return abs(status.engine_speed_radps) <= ENGINE_RESTS_RADPS


def rested_s(ticks: int, span_ns: int) -> float:
    """Since the last crank ended, or the program started [s], by ticks or by the clock, whichever is less."""
    return min(ticks * TICK_S, span_ns / NS_PER_S)


def rest_left_s(tries: int, rested_s: float) -> float:
    """Until the starter may turn again [s], 0 where it may; `rested_s`: since the last crank ended."""
    return max(0.0, (PAUSE_S if tries >= TRIES_MAX else REST_S) - rested_s)


def length_s(start: EngineStart, crank_s: float) -> float:
    """How long a step that is under way lasts [s]; `crank_s`: the machine's, of one try."""
    return _LENGTHS_S.get(start, crank_s)
