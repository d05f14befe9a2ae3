"""The inputs and the limit of a plan; they stay unchanged while ground and tour grow."""

from dataclasses import dataclass, field, replace

from vehicle.contracts.plan import MachineFootprint
from vehicle.planning.coverage.ground import Opened
from vehicle.planning.coverage.settings import PlanSettings, Reach, on_slopes, reach_of
from vehicle.planning.coverage.work_limit import Deadline, WorkLimit
from vehicle.planning.site.site import Site


@dataclass(frozen=True)
class Opening:
    """Ways to open ground where the ground outside is unknown. None of them is the best on every field.

    `pockets`: ground beyond the work area may be opened, so that rows along a closed edge can be entered. `inside`: a
    column may begin inside a headland, if no row at its ends can be entered. `by_cell`: the share of each cell in a
    component is worked by itself, in the cell's direction.
    """

    pockets: bool = False
    inside: bool = False
    by_cell: bool = False


@dataclass(frozen=True)
class PlanJob:
    """Site, machine and settings of one plan, the lengths derived from them, opened ground, and the limit.

    `settings` already contain the slopes of the site. `opened`: ground that earlier work opened, None for a first
    plan.
    """

    site: Site
    machine: MachineFootprint
    settings: PlanSettings
    reach: Reach
    opened: Opened | None = None
    opening: Opening = Opening()
    deadline: Deadline = field(default_factory=Deadline)

    def with_own_deadline(self) -> "PlanJob":
        """Return the job with its own deadline, which records whether the limit has ended this attempt."""
        return replace(self, deadline=Deadline(self.deadline.limit))


def plan_job(
    site: Site,
    machine: MachineFootprint,
    settings: PlanSettings,
    limit: WorkLimit | None = None,
    opened: Opened | None = None,
) -> PlanJob:
    """Return the job for a site and a machine.

    Raises:
        InputError: no plan can serve this machine; the text names the figure.
    """
    wishes = on_slopes(settings, site.slopes)
    reach = reach_of(machine, wishes, site.tripwires, site.outside)
    return PlanJob(site, machine, wishes, reach, opened, deadline=Deadline(limit))
