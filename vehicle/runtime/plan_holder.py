"""Connects planning, loop and desk: stations see a plan only after the loop has taken it."""

from vehicle.contracts.plan import Plan
from vehicle.contracts.sockets import SourceBatch, TickRecord
from vehicle.control.plan_assignment import UNARMED
from vehicle.control.state import VehicleState
from vehicle.operator_link.mission_upload import MissionUpload
from vehicle.polygons.boundary import Rings
from vehicle.runtime.plan_source import NAME, PlanSource

WAITING = "disarm, then the new plan is taken"
TAKING = "the new plan is being taken"


class PlanHolder:
    """`Holder` of site planning; source of the plans that it assigns, and a sink that shows those that are taken."""

    name = NAME

    def __init__(self, state: VehicleState, desk: MissionUpload) -> None:
        self._state, self._missions = state, desk
        self._plans = PlanSource()
        self._place_m: tuple[float, float] | None = None

    def hold(self, plan: Plan | None, boundary_m: Rings, words: str) -> None:
        """Hold this plan inside this boundary from now on; if there is none, hold the reason."""
        refused = self._plans.assign(self._state, plan, boundary_m)
        if refused:
            self._plans.assign(self._state, None, boundary_m)
        later = TAKING if self._state.gate.mode in UNARMED else WAITING
        self._missions.set_none(refused or (words if plan is None else later))

    def uploading(self) -> bool:
        """Whether a station is uploading a list."""
        return bool(self._missions.lists.uploading)

    def place_m(self) -> tuple[float, float] | None:
        """Position of the machine [m], None if it is unknown."""
        return self._place_m

    def drain(self, now_ns: int) -> SourceBatch:
        """Return the plan assigned since the last tick."""
        return self._plans.drain(now_ns)

    def accept(self, record: TickRecord) -> None:
        """Note the machine's position, and show a newly taken plan to the stations."""
        self._state = record.state
        report = record.outputs.report
        if report is not None:
            estimate = report.estimate
            self._place_m = (estimate.east_m, estimate.north_m) if estimate.valid else None
        for event in record.outputs.events:
            plan = record.state.mission.plan
            if event.kind == NAME and plan is not None:
                self._missions.set_plan(plan)
