"""For older vehicles that do not answer acts: whether a report shows the effect of an act. Pure."""

from collections.abc import Callable

import msgspec

from firmware_bridge.types import OperatorEdge
from vehicle.contracts.messages import ACTIVE_MODES, AUTO_MODES, Mode

ARMED = frozenset({Mode.READY, *ACTIVE_MODES})
AT_REST = frozenset({Mode.BOOT, Mode.DISARMED, Mode.STOPPING, Mode.HOLD, Mode.FAULT, Mode.ESTOP})


class Seen(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The part of the vehicle's state that matters to acts. `mine`: this console holds control."""

    tick: int
    mode: Mode
    mine: bool
    reasons: int


_Rule = Callable[[Seen, Seen], bool]
_RULES: dict[OperatorEdge, _Rule] = {
    OperatorEdge.STOP: lambda _, now: now.mode in AT_REST,
    OperatorEdge.ESTOP: lambda _, now: now.mode is Mode.ESTOP,
    OperatorEdge.DISARM: lambda _, now: now.mode in (Mode.DISARMED, Mode.STOPPING),
    OperatorEdge.RELEASE: lambda _, now: not now.mine,
    OperatorEdge.MISSION_PAUSE: lambda _, now: now.mode not in AUTO_MODES,
    OperatorEdge.TAKE: lambda _, now: now.mine,
    OperatorEdge.ARM: lambda was, now: now.mode is not was.mode and now.mode in (Mode.READY, Mode.MANUAL),
    OperatorEdge.RESET: lambda was, now: now.mode is not was.mode and now.mode in (Mode.READY, Mode.DISARMED),
    OperatorEdge.MISSION_START: lambda _, now: now.mode in AUTO_MODES,
    OperatorEdge.RECOVERY: lambda _, now: now.mode is Mode.RECOVERY,
}


def shows(edge: OperatorEdge, before: Seen | None, now: Seen) -> bool:
    """Whether `now` shows the effect of the act; False for acts that no report shows."""
    rule = _RULES.get(edge)
    return rule is not None and before is not None and rule(before, now)
