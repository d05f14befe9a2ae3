"""What the machine is used for on a site, and what a survey with it is: facts of a plan, told to whoever drives it."""

from enum import StrEnum

import msgspec

from vehicle.contracts.geometry import Point


class TaskRole(StrEnum):
    """Roles of a machine, as task files name them; those of `SURVEYS` work swaths apart, all others the whole area."""

    GROUND_PREPARATION = "ground_preparation"
    AREA_REDUCTION = "area_reduction"
    TECHNICAL_SURVEY = "technical_survey"
    VEGETATION_CUTTING = "vegetation_cutting"
    TRIPWIRE_REMOVAL = "tripwire_removal"
    QUALITY_CONTROL = "quality_control"

    @property
    def text(self) -> str:
        """For people."""
        return self.value.replace("_", " ")


NET_H_PER_DAY = (2.0, 3.5)
"""Of a working day of eight hours, what reports of teams say the tool is down; the rest is setting up, checks, moves,
detonations, repair and rest."""
SURVEYS = (TaskRole.AREA_REDUCTION, TaskRole.TECHNICAL_SURVEY)


class SurveyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The swaths of a survey: from a base-line into the area, `spacing_m` from middle to middle.

    `widths`: swaths beside each other in one strip; `length_m`: into the area, None: through it. `evidence_m`: (east,
    north) of what was found, round which everything within `branch_m` is worked.
    """

    base_line_m: tuple[Point, Point]
    spacing_m: float
    widths: int
    strips: int
    length_m: float | None = None
    branch_m: float = 0.0
    evidence_m: tuple[Point, ...] = ()


class TaskFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`share`: of the work area that the plan works, 0 to 1. `net_h_per_day`: least and most hours with the tool down.

    `stop_after_detonations`: the operator ends the task then. No vehicle program counts detonations against it: it is a
    fact for the operator, who classifies each of them.
    """

    role: TaskRole
    share: float
    net_h_per_day: tuple[float, float] = NET_H_PER_DAY
    stop_after_detonations: int | None = None
    survey: SurveyFacts | None = None
