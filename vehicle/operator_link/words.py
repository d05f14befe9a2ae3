"""Stop reasons as ground stations know them, all from the one table.

A ground station has no RESET, ACKNOWLEDGE or ARM button of ours: it disarms, which acknowledges and resets, and then
arms. Its texts have at most 42 characters: first the cause, then what the station can do. "PreArm: " then fits before
them on the 50 characters that stations show.
"""

from vehicle.contracts.stop_codes import Recovery
from vehicle.contracts.stop_reasons import RULES, named

TEXT_MAX, PREFIX_MAX = 50, 8
PASSING = frozenset(rule.name for rule in RULES if rule.recovery is Recovery.CLEARS)
"""Reasons that go by themselves: nobody has to have seen them."""
WANT_ACKNOWLEDGE = frozenset(rule.name for rule in RULES if rule.recovery is Recovery.ACKNOWLEDGE)
"""Reasons that stay until somebody who was told of them acknowledges."""
RETREAT = frozenset(rule.name for rule in RULES if rule.retreat)
"""Reasons in spite of which one arms, to back out along the track."""
OBSTACLES = frozenset(rule.name for rule in RULES if rule.blocks_arming)
"""Reasons that stand against arming."""


WAITS = frozenset(rule.name for rule in RULES if rule.waits)
"""Reasons for which a mission waits before they stop it."""


def waiting_text(name: str) -> str:
    """What a station is told for a reason while the mission waits for it to pass: its cause alone, nothing to undo."""
    return f"WAIT: {station_text(name).partition('. ')[0]}"


def station_text(name: str) -> str:
    """What a station is told for a reason."""
    return named(name).station_text
