"""The request for a task besides its site: role, swaths of a survey, end of the task; read from text."""

import math
from collections.abc import Mapping

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.contracts.task_role import NET_H_PER_DAY, SURVEYS, TaskRole
from vehicle.planning.site.plain_number import plain_number

WIDTHS_MAX = 2
LENGTH_MAX_M = 5_000.0
KEYS = {
    "spacing": "m from the middle of a strip to that of the next",
    "length": "m into the area from the base-line",
    "widths": "1 or 2 swaths beside each other",
    "base": "LAT:LON:LAT:LON of the two ends of the base-line",
    "evidence": "LAT:LON of a find; may be given several times",
    "branch": "m round evidence in which everything is worked",
    "stop": "number of detonations after which the task ends",
}


class TaskWish(msgspec.Struct, frozen=True, kw_only=True):
    """The request. `base_deg`, `evidence_deg`: (lat, lon). None: not stated."""

    role: TaskRole = TaskRole.GROUND_PREPARATION
    spacing_m: float | None = None
    length_m: float | None = None
    widths: int = 1
    base_deg: tuple[tuple[float, float], tuple[float, float]] | None = None
    evidence_deg: tuple[tuple[float, float], ...] = ()
    branch_m: float = 0.0
    stop_after_detonations: int | None = None
    net_h_per_day: tuple[float, float] = NET_H_PER_DAY

    @property
    def is_survey(self) -> bool:
        """Whether separate swaths are requested instead of the whole area."""
        return self.role in SURVEYS


def role_of(said: Mapping[str, str | None]) -> TaskRole:
    """Return the role on which all sources agree; ground preparation (the whole area) if none states one.

    Raises:
        InputError: A value is no role, or two roles differ; `said` names the sources.
    """
    told = [(speaker, value) for speaker, value in said.items() if value]
    for speaker, value in told:
        if value not in list(TaskRole):
            raise InputError(f"{speaker}: {value!r} is no task role; write one of {', '.join(TaskRole)}")
        if value != told[0][1]:
            raise InputError(f"task role: {told[0][0]} says {told[0][1]}, {speaker} says {value}; make them one")
    return TaskRole(told[0][1]) if told else TaskRole.GROUND_PREPARATION


def wish_of(role: TaskRole, survey: str | None) -> TaskWish:
    """Build the request from a role and `--survey KEY=VALUE,...`. Raises InputError that names key and range."""
    pairs = _pairs(survey)
    if role not in SURVEYS:
        if wrong := [key for key, _ in pairs if key != "stop"]:
            raise InputError(f"--survey {wrong[0]}: belongs to {' and '.join(SURVEYS)}; a {role.text} works everything")
    elif "spacing" not in dict(pairs):
        raise InputError(f"--survey: a {role.text} needs spacing=M, the distance between its swaths")
    found = dict(pairs)
    evidence = tuple(place for key, value in pairs if key == "evidence" for place in _places(key, value, 1))
    if bool(evidence) != ("branch" in found):
        raise InputError("--survey: evidence=LAT:LON and branch=M belong together: a find, and how far round it")
    base = _places("base", found["base"], 2) if "base" in found else None
    stop = 1 if role is TaskRole.QUALITY_CONTROL else None
    return TaskWish(
        role=role,
        spacing_m=_metres("spacing", found["spacing"]) if "spacing" in found else None,
        length_m=_metres("length", found["length"]) if "length" in found else None,
        widths=_whole("widths", found["widths"], WIDTHS_MAX) if "widths" in found else 1,
        base_deg=(base[0], base[1]) if base is not None else None,
        evidence_deg=evidence,
        branch_m=_metres("branch", found["branch"]) if "branch" in found else 0.0,
        stop_after_detonations=_whole("stop", found["stop"], 1_000) if "stop" in found else stop,
    )


def _pairs(survey: str | None) -> list[tuple[str, str]]:
    """Return key and value of each part, in order."""
    pairs: list[tuple[str, str]] = []
    for part in (survey or "").split(","):
        key, sign, value = (word.strip() for word in part.partition("="))
        if not part.strip():
            continue
        if key not in KEYS or not sign or not value:
            raise InputError(f"--survey {part.strip()!r}: write KEY=VALUE of {', '.join(KEYS)}")
        if key != "evidence" and key in dict(pairs):
            raise InputError(f"--survey {key}: is given twice; keep one")
        pairs.append((key, value))
    return pairs


def _number(value: str) -> float:
    number = plain_number(value)
    return math.nan if number is None else number


def _metres(key: str, value: str) -> float:
    number = _number(value)
    if not 0.0 < number <= LENGTH_MAX_M:  # also False for NaN
        raise InputError(f"--survey {key}={value}: write {KEYS[key]}, above 0 and up to {LENGTH_MAX_M:g}")
    return number


def _whole(key: str, value: str, most: int) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9 or not 1 <= int(value) <= most:
        raise InputError(f"--survey {key}={value}: write {KEYS[key]}, 1 to {most}")
    return int(value)


def _places(key: str, value: str, count: int) -> list[tuple[float, float]]:
    numbers = [_number(word) for word in value.split(":")]
    places = list(zip(numbers[::2], numbers[1::2], strict=False))
    if len(numbers) != 2 * count or not all(abs(lat) <= 90.0 and abs(lon) <= 180.0 for lat, lon in places):
        raise InputError(f"--survey {key}={value}: write {KEYS[key]}, in degrees")
    return places
