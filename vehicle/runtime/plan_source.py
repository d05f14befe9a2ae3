"""Plans that are assigned while the vehicle runs, as a source: the tick takes them like whatever else arrives."""

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
    """Holds what was assigned last until the next tick; a newer one replaces it."""

    name = NAME

    def __init__(self) -> None:
        self._assigned: PlanAssignment | None = None

    def assign(self, state: VehicleState, plan: Plan | None, boundary_m: tuple[Ring, ...] | None = None) -> str:
        """Drive this plan, or none, inside this boundary, from the next tick in which it may be; "" or why not."""
        assignment = PlanAssignment(plan=plan, boundary_m=boundary_m)
        refused = plan_assignment.refusal(state, assignment)
        if not refused:
            self._assigned = assignment
        return refused

    def drain(self, now_ns: int) -> SourceBatch:
        """What was assigned since the last call."""
        del now_ns
        assigned = self._assigned
        if assigned is None:
            return NOTHING
        self._assigned = None
        return SourceBatch(name=NAME, data=_encode(assigned), plan=assigned)


def batch_of(data: bytes) -> SourceBatch:
    """The batch that was recorded as these bytes. Raises msgspec.DecodeError where they are none."""
    return SourceBatch(name=NAME, data=data, plan=_decode(data))
