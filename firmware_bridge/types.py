"""Types of what the low-level controller reports: frozen, ENU/FLU, SI units last in every name.

`None` means unknown: a missing reading is never 0 (in `ControllerStatus` it is NaN). `ActuatorCommand`, which the
controller *obeys*, is apart in `firmware_bridge/command.py`, where one module only may import it.
"""

import math
from enum import IntEnum, IntFlag

import msgspec


class ToolMode(IntEnum):
    """What the tool arm has to do. In a stop it is HOLD, because raising the tool would be an unrequested movement."""

    HOLD = 0
    HEIGHT = 1
    DEPTH = 2


class EngineMode(IntEnum):
    """KEEP leaves the engine as it is; IDLE keeps the hydrostatic brake effective through a stop.

    START turns the starter for as long as commands with it live; no other mode starts a stopped engine.
    """

    KEEP = 0
    IDLE = 1
    WORK = 2
    SHUTDOWN = 3
    START = 4


class FixType(IntEnum):
    """GNSS solution, with the numbers of MAVLink's GPS_FIX_TYPE."""

    NONE = 0
    NO_FIX = 1
    FIX_2D = 2
    FIX_3D = 3
    DGPS = 4
    RTK_FLOAT = 5
    RTK_FIXED = 6


class ControllerState(IntEnum):
    """State of the controller: BOOT until the handshake, SAFE after its lease ran out, RUN while driven."""

    BOOT = 0
    SAFE = 1
    RUN = 2
    FAULT = 3
    ESTOP = 4


class ControllerFlag(IntFlag):
    """Switches and contacts that the controller reads."""

    ESTOP_CHAIN_OPEN = 1
    FIRE = 2
    SHOCK = 4
    OIL_PRESSURE_LOW = 8
    BRAKE_ON = 16
    KILL = 32
    LEASE_EXPIRED = 64
    SUPPRESSION = 128


class ControllerFault(IntFlag):
    """Faults latched by the controller: the bits of `ControllerStatus.fault_bits` (FLAIL_FAULT)."""

    TRACK_LEFT_SENSOR = 1
    TRACK_RIGHT_SENSOR = 2
    ROTOR_SENSOR = 4
    TOOL_SENSOR = 8
    TRACK_STUCK = 16
    BRAKE = 32
    ROTOR_STUCK = 64
    OUTPUT = 128
    ENGINE = 256
    PRESSURE = 512
    SUPPLY = 1024
    WATCHDOG_RESET = 2048
    CONFIG = 4096
    COMMAND = 8192


class DepthDatum(IntEnum):
    """What a reported depth is measured from; only GROUND_AHEAD, the undisturbed ground, proves depth."""

    UNKNOWN = 0
    GROUND_AHEAD = 1
    ARM_ANGLE = 2


