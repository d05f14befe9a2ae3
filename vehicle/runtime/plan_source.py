"""A source of plans that are assigned while the vehicle runs: the tick takes them like any other input."""

from typing import Final

import msgspec

from vehicle.contracts.geometry import Ring
from vehicle.contracts.plan import Plan, PlanAssignment
from vehicle.contracts.sockets import SourceBatch
from vehicle.control import plan_assignment
from vehicle.control.state import VehicleState

NAME: Final = "plan"
NOTHING: Final = SourceBatch(name=NAME)
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(PlanAssignment).decode


class PlanSource:
    """Holds the newest assigned plan until the next tick; a newer plan replaces it."""

    name = NAME

    def __init__(self) -> None:
        self._assigned: PlanAssignment | None = None

    def assign(self, state: VehicleState, plan: Plan | None, boundary_m: tuple[Ring, ...] | None = None) -> str:
        """Assign this plan, or none, with this boundary from the next tick that allows it; return "" or the refusal."""
        assignment = PlanAssignment(plan=plan, boundary_m=boundary_m)
        refused = plan_assignment.refusal(state, assignment)
        if not refused:
            self._assigned = assignment
        return refused

    def drain(self, now_ns: int) -> SourceBatch:
        """Return the plan assigned since the last call."""
        del now_ns
        assigned = self._assigned
        if assigned is None:
            return NOTHING
        self._assigned = None
        return SourceBatch(name=NAME, data=_encode(assigned), plan=assigned)


def batch_of(data: bytes) -> SourceBatch:
    """Decode a recorded batch. Raises msgspec.DecodeError if the bytes are no batch."""
    return SourceBatch(name=NAME, data=data, plan=_decode(data))
