"""The required depth is one value, whoever says it: site, command line, scenario, configuration, plan, journal."""

import math
import re
from collections.abc import Mapping
from typing import Any

from vehicle.contracts.errors import InputError

DEFAULT_DEPTH_M = 0.15
"""What NMAS 09.50 asks of ground preparation: taken, and said, where nobody names a depth and nothing is driven."""
SAME_M = 1e-6
"""Two figures that differ by less are one, written twice."""
KEYS = ("requireddepth", "processingdepth", "clearancedepth", "treatmentdepth", "workingdepth")
BARE_KEYS = (
    "depth", "targetdepth", "minimumdepth", "mindepth", "diggingdepth", "reqdepth", "depthreq", "depthrequired",
    "requiredd", "requiredde", "cleardep", "cleardepth", "reqddepth", "clrdepth",
)  # fmt: skip
"""So with a unit or nothing behind it; `depthtowater` is another matter. Some are cut, as Shapefiles cut them."""
OTHER_DEPTH = re.compile(r"water|depthto|well|groundw|soil|pond|ditch|trench|max|image|bit")
"""Depths of something else."""
UNITS_M = {"m": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001}
_TEXT = re.compile(r"([0-9]*\.?[0-9]+)\s*(m|dm|cm|mm)?")


def agreed_m(told: Mapping[str, float | None]) -> float | None:
    """The depth [m] that all who say one say; None where nobody does. Keys name the speakers to the user.

    Raises InputError where two disagree.
    """
    said = [(speaker, depth_m) for speaker, depth_m in told.items() if depth_m is not None]
    if not said:
        return None
    first, depth_m = said[0]
    for speaker, other_m in said[1:]:
        if not abs(other_m - depth_m) <= SAME_M:
            raise InputError(
                f"required depth: {first} says {depth_m:g} m, {speaker} says {other_m:g} m; make them one value"
            )
    return depth_m


def declared_m(place: str, properties: Mapping[str, Any]) -> float | None:
    """The required depth [m] among a site's properties, whatever the key's case and signs; None where there is none.

    Raises InputError for one that is no depth, has no unit, or is said twice and differently.
    """
    found: dict[str, float | None] = {}
    for key, value in properties.items():
        name = re.sub(r"[^a-z]", "", str(key).lower())
        stem = _stem(name)
        if stem is None or value is None or value == "":
            continue
        found[f"{place}: {key}"] = _metres(f"{place}: {key}", name.removeprefix(stem), value)
    return agreed_m(found)


def not_understood(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Fields that speak of a depth of the work in words that are not known."""
    said = ((str(key), re.sub(r"[^a-z]", "", str(key).lower())) for key, value in properties.items() if value)
    return tuple(key for key, name in said if "depth" in name and _stem(name) is None and not OTHER_DEPTH.search(name))


def _stem(name: str) -> str | None:
    """The part of a field's name, letters only, that says `required depth`; None where none does."""
    stem = next((stem for stem in KEYS if name.startswith(stem)), None)
    return stem or next((bare for bare in BARE_KEYS if name.removeprefix(bare) in ("", *UNITS_M)), None)


def _metres(place: str, unit: str, value: Any) -> float:
    advice = "write required_depth_m, in metres below undisturbed ground, such as 0.15"
    if unit and unit not in UNITS_M:
        raise InputError(f"{place}: is no unit of depth; {advice}")
    number: float | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    elif isinstance(value, str) and (text := _TEXT.fullmatch(value.strip().lower())) is not None:
        number = float(text[1])
        if text[2] and unit and text[2] != unit:
            raise InputError(f"{place}: is {value!r}, in another unit than its name; {advice}")
        unit = unit or text[2] or ""
    if number is None or not math.isfinite(number) or not number > 0.0:
        raise InputError(f"{place}: is {value!r}, no depth; {advice}")
    if not unit:
        raise InputError(f"{place}: is {value!r} without a unit; {advice}")
    return number * UNITS_M[unit]
