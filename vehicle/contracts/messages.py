"""Every message between rooms, in order of flow; frozen, units last in the name. `None` means unknown, never 0."""

from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from firmware_bridge.types import (
    ControllerHello,
    ControllerStatus,
    EngineMode,
    FixType,
    GnssFix,
    ImuSample,
    NeighbourFrame,
    Observation,
    ObservationResult,
    OperatorEdge,
    OperatorFrame,
    ToolMode,
)
from vehicle.contracts.plan import PlanAssignment

if TYPE_CHECKING:
    from firmware_bridge.command import ActuatorCommand

__all__ = [
    "ControllerHello",
    "ControllerStatus",
    "EngineMode",
    "FixType",
    "GnssFix",
    "ImuSample",
    "OperatorEdge",
    "OperatorFrame",
    "ToolMode",
]


# --- wire -> tick ----------------------------------------------------------------------------------------------------
class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """All that arrived since the last tick; nothing in here acts by itself."""

    status: ControllerStatus | None = None
    imu: ImuSample | None = None
    gnss: GnssFix | None = None
    hello: ControllerHello | None = None
    operator: tuple[OperatorFrame, ...] = ()
    observations: tuple[Observation, ...] = ()
    neighbours: tuple[NeighbourFrame, ...] = ()
    plan: PlanAssignment | None = None
    bad_frames: int = 0
    overrun: bool = False
    recording: bool = True


# --- estimate --------------------------------------------------------------------------------------------------------
class Estimate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Pose of the body origin, twist, tilt and 1-sigma uncertainty; `tool_*` where the middle of the tool cuts.

    `tool_aside_m`: so far left of the point above or below it on the ground, on a side slope; 0 on level ground.

    `position_proven` is RTK fixed, fresh, accepted and believed: the only state in which ground may be credited.
    `position_reckoned`: nothing but the fix is missing, or a second of looking at one that came back; belts, gyro and
    heading go on from a place that was proven.
    `doubt_m`: how far off it may be beside its sigma. `*_doubted`: the receiver's own is another one, and not believed;
    `*_stuck`: it does not follow what the machine does. `gnss_restart`: the receiver is to fix anew. `revoke_t_ns`:
    what was credited after it is not upheld; 0 in nearly every tick.
    """

    t_ns: int
    valid: bool
    position_proven: bool
    fix: FixType
    gnss_age_s: float
    imu_age_s: float
    status_age_s: float
    east_m: float
    north_m: float
    yaw_rad: float
    speed_mps: float
    yaw_rate_radps: float
    roll_rad: float
    pitch_rad: float
    crab_rad: float
    slip_ratio: float
    slip_curvature_1pm: float
    sigma_east_m: float
    sigma_north_m: float
    sigma_yaw_rad: float
    tool_east_m: float
    tool_north_m: float
    tool_sigma_m: float
    innovation_ratio: float
    tool_aside_m: float = 0.0
    doubt_m: float = 0.0
    position_reckoned: bool = False
    position_doubted: bool = False
    position_stuck: bool = False
    heading_stuck: bool = False
    heading_doubted: bool = False
    gnss_restart: bool = False
    revoke_t_ns: int = 0


class Margin(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What may be wrong with the machine itself, as checks by people bound it; the ledger draws its claims in by it.

    `side_m`: of the tool's place in any direction. `yaw_rad`: of its direction. `depth_bias_m`: the depth sensor reads
    so much too deep. `withheld`: why nothing is claimed, in few words; "" where claims are made.
    """

    side_m: float = 0.0
    yaw_rad: float = 0.0
    depth_bias_m: float = 0.0
    withheld: str = ""

    @property
    def withhold(self) -> bool:
        """Nothing is claimed: a check failed."""
        return self.withheld != ""


# --- mission, drive, flail -> gate -----------------------------------------------------------------------------------
class MissionPhase(StrEnum):
    """What the job is doing; WORK is AUTO_WORK, everything else that moves is AUTO_MOVE."""

    IDLE = "idle"
    SPIN_UP = "spin_up"
    LOWER = "lower"
    WORK = "work"
    RAISE = "raise"
    MOVE = "move"
    BACK_OFF = "back_off"
    PAUSED = "paused"
    DONE = "done"


