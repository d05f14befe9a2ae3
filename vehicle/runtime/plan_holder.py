"""Between planning, loop and desk: a plan is shown to stations once the loop has taken it, and not before."""

from collections.abc import Callable

from vehicle.contracts.messages import Event, VehicleReport
from vehicle.contracts.plan import Plan
from vehicle.operator_link.mission_upload import MissionUpload
from vehicle.polygons.boundary import Rings
from vehicle.runtime.loop import VehicleLoop

WAITING = "disarm, then the new plan is taken"
TAKING = "the new plan is being taken"


class PlanHolder:
    """`Holder` of site planning, and a listener of the loop; `loop` and `desk` are set before either is used."""

    loop: VehicleLoop
    desk: MissionUpload

    def __init__(self) -> None:
        self._report: VehicleReport | None = None
        self.watchers: list[Callable[[Plan | None], None]] = []
        """Called with each plan that the loop takes, and with None where it holds none any more."""

    def hold(self, plan: Plan | None, boundary_m: Rings, words: str) -> None:
        """This plan, or none and why, inside this boundary, from now on."""
        refused = self.loop.take_plan(plan, boundary_m)
        if refused:
            self.loop.take_plan(None, boundary_m)
        later = WAITING if self.loop.takes_later else TAKING
        self.desk.set_none(refused or (words if plan is None else later))

    def uploading(self) -> bool:
        """A station is sending a list."""
        return bool(self.desk.lists.uploading)

    def place_m(self) -> tuple[float, float] | None:
        """Where the machine stands, if that is known."""
        estimate = self._report.estimate if self._report is not None else None
        return (estimate.east_m, estimate.north_m) if estimate is not None and estimate.valid else None

    def offer(self, report: VehicleReport) -> None:
        """A report was made."""
        self._report = report

    def event(self, event: Event) -> None:
        """The loop has taken a plan, or given one up."""
        if event.kind != "plan":
            return
        plan = self.loop.state.mission.plan
        if plan is not None:
            self.desk.set_plan(plan)
        for watcher in self.watchers:
            watcher(plan)
