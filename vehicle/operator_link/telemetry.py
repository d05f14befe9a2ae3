"""What is streamed to a station: one function for each message, from the view to its fields; None if it is unknown."""

import math
from collections.abc import Callable
from typing import Any

from firmware_bridge.mavlink import _dialect as d
from firmware_bridge.mavlink.conventions import heading_from_yaw_rad
from vehicle.contracts.frames import heading_deg_from_yaw
from vehicle.contracts.messages import Estimate, FixType, MissionPhase
from vehicle.operator_link.vehicle_view import VehicleView

Fields = dict[str, Any]
Maker = Callable[[VehicleView], Fields | None]

PREARM, FENCE, GPS = (
    d.MAV_SYS_STATUS_PREARM_CHECK,
    d.MAV_SYS_STATUS_GEOFENCE,
    d.MAV_SYS_STATUS_SENSOR_GPS,
)
GYRO, MOTORS = d.MAV_SYS_STATUS_SENSOR_3D_GYRO, d.MAV_SYS_STATUS_SENSOR_MOTOR_OUTPUTS
PRESENT = PREARM | FENCE | GPS | GYRO | MOTORS
FENCE_REASONS = ("fence", "unprocessed_ground")
UNKNOWN_U16, UNKNOWN_U32 = 0xFFFF, 0xFFFFFFFF
PLACE_MAX_M, YAW_MAX_RAD, REAL_MAX = 1e6, 1e3, 1e9
"""Beyond these a value is no measurement."""
INT16 = (-32_768, 32_767)
_RUNNING = {
    MissionPhase.IDLE: d.MISSION_STATE_NOT_STARTED,
    MissionPhase.DONE: d.MISSION_STATE_COMPLETE,
}


def _estimate(view: VehicleView) -> Estimate | None:
    """The estimate where it has a place and a heading that can be told; else none, as if it had said so itself."""
    report = view.report
    if report is None or not report.estimate.valid:
        return None
    one = report.estimate
    place = abs(one.east_m) < PLACE_MAX_M and abs(one.north_m) < PLACE_MAX_M
    return one if place and abs(one.yaw_rad) < YAW_MAX_RAD else None


def _real(value: float) -> float:
    """A measured value as a 32-bit float; not a number where nobody measures it."""
    return value if abs(value) < REAL_MAX else math.nan


def _whole(value: float, low: int, high: int, unknown: int) -> int:
    """A measured value as a whole number; `unknown` where nobody measures it, the border where it is beyond."""
    return unknown if math.isnan(value) else round(min(max(value, low), high))


def _lat_lon_e7(view: VehicleView, estimate: Estimate) -> tuple[int, int]:
    lat_deg, lon_deg, _ = view.datum.geodetic_from_enu(estimate.east_m, estimate.north_m)
    return round(lat_deg * 1e7), round(lon_deg * 1e7)


def heartbeat(view: VehicleView) -> Fields:
    """An ArduPilot rover: the type that stations know how to drive."""
    return {
        "custom_mode": view.custom_mode,
        "type": d.MAV_TYPE_GROUND_ROVER,
        "autopilot": d.MAV_AUTOPILOT_ARDUPILOTMEGA,
        "base_mode": view.base_mode,
        "system_status": view.system_status,
        "mavlink_version": 3,
    }


def _sys_status(view: VehicleView) -> Fields:
    reasons = view.report.gate.reasons if view.report is not None else ()
    estimate = _estimate(view)
    health = PRESENT
    health &= ~PREARM if view.obstacles() else -1
    # stations announce a breach on the first SYS_STATUS whose health lacks this bit, fence or not
    health &= ~FENCE if any(name in reasons for name in FENCE_REASONS) else -1
    health &= -1 if estimate is not None and estimate.fix >= FixType.FIX_3D else ~GPS
    enabled = PRESENT if view.armed else PRESENT & ~MOTORS
    return {
        "onboard_control_sensors_present": PRESENT,
        "onboard_control_sensors_enabled": enabled,
        "onboard_control_sensors_health": health,
        "voltage_battery": UNKNOWN_U16,
        "current_battery": -1,
        "battery_remaining": -1,
    }


def _battery(_: VehicleView) -> Fields:
    return {
        "current_consumed": -1,
        "energy_consumed": -1,
        "temperature": 0x7FFF,
        "voltages": (UNKNOWN_U16,) * 10,
        "current_battery": -1,
        "battery_remaining": -1,
    }


