"""A plan taken: what the rooms of the tick need of it, set in one place by whoever puts a vehicle together."""

import msgspec

from vehicle.geometry import Ring, edges_of
from vehicle.plan import Plan
from vehicle.state import FloatArray, MissionState, VehicleState

FAR_M = 60_000.0
"""Further than any site from its datum: where no fence is drawn, only keep-outs bound."""
WORLD: Ring = ((-FAR_M, -FAR_M), (FAR_M, -FAR_M), (FAR_M, FAR_M), (-FAR_M, FAR_M))


def taken(state: VehicleState, plan: Plan | None) -> VehicleState:
    """The vehicle with this plan: its job from the beginning, its keep-outs before the gate; None takes both away."""
    mission = MissionState() if plan is None else MissionState(plan=plan, unproven_m=edges_of(plan.unproven_m))
    gate = msgspec.structs.replace(state.gate, fence=fence_of(plan))
    return msgspec.structs.replace(state, mission=mission, gate=gate)


def fence_of(plan: Plan | None) -> FloatArray | None:
    """Edges (n, 4) that no part of the machine may cross; even-odd: inside is where it may be."""
    if plan is None or not plan.keep_out_m:
        return None
    return edges_of((WORLD, *plan.keep_out_m))
