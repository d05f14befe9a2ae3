"""Turning a validation error into the one line that a user can act on."""

import difflib
from collections.abc import Iterable
from datetime import date, time
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from vehicle.config.machine import MachineConfig
from vehicle.config.machine_checks import HAMMER_KEYS, ROTOR_KEYS

_TEXTS = {
    "float_type": "must be a number",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "string_type": "must be text in quotes",
    "finite_number": "must be a finite number",
    "missing": "missing",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be a list",
    "date_type": "must be a date without quotes, such as 2027-03-31",
}
_RANK = {"extra_forbidden": 0, "missing": 2}


def first_line(error: ValidationError, model: type[BaseModel]) -> str:
    """Return the most useful problem as `key: what is wrong`, and the number of further problems.

    An unknown key comes first: a misspelt key is also reported as a missing key, and the spelling is what has to be
    corrected.
    """
    problems = sorted(error.errors(), key=lambda problem: _RANK.get(problem["type"], 1))
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return _told(problems[0], model) + more


def only_missing(error: ValidationError) -> bool:
    """Whether missing keys are the only problem."""
    return all(problem["type"] == "missing" for problem in error.errors())


def missing_figures(tables: dict[str, Any]) -> str:
    """Return the missing keys of an incomplete profile by table: `tool: width_m, depth_max_m; body: mass_kg`."""
    groups = []
    for name, field in MachineConfig.model_fields.items():
        part = field.annotation
        if not (isinstance(part, type) and issubclass(part, BaseModel)):
            continue
        present = tables.get(name, {})
        wanted = [key for key, inner in part.model_fields.items() if inner.is_required()]
        if name == "tool" and isinstance(present, dict) and present.get("kind", "flail") in ("flail", "tiller"):
            wanted += [*ROTOR_KEYS, *HAMMER_KEYS]
        absent = [key for key in wanted if key not in present]
        if absent:
            groups.append(f"{name}: {', '.join(absent)}")
    return "; ".join(groups)


def _told(problem: Any, model: type[BaseModel]) -> str:
    place, kind = problem["loc"], problem["type"]
    key = ".".join(str(part) for part in place)
    if kind == "value_error":
        text = str(problem["ctx"]["error"])
        return text if not key else f"{key}.{text}"
    if kind == "extra_forbidden":
        return f"{key}: unknown key{_nearest_key(str(place[-1]), _keys_at(model, place[:-1]))}"
    text = _TEXTS.get(kind) or problem["msg"].replace("Input should", "must").replace("String should", "must")
    return f"{key}: {text}" if kind == "missing" else f"{key}: {text}, is {as_written(problem['input']):.60}"


def as_written(value: Any) -> str:
    """A value as it stands in TOML, as far as it can be told from what was read."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, date | time):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(as_written, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {as_written(inner)}' for key, inner in value.items())}}}"
    return repr(value)


def _nearest_key(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


def _keys_at(model: type[BaseModel], place: Iterable[Any]) -> list[str]:
    """Return the valid keys of the table at `place`, through nested models and dicts and lists of models."""
    table: type[BaseModel] | None = model
    for part in place:
        if table is None:
            return []
        if str(part) in table.model_fields:
            table = _model_in(table.model_fields[str(part)].annotation)
    return list(table.model_fields) if table is not None else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)
