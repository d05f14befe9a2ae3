"""The operator's manual is the text on the screen: which acts a text of a stop reason asks for, in its own order.

Whoever drives by this reads nothing else: if a text does not say how to go on, the simulated operator is stuck too.
"""

from firmware_bridge.types import OperatorEdge
from vehicle.contracts.stop_codes import Recovery
from vehicle.contracts.stop_reasons import RULES, codes

ENDS_AT_THE_MACHINE = frozenset(rule.text for rule in RULES if rule.recovery is Recovery.MACHINE)
"""Texts after which the recovery plan has to end with the machine's own e-stop (docs/OPERATION.md)."""
_ACTS = (
    ("Release it on your console", OperatorEdge.RELEASE_ESTOP),
    ("TAKE", OperatorEdge.TAKE),
    ("ACKNOWLEDGE", OperatorEdge.ACKNOWLEDGE),
    ("RESET", OperatorEdge.RESET),
)


def texts(reason_bits: int) -> tuple[str, ...]:
    """What the screen shows, worst first."""
    return tuple(RULES[code].text for code in codes(reason_bits))


def acts(shown: tuple[str, ...]) -> tuple[OperatorEdge, ...]:
    """Buttons that any of the texts names, in the order in which the manual presses them; RESET when none is named."""
    wanted = tuple(edge for word, edge in _ACTS if any(word in text for text in shown))
    return wanted or (OperatorEdge.RESET,)


def waits_for(reason_bits: int) -> bool:
    """A reason is shown that a mission waits for: the vehicle names it until it has been away for a second."""
    return any(RULES[code].waits for code in codes(reason_bits))


def needs_machine(shown: tuple[str, ...]) -> bool:
    """The team leader's recovery plan is asked for, and ends with an act at the machine itself."""
    return any(text in ENDS_AT_THE_MACHINE for text in shown)


def centres(shown: tuple[str, ...]) -> bool:
    """A text says that nothing drives before the sticks were centred."""
    return any("Centre them" in text for text in shown)


def asks(shown: tuple[str, ...]) -> bool:
    """A text asks for a sign that somebody watches."""
    return any("Press ATTENTION" in text for text in shown)


def retreats(shown: tuple[str, ...]) -> bool:
    """A text says to drive out by RECOVERY."""
    return any("RECOVERY" in text for text in shown)


def leads_out(shown: tuple[str, ...]) -> bool:
    """A text says that only what leads away from a boundary moves."""
    return any("what leads out" in text for text in shown)
