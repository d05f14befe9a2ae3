"""How far beyond the work area unknown ground may be worked: `overrun_m` of the site, else 2 m."""

from collections.abc import Iterable
from typing import Any

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.planning.site.plain_number import plain_number

DEFAULT_OVERRUN_M = 2.0
OVERRUN_MAX_M = 100.0
"""Largest overrun; more ground than this is another work area."""


def overrun_of(label: str, tables: Iterable[dict[str, Any]]) -> float | None:
    """Return `overrun_m` [m] of a collection, its properties or its work areas; None if none of them has it.

    Raises:
        InputError: It is no length up to 100 m, or two values differ.
    """
    said = [value for table in tables if (value := table.get("overrun_m")) is not None and value != ""]
    found = {_metres(label, value) for value in said}
    if len(found) > 1:
        raise InputError(f"{label}: overrun_m is declared twice, as {said[0]!r} and {said[1]!r}; keep one")
    return found.pop() if found else None


def _metres(label: str, value: Any) -> float:
    length_m = plain_number(value)
    if length_m is None or not 0.0 <= length_m <= OVERRUN_MAX_M:
        raise InputError(f"{label}: overrun_m is {value!r}; write metres, 0 to {OVERRUN_MAX_M:g}")
    return length_m


class Overrun(msgspec.Struct, frozen=True):
    """What a site allows [m], and whether its file states it."""

    allowed_m: float = DEFAULT_OVERRUN_M
    said: bool = False

    def agreed_m(self, wished_m: float | None) -> float:
        """Return the overrun [m] of a plan: what the site allows, or less if requested.

        Raises:
            InputError: The request is more than the site allows, or no length.
        """
        if wished_m is None:
            return self.allowed_m
        if not 0.0 <= wished_m <= self.allowed_m:
            raise InputError(
                f"--overrun {wished_m:g}: the site allows 0 to {self.allowed_m:g} m of unknown ground beyond its work "
                "area; write overrun_m in the site file where more of it may be worked"
            )
        return wished_m
