"""One tick's arguments of the gate, carried together."""

import msgspec

from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.messages import Estimate, Requests
from vehicle.control.state import GateState, WireState


class GateInputs(msgspec.Struct, frozen=True, gc=False):
    """What `gate.step` was called with; `state` is that of the tick before."""

    state: GateState
    wire: WireState
    estimate: Estimate
    requests: Requests
    config: VehicleConfig
    tick: int
    now_ns: int
