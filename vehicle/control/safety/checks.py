"""The interlocks: facts -> reasons, one row each, by source. A row names the fault of docs/FAULTS.md that it detects.

A missing reading that safety needs (tilt, belts, rotor, tool, link) falls on the unsafe side: thresholds are written
as what must be so, which NaN never is. A missing gauge (temperatures, supply) limits, and does not strand.
"""

import math
from collections.abc import Callable
from typing import Generic, TypeAlias, TypeVar

import msgspec

from firmware_bridge.types import (
    ControllerFault,
    ControllerFlag,
    ControllerState,
    ControllerStatus,
    DepthDatum,
    FixType,
    GnssFix,
    ToolMode,
)
from vehicle.contracts.messages import Estimate, MissionPhase, Mode, OperatorFrame
from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.stop_reasons import RULES
from vehicle.control.safety import attention, lease, tracks
from vehicle.control.safety.facts import Facts
from vehicle.control.safety.measurements import IMU_SAME_TICKS
from vehicle.control.safety.modes import ARMED, AUTO, MISSION
from vehicle.control.safety.monitor_state import SEQUENCES
from vehicle.control.shock import Shock

ROLL_OVER_RAD = math.radians(60.0)
TILT_DISAGREES_RAD = 0.15
"""Beyond acceleration (0.5 m/s2 is 0.05 rad) and shaking."""
COURSE_ERROR_RAD = math.radians(60.0)
IMU_MAX_S = 0.2
CONSOLE_TILT_RAD = math.radians(60.0)
SLIDE_MPS = 0.2
"""Shocks of a detonation stay below; a machine that really moves is above (C.4b)."""
DIG_MPS, DIG_RATIO = 0.15, 0.3
ENGINE_RUNS_RADPS, ENGINE_STALLED_RADPS, ENGINE_MAX_RADPS, ENGINE_IDLE_MAX_RADPS = 60.0, 30.0, 260.0, 160.0
"""Working speed of the engines meant is 2100 rpm = 220 rad/s, idle 105 rad/s (unverified)."""
IDLE_SETTLES_S = 3.0
CHARGE_MIN_PA = 1.0e6
"""Charge pressure of a hydrostatic drive is 2 to 3 MPa (unverified)."""
ROTOR_MAX_RATIO = 1.1
ROTOR_OFF_S, ROTOR_OFF_MARGIN_S, ROTOR_STUCK_S = 6.0, 2.0, 4.0
ROTOR_UP_S, ROTOR_UP_MARGIN_S = 8.0, 3.0
AGEING_MS, SAMPLE_MAX_MS = 150, 300
VIDEO_LATE_MS, VIDEO_STALE_MS, NO_VIDEO_MS = 300, 500, 65535
BATTERY_LOW_RATIO, BATTERY_EMPTY_RATIO = 0.2, 0.05
"""Of the console's battery (row 21)."""
HYDRAULIC_HOT_DEGC, HYDRAULIC_TOO_HOT_DEGC, HYDRAULIC_OVERHEATED_DEGC = 85.0, 95.0, 105.0
COOLANT_HOT_DEGC, COOLANT_TOO_HOT_DEGC, COOLANT_OVERHEATED_DEGC = 100.0, 108.0, 115.0
"""Limit, stop, engine off (row 65); of the oils and engines meant (unverified)."""
SUPPLY_WARN_V, SUPPLY_LOW_V = 22.5, 21.0
"""Of a supply of 24 V (row 73)."""
CORRECTIONS_MAX_S = 30.0
"""A receiver stays fixed for about so long without (row 48)."""
SLOPE_NEAR_RATIO = 0.8
"""Of the machine's limit (row 104)."""
STATUS_SAME_TICKS, DEPTH_SAME_TICKS, GNSS_SAME_TICKS = 10, 50, 100
"""A source that repeats itself for so long tells nothing (rows 36, 55): a tenth of a second of epochs, ten of GNSS."""
BOOTS_MAX = 3
"""Within five minutes (row 75)."""
STALL_NS = 100_000_000
UNARMED = (Mode.DISARMED, Mode.READY, Mode.HOLD)
BY_STICK = (Mode.MANUAL, Mode.RECOVERY)
WATCHED = (*BY_STICK, *MISSION)
"""The operator looks at the picture: by stick, and while a mission is under way."""
RESTING = (MissionPhase.IDLE, MissionPhase.PAUSED, MissionPhase.DONE)
TRACK_FAULTS = int(ControllerFault.TRACK_LEFT_SENSOR | ControllerFault.TRACK_RIGHT_SENSOR)
ROTOR_FAULT = int(ControllerFault.ROTOR_SENSOR)
FIRE, OIL, KILL = (int(flag) for flag in (ControllerFlag.FIRE, ControllerFlag.OIL_PRESSURE_LOW, ControllerFlag.KILL))
"""Plain ints: each operation on an IntFlag costs a microsecond."""

