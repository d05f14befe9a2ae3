"""What a vehicle tells consoles besides its report: beats with answers to acts, figures of the work, and strokes.

Frozen, ENU/FLU, SI units last in every name. None means unknown; 0 is a value.
"""

from enum import IntEnum, IntFlag

import msgspec

from firmware_bridge.types import FixType, OperatorEdge


class BeatFlag(IntFlag):
    """States of the vehicle that are true or false (FLAIL_BEAT_FLAGS)."""

    NEUTRAL_SEEN = 1
    RESET_DUE = 2
    ESTOP_LATCHED = 4
    STANDING = 8
    STANDING_KNOWN = 16
    HOLD_ACCEPTED = 32
    ARMED = 64
    MISSION = 128
    ACKNOWLEDGE_DUE = 256
    MINE = 512
    HELD = 1024
    PLAN = 2048
    START_BLOCKED = 4096
    HORN = 8192


class ActWhy(IntEnum):
    """Why an act was refused (FLAIL_ACT_WHY)."""

    NONE = 0
    REASON = 1
    NOT_NEUTRAL = 2
    HOLD_PRESSED = 3
    HOLD_NOT_PRESSED = 4
    NOT_STANDING = 5
    HELD_BY_OTHER = 6
    TAKE_FIRST = 7
    TOO_SOON = 8
    TOO_LATE = 9
    WRONG_MODE = 10
    RESET_FIRST = 11
    RELEASE_FIRST = 12
    ROTOR_TURNS = 13
    NOTHING_TO_START = 14
    START_BLOCKED = 15
    CHANGED_MEANWHILE = 16
    NOTHING_DUE = 17
    NOT_NOW = 18
    WAIT_MOMENT = 19
    SHIFT_DUE = 20
    NO_STARTER = 21
    START_BARRED = 22
    STARTER_RESTS = 23
    ENGINE_TURNS = 24
    NOT_SECURED = 25

    @property
    def key(self) -> str:
        """As catalogues of texts have it: `not_neutral`; "" where nothing was refused."""
        return "" if self is ActWhy.NONE else self.name.lower()


class WorkFlag(IntFlag):
    """State of the work in yes and no (FLAIL_WORK_FLAGS)."""

    LEFT_UNPROVEN = 1
    RIGHT_UNPROVEN = 2
    TRACKS_KNOWN = 4
    BASE_DUE = 8
    CHECK_DUE = 16
    DEPTH_DUE = 32
    HAMMERS_DUE = 64
    DEPTH_CONTRADICTS = 128
    KEEP_OUT_LEFT = 256
    KEEP_OUT_RIGHT = 512
    KEEP_OUT_AHEAD = 1024
    KEEP_OUT_BEHIND = 2048
    AREAS_KNOWN = 4096
    SHIFT_USED = 8192
    SHIFT_DUE = 16384


class EngineStartStep(IntEnum):
    """An engine start from a console: whether there is one, and its step (FLAIL_ENGINE_START)."""

    NOT_OFFERED = 0
    IDLE = 1
    ASKED = 2
    HELD = 3
    WARNING = 4
    CRANKING = 5
    RESTS = 6
    BARRED = 7


class BeatFrame(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The vehicle's beat for one console (FLAIL_BEAT), 20 Hz.

    `session_low`: low half of the session. `heard`: low half of the sequence of that console's newest frame.
    `act_number`: its newest act that is answered, 0 where none is; `act_refused`: edges of it that were refused, all
    others were accepted; `act_reason`: code of the stop reason that stands against it.
    """

    tick: int
    session_low: int
    mode: int
    worst_reason: int
    flags: BeatFlag
    heard: int = 0
    act_number: int = 0
    act_refused: OperatorEdge = OperatorEdge.NONE
    act_why: ActWhy = ActWhy.NONE
    act_reason: int | None = None


class WorkFrame(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is required and left, and what the machine reads (FLAIL_WORK), 2 Hz.

    `cap_reason`: code of the worst stop reason that limits the speed, 255 where none does. `*_check_age_s`: since the
    last one of this start of the program. `time_left_s`: of the plan at its own speeds, without stops. `fuel_ratio`: of
    a full tank; `fuel_time_min`: it lasts for so many minutes of work. `day_count`: rises with each change of what
    people told in this task, 0 from a vehicle that has no such file. `start_*`: of a mission that waits: what stands
    against its start here (`vehicle.contracts.messages.StartBlock`), how far away it would begin, and in which
    direction, left positive. `engine_start_left_s`: until its step ends, or the starter has rested, 0 where nothing
    counts down; `engine_start_tries`: without a running engine.
    """

    tick: int
    flags: WorkFlag
    cap_reason: int
    rotor_required_radps: float | None = None
    depth_required_m: float | None = None
    depth_sigma_m: float | None = None
    rotor_torque_nm: float | None = None
    speed_cap_mps: float | None = None
    attention_left_s: float | None = None
    arm_unused_left_s: float | None = None
    engine_speed_radps: float | None = None
    engine_load_ratio: float | None = None
    hydraulic_pressure_pa: float | None = None
    hydraulic_temp_degc: float | None = None
    coolant_temp_degc: float | None = None
    supply_voltage_v: float | None = None
    processed_m2: float | None = None
    passed_m2: float | None = None
    below_m2: float | None = None
    provisional_m2: float | None = None
    withdrawn_m2: float | None = None
    total_m2: float | None = None
    time_left_s: float | None = None
    segment_length_m: float | None = None
    depth_check_age_s: float | None = None
    hammer_check_age_s: float | None = None
    base_check_age_s: float | None = None
    keep_out_distance_m: float | None = None
    correction_age_s: float | None = None
    base_id: int | None = None
    fix: FixType | None = None
    satellites: int | None = None
    fuel_ratio: float | None = None
    fuel_time_min: int | None = None
    day_count: int = 0
    start_block: int = 0
    start_distance_m: float | None = None
    start_bearing_rad: float | None = None
    engine_start: EngineStartStep = EngineStartStep.NOT_OFFERED
    engine_start_left_s: float = 0.0
    engine_start_tries: int = 0


class StrokesFrame(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What changed in the record of worked ground (FLAIL_STROKES): strokes in order, or one act.

    `first`: number of the first stroke, or of the newest one before the act; `acts`: so many acts of this start of the
    program came before, or with it; `strokes`: each packed in its codec; `act`: packed, None where strokes are told.
    """

    session_low: int
    plan: int
    first: int
    acts: int
    strokes: tuple[bytes, ...] = ()
    act: bytes | None = None
