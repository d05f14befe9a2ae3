"""Which acts the text of a stop reason asks for, in the order of the text; the simulated operator reads only this.

So if a text does not say how to continue, the simulated operator cannot continue either.
"""

from firmware_bridge.types import OperatorEdge
from vehicle.contracts.detonation import PICTURE_GOOD
from vehicle.contracts.stop_codes import Recovery
from vehicle.contracts.stop_reasons import RULES, codes

ENDS_AT_THE_MACHINE = frozenset(rule.text for rule in RULES if rule.recovery is Recovery.MACHINE)
"""Texts after which the recovery plan has to end with the machine's own E-stop (docs/OPERATION.md)."""
_ACTS = (
    ("Release it on your console", OperatorEdge.RELEASE_ESTOP),
    ("TAKE", OperatorEdge.TAKE),
    ("ACKNOWLEDGE", OperatorEdge.ACKNOWLEDGE),
    ("RESET", OperatorEdge.RESET),
)


def texts(reason_bits: int) -> tuple[str, ...]:
    """Return the texts that the screen shows, the worst first."""
    return tuple(RULES[code].text for code in codes(reason_bits))


def acts(shown: tuple[str, ...]) -> tuple[OperatorEdge, ...]:
    """Return the buttons that the texts name, in the manual's order; RESET if they name none."""
    wanted = tuple(edge for word, edge in _ACTS if any(word in text for text in shown))
    return wanted or (OperatorEdge.RESET,)


def waits_for(reason_bits: int) -> bool:
    """Whether a reason is shown for which a mission waits; the vehicle shows it until it has been gone for a second."""
    return any(RULES[code].waits for code in codes(reason_bits))


def needs_machine(shown: tuple[str, ...]) -> bool:
    """Whether a text asks for the team leader's recovery plan, which ends with an act at the machine itself."""
    return any(text in ENDS_AT_THE_MACHINE for text in shown)


def centres(shown: tuple[str, ...]) -> bool:
    """Whether a text says that nothing drives before the sticks are centred."""
    return any("Centre them" in text for text in shown)


def asks(shown: tuple[str, ...]) -> bool:
    """Whether a text asks for a sign that somebody watches."""
    return any("Press ATTENTION" in text for text in shown)


def asks_for_word(shown: tuple[str, ...]) -> bool:
    """Whether a text says that in a WAIT a word on the picture goes on."""
    return any(PICTURE_GOOD in text for text in shown)


def retreats(shown: tuple[str, ...]) -> bool:
    """Whether a text says to drive out by RECOVERY."""
    return any("RECOVERY" in text for text in shown)


def leads_out(shown: tuple[str, ...]) -> bool:
    """Whether a text says that the machine may only move away from a boundary."""
    return any("what leads out" in text for text in shown)