STOPPED_ALONE = (ControllerState.SAFE, ControllerState.BOOT)
"""No lease was live for it: whatever it heard since, it drives nothing before neutral."""

Source = TypeVar("Source")
_S = StopReason


class Check(msgspec.Struct, Generic[Source], frozen=True):
    """One interlock: whether the facts for a reason hold in this tick."""

    reason: StopReason
    holds: Callable[[Source, Facts], bool]


def _within(e: Estimate, f: Facts, ratio: float) -> bool:
    """Tilt inside this share of what the machine may stand on; not a number is not inside."""
    bounds = f.machine.limits
    return abs(e.roll_rad) <= ratio * bounds.roll_max_rad and abs(e.pitch_rad) <= ratio * bounds.pitch_max_rad


def _runs(s: ControllerStatus) -> bool:
    return s.engine_speed_radps > ENGINE_RUNS_RADPS


def _braked(f: Facts) -> bool:
    """The brakes hold it: no mode that drives, or a mission has waited for longer than they take to be set."""
    return f.mode in UNARMED or f.wait_s > f.safety.t_brake_s


def _throttle_stuck(s: ControllerStatus, f: Facts) -> bool:
    return f.mode is Mode.HOLD and f.rest_s > IDLE_SETTLES_S and s.engine_speed_radps > ENGINE_IDLE_MAX_RADPS


def _turns_on(f: Facts, margin_s: float) -> bool:
    """The rotor still turns, by so much longer than it may after it was told to stop."""
    allowed_s = max(ROTOR_OFF_S, f.machine.tool.spin_down_s + ROTOR_OFF_MARGIN_S)
    return f.measured.rotor_off_s > allowed_s + margin_s and not f.measured.rotor_stopped


def _hotter(s: ControllerStatus, hydraulic_degc: float, coolant_degc: float) -> bool:
    """Oil or coolant is known to be hotter than this."""
    return s.hydraulic_temp_degc > hydraulic_degc or s.coolant_temp_degc > coolant_degc


def _cooler(s: ControllerStatus, hydraulic_degc: float, coolant_degc: float) -> bool:
    """Oil and coolant are known to be no hotter than this."""
    return s.hydraulic_temp_degc <= hydraulic_degc and s.coolant_temp_degc <= coolant_degc


def _tracks_unknown(s: ControllerStatus) -> bool:
    return s.fault_bits & TRACK_FAULTS != 0 or tracks.silent(s)


def _rotor_unknown(s: ControllerStatus, f: Facts) -> bool:
    lost = f.measured.rotor_dropped or f.measured.rotor_doubted or math.isnan(f.measured.rotor_ratio)
    return lost or s.fault_bits & ROTOR_FAULT != 0


def _spin_up_s(f: Facts) -> float:
    return max(ROTOR_UP_S, f.machine.tool.spin_up_s + ROTOR_UP_MARGIN_S)


def _works_by_stick(s: ControllerStatus, f: Facts) -> bool:
    """A rotor that was at its speed works the ground by stick; not while it spins up, nor while the tool is raised."""
    if f.mode is not Mode.MANUAL or not f.measured.rotor_ran or s.depth_m <= 0.0:
        return False
    return f.frame is None or f.frame.tool_mode is not ToolMode.HEIGHT or not f.frame.tool_value_m > 0.0


def _killed(f: Facts) -> bool:
    """The controller holds a kill that nobody here means any more."""
    return f.measured.flags & KILL != 0 and f.mode is not Mode.ESTOP


def _detonated(f: Facts) -> bool:
    """A large shock, a second small one before anybody spoke of the first, or one that somebody says was more.

    A word counts without a status, too: a blast may have taken the controller's line.
    """
    return f.measured.shock is Shock.LARGE or f.shock_heavier or (f.shock_again and f.measured.shock is Shock.SMALL)


def _tool_unknown(s: ControllerStatus, f: Facts) -> bool:
    known = not (math.isnan(s.tool_height_m) or math.isnan(s.depth_m) or math.isnan(s.depth_sigma_m))
    measured = s.depth_datum is DepthDatum.GROUND_AHEAD and known
    return not measured or (f.mode is Mode.AUTO_WORK and f.measured.depth_same_ticks >= DEPTH_SAME_TICKS)


