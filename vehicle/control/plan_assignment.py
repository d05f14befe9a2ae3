"""A plan assigned: what the rooms of the tick need of it, set in one place. While it runs, it is an input like any.

The boundary binds with the first tick in which the machine stands stopped: none changes under one that moves or may.
The plan is taken while it is disarmed, so perhaps later; the one before, where it is another, is withdrawn at once,
unless a mission is driving.
"""

from typing import Final

import msgspec
import numpy as np

from vehicle.config.required_depth import agreed_m
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import FloatArray
from vehicle.contracts.geometry import WORLD, Ring, edges_of
from vehicle.contracts.ledger_types import JobMark
from vehicle.contracts.messages import MISSION_MODES, Event, MissionPhase, Mode
from vehicle.contracts.plan import Plan, PlanAssignment, SegmentKind, rests_on_untaken, works
from vehicle.control.ground.worked import worked_along_m
from vehicle.control.state import LedgerState, MissionState, VehicleState, WaitingPlan, job_mark

UNARMED: Final = (Mode.BOOT, Mode.DISARMED)
MOVING: Final = (Mode.READY, Mode.MANUAL, *MISSION_MODES, Mode.RECOVERY, Mode.STOPPING)
"""It moves, or one act leads there."""


def assign_plan(state: VehicleState, plan: Plan | None, boundary_m: tuple[Ring, ...] | None = None) -> VehicleState:
    """The vehicle with this plan and a boundary before the gate; None takes a plan away.

    Its job begins at its beginning, or goes on where it was left: by an earlier start of the program, or when a plan
    that only drives took its place. Such a plan leaves that place as it is.

    `boundary_m`: rings, even-odd, inside is where the machine may be; without them the plan's keep-outs bound.

    Raises:
        InputError: The boundary leaves no place.
    """
    fence = fence_of(plan) if boundary_m is None else _edges(boundary_m)
    if plan is None:
        return _fenced(msgspec.structs.replace(state, mission=MissionState()), fence)
    mission = MissionState(plan=plan, unproven_m=edges_of(plan.unproven_m))
    if not works(plan):
        return _fenced(msgspec.structs.replace(state, mission=mission, job_left=left(state)), fence)
    if state.job_left is not None:
        mission = going_on(mission, state.job_left, state.ledger, state.config)
    return _fenced(msgspec.structs.replace(state, mission=mission, job_left=None), fence)


def left(state: VehicleState) -> JobMark | None:
    """Where the job of the plan stands that is about to be replaced by one that only drives.

    A plan that only drives has no such place of its own: that of the plan before it stays.
    """
    plan, mission = state.mission.plan, state.mission
    if plan is None or not works(plan):
        return state.job_left
    return job_mark(mission)


def going_on(begun: MissionState, left: JobMark, ledger: LedgerState, config: VehicleConfig) -> MissionState:
    """The job of a plan where an earlier start of the program left it, paused; one that was done begins anew.

    In a swath the work is taken up where the ground is not credited any more, by the re-entry of every pause: tool up,
    back off, spin up, lower.
    """
    plan = begun.plan
    if plan is None or left.done or left.plan_hash != plan.plan_hash or not 0 <= left.index < len(plan.segments):
        return begun
    segment = plan.segments[left.index]
    at_work = left.at_work and segment.kind is SegmentKind.SWATH
    return msgspec.structs.replace(
        begun,
        phase=MissionPhase.PAUSED,
        index=left.index,
        work_started=at_work,
        worked_along_m=worked_along_m(segment, ledger, config) if at_work else 0.0,
    )


def refusal(state: VehicleState, assignment: PlanAssignment) -> str:
    """Why a plan is not for this vehicle, or its boundary is none; "" where it is taken."""
    plan = assignment.plan
    if plan is not None and plan.datum != state.datum:
        return "it counts from another datum than this machine's record"
    if plan is not None and (untaken := rests_on_untaken(plan, state.config.vehicle_id, state.taken_over)):
        return untaken
    try:
        if plan is not None:
            agreed_m({"plan": plan.required_depth_m, "vehicle": state.config.mission.required_depth_m})
        _edges(_rings_of(assignment))
    except InputError as refused:
        return str(refused)
    return ""


def step(state: VehicleState, assigned: PlanAssignment | None, now_ns: int) -> tuple[VehicleState, tuple[Event, ...]]:
    """The vehicle at the beginning of a tick with what is assigned to it, and what is to be told of that."""
    told: list[str] = []
    waiting = state.waiting
    if assigned is not None:
        refused = refusal(state, assigned)
        if refused:
            return state, (_event(state, now_ns, "plan", f"plan refused: {refused}"),)
        waiting = WaitingPlan(plan=assigned.plan, boundary_m=_rings_of(assigned))
    if waiting is None:
        return state, ()
    mode, held = state.gate.mode, state.mission.plan
    fence: list[str] = []
    if waiting.binds and mode not in MOVING:
        state, fence = _bound(state, waiting.boundary_m)
        waiting = msgspec.structs.replace(waiting, binds=False)
    if mode not in UNARMED:
        if held is not None and mode not in MISSION_MODES and waiting.plan != held:
            only_drives = waiting.plan is not None and not works(waiting.plan)
            mark = left(state) if only_drives else state.job_left
            state = msgspec.structs.replace(withdrawn(state), job_left=mark)
            told = ["plan withdrawn"]
        state = msgspec.structs.replace(state, waiting=waiting)
    elif waiting.plan == held:  # a job that stands somewhere in this plan goes on from there
        state = msgspec.structs.replace(state, waiting=None)
        told = [f"plan {held.plan_hash}"] if held is not None else []
    else:
        state = msgspec.structs.replace(assign_plan(state, waiting.plan, waiting.boundary_m), waiting=None)
        told = [f"plan {waiting.plan.plan_hash}" if waiting.plan is not None else "plan withdrawn"]
    events = [_event(state, now_ns, "fence", text) for text in fence]
    return state, (*events, *(_event(state, now_ns, "plan", text) for text in told))


def _event(state: VehicleState, now_ns: int, kind: str, text: str) -> Event:
    return Event(t_ns=now_ns, tick=state.tick + 1, kind=kind, text=text)


def _bound(state: VehicleState, boundary_m: tuple[Ring, ...]) -> tuple[VehicleState, list[str]]:
    """The same inside another boundary, and a line where it is another one."""
    before, after = state.gate.fence, _edges(boundary_m)
    state = _fenced(state, after)
    if after is None:
        return state, [] if before is None else ["fence: none binds"]
    same = before is not None and np.array_equal(before, after)
    return state, [] if same else [f"fence: {len(after)} edges bind"]


def withdrawn(state: VehicleState) -> VehicleState:
    """The vehicle without a plan; what bounds it goes on bounding it."""
    return msgspec.structs.replace(state, mission=MissionState())


def fence_of(plan: Plan | None) -> FloatArray | None:
    """Return edges (n, 4) [m] that no part of the machine may cross if only a plan bounds it; None if nothing does.

    Raises InputError for a boundary without an edge.
    """
    return _edges(boundary_of(plan))


def boundary_of(plan: Plan | None) -> tuple[Ring, ...]:
    """The rings that no part of the machine may cross where nothing but a plan's keep-outs bounds."""
    return () if plan is None or not plan.keep_out_m else (WORLD, *plan.keep_out_m)


def _rings_of(assignment: PlanAssignment) -> tuple[Ring, ...]:
    return boundary_of(assignment.plan) if assignment.boundary_m is None else assignment.boundary_m


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
