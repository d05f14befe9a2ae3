"""A plan taken: what the rooms of the tick need of it, set in one place by whoever puts a vehicle together."""

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.contracts.geometry import WORLD, Ring, edges_of
from vehicle.contracts.plan import Plan
from vehicle.control.state import FloatArray, MissionState, VehicleState


def taken(state: VehicleState, plan: Plan | None, boundary_m: tuple[Ring, ...] | None = None) -> VehicleState:
    """The vehicle with this plan: its job from the beginning, and a boundary before the gate; None takes a plan away.

    `boundary_m`: rings, even-odd, inside is where the machine may be; without them the plan's keep-outs bound.
    """
    mission = MissionState() if plan is None else MissionState(plan=plan, unproven_m=edges_of(plan.unproven_m))
    fence = fence_of(plan) if boundary_m is None else _edges(boundary_m)
    return _fenced(msgspec.structs.replace(state, mission=mission), fence)


def bounded(state: VehicleState, boundary_m: tuple[Ring, ...]) -> VehicleState:
    """The same with another boundary; empty: nothing bounds. Raises InputError where rings have no edge."""
    return _fenced(state, _edges(boundary_m))


def withdrawn(state: VehicleState) -> VehicleState:
    """The vehicle without a plan; what bounds it goes on bounding it."""
    return msgspec.structs.replace(state, mission=MissionState())


def fence_of(plan: Plan | None) -> FloatArray | None:
    """Edges (n, 4) that no part of the machine may cross where only a plan bounds; None where nothing does."""
    return _edges(boundary_of(plan))


def _fenced(state: VehicleState, fence: FloatArray | None) -> VehicleState:
    return msgspec.structs.replace(state, gate=msgspec.structs.replace(state.gate, fence=fence))


def _edges(boundary_m: tuple[Ring, ...]) -> FloatArray | None:
    """None where nothing is asked to bound. Raises InputError where something is, and it has no edge."""
    if not boundary_m:
        return None
    edges = edges_of(boundary_m)
    if not len(edges):
        raise InputError("a boundary without an edge leaves no place")
    return edges


def boundary_of(plan: Plan | None) -> tuple[Ring, ...]:
    """The rings that no part of the machine may cross where nothing but a plan's keep-outs bounds."""
    return () if plan is None or not plan.keep_out_m else (WORLD, *plan.keep_out_m)