def _heading_lost(g: GnssFix, f: Facts) -> bool:
    """None, or one that the gyro or the course over ground contradicts."""
    return g.yaw_rad is None or f.estimate.heading_doubted or f.measured.course_error_rad > COURSE_ERROR_RAD


def _digs(g: GnssFix, f: Facts) -> bool:
    """Half the sum of the belts, not the faster one: a pivot turns both and goes nowhere."""
    advance_mps = abs(f.measured.advance_mps)
    return advance_mps > DIG_MPS and g.speed_mps < DIG_RATIO * advance_mps


ALWAYS: tuple[Check[Estimate], ...] = (
    Check(_S.ESTOP_MACHINE, lambda _, f: f.measured.chain_latched),
    Check(_S.ROLL_OVER, lambda e, _f: max(abs(e.roll_rad), abs(e.pitch_rad)) > ROLL_OVER_RAD),
    Check(_S.LINK_FLAPPING, lambda _, f: f.mode in ARMED and f.flapping),
    Check(_S.CONSOLE_FROZEN, lambda _, f: f.mode in ARMED and f.sample_age_ms >= SAMPLE_MAX_MS),
    Check(_S.STICK_FAULT, lambda _, f: f.stick_faults),
    Check(_S.DUPLICATE_STATION, lambda _, f: f.clone),
    Check(_S.ARM_UNUSED, lambda _, f: f.unused_s > f.safety.arm_unused_s),
    Check(_S.CONTROLLER_LOST, lambda _, f: f.measured.status is None),
    Check(_S.DETONATION, lambda _, f: _detonated(f)),
    Check(_S.LINE_DELAY, lambda _, f: f.measured.line_ms > lease.LINE_MAX_MS),
    Check(_S.HANDSHAKE, lambda _, f: not f.measured.handshake),
    Check(_S.WIRE_ERRORS, lambda _, f: f.wire_errors),
    Check(_S.TILT_DISAGREES, lambda _, f: f.measured.tilt_error_rad > TILT_DISAGREES_RAD),
    Check(
        _S.TILT_UNKNOWN,
        lambda e, f: (
            not (e.imu_age_s <= IMU_MAX_S and f.measured.imu_same_ticks < IMU_SAME_TICKS)
            or math.isnan(e.roll_rad)
            or math.isnan(e.pitch_rad)
        ),
    ),
    Check(_S.SLOPE, lambda e, f: not _within(e, f, 1.0)),
    Check(_S.LOOP_STALL, lambda _, f: f.measured.gap_ns >= STALL_NS),
    Check(_S.MOVED_WHILE_BRAKED, lambda _, f: _braked(f) and f.measured.fastest_mps > SLIDE_MPS),
    Check(_S.BOOT_LOOP, lambda _, f: f.measured.boots_recent > BOOTS_MAX),
    Check(_S.CONFIG_ENVELOPE, lambda _, f: not f.envelope),
    Check(_S.MAINTENANCE, lambda _, f: f.safety.maintenance),
    Check(
        _S.GNSS_LOST,
        lambda e, f: not e.gnss_age_s <= f.safety.gnss_timeout_s or f.measured.gnss_same_ticks > GNSS_SAME_TICKS,
    ),
    Check(_S.POSITION_FLOAT, lambda e, _f: e.fix < FixType.RTK_FIXED),
    Check(_S.POSITION_UNPROVEN, lambda e, _f: not e.position_proven),
    Check(_S.POSITION_JUMP, lambda e, _f: e.position_doubted or not e.innovation_ratio <= 1.0),
    Check(_S.POSITION_STUCK, lambda e, _f: e.position_stuck),
    Check(_S.HEADING_STUCK, lambda e, _f: e.heading_stuck),
    Check(_S.HEADING_DISAGREES, lambda e, _f: e.heading_doubted),
    Check(_S.POSITION_DRIFT, lambda _, f: f.measured.drifted),
    Check(_S.FENCE, lambda _, f: f.measured.fenced_out),
    Check(_S.FENCE_UNWATCHED, lambda _, f: f.fenced and not f.estimate.valid),
    Check(_S.UNPROCESSED_GROUND, lambda _, f: f.tracks_supported is False),
    Check(_S.BASE_UNCHECKED, lambda _, f: f.due.base),
    Check(_S.CHECK_DUE, lambda _, f: f.due.check),
    Check(_S.DEPTH_CONTRADICTS, lambda _, f: f.due.depth_contradicts),
    Check(_S.DEPTH_CHECK_DUE, lambda _, f: f.due.depth),
    Check(_S.HAMMER_COUNT_DUE, lambda _, f: f.due.hammers),
    Check(_S.ATTENTION, lambda _, f: f.asked_s >= f.safety.attention_grace_s + attention.SLOW_S),
    Check(_S.MISSION_LEFT, lambda _, f: f.mode in MISSION and f.phase in RESTING),
    Check(_S.LINK_SLOW, lambda _, f: f.mode in ARMED and f.age_ms >= f.safety.t_stop_fast_s * 1000.0),
    Check(_S.IMU_NOISY, lambda _, f: f.measured.clipped),
    Check(_S.TICKS_LATE, lambda _, f: f.late),
    Check(_S.ATTENTION_LATE, lambda _, f: f.asked_s >= f.safety.attention_grace_s),
    Check(_S.ATTENTION_ASKED, lambda _, f: f.asked_s >= 0.0),
    Check(_S.LINK_AGEING, lambda _, f: f.mode in ARMED and f.age_ms > AGEING_MS),
    Check(_S.SLOPE_NEAR, lambda e, f: not _within(e, f, SLOPE_NEAR_RATIO)),
    Check(_S.SECOND_STATION, lambda _, f: f.rival),
    Check(_S.BAD_FRAMES, lambda _, f: f.dropped_frames),
    Check(_S.IMPOSSIBLE_VALUE, lambda _, f: f.impossible),
    Check(_S.STATUS_DISORDER, lambda _, f: f.disorder),
    Check(_S.RECORDING_LOST, lambda _, f: not f.recording),
    Check(_S.RING_OVERLAP, lambda _, f: f.measured.rings.overlap),
    Check(_S.RING_NEAR, lambda _, f: f.measured.rings.near),
    Check(_S.NEIGHBOUR_SILENT, lambda _, f: f.measured.rings.silent),
    Check(_S.TWO_BASES, lambda _, f: f.measured.two_bases),
    Check(_S.STICKS_MOVED, lambda _, f: f.mode in BY_STICK and not f.neutral_seen),
)
STATUS: tuple[Check[ControllerStatus], ...] = (
    Check(_S.FIRE, lambda _, f: f.measured.flags & FIRE != 0),
    Check(_S.ROTOR_UNREQUESTED, lambda _, f: f.measured.rotor_unasked),
    Check(_S.ROTOR_STUCK_ON, lambda _, f: _turns_on(f, ROTOR_STUCK_S)),
    Check(_S.CONTROLLER_HUNG, lambda _, f: f.measured.status_same_ticks >= STATUS_SAME_TICKS),
    Check(_S.CONTROLLER_RESET, lambda _, f: f.measured.booted),
    Check(_S.CONTROLLER_STOPPED, lambda s, f: f.mode in ARMED and s.state in STOPPED_ALONE),
    Check(_S.SETPOINT_MISMATCH, lambda _, f: f.mode in ARMED and f.measured.mismatch),
    Check(_S.ROTOR_NOT_STOPPING, lambda _, f: _turns_on(f, 0.0)),
    Check(_S.HYDRAULIC_PRESSURE_LOST, lambda s, _f: _runs(s) and s.hydraulic_pressure_pa < CHARGE_MIN_PA),
    Check(_S.ENGINE_OVERSPEED, lambda s, f: s.engine_speed_radps > ENGINE_MAX_RADPS or _throttle_stuck(s, f)),
    Check(_S.OIL_PRESSURE_LOW, lambda s, f: _runs(s) and f.measured.flags & OIL != 0),
    Check(_S.OVERHEATED, lambda s, _f: _hotter(s, HYDRAULIC_OVERHEATED_DEGC, COOLANT_OVERHEATED_DEGC)),
    Check(_S.CONTROLLER_FAULT, lambda s, f: s.state is ControllerState.FAULT or _killed(f)),
    Check(_S.TRACK_SENSOR, lambda s, _f: _tracks_unknown(s) or (_runs(s) and tracks.unfollowed(s))),
    Check(_S.ROTOR_SPIN_UP, lambda _, f: f.mode is not Mode.AUTO_WORK and f.measured.rotor_slow_s > _spin_up_s(f)),
    Check(_S.ROTOR_SAG, lambda s, f: not f.measured.at_speed and (f.mode is Mode.AUTO_WORK or _works_by_stick(s, f))),
    Check(_S.ROTOR_OVERSPEED, lambda _, f: f.measured.rotor_ratio > ROTOR_MAX_RATIO),
    Check(_S.ROTOR_SENSOR, _rotor_unknown),
    Check(_S.SHOCK_SMALL, lambda _, f: f.measured.shock is Shock.SMALL),
    Check(_S.ENGINE_STALL, lambda s, f: f.mode in ARMED and s.engine_speed_radps < ENGINE_STALLED_RADPS),
    Check(_S.TOO_HOT, lambda s, _f: _hotter(s, HYDRAULIC_TOO_HOT_DEGC, COOLANT_TOO_HOT_DEGC)),
    Check(_S.SUPPLY_LOW, lambda s, _f: s.supply_voltage_v < SUPPLY_LOW_V),
    Check(_S.TRACK_STUCK, lambda s, f: f.mode not in UNARMED and tracks.stuck(s)),
    Check(_S.TOOL_HEIGHT_UNKNOWN, _tool_unknown),
    Check(_S.HOT, lambda s, _f: not _cooler(s, HYDRAULIC_HOT_DEGC, COOLANT_HOT_DEGC)),
    Check(_S.SUPPLY_WARN, lambda s, _f: not s.supply_voltage_v >= SUPPLY_WARN_V),
)
GNSS: tuple[Check[GnssFix], ...] = (
    Check(_S.WRONG_BASE, lambda g, f: f.measured.base_changed or f.safety.base_id not in (0, g.base_id)),
    Check(_S.HEADING_LOST, _heading_lost),
    Check(_S.TRACK_SLIP, lambda g, f: f.mode in AUTO and _digs(g, f)),
    Check(_S.CORRECTIONS_OLD, lambda g, _f: not g.correction_age_s <= CORRECTIONS_MAX_S),
)
FRAME: tuple[Check[OperatorFrame], ...] = (
    Check(_S.CONSOLE_BATTERY_EMPTY, lambda o, _f: not o.battery_ratio >= BATTERY_EMPTY_RATIO),
    Check(_S.CONSOLE_TILTED, lambda o, _f: not abs(o.tilt_rad) <= CONSOLE_TILT_RAD),
    Check(_S.VIDEO_STALE, lambda o, f: f.mode in WATCHED and VIDEO_STALE_MS < o.video_age_ms < NO_VIDEO_MS),
    Check(_S.VIDEO_LATE, lambda o, _f: VIDEO_LATE_MS <= o.video_age_ms < NO_VIDEO_MS),
    Check(_S.CONSOLE_BATTERY_LOW, lambda o, _f: not o.battery_ratio >= BATTERY_LOW_RATIO),
    Check(_S.CONSOLE_TILTING, lambda o, _f: not abs(o.tilt_rad) <= CONSOLE_TILT_RAD),
)


