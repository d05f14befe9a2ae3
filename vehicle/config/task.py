"""A task file: facts about a task that people know and no sensor measures. TOML with one table `[task]`.

All keys are required and the program fills in none. Missing keys are refused with a list of them. If a fact is unknown,
the writer enters "not stated". So a report says "not stated" only where a person wrote it.
"""

import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from vehicle.config.errors import first_line, only_missing
from vehicle.config.load import read_toml, shown_path
from vehicle.config.machine_parts import Strict
from vehicle.config.required_depth import LEAST_DEPTH_M
from vehicle.config.says_nothing import says_nothing
from vehicle.contracts.errors import InputError

NOT_STATED: Final = "not stated"
TASK_FILE: Final = "task.toml"
"""File name in a run's folder, which holds an unchanged copy of the task file."""
SIZE_MAX: Final = 1 << 16
_EARLIER: Final[dict[str, Any]] = {"shift": False}
"""Values of keys that did not exist when an earlier program wrote its task: START waited for no act of a shift."""

ValueT = TypeVar("ValueT")
EntryT = TypeVar("EntryT")


def _left_open(value: Any) -> Any:
    said = value.strip().casefold() if isinstance(value, str) else value
    return None if said == NOT_STATED else value


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise PydanticCustomError("one_line", f'must be one line of text, or "{NOT_STATED}" where nobody knows')
    if says_nothing(text):
        raise PydanticCustomError("filler", f'must state a fact, or be "{NOT_STATED}" where nobody knows')
    return text.strip()


def _one_or_more(entries: tuple[EntryT, ...]) -> tuple[EntryT, ...]:
    if not entries:
        raise PydanticCustomError("one_or_more", f'must have an entry, or be "{NOT_STATED}"')
    return entries


Line = Annotated[str, Field(max_length=500), AfterValidator(_one_line)]
Said = Annotated[ValueT | None, BeforeValidator(_left_open)]
"""A value, or None where a person wrote "not stated"."""
Count = Annotated[int, Field(ge=0, le=10_000_000)]


class Operator(Strict):
    """Who drives, and that person's licence."""

    name: Said[Line]
    licence: Said[Line]
    licence_expires: Said[date]


class Member(Strict):
    """A member of the team."""

    name: Line
    role: Line


class Medic(Strict):
    """The medic, and the evacuation of a casualty: which hospital, which route, how long."""

    name: Said[Line]
    evacuation: Said[Line]


class Accreditation(Strict):
    """The organisation's accreditation for this kind of work."""

    number: Said[Line]
    issued_by: Said[Line]
    expires: Said[date]


class Item(Strict):
    """A machine or a tool: its serial number and its test report."""

    serial: Said[Line]
    test_report: Said[Line]


class Sensor(Item):
    """A sensor on whose measurements the record depends."""

    name: Line


class Beneficiaries(Strict):
    """Who uses the land afterwards: people by sex and age, as mine action counts them."""

    women: Said[Count]
    men: Said[Count]
    girls: Said[Count]
    boys: Said[Count]
    use: Said[Line]


class Work(Strict):
    """Figures for planning the work. `exclusion_ring_m`: nobody may come closer while the tool turns.

    `operator_distance_m`: the smallest distance of the operator from the machine. `utilisation`: share of the working
    day in which the machine is expected to work.
    """

    exclusion_ring_m: Said[Annotated[float, Field(gt=0, le=5_000)]]
    operator_distance_m: Said[Annotated[float, Field(gt=0, le=5_000)]]
    utilisation: Said[Annotated[float, Field(ge=LEAST_DEPTH_M, le=1)]]


