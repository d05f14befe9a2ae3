"""Rounds the parts of a whole so that the printed parts add up to the printed whole.

A reader adds up a column. Parts that are rounded one by one may be off by a unit of the last digit in the sum.
"""

import math
from collections.abc import Sequence
from typing import Final

from vehicle.reports.words import area

AREA_DIGITS: Final = 2


def parts_of(values: Sequence[float], whole: float, digits: int) -> list[float]:
    """Return the values rounded to `digits` decimals, so that they add up to `whole` rounded alike.

    Each value is off by less than one unit of the last digit; those that lie nearest to the other side are moved. A
    value that rounds to 0 stays 0. Values that do not add up to the whole, but for rounding, are rounded one by one: a
    sum that is wrong must be seen.
    """
    unit = 10.0**-digits
    rounded = [_units(value, digits) for value in values]
    off = _units(whole, digits) - sum(rounded)
    if off == 0 or abs(math.fsum(values) - whole) >= unit:
        return [count * unit for count in rounded]
    step = 1 if off > 0 else -1
    room = [value / unit - count for value, count in zip(values, rounded, strict=True)]
    movable = sorted((place for place, count in enumerate(rounded) if count), key=lambda place: -step * room[place])
    for place in movable[: abs(off)]:
        rounded[place] += step
    return [count * unit for count in rounded]


def areas_of(values_m2: Sequence[float], whole_m2: float) -> list[str]:
    """Return areas [m2] as text, as `area` writes them, so that they add up to the whole."""
    rounded = parts_of(values_m2, whole_m2, AREA_DIGITS)
    pairs = zip(values_m2, rounded, strict=True)
    return [area(value) if abs(value) < 10.0**-AREA_DIGITS else area(shown) for value, shown in pairs]


def _units(value: float, digits: int) -> int:
    units: int = round(float(f"{value:.{digits}f}") * 10**digits)
    return units