def follows(reset_sequence: int, status: ControllerStatus | None) -> bool:
    """The controller has answered what was said after the newest reset, and shows no stop of its own any more.

    A reset alone brings it to SAFE for half a second, and a slow line shows that so much later. `reset_sequence`: of
    the command that carried it, 0 where none did.
    """
    if status is None or status.state in STOPPED_ALONE:
        return False
    later = (status.command_sequence - reset_sequence) % SEQUENCES
    return reset_sequence == 0 or 0 < later < SEQUENCES // 2


Row: TypeAlias = tuple[Callable[[Source, Facts], bool], int]


def _rows(table: tuple[Check[Source], ...]) -> tuple[Row[Source], ...]:
    """What a tick needs of a table: the question and its bit."""
    return tuple((check.holds, 1 << check.reason) for check in table)


_ALWAYS, _STATUS, _GNSS, _FRAME = _rows(ALWAYS), _rows(STATUS), _rows(GNSS), _rows(FRAME)


def raised(f: Facts) -> int:
    """Bits of all reasons whose facts hold in this tick."""
    bits = _raised(_ALWAYS, f.estimate, f)
    if f.measured.status is not None:
        bits |= _raised(_STATUS, f.measured.status, f)
    if f.measured.gnss is not None:
        bits |= _raised(_GNSS, f.measured.gnss, f)
    if f.frame is not None:
        bits |= _raised(_FRAME, f.frame, f)
    return bits


def _raised(rows: tuple[Row[Source], ...], source: Source, f: Facts) -> int:
    bits = 0
    for holds, bit in rows:
        if holds(source, f):
            bits |= bit
    return bits


TIMES = {code: (rule.onset_ticks, rule.linger_ticks) for code, rule in enumerate(RULES)}
"""Onset and lingering of each reason [ticks]."""
AWAY_TICKS = 50
"""What a mission waits for must have been away for a second before it goes on."""
MISSION_TIMES = {
    code: (rule.onset_ticks, max(rule.linger_ticks, AWAY_TICKS) if rule.waits else rule.linger_ticks)
    for code, rule in enumerate(RULES)
}
"""The same in a mission."""
