"""How heavy the shock is that a controller reports, by the two thresholds of the machine's profile.

Small is only what a hammer may have set off, with its peak measured between the two thresholds. Everything else is
large: no thresholds, no peak, a peak that contradicts the contact, a tool that did not strike the ground.
"""

from enum import IntEnum
from typing import Final

from firmware_bridge.types import ControllerFlag, ControllerStatus
from vehicle.config.machine_parts import ToolConfig

CONTACT: Final = int(ControllerFlag.SHOCK)
STRIKES_RATIO: Final = 0.1
"""Of its working speed: a rotor that turns slower strikes nothing."""


class Shock(IntEnum):
    """LARGE: a detonation that is no AP mine under the hammers, or nobody can tell."""

    NONE = 0
    SMALL = 1
    LARGE = 2


def weighed(status: ControllerStatus, tool: ToolConfig) -> Shock:
    """What this status reports of the shock input.

    Without thresholds the contact alone counts. With them a peak from `shock_small_g` on is a shock, too, whatever the
    contact says.
    """
    closed = int(status.flags) & CONTACT != 0
    small_g, large_g = tool.shock_small_g, tool.shock_large_g
    if small_g is None or large_g is None:
        return Shock.LARGE if closed else Shock.NONE
    if not closed and not status.shock_peak_g >= small_g:
        return Shock.NONE
    measured = small_g <= status.shock_peak_g < large_g
    return Shock.SMALL if measured and _strikes(status, tool) else Shock.LARGE


def _strikes(status: ControllerStatus, tool: ToolConfig) -> bool:
    """Hammers turn in the ground; what is not known is not so."""
    return status.depth_m > 0.0 and status.rotor_speed_radps > STRIKES_RATIO * tool.rotor_speed_radps > 0.0
