"""Whether a check of the base was made by the machine itself: one reading of the words, for vehicle and consoles."""

import re
from typing import Final

BY_MACHINE: Final = "machine"
"""The first word of such a check, as in `machine on point 1`."""
_WORD: Final = re.compile(r"\w+")


def of_machine(text: str) -> bool:
    """Whether the machine itself stood on the point: then it is no check of the base alone."""
    first = _WORD.match(text.strip())
    return first is not None and first[0].casefold() == BY_MACHINE
