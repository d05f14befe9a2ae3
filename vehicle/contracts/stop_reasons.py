"""Every reason for which the machine is limited or stopped: class, recovery rule, and what the operator is told.

A code is a place in the table and a bit of the wire (n of FLAIL_VEHICLE.reasons, n - 64 of reasons_high), and never
changes; how bad a reason is says its class, and within one class its place.
Classes: WARN < LIMIT < STOP < FAULT < ESTOP (L1 to L5). A reason may weigh more in a mission than by hand.
"""

from enum import IntEnum, StrEnum
from functools import lru_cache

import msgspec


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


class Rule(msgspec.Struct, frozen=True):
    """One reason. `level` by hand, `auto_level` in a mission; `retreat`: RECOVERY may drive in spite of it.

    `by_hand_only`: it is looked at while sticks drive, and never in a mission.
    """

    name: str
    level: Level
    auto_level: Level
    recovery: Recovery
    retreat: bool
    text: str
    by_hand_only: bool

    @property
    def gravest(self) -> Level:
        """Its class where it weighs most."""
        return max(self.level, self.auto_level)


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


def _rule(code: StopReason, levels: str, recovery: str, text: str) -> Rule:
    """`levels`: the class by hand, in a mission where it differs, `r` where RECOVERY may drive on, `h` by hand only."""
    name, classes = code.name.lower(), levels.removesuffix("r").removesuffix("h")
    by_hand, auto = Level(int(classes[0])), Level(int(classes[-1]))
    return Rule(name, by_hand, auto, Recovery(recovery), "r" in levels, text, levels.endswith("h"))


PLAN = "Nobody walks to it; the team leader starts the recovery plan."
"""Instead of a way to the machine. What the plan has to bring about is the manual's (docs/OPERATION.md)."""
AGAIN = "Again: nobody walks to it; the team leader starts the recovery plan."

