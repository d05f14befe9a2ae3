"""Codes of the reasons that limit or stop the machine, and what a row of their table (`stop_reasons`) says.

A code is a bit of the wire (n of FLAIL_VEHICLE.reasons, n - 64 of reasons_high), and never changes.
"""

from enum import IntEnum, StrEnum

import msgspec

NO_REASON = 255
"""On the wire, where a code stands and there is no reason."""


class Level(IntEnum):
    """What a reason does. LIMIT: slow, no new mission. STOP: ramp, rotor off. FAULT: and engine off. ESTOP: at once."""

    WARN = 1
    LIMIT = 2
    STOP = 3
    FAULT = 4
    ESTOP = 5


class Recovery(StrEnum):
    """How a reason is left. No recovery moves the machine: motion needs reset, arm and arm again."""

    CLEARS = "A"
    RESET = "N"
    ACKNOWLEDGE = "P"
    MACHINE = "H"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One reason. `level` by stick, `auto_level` in a mission.

    `retreat`: RECOVERY may drive in spite of it.
    `cleared_by_arming`: it belongs to the console that holds control or to what was driven, so that a station which
    disarms, takes control and arms is rid of it. `doubts_position`: where the machine stands is not what the estimate
    says, or may not be. `sounds_horn`: people near are warned while it is in force. `evidence`: the record of what led
    to it is sealed. `waits`: in a mission the machine first stands and waits for it to pass (WAIT), and stops only if
    it does not. `bars_start`: after it no console starts the engine before a reset at the machine. It is in force once
    its facts held for `onset_ticks` in a row, and for `linger_ticks` after they went. `rows`: of the fault catalogue.
    `text` is for the operator's console, `station_text` for ground stations, which have no buttons of ours.
    """

    name: str
    level: Level
    auto_level: Level
    recovery: Recovery
    retreat: bool
    cleared_by_arming: bool
    doubts_position: bool
    sounds_horn: bool
    evidence: bool
    waits: bool
    bars_start: bool
    onset_ticks: int
    linger_ticks: int
    rows: tuple[int, ...]
    text: str
    station_text: str

    @property
    def gravest(self) -> Level:
        """Its class where it weighs most."""
        return max(self.level, self.auto_level)

    @property
    def blocks_arming(self) -> bool:
        """It stands against a ground station's arming: by stick it stops, and neither arming nor RECOVERY leaves it."""
        return self.level >= Level.STOP and not self.retreat and not self.cleared_by_arming


class StopReason(IntEnum):
    """Codes of the reasons; a code is a bit of the wire and never changes its meaning."""

    ESTOP_MACHINE = 0
    ESTOP_CONSOLE = 1
    FIRE = 2
    ROLL_OVER = 3
    RUNAWAY = 4
    ROTOR_UNREQUESTED = 5
    ROTOR_STUCK_ON = 6
    CONTROLLER_HUNG = 7
    CONTROLLER_RESET = 8
    SETPOINT_MISMATCH = 9
    ROTOR_NOT_STOPPING = 10
    HYDRAULIC_PRESSURE_LOST = 11
    ENGINE_OVERSPEED = 12
    OIL_PRESSURE_LOW = 13
    OVERHEATED = 14
    CONTROLLER_FAULT = 15
    LINK_LOST = 16
    LINK_FLAPPING = 17
    CONSOLE_FROZEN = 18
    STICK_FAULT = 19
    CONSOLE_BATTERY_EMPTY = 20
    CONSOLE_TILTED = 21
    VIDEO_STALE = 22
    DUPLICATE_STATION = 23
    LEASE_RELEASED = 24
    OPERATOR_STOP = 25
    ARM_UNUSED = 26
    CONTROLLER_LOST = 27
    HANDSHAKE = 28
    WIRE_ERRORS = 29
    TRACK_SENSOR = 30
    TILT_DISAGREES = 31
    TILT_UNKNOWN = 32
    SLOPE = 33
    ROTOR_SPIN_UP = 34
    ROTOR_SAG = 35
    ROTOR_OVERSPEED = 36
    ROTOR_SENSOR = 37
    DETONATION = 38
    ENGINE_STALL = 39
    TOO_HOT = 40
    SUPPLY_LOW = 41
    LOOP_STALL = 42
    MOVED_WHILE_BRAKED = 43
    TRACK_STUCK = 44
    BOOT_LOOP = 45
    CONFIG_ENVELOPE = 46
    MAINTENANCE = 47
    GNSS_LOST = 48
    POSITION_FLOAT = 49
    POSITION_UNPROVEN = 50
    POSITION_JUMP = 51
    POSITION_DRIFT = 52
    WRONG_BASE = 53
    HEADING_LOST = 54
    TOOL_HEIGHT_UNKNOWN = 55
    TRACK_SLIP = 56
    FENCE = 57
    UNPROCESSED_GROUND = 58
    ATTENTION = 59
    MISSION_LEFT = 60
    LINK_SLOW = 61
    IMU_NOISY = 62
    STICKS_MOVED = 63
    TICKS_LATE = 64
    VIDEO_LATE = 65
    HOT = 66
    LINK_AGEING = 67
    CONSOLE_BATTERY_LOW = 68
    CONSOLE_TILTING = 69
    SUPPLY_WARN = 70
    SLOPE_NEAR = 71
    SECOND_STATION = 72
    BAD_FRAMES = 73
    RECORDING_LOST = 74
    CORRECTIONS_OLD = 75
    FENCE_UNWATCHED = 76
    CONTROLLER_STOPPED = 77
    LINE_DELAY = 78
    RESTARTED_IN_MOTION = 79
    POSITION_STUCK = 80
    HEADING_STUCK = 81
    HEADING_DISAGREES = 82
    BASE_UNCHECKED = 83
    CHECK_DUE = 84
    DEPTH_CONTRADICTS = 85
    DEPTH_CHECK_DUE = 86
    HAMMER_COUNT_DUE = 87
    STATUS_DISORDER = 88
    IMPOSSIBLE_VALUE = 89
    ATTENTION_ASKED = 90
    ATTENTION_LATE = 91
    RING_OVERLAP = 92
    RING_NEAR = 93
    NEIGHBOUR_SILENT = 94
    SHOCK_SMALL = 95
    TWO_BASES = 96
