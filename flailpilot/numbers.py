"""Numbers on the command line: a plain number in the option's unit, or one line that says what to write.

Units are never converted: `13cm` is refused, and the line suggests `0.13`.
"""

import re
from collections.abc import Callable, Mapping

from vehicle.contracts.errors import InputError
from vehicle.planning.site.plain_number import plain_number

METRES = {"mm": 0.001, "cm": 0.01, "dm": 0.1, "m": 1.0, "km": 1000.0, "in": 0.0254, '"': 0.0254, "ft": 0.3048}
SECONDS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "secs": 1.0, "min": 60.0, "mins": 60.0, "h": 3600.0}
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_WITH_UNIT = re.compile(r"([+-]?[0-9][0-9.,]*|[+-]?[.,][0-9]+)\s*([^0-9.,\s]*)", re.ASCII)


def metres(name: str, example: str) -> Callable[[object], float]:
    """Reads an option in metres."""
    return _real(name, "metres", METRES, example)


def seconds(name: str, example: str) -> Callable[[object], float]:
    """Reads an option in seconds."""
    return _real(name, "seconds", SECONDS, example)


def plain(name: str, what: str, example: str) -> Callable[[object], float]:
    """Reads a number without a fixed unit."""
    return _real(name, what, METRES, example)


def whole(name: str, what: str, example: str) -> Callable[[object], int]:
    """Reads a whole number."""

    def read(given: object) -> int:
        text = str(given).strip()
        if _WHOLE.fullmatch(text):
            return int(text)
        digits = re.sub(r"[.,' _]", "", text)
        raise InputError(_line(name, text, what, digits if _WHOLE.fullmatch(digits) and "." not in text else example))

    return read


def degrees(text: str, count: int) -> tuple[float, ...] | None:
    """Return that many plain numbers, separated by commas; None if the text is anything else."""
    found = [number for word in text.split(",") if (number := plain_number(word)) is not None]
    return tuple(found) if len(found) == count == text.count(",") + 1 else None


def _real(name: str, what: str, units: Mapping[str, float], example: str) -> Callable[[object], float]:
    def read(given: object) -> float:
        text = str(given).strip()
        if (number := plain_number(text)) is not None:
            return number
        raise InputError(_line(name, text, what, _meant(text, units) or example))

    return read


def _line(name: str, text: str, what: str, offer: str) -> str:
    return f"{name} {text!r}: {name} takes {what}: {offer}"


def _meant(text: str, units: Mapping[str, float]) -> str:
    """Return the probably meant value in the option's unit; "" if that would be a guess."""
    found = _WITH_UNIT.fullmatch(text)
    unit = found[2].casefold() if found else ""
    if found is None or (unit and unit not in units):
        return ""
    number = found[1].replace(",", ".")
    value = plain_number(number)
    return "" if value is None else f"{value * units.get(unit, 1.0):.12g}"
