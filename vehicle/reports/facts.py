"""Everything that a map, a report or an export says about a job, gathered once."""

from enum import StrEnum
from typing import Any, Protocol, Self

import msgspec

from vehicle.config.task import Task
from vehicle.config.vehicle import VehicleConfig
from vehicle.config.visits import Visit
from vehicle.contracts.ledger_types import Confirm, Knowledge, Observed, Revoke
from vehicle.contracts.messages import Event
from vehicle.contracts.plan import Plan
from vehicle.control.state import LedgerState
from vehicle.reports.gaps import Found
from vehicle.reports.imported import FollowUp, Release, check_site
from vehicle.reports.lots import Lot
from vehicle.reports.story import Samples

STATEMENT = (
    "Ground shown as processed was worked by the tool with rotor speed, depth, ground speed and position measured and "
    "proven. Processed: not for feet. It is not cleared: releasing land is a decision of people under the national "
    "standard, after follow-up."
)


class SiteShapes(Protocol):
    """The ground of a job: shapely polygons in ENU metres of the plan's datum."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    @property
    def work_area(self) -> Any:
        """Ground to be processed, keep-outs included or not."""
        ...

    @property
    def keep_out(self) -> Any:
        """Never entered."""
        ...

    @property
    def safe_ground(self) -> Any:
        """May bear the tracks."""
        ...

    @property
    def benchmarks_m(self) -> tuple[tuple[float, float], ...]:
        """Surveyed reference points."""
        ...


class ReportKind(StrEnum):
    """A day's report for the file of the task, or the one that hands the ground over."""

    DAILY = "daily"
    COMPLETION = "completion"


class RecordedAct(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal says that somebody measured, or that was confirmed or withdrawn. `t_s` from the facts' zero."""

    t_s: float
    act: Observed | Confirm | Revoke


class RunLine(msgspec.Struct, frozen=True, kw_only=True):
    """One run that went into a report. `note`: what of it could not be read; "" where all could.

    `processed_m2`: in the work area, on record after the run and not before it; less where credit was withdrawn.
    """

    name: str
    start_utc: str
    end_utc: str
    time_source: str
    processed_m2: float
    plan_hash: str
    config_hash: str
    note: str = ""


class FileHash(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a report was made of."""

    name: str
    size_bytes: int
    sha256: str


class JobFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A finished or interrupted job. `phase_s`: seconds in each phase. Empty texts print as "not stated".

    `task`: what people know of the task, None where no task file was given.
    `simulated` is said on every page: a simulated record must never pass for a real one. `run`: names of the runs.
    `follow_ups`, `releases`: what others know of the ground, imported as it is.
    `zero_us`: UTC of the vehicle's time 0, from which events count; None where nobody knows. `samples`, `acts`,
    `runs`, `files`, `visits` are empty where only the masks are known. `due`: checks that the whole record leaves due;
    None where only its acts are known.
    """

    site: SiteShapes
    plan: Plan
    config: VehicleConfig
    ledger: LedgerState
    found: Found
    time_s: float
    simulated: bool
    phase_s: dict[str, float] = {}
    trail_m: tuple[tuple[float, float], ...] = ()
    events: tuple[Event, ...] = ()
    organisation: str = ""
    operator: str = ""
    task_id: str = ""
    start_utc: str = ""
    end_utc: str = ""
    time_source: str = ""
    status: str = "completed"
    task: Task | None = None
    remarks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    run: str = ""
    zero_us: int | None = None
    lots: tuple[Lot, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    releases: tuple[Release, ...] = ()
    kind: ReportKind = ReportKind.DAILY
    samples: Samples | None = None
    acts: tuple[RecordedAct, ...] = ()
    runs: tuple[RunLine, ...] = ()
    files: tuple[FileHash, ...] = ()
    visits: tuple[Visit, ...] = ()
    software: str = ""
    due: frozenset[Knowledge] | None = None

    def __post_init__(self) -> None:
        """Raises InputError where something of another site was imported."""
        check_site((*self.follow_ups, *self.releases), self.plan.site_hash)

    def of_task(self, task: Task) -> Self:
        """The same with what a task file says; "not stated" there is empty here."""
        return msgspec.structs.replace(
            self,
            task=task,
            organisation=task.organisation or "",
            operator=task.operator_name,
            task_id=task.task_order or self.task_id,
        )

    @property
    def cell_m(self) -> float:
        """Size of a cell of the record."""
        return self.config.mission.cell_m

    @property
    def provisional_m2(self) -> float:
        """Credited ground, all of it, that no closing check of the base has confirmed."""
        return self.ledger.provisional_cells * self.cell_m**2

    @property
    def rate_m2_per_h(self) -> float:
        """Processed area over the whole time of the task."""
        return self.found.processed_m2 / self.time_s * 3600.0 if self.time_s > 0.0 else 0.0
