"""Quality assurance visits and their nonconformities, written by people in a TOML file beside the run.

[[visit]]
date = 2026-05-04
by = "quality officer, national authority"
inspected = "machine team 2"
activity = "mechanical ground preparation"
result = "lot L3 sampled, nothing found"

[[visit.nonconformity]]
number = "NC-1"
severity = "minor"              # critical | major | minor | observation
text = "depth reading of the afternoon is missing"
measures = "reading made at 15:10, good"
due = 2026-05-05
closed = 2026-05-04             # left out while it is open
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from vehicle.config.errors import first_line
from vehicle.config.load import read_toml, shown_path
from vehicle.config.machine_parts import Strict
from vehicle.config.says_nothing import says_nothing
from vehicle.contracts.errors import InputError


def _stated(text: str) -> str:
    if says_nothing(text):
        raise PydanticCustomError("filler", "must state a fact")
    return text


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(_stated)]


class Nonconformity(Strict):
    """A requirement that was not met. `closed`: None while it is open."""

    number: Line
    severity: Literal["critical", "major", "minor", "observation"]
    text: Line
    measures: Line
    due: date
    closed: date | None = None


class Visit(Strict):
    """A visit: date, inspector, inspected team, activity, and result."""

    date: date
    by: Line
    inspected: Line
    activity: Line
    result: Line
    nonconformity: tuple[Nonconformity, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> "Visit":
        for row in self.nonconformity:
            for what, day in (("closed on", row.closed), ("due on", row.due)):
                if day is not None and day < self.date:
                    raise ValueError(
                        f"nonconformity {row.number}: {what} {day}, before the visit ({self.date}); correct one"
                    )
        return self


class Visits(Strict):
    """The file."""

    visit: tuple[Visit, ...] = ()


def load_visits(path: Path, today: date) -> tuple[Visit, ...]:
    """Read and check a file of visits.

    Raises:
        InputError: One line: the file, the place, what to do.
    """
    tables = read_toml(path)
    try:
        visits = Visits.model_validate(tables).visit
    except ValidationError as error:
        raise InputError(f"{shown_path(path)}: {first_line(error, Visits)}") from None
    for number, visit in enumerate(visits, start=1):
        days = (visit.date, *(row.closed for row in visit.nonconformity if row.closed is not None))
        if max(days) > today:
            raise InputError(
                f"{shown_path(path)}: visit {number}: {max(days)} is in the future; write the day as it was"
            )
    numbers = [row.number for visit in visits for row in visit.nonconformity]
    plain = [name.casefold() for name in numbers]
    twice = next((name for name in numbers if plain.count(name.casefold()) > 1), None)
    if twice is not None:
        raise InputError(f"{shown_path(path)}: nonconformity {twice} is listed twice; give each a number of its own")
    return visits
