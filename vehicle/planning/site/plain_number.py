"""A number as people and programs write it into a file: ASCII digits, a point, an exponent. Nothing else is one.

`float` alone takes more: `1_0` as 10, digits of other scripts, `infinity`.
"""

import math
import re
from typing import Any, Final

_PLAIN: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)


def plain_number(value: Any) -> float | None:
    """Return a number in its own unit [-], or the one that a text is; None for other values and if it is not finite."""
    if isinstance(value, str):
        value = float(text) if _PLAIN.fullmatch(text := value.strip(" \t\r\n")) else None
    if value is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