class DriveKind(StrEnum):
    """How the follower is to move: not at all, along a line, or about the body origin."""

    STAND = "stand"
    LINE = "line"
    PIVOT = "pivot"


class Task(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the mission wants done in this tick; `drive` and `flail` turn it into requests.

    A LINE starts at (`start_east_m`, `start_north_m`), runs `length_m` in the direction of *motion* `course_rad`;
    `direction` is -1 where the machine reverses along it. A PIVOT turns by the sign of `turn_rad` to `yaw_goal_rad`.
    """

    phase: MissionPhase
    drive: DriveKind = DriveKind.STAND
    start_east_m: float = 0.0
    start_north_m: float = 0.0
    course_rad: float = 0.0
    length_m: float = 0.0
    direction: int = 1
    speed_mps: float = 0.0
    yaw_goal_rad: float = 0.0
    turn_rad: float = 0.0
    along_m: float = 0.0
    cross_track_m: float = 0.0
    rotor_on: bool = False
    tool_down: bool = False


class Due(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the record waits for: checks that nobody has made yet, and a depth sensor that contradicts its own frame."""

    base: bool = False
    check: bool = False
    depth: bool = False
    hammers: bool = False
    depth_contradicts: bool = False


class Neighbour(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Another ring on the task, as one station told it last: its middle (ENU), its radius, how fast it may move.

    `people`: a person or a post, no machine. `t_ns`: when the middle was there, by the vehicle's clock.
    """

    station_id: int
    name: str
    people: bool
    east_m: float
    north_m: float
    radius_m: float
    speed_mps: float
    t_ns: int


class DriveRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Body twist wanted by a room: forward and left positive."""

    speed_mps: float = 0.0
    yaw_rate_radps: float = 0.0


class FlailRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Rotor and tool wanted by a room; height and depth both count from the undisturbed ground."""

    rotor_speed_radps: float = 0.0
    tool_mode: ToolMode = ToolMode.HOLD
    tool_value_m: float = 0.0
    engine: EngineMode = EngineMode.KEEP


class Requests(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the rooms ask of the gate; nothing of it reaches a wire by itself.

    `tracks_supported`: whether the tracks, where the mission would have them next, stand on swept or safe ground; None
    where nobody knows. `gnss_restart` asks the receiver, at its rising edge, to give its solution up and fix anew.
    `due`: what the record waits for.
    `has_mission`: there is a plan, and no act of the shift is missing; without it no mission starts.
    `observers`: stations whose observation is new on the record in this tick, and not a repeated one. `picture_good`:
    those of them that said of a detonation *AP, picture good*; `heavier`: one of them told of one that is more.
    `neighbours`: other rings on the task. `works`: the plan has a pass of the tool, or there is none.
    """

    auto_drive: DriveRequest
    auto_flail: FlailRequest
    auto_phase: MissionPhase
    manual_drive: DriveRequest
    manual_flail: FlailRequest
    tracks_supported: bool | None = None
    gnss_restart: bool = False
    due: Due = Due()
    has_mission: bool = True
    observers: tuple[int, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    picture_good: tuple[int, ...] = ()
    heavier: bool = False
    works: bool = True


# --- gate -> wire, ledger, telemetry ---------------------------------------------------------------------------------
class Mode(IntEnum):
    """State of the whole vehicle; docs/SAFETY.md, *Modes*, has the order."""

    BOOT = 0
    DISARMED = 1
    READY = 2
    MANUAL = 3
    AUTO_MOVE = 4
    AUTO_WORK = 5
    STOPPING = 6
    HOLD = 7
    ESTOP = 8
    FAULT = 9
    RECOVERY = 10
    WAIT = 11


AUTO_MODES = (Mode.AUTO_MOVE, Mode.AUTO_WORK)
"""A mission drives."""
MISSION_MODES = (*AUTO_MODES, Mode.WAIT)
"""A mission is under way: it drives, or waits."""
ACTIVE_MODES = (Mode.MANUAL, *MISSION_MODES, Mode.RECOVERY)
"""Armed and in use; whatever ends them is a stop."""


class EngineStart(IntEnum):
    """Steps of an engine start from a console, all of them disarmed; docs/SAFETY.md, *Engine start*, has the rules.

    ASKED: it waits for hold-to-run. HELD: until it was held long enough. WARNING: the horn. CRANKING: the starter.
    """

    NONE = 0
    ASKED = 1
    HELD = 2
    WARNING = 3
    CRANKING = 4


class RotorState(IntEnum):
    """AT_SPEED is *measured*; a commanded rotor is not a turning one, a rotor commanded off is not a stopped one."""

    OFF = 0
    SPIN_UP = 1
    AT_SPEED = 2
    SPIN_DOWN = 3


class GateReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate decided and why; `reasons` are names of `StopReason`, worst first."""

    mode: Mode
    rotor: RotorState
    reasons: tuple[str, ...]
    operator_age_s: float
    lease_holder: int
    neutral_seen: bool
    speed_cap_mps: float
    drive_speed_mps: float
    drive_yaw_rate_radps: float
    driving: bool
    worst_reason: int = 255
    """Number of the first of `reasons` on the station's wire; 255 = none."""
    reason_bits: int = 0
    """Bit n stands for stop reason n of the first 64."""
    reason_bits_high: int = 0
    """Bit n stands for stop reason 64 + n."""
    stop_reason: str = ""
    """Name of the worst reason of the stop under way, else of the worst in force; with its recovery rule and text."""
    recovery: str = ""
    text: str = ""
    due: bool = False
    """A stop waits for its RESET, or a reason that stops for its acknowledgement: nothing arms before."""
    attention_left_s: float | None = None
    """Until a mission stands because nobody answers whether somebody watches; None where nothing is asked."""
    wait_left_s: float = 0.0
    """Until a WAIT becomes a stop; 0 outside WAIT."""
    ring_m: float | None = None
    """Radius of the machine's own ring."""
    rings: tuple[Neighbour, ...] = ()
    """Other rings on the task, as wide as they are taken for."""
    detonation_left_s: float = 0.0
    """Until a detonation may be acknowledged or driven away from; 0 where none waits."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log: what happened, where, in words an operator understands."""

    t_ns: int
    tick: int
    kind: str
    text: str
    east_m: float | None = None
    north_m: float | None = None


class StartBlock(IntEnum):
    """What stands against a start of the mission where the machine stands (FLAIL_START_BLOCK).

    AWAY, PAST: it begins elsewhere. NO_CREDIT: a check that failed withholds all credit. DEPTH: the sensor cannot prove
    the required depth. SHIFT: acts of the shift were not told. RING: of another machine, or of people, on the way.
    """

    NONE = 0
    AWAY = 1
    PAST = 2
    NO_CREDIT = 3
    DEPTH = 4
    SHIFT = 5
    RING = 6


class StartRefusal(NamedTuple):
    """Why a mission would not begin or go on where the machine stands, for people; NONE and "" where it would."""

    kind: StartBlock
    text: str


STARTS = StartRefusal(StartBlock.NONE, "")


class VehicleReport(msgspec.Struct, frozen=True, kw_only=True):
    """What stations and the broker are told, at 10 Hz and on change."""

    tick: int
    t_ns: int
    estimate: Estimate
    gate: GateReport
    phase: MissionPhase
    segment_seq: int
    segment_count: int
    along_m: float
    cross_track_m: float
    tool_depth_m: float | None
    tool_height_m: float | None
    rotor_speed_radps: float | None
    processed_m2: float
    swept_m2: float
    session_id: int
    provisional_m2: float = 0.0
    """Of the processed ground what no closing check of the base has confirmed."""
    withdrawn_m2: float = 0.0
    """Claimed once and withdrawn by a check that failed; what of it was worked again counts as processed too."""
    start_blocked: str = ""
    """Why a mission would not begin where the machine stands, in few words; "" where it would, and without a plan."""
    start_block: StartBlock = StartBlock.NONE
    """The kind of it."""
    latch_tick: int = 0
    """The newest tick in which a reason that waits for an acknowledgement came, or came again while it waited."""


class Outputs(msgspec.Struct, frozen=True, kw_only=True):
    """What a tick hands to the shell: one command, perhaps a report, events."""

    command: "ActuatorCommand"
    report: VehicleReport | None
    events: tuple[Event, ...]
    results: tuple[ObservationResult, ...] = ()
