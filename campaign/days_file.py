"""A task of several days as a file: what people and machine do in each run, and the papers that others bring."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from vehicle.config.load import load_toml_model
from vehicle.config.machine_parts import Strict
from vehicle.config.vehicle import NotNegative, Positive
from vehicle.contracts.errors import InputError

Name = Annotated[str, Field(min_length=1)]


class ShiftStep(Strict):
    """Somebody tells an act of the working day (`vehicle/contracts/shift_table.py`); `not_done`: and why it was not."""

    do: Literal["shift"]
    item: Name
    who: Name
    words: str = ""
    minutes: NotNegative = 0.0
    not_done: bool = False


class WorkStep(Strict):
    """The mission is driven until so much ground is on record [m2]; without it, to the end of the plan."""

    do: Literal["work"]
    until_m2: Positive | None = None


class StopStep(Strict):
    """The operator presses STOP and lets go; the machine stands for so long [s]."""

    do: Literal["stop"]
    stand_s: Positive


class CrashStep(Strict):
    """The vehicle program is killed: nothing is closed, and the run ends here."""

    do: Literal["crash"]


class CheckStep(Strict):
    """The team checks base, hammers, or the depth at the newest place that the tool left a minute ago."""

    do: Literal["check"]
    what: Literal["base", "hammers", "depth"]


class SensorStep(Strict):
    """From now on the depth sensor reads too deep by so much [m]; 0: it was mended."""

    do: Literal["depth_sensor"]
    off_m: Annotated[float, Field(ge=-0.2, le=0.2)]


class SignInStep(Strict):
    """Whoever is at the console that drives says name and role."""

    do: Literal["sign_in"]
    who: Name
    role: Name


class HandOverStep(Strict):
    """The operator stops and offers control; both sign the list of what is open; the other takes it elsewhere."""

    do: Literal["hand_over"]
    giver: Name
    taker: Name
    role: Name
    to_station: Annotated[int, Field(ge=2, le=9)]


class StripStep(Strict):
    """A strip is worked by stick, straight on from where the machine stands."""

    do: Literal["strip"]
    length_m: Positive


Step = Annotated[
    ShiftStep | WorkStep | StopStep | CrashStep | CheckStep | SensorStep | SignInStep | HandOverStep | StripStep,
    Field(discriminator="do"),
]


class Place(Strict):
    """Where the machine stands: ENU from the datum [m], and its yaw from east."""

    at_m: tuple[float, float]
    yaw_deg: float


class RunOfDay(Strict):
    """One start of the vehicle program. `rest`: a plan of what all runs before it left is made, and driven.

    `stands`: where the machine was brought before the start, which is not simulated; None: where it stood.
    """

    name: Name
    stands: Place | None = None
    start_utc: AwareDatetime
    rest: bool = False
    steps: tuple[Step, ...]


class FollowUpFile(Strict):
    """Ground that another team worked or searched, as `flailpilot ledger follow-up` imports it."""

    file: Name
    team: Name
    who: Name
    when: AwareDatetime
    method: Name
    result: Name


class ReleaseFile(Strict):
    """A document of the authority, as `flailpilot ledger release` imports it."""

    file: Name
    document: Name
    authority: Name
    number: Name
    date: Name
    person: Name
    category: Name


class Days(Strict):
    """The file. Paths are relative to its folder. `scenario`: machine, site, soil and noise."""

    format: Literal[1] = 1
    name: Name
    scenario: Name
    task: Name
    visits: Name
    run: Annotated[tuple[RunOfDay, ...], Field(min_length=1)]
    follow_up: tuple[FollowUpFile, ...] = ()
    release: tuple[ReleaseFile, ...] = ()


def load_days(path: Path) -> Days:
    """Read and check the file.

    Raises:
        InputError: One line: file, key, what to do; also where the runs are not in the order of their times.
    """
    found = load_toml_model(path, Days)
    times = [run.start_utc for run in found.run]
    if times != sorted(times) or len({run.name for run in found.run}) < len(times):
        raise InputError(f"{path}: runs follow each other in time, and each has a name of its own")
    if found.run[0].rest:
        raise InputError(f"{path}: the first run has nothing before it; leave out its rest")
    return found