class Task(Strict):
    """A task as its papers name it; None: a person wrote "not stated".

    `hazard_kind`: suspected (SHA) or confirmed (CHA) hazardous area. `status` as IMSMA has it. `role`: what the machine
    is used for; the follow-up that its ground needs is derived from it. `method`: the operational method in words.
    `shift`: whether the vehicle refuses START until the blocking acts of a shift were told; no fact, so never unknown.
    """

    organisation: Said[Line]
    task_order: Said[Line]
    hazard_area: Said[Line]
    hazard_kind: Said[Literal["SHA", "CHA"]]
    type: Said[Line]
    status: Said[Literal["Planned", "Ongoing", "Completed", "Suspended", "Aborted"]]
    role: Said[
        Literal[
            "ground_preparation",
            "area_reduction",
            "technical_survey",
            "vegetation_cutting",
            "tripwire_removal",
            "quality_control",
        ]
    ]
    method: Said[Line]
    shift: bool
    required_depth_m: Said[Annotated[float, Field(ge=LEAST_DEPTH_M, le=1)]]
    weather: Said[Line]
    soil: Said[Line]
    moisture_percent: Said[Annotated[float, Field(ge=0, le=100)]]
    vegetation: Said[Line]
    fuel_l: Said[Annotated[float, Field(ge=0, le=10_000)]]
    operator: Said[Operator]
    team: Said[Annotated[tuple[Member, ...], AfterValidator(_one_or_more)]]
    medic: Said[Medic]
    accreditation: Said[Accreditation]
    machine: Said[Item]
    tool: Said[Item]
    sensors: Said[Annotated[tuple[Sensor, ...], AfterValidator(_one_or_more)]]
    beneficiaries: Said[Beneficiaries]
    work: Said[Work]

    @property
    def operator_name(self) -> str:
        """Name of the operator; "" if not stated."""
        return (self.operator.name or "") if self.operator is not None else ""

    def expired(self, day: date) -> tuple[str, ...]:
        """Return in words which documents are no longer valid on a day; a document is still valid on its end date."""
        known = (
            ("accreditation", self.accreditation and self.accreditation.number, self.accreditation, "expires"),
            ("the operator's licence", self.operator and self.operator.licence, self.operator, "licence_expires"),
        )
        found = []
        for what, number, paper, key in known:
            until = getattr(paper, key) if paper is not None else None
            if until is not None and until < day:
                found.append(f"{what} {number or ''}".strip() + f" ended on {until.isoformat()}")
        return tuple(found)


class TaskTables(Strict):
    """The file: one table."""

    task: Task


class TaskFile(msgspec.Struct, frozen=True):
    """A task with the bytes of its file, which a run keeps."""

    task: Task
    content: bytes


def load_task(path: Path, *, kept: bool = False) -> TaskFile:
    """Read and check a task file. `kept`: a copy in a run's folder, which an earlier program may have written.

    Raises:
        InputError: One line: the file, the key, what to do.
    """
    tables = read_toml(path)
    if kept:
        tables = _of_now(tables)
    try:
        task = TaskTables.model_validate(tables).task
        content = path.read_bytes()
    except ValidationError as error:
        raise InputError(f"{shown_path(path)}: {_told(error)}") from None
    except OSError as error:
        raise InputError(f"{shown_path(path)}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    if len(content) > SIZE_MAX:
        raise InputError(f"{shown_path(path)}: {len(content):,} bytes; a task file has at most {SIZE_MAX:,}")
    return TaskFile(task, content)


def _told(error: ValidationError) -> str:
    """Report a wrong value first; if only keys are missing, list all of them."""
    if not only_missing(error):
        return first_line(error, TaskTables)
    names = [".".join(str(part) for part in problem["loc"]) for problem in error.errors()]
    return f'missing: {", ".join(names)}; write them, or "{NOT_STATED}" where nobody knows'


def task_of_json(content: str) -> Task:
    """Decode a task from a recording's metadata. Raises ValueError if the text is no task."""
    return Task.model_validate(_EARLIER | json.loads(content), strict=False)  # JSON has no dates


def _of_now(tables: dict[str, Any]) -> dict[str, Any]:
    """Return a file's tables with the missing keys of `_EARLIER` added."""
    task = tables.get("task")
    return {**tables, "task": _EARLIER | task} if isinstance(task, dict) else tables


def rows(task: Task) -> tuple[tuple[str, str], ...]:
    """Return a task as (dotted key, text) pairs in the order of the model; unknown values as "not stated"."""
    return tuple(_rows("", task))


def _rows(above: str, part: BaseModel) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name in type(part).model_fields:
        key, value = f"{above}{name}", getattr(part, name)
        if isinstance(value, BaseModel):
            found += _rows(f"{key}.", value)
        elif isinstance(value, tuple):
            for number, entry in enumerate(value, start=1):
                found += _rows(f"{key}.{number}.", entry)
        else:
            found.append((key, _text(value)))
    return found


def _text(value: object) -> str:
    if value is None:
        return NOT_STATED
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