class ControllerStatus(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Answer to each command (FLAIL_STATUS). Track speeds are of the belt, positive forward.

    `status_count`: number of statuses since boot modulo 65536; if it repeats, the controller hangs. `command_age_ms`:
    at most 65535, which also means that no command was obeyed yet. `fuel_ratio`: of a full tank, 0 to 1; NaN also from
    a controller that has no gauge.

    `shock_peak_g`: the largest acceleration at the shock input while its contact is closed and for half a second after
    it [g], else that of the last half second, and held until a command shows that the vehicle heard of it; 0 also if a
    controller does not report it, infinite if its sensor was at its end. The flag SHOCK is held as long.

    A measured value is NaN if its sensor is dead. Every check compares for what must be true, which NaN never fulfils
    (docs/adr/2026-11-21-unknown-readings-stay-nan). Applied set-points are always known.
    """

    time_ms: int
    boot_count: int
    command_sequence: int
    state: ControllerState
    flags: ControllerFlag
    command_age_ms: int
    track_left_mps: float
    track_right_mps: float
    applied_left_mps: float
    applied_right_mps: float
    rotor_speed_radps: float
    rotor_torque_nm: float
    tool_height_m: float
    depth_m: float
    depth_sigma_m: float
    engine_speed_radps: float
    engine_load_ratio: float
    hydraulic_pressure_pa: float
    hydraulic_temp_degc: float
    coolant_temp_degc: float
    supply_voltage_v: float
    fault_bits: int
    applied_rotor_radps: float = 0.0
    depth_datum: DepthDatum = DepthDatum.UNKNOWN
    status_count: int = 0
    fuel_ratio: float = math.nan
    shock_peak_g: float = 0.0


class ImuSample(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Gyro and gravity-referenced tilt in FLU (FLAIL_IMU). Pitch is positive nose down, as FLU has it."""

    time_ms: int
    yaw_rate_radps: float
    roll_rate_radps: float
    pitch_rate_radps: float
    accel_x_mps2: float
    accel_y_mps2: float
    accel_z_mps2: float
    roll_rad: float
    pitch_rad: float
    clip_count: int


class GnssFix(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Position of the main antenna and dual-antenna heading (FLAIL_GNSS).

    Yaw and course are ENU, from east, anticlockwise. `speed_mps` is over ground, seen from above, as NMEA's VTG and
    u-blox's gSpeed: on a slope less than the speed along it. `correction_age_s` is infinite if no correction was ever
    received. `time_utc_us`: the epoch since 1970. `heading_fix`: the baseline's own solution; `heading_age_ms`: age of
    that solution at this epoch, 65534 for that or more. `restart_count`: number of solutions started anew on request
    (after 254 comes 1); 0 also if a controller does not report it, so only a *rising* count shows a restart;
    `RESTART_NEVER`: the receiver cannot.
    """

    time_ms: int
    fix: FixType
    satellites: int
    lat_deg: float
    lon_deg: float
    alt_m: float
    sigma_horizontal_m: float
    sigma_vertical_m: float
    yaw_rad: float | None
    yaw_sigma_rad: float
    speed_mps: float
    course_rad: float
    correction_age_s: float
    base_id: int
    time_utc_us: int | None = None
    heading_fix: FixType | None = None
    heading_age_ms: int | None = None
    restart_count: int = 0


RESTART_NEVER = 255
"""`GnssFix.restart_count` of a receiver that cannot start its solution anew on request."""


class ControllerHello(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Handshake in both directions (FLAIL_HELLO); a difference forbids arming.

    `config_hash` is 8 bytes; `boot_count` is 0 from the host.
    """

    protocol_version: int
    firmware_version: int
    config_hash: bytes
    watchdog_ms: int
    boot_count: int


class ReceivedCommand(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A FLAIL_COMMAND as a controller reads it: the fields of `ActuatorCommand`, without the power to move anything.

    The receiving side has its own type, so that only the gate needs the constructor of `ActuatorCommand`.
    """

    sequence: int
    tick: int
    valid_for_ms: int
    track_left_mps: float
    track_right_mps: float
    rotor_speed_radps: float
    tool_mode: ToolMode
    tool_value_m: float
    engine: EngineMode
    brake: bool
    horn: bool
    beacon: bool
    suppression: bool
    kill: bool
    reset: bool = False
    gnss_restart: bool = False
    controller_time_ms: int = 0


class OperatorEdge(IntFlag):
    """Deliberate acts; each counts once, in the frame in which it first appears."""

    NONE = 0
    ARM = 1
    DISARM = 2
    RESET = 4
    STOP = 8
    ESTOP = 16
    TAKE = 32
    RELEASE = 64
    MISSION_START = 128
    MISSION_PAUSE = 256
    ATTENTION = 512
    ACKNOWLEDGE = 1024
    RECOVERY = 2048
    RELEASE_ESTOP = 4096
    ENGINE_START = 8192


class OperatorFrame(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One 20 Hz frame of an operator's station (FLAIL_OPERATOR).

    `echo_tick`: vehicle tick that the station last saw; the frame's age since creation is now minus that tick, whatever
    the radio did. `sample_count`: number of stick readings, so that a frozen station that repeats its last frame is
    noticed. Sticks are -1..1: `drive` forward positive, `turn` left positive. `native`: the station itself sends
    hold-to-run and signs of attention; False for a station with plain MAVLink, for which the vehicle made this frame.
    """

    station_id: int
    session_id: int
    sequence: int
    echo_tick: int
    sample_count: int
    hold_to_run: bool
    drive: float
    turn: float
    rotor_request: bool
    tool_mode: ToolMode
    tool_value_m: float
    edges: OperatorEdge
    battery_ratio: float
    tilt_rad: float
    video_age_ms: int
    native: bool = True


class VehicleFrame(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The vehicle's report to stations, 10 to 20 Hz (FLAIL_VEHICLE); ENU and FLU, `None` means unknown.

    `mode`, `rotor` and `phase` have the numbers of FLAIL_MODE, FLAIL_ROTOR_STATE and FLAIL_PHASE. Bit n of `reasons` is
    stop reason n, of `reasons_high` 64 + n; `worst_reason` is 255 if none is in force. `operator_age_ms` is at most
    65535. `ring_m`: radius of the vehicle's own ring in force.
    """

    tick: int
    session_id: int
    mode: int
    rotor: int
    phase: int
    lease_holder: int
    worst_reason: int
    reasons: int
    operator_age_ms: int
    lat_deg: float | None
    lon_deg: float | None
    yaw_rad: float | None
    speed_mps: float | None
    roll_rad: float | None
    pitch_rad: float | None
    tool_height_m: float | None
    depth_m: float | None
    rotor_speed_radps: float | None
    segment_seq: int
    segment_count: int
    cross_track_m: float
    along_m: float
    processed_m2: float
    sigma_m: float | None
    reasons_high: int = 0
    ring_m: float | None = None


class ObservationKind(IntEnum):
    """What somebody measured, saw or did.

    Values: m of depth, m off a control point, hammers, class, objects, none, minutes for the acts of a shift, and the
    number of a swath. The text of an act of the shift begins with the item's name (`vehicle/contracts/shift_table.py`),
    that of a skipped swath with its plan and the key of its reason (`vehicle/contracts/skipped.py`); what a sign-in and
    a hand-over say stands in `vehicle/contracts/people.py`.
    """

    DEPTH_CHECK = 0
    BENCHMARK_CHECK = 1
    HAMMER_COUNT = 2
    DETONATION_CLASS = 3
    FIND = 4
    NOTE = 5
    SHIFT_DONE = 6
    SHIFT_NOT_DONE = 7
    SKIP_SWATH = 8
    SIGN_IN = 9
    HAND_OVER_OFFER = 10
    HAND_OVER_READ = 11
    HAND_OVER_SIGN = 12


class ObservationVerdict(IntEnum):
    """Result of an observation."""

    RECORDED = 0
    OUT_OF_BOUNDS = 1
    REFUSED = 2


class Observation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What somebody measured or saw (FLAIL_OBSERVATION); it enters the record and moves nothing.

    The same `sequence` from the same station is the same observation, sent again. Values that nobody measured are left
    out. `who` has at most 20 bytes of UTF-8, `text` 50.
    """

    station_id: int
    session_id: int
    sequence: int
    kind: ObservationKind
    value: float = 0.0
    sigma: float | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    time_utc_us: int | None = None
    who: str
    text: str = ""


class ObservationResult(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The vehicle's answer (FLAIL_OBSERVATION_RESULT); `text`: why it was refused, at most 50 bytes of UTF-8."""

    station_id: int
    sequence: int
    result: ObservationVerdict
    text: str = ""


class NeighbourKind(IntEnum):
    """Who is in the middle of a ring."""

    MACHINE = 0
    PEOPLE = 1


class NeighbourFrame(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where another machine or a person is, as a station tells it (FLAIL_NEIGHBOUR).

    `name` has 1 to 20 bytes of UTF-8. `speed_mps`: the fastest that the middle may be moving now. `age_ms`: of the
    place when the frame was sent; `echo_tick`: vehicle tick that the station saw last, 0 for none.
    """

    station_id: int
    name: str
    kind: NeighbourKind
    lat_deg: float
    lon_deg: float
    radius_m: float
    speed_mps: float
    age_ms: int = 0
    echo_tick: int = 0
