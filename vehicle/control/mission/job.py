"""Job progress over the segments of a plan: spin up, lower, work, raise, move; back off and overlap after a break.

Pure and explicit: the phase is an enum, every change of phase is in one table, nothing hides in a program counter.
The gate decides whether the machine may move at all; this room only says what it wants.
"""

import math

import msgspec

from firmware_bridge.types import ControllerStatus
from vehicle.config.depth_margin import shortfall
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.messages import (
    AUTO_MODES,
    STARTS,
    Estimate,
    MissionPhase,
    Mode,
    RotorState,
    StartBlock,
    StartRefusal,
)
from vehicle.contracts.plan import Segment, SegmentKind, works
from vehicle.contracts.units import wrap_rad
from vehicle.control.mission import task as wishes
from vehicle.control.mission.progress import (
    along_segment_m,
    begins_at,
    distance_to_m,
    length_m,
    segment_of,
    turn_goal_rad,
)
from vehicle.control.state import MissionState

ALONG_DONE_M = 0.01
PIVOT_DONE_RAD = math.radians(0.25)
PIVOT_SETTLED_RADPS = math.radians(1.0)
STANDSTILL_MPS = 0.01
START_DISTANCE_MAX_M = 1.0
"""A job starts or resumes only this near to its next segment; further off the operator drives there.

In a swath that was not begun: to where it begins, or what lies before the tool would be left out. Work that stands
further ahead than this of where it was a tick before goes on only after a re-entry.
"""
SEAM_REACH_M = 1.0
"""Credit that broke off in the last metre belongs to this break: a mission drives no further before it waits or stops.
Ground that was driven over without credit for longer (below depth) is on record as a gap; no re-entry would credit it.
"""
DEPTH_REACHED_M = 0.005
TOOL_UP_TOLERANCE_M = 0.03
LINK_FORGET_PER_TICK_S = 0.0001
"""A peak of the link's age is forgotten at 5 ms a second: one burst slows the moves of the next ten seconds."""
LINK_PEAK_MAX_S = 0.3
"""After a longer silence the machine has stopped anyway; no reason to creep for a minute afterwards."""
WAITING_PHASES = (MissionPhase.IDLE, MissionPhase.PAUSED)
SIDES = ("ahead", "ahead left", "left", "behind left", "behind", "behind right", "right", "ahead right")
"""Directions from the machine, an eighth of a turn each, anticlockwise."""


