"""All facts about a job that maps, reports and exports need, collected once."""

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
from vehicle.reports.words import ENGLISH, Words, words_of

STATEMENT = (
    "Ground shown as processed was worked by the tool with rotor speed, depth, ground speed and position measured and "
    "proven. Processed: not for feet. It is not cleared: releasing land is a decision of people under the national "
    "standard, after follow-up."
)


class SiteShapes(Protocol):
    """The ground of a job: shapely polygons in ENU metres of the plan's datum."""

    @property
    def name(self) -> str:
        """Name of the site, for people."""
        ...

    @property
    def work_area(self) -> Any:
        """Ground to be processed; keep-outs may or may not be subtracted."""
        ...

    @property
    def keep_out(self) -> Any:
        """Ground that the machine never enters."""
        ...

    @property
    def safe_ground(self) -> Any:
        """Ground that may bear the tracks."""
        ...

    @property
    def benchmarks_m(self) -> tuple[tuple[float, float], ...]:
        """Surveyed reference points."""
        ...


class ReportKind(StrEnum):
    """Kind of report: for one day, or the final report that hands the ground over."""

    DAILY = "daily"
    COMPLETION = "completion"


class RecordedAct(msgspec.Struct, frozen=True, kw_only=True):
    """A journal record of a measurement, a confirmation or a withdrawal. `t_s` counts from the zero of the facts.

    `withdrawn_m2`: ground of the work area that no longer counts as processed by it; None if that is not known.
    """

    t_s: float
    act: Observed | Confirm | Revoke
    withdrawn_m2: float | None = None


class RunLine(msgspec.Struct, frozen=True, kw_only=True):
    """One run in a report. `note`: which part of it could not be read; "" if all could.

    `processed_m2`: ground in the work area that is on record after the run but not before it, less withdrawn credit.
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
    """A file from which a report was made."""

    name: str
    size_bytes: int
    sha256: str


class JobFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A finished or interrupted job. `phase_s`: seconds in each phase. Empty texts print as "not stated".

    `task`: facts from people; None without a task file. `simulated` is printed on every page: a simulated record must
    never be taken for a real one. `run`: names of the runs. `follow_ups`, `releases`: statements of others about the
    ground, imported unchanged. `zero_us`: UTC of the vehicle's time 0, from which events count; None if unknown.
    `samples`, `acts`, `runs`, `files`, `visits` are empty if only the masks are known. `due`: checks that are due at
    the end of the record; None if only its acts are known. `language`: of report and map; exports are in English.
    `unread_s`: time of the runs that their recordings do not hold; it is part of `time_s`.
    `event_runs`: index of each event's run, `run_ends_s`: when each run ended; empty for one run.
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
    language: str = ENGLISH
    unread_s: float = 0.0
    event_runs: tuple[int, ...] = ()
    run_ends_s: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check the imports. Raises InputError if one of them is for another site."""
        check_site((*self.follow_ups, *self.releases), self.plan.site_hash)

    def of_task(self, task: Task) -> Self:
        """Return the facts completed from a task file; "not stated" there becomes an empty text here."""
        return msgspec.structs.replace(
            self,
            task=task,
            organisation=task.organisation or "",
            operator=task.operator_name,
            task_id=task.task_order or self.task_id,
        )

    @property
    def words(self) -> Words:
        """Return the texts of report and map. Raises InputError if this language has none."""
        return words_of(self.language)

    @property
    def cell_m(self) -> float:
        """Cell size of the record [m]."""
        return self.config.mission.cell_m

    @property
    def open_for_good(self) -> bool:
        """Whether no later check can confirm what is provisional: newer checks of the base look back on none of it."""
        ledger = self.ledger
        newest = ledger.stroke.number if ledger.stroke is not None else 0
        return ledger.shaken is None and newest <= max([ledger.firm, *(last for _, last in ledger.unclosed)])

    @property
    def provisional_m2(self) -> float:
        """Area [m2] of all credited ground that no closing check of the base has confirmed."""
        return self.ledger.open_cells * self.cell_m**2

    @property
    def rate_m2_per_h(self) -> float:
        """Processed area divided by the whole time of the task."""
        return self.found.processed_m2 / self.time_s * 3600.0 if self.time_s > 0.0 else 0.0