def _position(view: VehicleView) -> Fields | None:
    estimate = _estimate(view)
    if estimate is None:
        return None
    lat_e7, lon_e7 = _lat_lon_e7(view, estimate)
    alt_mm = round(view.datum.alt_m * 1000)
    speed_cmps = estimate.speed_mps * 100.0
    return {
        "time_boot_ms": view.time_ms,
        "lat": lat_e7,
        "lon": lon_e7,
        "alt": alt_mm,
        "vx": _whole(speed_cmps * math.sin(estimate.yaw_rad), *INT16, 0),
        "vy": _whole(speed_cmps * math.cos(estimate.yaw_rad), *INT16, 0),
        "hdg": _whole(heading_deg_from_yaw(estimate.yaw_rad) * 100.0, 0, 35_999, UNKNOWN_U16),
    }


def _gps(view: VehicleView) -> Fields | None:
    report = view.report
    if report is None:
        return None
    estimate = report.estimate
    lat_e7, lon_e7 = _lat_lon_e7(view, estimate) if _estimate(view) is not None else (0, 0)
    sigma_m = math.hypot(estimate.sigma_east_m, estimate.sigma_north_m)
    return {
        "time_usec": view.time_ms * 1000,
        "lat": lat_e7,
        "lon": lon_e7,
        "alt": round(view.datum.alt_m * 1000),
        "eph": UNKNOWN_U16,
        "epv": UNKNOWN_U16,
        "vel": _whole(abs(estimate.speed_mps) * 100.0, 0, UNKNOWN_U16 - 1, UNKNOWN_U16),
        "cog": UNKNOWN_U16,
        "fix_type": int(estimate.fix),
        "satellites_visible": 255,
        "h_acc": _whole(sigma_m * 1000.0, 0, UNKNOWN_U32 - 1, UNKNOWN_U32),
    }


def _attitude(view: VehicleView) -> Fields | None:
    estimate = _estimate(view)
    if estimate is None:
        return None
    yaw_rad = math.remainder(heading_from_yaw_rad(estimate.yaw_rad), 2.0 * math.pi)
    return {
        "time_boot_ms": view.time_ms,
        "roll": _real(estimate.roll_rad),
        "pitch": -_real(estimate.pitch_rad),
        "yaw": yaw_rad,
        "yawspeed": -_real(estimate.yaw_rate_radps),
    }


def _hud(view: VehicleView) -> Fields | None:
    estimate = _estimate(view)
    if estimate is None:
        return None
    heading_deg = _whole(heading_deg_from_yaw(estimate.yaw_rad), 0, 360, 0) % 360
    return {"groundspeed": abs(_real(estimate.speed_mps)), "alt": view.datum.alt_m, "heading": heading_deg}


def _home(view: VehicleView) -> Fields:
    datum = view.datum
    return {
        "latitude": round(datum.lat_deg * 1e7),
        "longitude": round(datum.lon_deg * 1e7),
        "altitude": round(datum.alt_m * 1000),
        "q": (1.0, 0.0, 0.0, 0.0),
        "time_usec": view.time_ms * 1000,
    }


def _extended(_: VehicleView) -> Fields:
    return {"landed_state": d.MAV_LANDED_STATE_ON_GROUND}


def _navigation(view: VehicleView) -> Fields | None:
    report = view.report
    if report is None:
        return None
    return {"xtrack_error": _real(report.cross_track_m)}


def _ekf(view: VehicleView) -> Fields | None:
    report = view.report
    if report is None:
        return None
    estimate = report.estimate
    flags = d.EKF_ATTITUDE | d.EKF_VELOCITY_HORIZ | d.EKF_POS_HORIZ_REL | d.EKF_POS_HORIZ_ABS | d.EKF_PRED_POS_HORIZ_ABS
    return {
        "pos_horiz_variance": min(_real(estimate.innovation_ratio), 10.0),
        "flags": flags if estimate.valid else d.EKF_CONST_POS_MODE,
    }


def _channels(view: VehicleView) -> Fields:
    pulses = view.pulses or (UNKNOWN_U16,) * 18
    named = {f"chan{number}_raw": pulse for number, pulse in enumerate(pulses, 1)}
    count = max((number for number, pulse in enumerate(pulses, 1) if pulse != UNKNOWN_U16), default=0)
    return {"time_boot_ms": view.time_ms, "rssi": 255, "chancount": count, **named}