class JobInputs(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the job reads of the vehicle. `mode`, `rotor`, `operator_age_s`: as the gate reported them a tick ago.

    `tracks_supported`: whether the ground bears the tracks where they stand and go, None where nobody knows.
    `depth_bias_m`: what a depth reading may be wrong by for long. `withheld`: why nothing would be credited; "".
    `warns`: the horn sounds before anything moves. `crediting`: the ground under the tool is being credited.
    `bracketed`: whether it is, the place after a lost fix will tell.
    """

    mode: Mode
    rotor: RotorState
    operator_age_s: float
    tracks_supported: bool | None
    status: ControllerStatus | None
    depth_bias_m: float
    withheld: str = ""
    warns: bool = False
    crediting: bool = False
    bracketed: bool = False


def step(state: MissionState, seen: JobInputs, estimate: Estimate, config: VehicleConfig, now_ns: int) -> MissionState:
    """Advance by one tick."""
    if state.plan is None or state.phase is MissionPhase.DONE:
        return state
    if seen.mode is Mode.WAIT:
        return _waits(state, seen, estimate, config)
    if seen.mode not in AUTO_MODES:
        return _interrupted(state, seen, config)
    if seen.bracketed and seen.mode is Mode.AUTO_MOVE:  # it goes on, and nobody knows: that is a seam
        state = _waits(state, msgspec.structs.replace(seen, bracketed=False), estimate, config)
    state = _link_watched(state, seen)
    if state.phase in WAITING_PHASES:
        return _taken_up(state, seen, estimate, config, now_ns)
    if state.torn:
        return _re_entered(state, now_ns)
    if seen.warns:
        return state
    if state.phase is MissionPhase.WORK and _ran_ahead(state, estimate):
        return _re_entered(state, now_ns) if state.work_started else _paused(state)
    done = _CHECKS[state.phase](state, seen, estimate, config)
    if state.phase is MissionPhase.WORK:
        state = _work_noted(state, seen, estimate)
    return _next_phase(state, now_ns) if done else state


def _link_watched(state: MissionState, seen: JobInputs) -> MissionState:
    """The oldest that the operator's frames lately were while the job drove; slowly forgotten."""
    age_s = min(seen.operator_age_s, LINK_PEAK_MAX_S)
    return msgspec.structs.replace(state, link_peak_s=max(age_s, state.link_peak_s - LINK_FORGET_PER_TICK_S))


def _work_noted(state: MissionState, seen: JobInputs, estimate: Estimate) -> MissionState:
    """How far the swath is worked, and how far it was credited."""
    along_m = along_segment_m(segment_of(state), estimate)
    credited_m = state.credited_along_m
    if seen.crediting:
        credited_m = along_m if credited_m is None else max(credited_m, along_m)
    worked_m = max(state.worked_along_m, along_m)
    return msgspec.structs.replace(state, worked_along_m=worked_m, work_started=True, credited_along_m=credited_m)


def _ran_ahead(state: MissionState, estimate: Estimate) -> bool:
    """The machine stands further along the swath than work can have brought it: what lies between was not worked."""
    return along_segment_m(segment_of(state), estimate) - state.worked_along_m > START_DISTANCE_MAX_M


def _waits(state: MissionState, seen: JobInputs, estimate: Estimate, config: VehicleConfig) -> MissionState:
    """A mission that waits keeps its place, its phase and its ground: it goes on as if nothing had been.

    Only a swath that was begun, and whose credit broke off while it waits or shortly before, is re-entered, as after a
    stop: nobody has proven what the tool passed while it came to a stand. As long as that is not known, nothing is.
    """
    credited_m = state.credited_along_m
    if state.torn or seen.crediting or seen.bracketed or state.phase is not MissionPhase.WORK or credited_m is None:
        return state
    # work that began anew so far behind the credited ground closes the seam by itself
    ahead_m = along_segment_m(segment_of(state), estimate) - credited_m
    seam = -config.mission.back_off_m / 2.0 < ahead_m <= SEAM_REACH_M
    return msgspec.structs.replace(state, torn=True) if seam else state


def _re_entered(state: MissionState, now_ns: int) -> MissionState:
    """The swath is taken up again from behind its seam: tool up, back off, spin up, lower, work."""
    return msgspec.structs.replace(
        state, phase=MissionPhase.RAISE, phase_t_ns=now_ns, worked_along_m=_seam_m(state), torn=False
    )


def _seam_m(state: MissionState) -> float:
    """Where a re-entry counts from: where work ended, or where credit ended shortly before."""
    worked_m, credited_m = state.worked_along_m, state.credited_along_m
    if credited_m is None or worked_m - credited_m > SEAM_REACH_M:
        return worked_m
    return max(0.0, min(worked_m, credited_m))


# --- breaks ----------------------------------------------------------------------------------------------------------
def _interrupted(state: MissionState, seen: JobInputs, config: VehicleConfig) -> MissionState:
    """Whoever stopped us, the job is paused; it never goes on by itself.

    Where the ground before the tracks was not processed although the tool has passed it, the swath is taken up again
    from behind it: backed off to where the tool is over ground that the tracks already stand on.
    """
    if state.phase in WAITING_PHASES:
        return state
    if not state.work_started:
        return _paused(state)
    from_m = _seam_m(state)
    if seen.tracks_supported is False:
        from_m = max(0.0, min(from_m, state.worked_along_m - config.machine.tool.ahead_m))
    return msgspec.structs.replace(_paused(state), worked_along_m=from_m)


def _paused(state: MissionState) -> MissionState:
    return msgspec.structs.replace(state, phase=MissionPhase.PAUSED, torn=False)


def start_refusal(state: MissionState, seen: JobInputs, estimate: Estimate, config: VehicleConfig) -> StartRefusal:
    """Why the job would not begin or go on: too far off, or in vain.

    In vain where this sensor cannot prove the depth, or a check that failed withholds all credit: ground that is worked
    then bears no tracks either.
    """
    if state.plan is None or state.phase not in WAITING_PHASES:
        return STARTS
    away_m = distance_to_m(segment_of(state), estimate)
    if away_m > START_DISTANCE_MAX_M:
        return StartRefusal(
            StartBlock.AWAY, f"{away_m:.1f} m away from the plan, {_side(state, estimate)}: drive there"
        )
    if segment_of(state).kind is SegmentKind.SWATH and not state.work_started and _ran_ahead(state, estimate):
        past_m = along_segment_m(segment_of(state), estimate) - state.worked_along_m
        side = _side(state, estimate)
        return StartRefusal(StartBlock.PAST, f"{past_m:.1f} m past where the swath begins, {side}: drive there")
    if not works(state.plan):  # it only drives, perhaps to the place where that check is made
        return STARTS
    if seen.withheld:
        return StartRefusal(StartBlock.NO_CREDIT, f"nothing would be credited: {seen.withheld}")
    short = _too_shallow(seen, config)
    return StartRefusal(StartBlock.DEPTH, short) if short else STARTS


def _side(state: MissionState, estimate: Estimate) -> str:
    """In which direction from the machine the job begins."""
    east_m, north_m = begins_at(state, estimate)
    bearing_rad = math.atan2(north_m - estimate.north_m, east_m - estimate.east_m) - estimate.yaw_rad
    return SIDES[round(bearing_rad / (math.tau / len(SIDES))) % len(SIDES)]


def _taken_up(
    state: MissionState, seen: JobInputs, estimate: Estimate, config: VehicleConfig, now_ns: int
) -> MissionState:
    """Start or go on near the segment, else say where to drive.

    A broken swath is re-entered by backing off; of one that is worked to its end, only the tool is raised.
    """
    segment = segment_of(state)
    blocked = start_refusal(state, seen, estimate, config).text
    if blocked:
        return msgspec.structs.replace(state, blocked=blocked)
    begun = segment.kind is SegmentKind.SWATH and (state.work_started or _at_end(segment, state.worked_along_m))
    phase = MissionPhase.RAISE if begun else _first_phase(segment)
    return msgspec.structs.replace(state, phase=phase, phase_t_ns=now_ns, blocked="")


def _too_shallow(seen: JobInputs, config: VehicleConfig) -> str:
    status, bias_m = seen.status, seen.depth_bias_m
    if status is None or not math.isfinite(status.depth_sigma_m):
        return ""
    short = shortfall(config.mission, config.machine, status.depth_sigma_m, bias_m)
    return f"the depth cannot be proven: {short}" if short else ""


# --- the phases ------------------------------------------------------------------------------------------------------
def _first_phase(segment: Segment) -> MissionPhase:
    return MissionPhase.SPIN_UP if segment.kind is SegmentKind.SWATH else MissionPhase.MOVE


def _next_phase(state: MissionState, now_ns: int) -> MissionState:
    """The table of the job. After WORK the tool is raised; RAISE in a started swath means re-entry: back off."""
    phase, change = state.phase, {}
    if phase is MissionPhase.SPIN_UP:
        phase = MissionPhase.LOWER
    elif phase is MissionPhase.LOWER:
        phase = MissionPhase.WORK
    elif phase is MissionPhase.BACK_OFF:
        phase = MissionPhase.SPIN_UP
    elif phase is MissionPhase.WORK:
        phase = MissionPhase.RAISE
        change = {"work_started": False}
    elif phase is MissionPhase.RAISE and state.work_started:
        phase = MissionPhase.BACK_OFF
    else:
        return _next_segment(state, now_ns)
    return msgspec.structs.replace(state, phase=phase, phase_t_ns=now_ns, **change)


def _next_segment(state: MissionState, now_ns: int) -> MissionState:
    assert state.plan is not None
    index = state.index + 1
    if index >= len(state.plan.segments):
        return msgspec.structs.replace(state, phase=MissionPhase.DONE, phase_t_ns=now_ns)
    phase = _first_phase(state.plan.segments[index])
    return msgspec.structs.replace(
        state, index=index, phase=phase, phase_t_ns=now_ns, worked_along_m=0.0, credited_along_m=None
    )


def _rotor_ready(state: MissionState, seen: JobInputs, estimate: Estimate, config: VehicleConfig) -> bool:
    del state, estimate
    return seen.rotor is RotorState.AT_SPEED or config.machine.tool.rotor_speed_rpm == 0.0


def _at_depth(state: MissionState, seen: JobInputs, estimate: Estimate, config: VehicleConfig) -> bool:
    del state, estimate
    status, bias_m = seen.status, seen.depth_bias_m
    wish_m = wishes.depth_wish_m(config, status, bias_m)
    return status is not None and status.depth_m >= wish_m - DEPTH_REACHED_M


def _tool_up(state: MissionState, seen: JobInputs, estimate: Estimate, config: VehicleConfig) -> bool:
    del state, estimate
    status = seen.status
    return status is not None and status.tool_height_m >= wishes.height_wish_m(config) - TOOL_UP_TOLERANCE_M


def _worked(state: MissionState, seen: JobInputs, estimate: Estimate, config: VehicleConfig) -> bool:
    del seen, config
    segment = segment_of(state)
    return _at_end(segment, along_segment_m(segment, estimate))


def _at_end(segment: Segment, along_m: float) -> bool:
    return along_m >= length_m(segment) - ALONG_DONE_M


def _moved(state: MissionState, seen: JobInputs, estimate: Estimate, config: VehicleConfig) -> bool:
    del seen
    segment = segment_of(state)
    if segment.kind is SegmentKind.TURN:
        left_rad = wrap_rad(turn_goal_rad(state, estimate, config.machine.tool.ahead_m) - estimate.yaw_rad)
        return abs(left_rad) < PIVOT_DONE_RAD and abs(estimate.yaw_rate_radps) < PIVOT_SETTLED_RADPS
    along_m = along_segment_m(segment, estimate)
    return along_m >= length_m(segment) - ALONG_DONE_M and abs(estimate.speed_mps) < 5.0 * STANDSTILL_MPS


def _backed_off(state: MissionState, seen: JobInputs, estimate: Estimate, config: VehicleConfig) -> bool:
    del seen
    back_m = max(0.0, state.worked_along_m - config.mission.back_off_m)
    return along_segment_m(segment_of(state), estimate) <= back_m + ALONG_DONE_M


_CHECKS = {
    MissionPhase.SPIN_UP: _rotor_ready,
    MissionPhase.LOWER: _at_depth,
    MissionPhase.WORK: _worked,
    MissionPhase.RAISE: _tool_up,
    MissionPhase.MOVE: _moved,
    MissionPhase.BACK_OFF: _backed_off,
}