_R = StopReason
RULES: tuple[Rule, ...] = (
    _rule(_R.ESTOP_MACHINE, "5", "H", f"E-stop pressed on the machine. {PLAN} After it: RESET."),
    _rule(
        _R.ESTOP_CONSOLE,
        "5",
        "N",
        "E-stop from a console, engine cut. Release it on your console, centre the sticks, RESET.",
    ),
    _rule(_R.FIRE, "5", "H", f"Fire or smoke: keep away. {PLAN} After it: RESET."),
    _rule(_R.ROLL_OVER, "5", "H", f"Rolled over. {PLAN} After it: RESET."),
    _rule(
        _R.RUNAWAY, "5", "P", "Did not stop in time, engine cut. Watch by camera; when it stands: ACKNOWLEDGE, RESET."
    ),
    _rule(_R.ROTOR_UNREQUESTED, "5", "P", "Rotor turned unasked, engine cut. Keep away; at rest: ACKNOWLEDGE, RESET."),
    _rule(_R.ROTOR_STUCK_ON, "5", "P", "Rotor still turning 10 s after off, engine cut. At rest: ACKNOWLEDGE, RESET."),
    _rule(_R.CONTROLLER_HUNG, "5", "P", "Controller hangs. It restarts by itself; then ACKNOWLEDGE, RESET."),
    _rule(_R.CONTROLLER_RESET, "4", "P", f"Controller restarted while in use. ACKNOWLEDGE, RESET. {AGAIN}"),
    _rule(_R.SETPOINT_MISMATCH, "4", "P", f"Controller does not do what it is told. ACKNOWLEDGE, RESET. {AGAIN}"),
    _rule(
        _R.ROTOR_NOT_STOPPING, "4", "P", "Rotor still turning 6 s after off. Keep away; at rest: ACKNOWLEDGE, RESET."
    ),
    _rule(_R.HYDRAULIC_PRESSURE_LOST, "4", "P", f"Hydraulic pressure lost, brakes hold. ACKNOWLEDGE, RESET. {AGAIN}"),
    _rule(_R.ENGINE_OVERSPEED, "4", "P", f"Engine over-speed, shut down. ACKNOWLEDGE, RESET. {AGAIN}"),
    _rule(_R.OIL_PRESSURE_LOW, "4r", "P", "Engine oil pressure low. ACKNOWLEDGE, RESET; to drive out: ARM, RECOVERY."),
    _rule(
        _R.OVERHEATED,
        "4r",
        "P",
        "Oil or coolant far too hot, engine off. Let it cool, ACKNOWLEDGE, RESET; to drive out: ARM, RECOVERY.",
    ),
    _rule(
        _R.CONTROLLER_FAULT,
        "4",
        "P",
        f"Controller reports a fault, its code on the screen. ACKNOWLEDGE, RESET. {AGAIN}",
    ),
    _rule(_R.LINK_LOST, "3", "N", "Radio link lost. Centre the sticks, release hold-to-run, RESET, ARM."),
    _rule(
        _R.LINK_FLAPPING, "3", "N", "Radio link keeps breaking. Raise your antenna where you stand, then RESET, ARM."
    ),
    _rule(_R.CONSOLE_FROZEN, "3", "N", "Console repeats old stick values. Restart it, TAKE, RESET, ARM."),
    _rule(_R.STICK_FAULT, "3", "N", "Stick gives impossible values. Check the console's stick, RESET, ARM."),
    _rule(_R.CONSOLE_BATTERY_EMPTY, "3", "N", "Console battery below 5 %. Change it, RESET, ARM."),
    _rule(_R.CONSOLE_TILTED, "3", "N", "Console dropped or tilted. Hold it upright, RESET, ARM."),
    _rule(_R.VIDEO_STALE, "3h", "N", "Picture older than 0.5 s. Restore the video on your side, RESET, ARM."),
    _rule(
        _R.DUPLICATE_STATION,
        "3",
        "P",
        "Two consoles use one identity. Switch one off, wait 5 s, TAKE, ACKNOWLEDGE, RESET.",
    ),
    _rule(_R.LEASE_RELEASED, "3", "N", "Control was released. TAKE, RESET, ARM."),
    _rule(_R.OPERATOR_STOP, "3", "N", "Stopped by an operator. RESET, ARM."),
    _rule(_R.ARM_UNUSED, "3", "N", "Armed but not used. RESET, ARM when you want to drive."),
    _rule(_R.CONTROLLER_LOST, "3", "N", f"No answer from the controller. When it answers: RESET, ARM. {AGAIN}"),
    _rule(
        _R.HANDSHAKE, "3", "N", f"Controller of another version, configuration or watchdog: nothing is armed. {PLAN}"
    ),
    _rule(_R.WIRE_ERRORS, "3", "N", f"Too many damaged frames from the controller. RESET, ARM. {AGAIN}"),
    _rule(
        _R.TRACK_SENSOR, "3r", "P", "Track encoder dead or reversed. ACKNOWLEDGE, RESET; to drive out: ARM, RECOVERY."
    ),
    _rule(_R.TILT_DISAGREES, "3r", "P", "Tilt sensors disagree. ACKNOWLEDGE, RESET; to drive out: ARM, RECOVERY."),
    _rule(_R.TILT_UNKNOWN, "3r", "N", "No tilt measurement. RESET; to drive out: ARM, RECOVERY."),
    _rule(_R.SLOPE, "3r", "N", "Too steep. RESET, ARM, RECOVERY: back out the way it came."),
    _rule(_R.ROTOR_SPIN_UP, "3", "N", "Rotor does not reach its speed. Look by camera for wire or stones, RESET, ARM."),
    _rule(_R.ROTOR_SAG, "3", "N", "Rotor too slow for 3 s: overload. RESET, ARM, continue; it backs off first."),
    _rule(_R.ROTOR_OVERSPEED, "3", "P", "Rotor over-speed. At rest: ACKNOWLEDGE, RESET, ARM."),
    _rule(_R.ROTOR_SENSOR, "3r", "P", "Rotor speed unknown. ACKNOWLEDGE, RESET; to drive out: ARM, RECOVERY."),
    _rule(_R.DETONATION, "3r", "P", "Detonation. Check tool and tracks by camera, ACKNOWLEDGE, RESET, ARM."),
    _rule(_R.ENGINE_STALL, "3", "N", f"Engine stalled, and no console starts it. {PLAN} After it: RESET, ARM."),
    _rule(
        _R.TOO_HOT,
        "3r",
        "P",
        "Oil or coolant too hot. Let it idle and cool, ACKNOWLEDGE, RESET, ARM; to drive out: RECOVERY.",
    ),
    _rule(
        _R.SUPPLY_LOW,
        "3r",
        "P",
        "Supply voltage below 21 V. ACKNOWLEDGE, RESET, ARM, RECOVERY: drive out while it lasts.",
    ),
    _rule(_R.LOOP_STALL, "3", "N", "The computer missed its beat. RESET, ARM; if it repeats, end the work."),
    _rule(
        _R.MOVED_WHILE_BRAKED, "3", "P", "Moved although braked. Watch for sliding by camera, ACKNOWLEDGE, RESET, ARM."
    ),
    _rule(_R.TRACK_STUCK, "3", "P", f"A track runs although told to stand. ACKNOWLEDGE, RESET. {AGAIN}"),
    _rule(_R.BOOT_LOOP, "3", "P", f"Restarts again and again, or its latches are lost. ACKNOWLEDGE. {AGAIN}"),
    _rule(_R.CONFIG_ENVELOPE, "3", "N", "Configuration exceeds the built-in limits. Correct it and restart."),
    _rule(
        _R.MAINTENANCE, "3r", "N", "Maintenance mode is on in the configuration. RESET, ARM, RECOVERY drives slowly."
    ),
    _rule(_R.GNSS_LOST, "13", "N", "No GNSS. Drive by hand, or wait for RTK fixed, then RESET, ARM, start again."),
    _rule(
        _R.POSITION_FLOAT,
        "13",
        "N",
        "Position not RTK fixed. Wait for fixed or drive by hand; RESET, ARM, start again.",
    ),
    _rule(
        _R.POSITION_UNPROVEN,
        "13",
        "N",
        "Position not proven. Wait or drive a few metres by hand; RESET, ARM, start again.",
    ),
    _rule(
        _R.POSITION_JUMP,
        "13",
        "N",
        "Position jumped. Stand: it is fixed anew twice, 2 min; else to a known mark, 10 min. RESET, ARM.",
    ),
    _rule(
        _R.POSITION_DRIFT,
        "13",
        "P",
        "GNSS drifts against tracks and gyro. Check a known point, ACKNOWLEDGE, RESET, ARM.",
    ),
    _rule(
        _R.WRONG_BASE,
        "13",
        "P",
        "Corrections from another base station. Set up the right one, ACKNOWLEDGE, RESET, ARM.",
    ),
    _rule(
        _R.HEADING_LOST,
        "13",
        "N",
        "Heading unknown, not fixed, late or contradictory. Drive by hand, RESET, ARM, start again.",
    ),
    _rule(
        _R.TOOL_HEIGHT_UNKNOWN, "13", "N", "Tool height unknown: nothing is credited. RESET, ARM, drive out by hand."
    ),
    _rule(_R.TRACK_SLIP, "13", "N", "Tracks turn, machine stands: digging in. RESET, ARM, back out by hand."),
    _rule(_R.FENCE, "23", "N", "At or over the fence. RESET, ARM, by hand only what leads out moves; or RECOVERY."),
    _rule(
        _R.UNPROCESSED_GROUND,
        "13",
        "N",
        "Unprocessed ground before the tracks. RESET, ARM, START works it again; or drive back by hand.",
    ),
    _rule(
        _R.ATTENTION, "13", "N", "No sign of attention for 60 s. RESET, ARM, start again; press ATTENTION each minute."
    ),
    _rule(_R.MISSION_LEFT, "13", "N", "Mission paused or ended. RESET, ARM; MISSION START continues."),
    _rule(_R.LINK_SLOW, "2", "A", "Radio link slow: speed limited to 0.3 m/s."),
    _rule(_R.IMU_NOISY, "2", "A", "Gyro saturated or stuck: speed limited."),
    _rule(_R.STICKS_MOVED, "1", "A", "Sticks moved without hold-to-run: nothing drives. Centre them, hold, drive."),
    _rule(_R.TICKS_LATE, "2", "A", "The computer is late: speed limited."),
    _rule(_R.VIDEO_LATE, "2", "A", "Picture is late: speed limited."),
    _rule(_R.HOT, "2", "A", "Oil or coolant hot: speed limited."),
    _rule(_R.LINK_AGEING, "12", "A", "Radio link late."),
    _rule(_R.CONSOLE_BATTERY_LOW, "1", "A", "Console battery below 20 %."),
    _rule(_R.CONSOLE_TILTING, "1", "A", "Console tilted: it will stop the machine."),
    _rule(_R.SUPPLY_WARN, "1", "A", "Supply voltage below 22.5 V."),
    _rule(_R.SLOPE_NEAR, "1", "A", "Slope above 80 % of the limit."),
    _rule(_R.SECOND_STATION, "1", "A", "Another console sends motion; it is ignored."),
    _rule(_R.BAD_FRAMES, "1", "A", "Damaged frames are being dropped."),
    _rule(
        _R.RECORDING_LOST,
        "12",
        "A",
        "Nothing is recorded: disk full or broken. No mission starts; end the work, drive out by hand.",
    ),
    _rule(_R.CORRECTIONS_OLD, "12", "A", "GNSS corrections older than 30 s."),
    _rule(
        _R.FENCE_UNWATCHED,
        "2",
        "A",
        "No position: room to keep-outs is only reckoned, speed limited. Keep clear by eye.",
    ),
    _rule(_R.CONTROLLER_STOPPED, "3", "N", "The controller stopped by itself: no command in time. RESET, ARM."),
    _rule(
        _R.LINE_DELAY,
        "3",
        "N",
        "Line to the controller too slow: nothing is armed. Wait for it, RESET, ARM; if it stays, end the work.",
    ),
    _rule(_R.RESTARTED_IN_MOTION, "3", "N", "The vehicle program died in motion and restarted. RESET, ARM."),
    _rule(
        _R.POSITION_STUCK,
        "13",
        "N",
        "Position stands still while the belts drive. RESET, ARM, drive back by hand, keep clear by eye.",
    ),
    _rule(_R.HEADING_STUCK, "13", "N", "Heading does not change, or is lost. RESET, ARM, drive out by hand."),
    _rule(
        _R.HEADING_DISAGREES,
        "13",
        "N",
        "Heading differs from the course driven. RESET, ARM, drive 10 m straight by hand, start again.",
    ),
    _rule(
        _R.BASE_UNCHECKED,
        "1",
        "A",
        "Base unchecked or of unknown id: credit is provisional. Measure a control point.",
    ),
    _rule(_R.CHECK_DUE, "1", "A", "Check of heading, tilt and place is due: wider margin until it is done."),
    _rule(
        _R.DEPTH_CONTRADICTS,
        "13",
        "N",
        "Depth, tool height and tilt contradict: nothing is credited. RESET, ARM, drive out by hand.",
    ),
    _rule(_R.DEPTH_CHECK_DUE, "1", "A", "Depth reading is due, from safe ground only: wider margin until it is done."),
    _rule(_R.HAMMER_COUNT_DUE, "1", "A", "Hammer count is due: drive to parking first."),
    _rule(_R.STATUS_DISORDER, "1", "A", "Reports of the controller out of order: nothing is credited meanwhile."),
    _rule(_R.IMPOSSIBLE_VALUE, "1", "A", "A sensor sends values that cannot be: they are not used."),
)
ORDER = tuple(sorted(StopReason, key=lambda code: (-RULES[code].gravest, -RULES[code].level)))
"""Worst first: by class at its gravest, then by class by hand; what is alike stays in the table's order."""
RANK = {code: place for place, code in enumerate(ORDER)}


@lru_cache(maxsize=1024)
def codes(bits: int) -> tuple[StopReason, ...]:
    """The reasons of a mask, worst first."""
    found = []
    while bits:
        low = bits & -bits
        found.append(StopReason(low.bit_length() - 1))
        bits ^= low
    return tuple(sorted(found, key=RANK.__getitem__))


@lru_cache(maxsize=1024)
def names(bits: int) -> tuple[str, ...]:
    """Their names, worst first."""
    return tuple(RULES[code].name for code in codes(bits))


def text(name: str) -> str:
    """What the operator is told for the reason of this name."""
    return RULES[StopReason[name.upper()]].text
