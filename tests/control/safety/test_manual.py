"""The printed fault list leaves out no reason that the gate can give."""

from tests.control.safety.manual import PAGE
from vehicle.contracts.stop_reasons import RULES


def test_the_manual_names_every_reason() -> None:
    page = PAGE.read_text()
    missing = [rule.name for rule in RULES if f"`{rule.name}`" not in page]
    assert missing == [], "print it anew: python -m tests.control.safety.manual"
