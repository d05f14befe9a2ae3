"""The required depth in the fields of a site file: which fields state it, and the value with its unit."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from vehicle.config.required_depth import LEAST_DEPTH_M, agreed_m
from vehicle.contracts.errors import InputError

KEYS: Final = ("requireddepth", "processingdepth", "clearancedepth", "treatmentdepth", "workingdepth")
BARE_KEYS: Final = (
    "depth", "targetdepth", "minimumdepth", "mindepth", "diggingdepth", "reqdepth", "depthreq", "depthrequired",
    "requiredd", "requiredde", "cleardep", "cleardepth", "reqddepth", "clrdepth",
)  # fmt: skip
"""Field names for the required depth, alone or followed by a unit. Some are cut short, as in Shapefiles."""
_WORDS: Final = "depth|dubina|дубина|глибин|глубин|d[eə]rinli|thell[eë]si|tiefe|profond|profund|дълбочин|длабочин"
DEPTH_WORDS: Final = re.compile(_WORDS)
"""*Depth* in English and in languages of mined countries, as a part of a field's name."""
OTHER_DEPTH: Final = re.compile(r"water|depthto|well|groundw|soil|pond|ditch|trench|max|image|bit")
"""Words in field names of other depths."""
_LENGTH: Final = r"[0-9]+(?:[.,][0-9]+)?\s*(?:mm|cm|dm|m|sm|мм|см|м)\b"
SPOKEN: Final = re.compile(rf"(?:{_WORDS})[^\n0-9]{{0,30}}{_LENGTH}|{_LENGTH}[^\n0-9]{{0,3}}(?:deep|{_WORDS})")
"""A depth with its length and unit in running text: `required depth: 20 cm`, `20 cm deep`."""
UNITS_M: Final = {"m": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001}
_TEXT: Final = re.compile(r"([0-9]*\.?[0-9]+)\s*(m|dm|cm|mm)?")


def declared_m(place: str, properties: Mapping[str, Any]) -> float | None:
    """Return the required depth [m] from a site's properties, with any case and punctuation of the key; None if absent.

    Raises InputError if the value is no depth or has no unit, or if two values differ.
    """
    found: dict[str, float | None] = {}
    for key, value in properties.items():
        name = _letters(key)
        stem = _stem(name)
        if stem is None or value is None or value == "":
            continue
        found[f"{place}: {key}"] = _metres(f"{place}: {key}", name.removeprefix(stem), value)
    return agreed_m(found)


def not_understood(properties: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields that seem to state a working depth, in words that this program does not know."""
    said = ((str(key), _letters(key)) for key, value in properties.items() if value)
    return tuple(
        key for key, name in said if DEPTH_WORDS.search(name) and _stem(name) is None and not OTHER_DEPTH.search(name)
    )


def speaks_of_depth(text: str) -> bool:
    """Whether a running text states a depth of work, which no field then holds."""
    found = SPOKEN.search(plain := text.casefold())
    return found is not None and not OTHER_DEPTH.search(plain)


def is_required_depth(key: object) -> bool:
    """Whether a field's name says in full that it is the required depth, with or without a unit."""
    return _letters(key).startswith(KEYS)


def _letters(key: object) -> str:
    """Return the letters of a field's name, of any script, in lower case."""
    return "".join(letter for letter in str(key).casefold() if letter.isalpha())


def _stem(name: str) -> str | None:
    """Return the part of a field's name (letters only) that means `required depth`; None if there is none."""
    stem = next((stem for stem in KEYS if name.startswith(stem)), None)
    return stem or next((bare for bare in BARE_KEYS if name in {f"{bare}{unit}" for unit in ("", *UNITS_M)}), None)


def _metres(place: str, unit: str, value: Any) -> float:
    advice = "write required_depth_m, in metres below undisturbed ground, such as 0.15"
    if unit and unit not in UNITS_M:
        raise InputError(f"{place}: the key names no unit of depth; {advice}")
    number: float | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    elif isinstance(value, str) and (text := _TEXT.fullmatch(value.strip().lower())) is not None:
        number = float(text[1])
        if text[2] and unit and text[2] != unit:
            raise InputError(f"{place}: is {value!r}, its unit is not that of the key; {advice}")
        unit = unit or text[2] or ""
    if number is None or not math.isfinite(number) or not number > 0.0:
        raise InputError(f"{place}: is {value!r}, which is no depth; {advice}")
    if not unit:
        raise InputError(f"{place}: is {value!r} without a unit; {advice}")
    depth_m = number * UNITS_M[unit]
    if depth_m < LEAST_DEPTH_M:
        raise InputError(f"{place}: is {value!r}, {depth_m:g} m, which no work goes down to; check its unit; {advice}")
    return depth_m
