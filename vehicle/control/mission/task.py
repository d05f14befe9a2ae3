"""What the job wants in this tick: a task for the follower and the flail."""

import math

import msgspec

from vehicle.config.depth_margin import SIGMA_ASSUMED_M, fast_scatter_m, needed_m
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.geometry import offset_m
from vehicle.contracts.messages import ControllerStatus, DriveKind, Estimate, MissionPhase, Task
from vehicle.contracts.plan import Segment, SegmentKind
from vehicle.contracts.units import wrap_rad
from vehicle.control.mission.progress import course_rad, length_m, segment_of, segment_progress, turn_goal_rad
from vehicle.control.state import MissionState

DEPTH_READING_SIGMAS = 3.5
"""One tenth of a second in two thousand whose readings dip below what credit asks breaks a run and leaves an unproven
stripe across the swath, so the set-point keeps that scatter above it as well."""
UNEVEN_M = 0.01
"""Kept beside: on ground that is uneven by 2 cm the arm now and then lags by more than a centimetre."""
BACK_OFF_SPEED_MPS = 0.2
LINK_SLOW_SHARE = 0.8
"""Above 0.3 m/s the link may be 200 ms old before the machine stops. Where it lately came within a fifth of that, moves
are made slowly instead: below 0.3 m/s 450 ms are allowed, and slow is faster than stopped."""
SLOW_SHARE = 0.93
ROTOR_PHASES = (MissionPhase.SPIN_UP, MissionPhase.LOWER, MissionPhase.WORK, MissionPhase.RAISE)
DOWN_PHASES = (MissionPhase.LOWER, MissionPhase.WORK)
DRIVING_PHASES = (MissionPhase.WORK, MissionPhase.MOVE)
RESTING_PHASES = (MissionPhase.IDLE, MissionPhase.PAUSED, MissionPhase.DONE)


def depth_wish_m(config: VehicleConfig, status: ControllerStatus | None, bias_m: float) -> float:
    """Depth set-point: required depth, what credit withholds, the readings' scatter; within reach.

    `bias_m`: what readings by hand found the sensor to be off by, and more while one is due.
    """
    sigma_m = status.depth_sigma_m if status is not None else SIGMA_ASSUMED_M
    wish_m = needed_m(config.mission, sigma_m, bias_m) + DEPTH_READING_SIGMAS * fast_scatter_m(sigma_m)
    return min(wish_m + UNEVEN_M, config.machine.tool.depth_max_m)


def height_wish_m(config: VehicleConfig) -> float:
    """Height of the raised tool for moves; well above stubble, low enough to keep the centre of mass down."""
    return min(0.3, config.machine.tool.height_max_m)


def task(state: MissionState, estimate: Estimate, config: VehicleConfig) -> Task:
    """What is wanted in this tick. Outside WORK, MOVE and BACK_OFF the tracks stand."""
    phase = state.phase
    if phase in RESTING_PHASES:
        return Task(phase=phase)
    segment = segment_of(state)
    along, cross = segment_progress(segment, estimate)
    base = Task(
        phase=phase,
        along_m=along,
        cross_track_m=cross,
        rotor_on=phase in ROTOR_PHASES or (phase is MissionPhase.MOVE and _spins_up_ahead(state, along, config)),
        tool_down=phase in DOWN_PHASES,
    )
    if phase is MissionPhase.BACK_OFF:
        return _back_off(base, state, segment, config)
    if phase is MissionPhase.MOVE and segment.kind is SegmentKind.TURN:
        return msgspec.structs.replace(
            base,
            drive=DriveKind.PIVOT,
            yaw_goal_rad=turn_goal_rad(state, estimate, config.machine.tool.ahead_m),
            turn_rad=segment.turn_rad,
        )
    if phase not in DRIVING_PHASES:
        return base
    slow = state.link_peak_s > LINK_SLOW_SHARE * config.safety.t_stop_fast_s
    cap_mps = SLOW_SHARE * config.safety.slow_speed_mps if slow else segment.speed_mps
    return _line(base, segment, min(segment.speed_mps, cap_mps))


def _line(base: Task, segment: Segment, speed_mps: float) -> Task:
    return msgspec.structs.replace(
        base,
        drive=DriveKind.LINE,
        start_east_m=segment.points_m[0][0],
        start_north_m=segment.points_m[0][1],
        course_rad=course_rad(segment),
        length_m=length_m(segment),
        direction=-1 if segment.kind is SegmentKind.REVERSE else 1,
        speed_mps=speed_mps,
    )


def _back_off(base: Task, state: MissionState, segment: Segment, config: VehicleConfig) -> Task:
    """Reverse along the own strip to where the tool, lowered again, overlaps what was worked before the break."""
    end = offset_m(segment.points_m[0], segment.yaw_start_rad, state.worked_along_m)
    return msgspec.structs.replace(
        base,
        drive=DriveKind.LINE,
        start_east_m=end[0],
        start_north_m=end[1],
        course_rad=wrap_rad(segment.yaw_start_rad + math.pi),
        length_m=min(config.mission.back_off_m, state.worked_along_m),
        direction=-1,
        speed_mps=min(BACK_OFF_SPEED_MPS, config.machine.tracks.reverse_speed_mps),
    )


def _spins_up_ahead(state: MissionState, along: float, config: VehicleConfig) -> bool:
    """Spin up on the last metres of a move so that the swath begins without a wait."""
    assert state.plan is not None
    following = state.index + 1
    if following >= len(state.plan.segments) or state.plan.segments[following].kind is not SegmentKind.SWATH:
        return False
    segment = segment_of(state)
    left_s = (length_m(segment) - along) / max(0.05, segment.speed_mps)
    return left_s < config.machine.tool.spin_up_s