def _time(view: VehicleView) -> Fields:
    return {"time_unix_usec": view.utc_us, "time_boot_ms": view.time_ms}


def _fence(view: VehicleView) -> Fields:
    reasons = view.report.gate.reasons if view.report is not None else ()
    breached = any(name in reasons for name in FENCE_REASONS)
    return {"breach_status": int(breached), "breach_type": d.FENCE_BREACH_BOUNDARY if breached else 0}


def _rotor(view: VehicleView) -> Fields | None:
    report = view.report
    if report is None or report.rotor_speed_radps is None:
        return None
    return {
        "time_boot_ms": view.time_ms,
        "name": "rotor_rpm",
        "value": _real(report.rotor_speed_radps) * 30.0 / math.pi,
    }


def _depth(view: VehicleView) -> Fields | None:
    report = view.report
    if report is None or report.tool_depth_m is None:
        return None
    return {"time_boot_ms": view.time_ms, "name": "depth_m", "value": _real(report.tool_depth_m)}


def _processed(view: VehicleView) -> Fields | None:
    report = view.report
    if report is None:
        return None
    return {"time_boot_ms": view.time_ms, "name": "processed", "value": _real(report.processed_m2)}


def _mission(view: VehicleView) -> Fields | None:
    """Counts the items of the list that stations hold, HOME left out, as ArduPilot does."""
    report, lists = view.report, view.lists
    if report is None:
        return None
    state = d.MISSION_STATE_PAUSED if view.paused else _RUNNING.get(report.phase, d.MISSION_STATE_ACTIVE)
    if not lists.total:
        state = d.MISSION_STATE_NO_MISSION
    elif not report.segment_count:
        state = d.MISSION_STATE_NOT_STARTED
    return {
        "seq": lists.current,
        "total": lists.total,
        "mission_state": state,
        "mission_mode": 1 if view.mission_running else 2,
        "mission_id": lists.mission_id,
        "fence_id": lists.fence_id,
        "rally_points_id": lists.rally_points_id,
    }


def _current_mode(view: VehicleView) -> Fields:
    return {"custom_mode": view.custom_mode, "intended_custom_mode": view.custom_mode}


def _modes_monitor(_: VehicleView) -> Fields:
    return {"seq": 1}


STREAMS: dict[str, tuple[str, Maker, float]] = {
    "HEARTBEAT": ("HEARTBEAT", heartbeat, 1.0),
    "SYS_STATUS": ("SYS_STATUS", _sys_status, 1.0),
    "GLOBAL_POSITION_INT": ("GLOBAL_POSITION_INT", _position, 4.0),
    "ATTITUDE": ("ATTITUDE", _attitude, 4.0),
    "VFR_HUD": ("VFR_HUD", _hud, 2.0),
    "GPS_RAW_INT": ("GPS_RAW_INT", _gps, 2.0),
    "HOME_POSITION": ("HOME_POSITION", _home, 0.5),
    "EXTENDED_SYS_STATE": ("EXTENDED_SYS_STATE", _extended, 1.0),
    "MISSION_CURRENT": ("MISSION_CURRENT", _mission, 1.0),
    "CURRENT_MODE": ("CURRENT_MODE", _current_mode, 0.5),
    "AVAILABLE_MODES_MONITOR": ("AVAILABLE_MODES_MONITOR", _modes_monitor, 0.2),
    "BATTERY_STATUS": ("BATTERY_STATUS", _battery, 0.5),
    "NAV_CONTROLLER_OUTPUT": ("NAV_CONTROLLER_OUTPUT", _navigation, 1.0),
    "EKF_STATUS_REPORT": ("EKF_STATUS_REPORT", _ekf, 1.0),
    "RC_CHANNELS": ("RC_CHANNELS", _channels, 1.0),
    "SYSTEM_TIME": ("SYSTEM_TIME", _time, 1.0),
    "FENCE_STATUS": ("FENCE_STATUS", _fence, 0.5),
    "rotor": ("NAMED_VALUE_FLOAT", _rotor, 1.0),
    "depth": ("NAMED_VALUE_FLOAT", _depth, 1.0),
    "processed": ("NAMED_VALUE_FLOAT", _processed, 0.5),
}
"""Key -> message, maker, rate [Hz] unless a station asks for another; the order is the order of importance."""
