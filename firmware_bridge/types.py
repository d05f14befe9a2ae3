"""What the low-level controller reports: frozen, ENU/FLU, SI units last in every name.

`None` means unknown: a missing reading is never 0. The constructor of what the controller *obeys*,
`ActuatorCommand`, lives alone in `firmware_bridge/command.py`, where one importer may use it.
"""

from enum import IntEnum, IntFlag

import msgspec


class ToolMode(IntEnum):
    """What the tool arm is asked to do. HOLD is the stop shape: a lift is an unrequested movement."""

    HOLD = 0
    HEIGHT = 1
    DEPTH = 2


class EngineMode(IntEnum):
    """KEEP leaves the engine as it is; IDLE keeps hydrostatic holding alive through a stop."""

    KEEP = 0
    IDLE = 1
    WORK = 2
    SHUTDOWN = 3


class FixType(IntEnum):
    """GNSS solution, in MAVLink's GPS_FIX_TYPE numbers so that no second table exists."""

    NONE = 0
    NO_FIX = 1
    FIX_2D = 2
    FIX_3D = 3
    DGPS = 4
    RTK_FLOAT = 5
    RTK_FIXED = 6


class ControllerState(IntEnum):
    """The controller's own view: BOOT until the handshake, SAFE when its lease ran out, RUN while driven."""

    BOOT = 0
    SAFE = 1
    RUN = 2
    FAULT = 3
    ESTOP = 4


class ControllerFlag(IntFlag):
    """Switches and contacts read by the controller."""

    ESTOP_CHAIN_OPEN = 1
    FIRE = 2
    SHOCK = 4
    OIL_PRESSURE_LOW = 8
    BRAKE_ON = 16
    KILL = 32
    LEASE_EXPIRED = 64
    SUPPRESSION = 128


class ControllerStatus(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Answer to each command (FLAIL_STATUS). Track speeds are of the belt, positive forward."""

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
    """Position of the main antenna and dual-antenna heading (FLAIL_GNSS); yaw is ENU, from east, anticlockwise."""

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


class ControllerHello(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Handshake of the controller (FLAIL_HELLO); a mismatch refuses to arm and says what differs."""

    protocol_version: int
    firmware_version: int
    config_hash: bytes
    watchdog_ms: int
    boot_count: int
