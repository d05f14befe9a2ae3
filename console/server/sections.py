"""What the page is shown, section by section: pure functions of what is known. None is unknown, and never zero."""

import math
from typing import Any, Final

from console.client.view import GOOD_MS, SLOW_MS, ConsoleView
from console.server.ground import GroundMirror
from firmware_bridge.types import VehicleFrame
from vehicle.contracts.frames import LocalFrame, heading_deg_from_yaw
from vehicle.contracts.messages import MissionPhase, Mode, RotorState
from vehicle.contracts.stop_codes import NO_REASON
from vehicle.contracts.stop_reasons import codes
from vehicle.contracts.units import NS_PER_MS

Section = dict[str, Any]
TEXTS_MAX: Final = 20
_PHASES: Final = tuple(MissionPhase)
RPM_PER_RADPS: Final = 60.0 / math.tau


def link_section(view: ConsoleView, address: str) -> Section:
    """The link in a word of the catalogue, with the age of the newest report."""
    return {
        "state": view.state.value,
        "quality": _quality(view.age_ms),
        "age_ms": _rounded(view.age_ms, 0),
        "rtt_ms": _rounded(view.rtt_ms, 0),
        "lost_ratio": _rounded(view.lost_ratio, 3),
        "address": address,
        "text": f"link.{view.state.value}",
    }


def _quality(age_ms: float | None) -> str | None:
    if age_ms is None:
        return None
    return "lost" if age_ms > SLOW_MS else "good" if age_ms <= GOOD_MS else "slow"


def vehicle_section(view: ConsoleView, station_id: int) -> Section | None:
    """Mode, holder and all reasons in force, worst first."""
    frame = view.vehicle
    if frame is None:
        return None
    reasons = codes(frame.reasons | frame.reasons_high << 64)
    return {
        "tick": frame.tick,
        "session": frame.session_id & 0xFFFFFFFF,
        "mode": _name(Mode, frame.mode),
        "rotor": _name(RotorState, frame.rotor),
        "phase": _PHASES[frame.phase].name if frame.phase < len(_PHASES) else None,
        "holder": frame.lease_holder or None,
        "holder_name": None,
        "mine": frame.lease_holder == station_id,
        "worst": None if frame.worst_reason == NO_REASON else frame.worst_reason,
        "reasons": [int(code) for code in reasons],
        "neutral_seen": None,
        "reset_due": None,
        "estop_latched": None,
        "standing": None,
        "hold_accepted": None,
        "armed": None,
        "start_blocked": None,
    }


def _name(names: type[Mode] | type[RotorState], number: int) -> str | None:
    """A number of the wire by its name; None for one that this program does not know."""
    return names(number).name if number in set(names) else None


def pose_section(frame: VehicleFrame | None, datum: LocalFrame | None) -> Section | None:
    """Where it stands; east and north only where the datum is known. Pitch is nose up, roll right side down."""
    if frame is None:
        return None
    east_m = north_m = None
    if datum is not None and frame.lat_deg is not None and frame.lon_deg is not None:
        east_m, north_m, _ = datum.enu_from_geodetic(frame.lat_deg, frame.lon_deg)
    return {
        "e": _rounded(east_m, 3),
        "n": _rounded(north_m, 3),
        "heading_deg": None if frame.yaw_rad is None else round(heading_deg_from_yaw(frame.yaw_rad), 2),
        "speed_mps": _rounded(frame.speed_mps, 3),
        "roll_deg": _degrees(frame.roll_rad),
        "pitch_deg": None if frame.pitch_rad is None else _degrees(-frame.pitch_rad),
        "sigma_m": _rounded(frame.sigma_m, 4),
        "lat": _rounded(frame.lat_deg, 9),
        "lon": _rounded(frame.lon_deg, 9),
    }


def tool_section(frame: VehicleFrame | None) -> Section | None:
    """Rotor and tool as measured."""
    if frame is None:
        return None
    rotor = frame.rotor_speed_radps
    return {
        "rotor_rpm": None if rotor is None else round(rotor * RPM_PER_RADPS, 1),
        "rotor_required_rpm": None,
        "height_m": _rounded(frame.tool_height_m, 3),
        "depth_m": _rounded(frame.depth_m, 3),
        "depth_required_m": None,
        "depth_sigma_m": None,
        "torque_nm": None,
    }


def mission_section(frame: VehicleFrame | None) -> Section | None:
    """Where the mission stands."""
    if frame is None:
        return None
    return {
        "segment": frame.segment_seq,
        "segments": frame.segment_count,
        "along_m": _rounded(frame.along_m, 2),
        "cross_m": _rounded(frame.cross_track_m, 3),
        "room_m": None,
        "length_m": None,
        "processed_m2": _rounded(frame.processed_m2, 2),
        "passed_m2": None,
        "below_m2": None,
        "total_m2": None,
        "unworkable_m2": None,
        "time_left_s": None,
        "next": None,
        "next_m": None,
        "plan_hash": None,
    }


def ground_section(mirror: GroundMirror) -> Section:
    """How far the record of ground is known; where not `complete`, ground without a claim is unknown, not to do."""
    if not mirror.complete:
        return {"stroke": None, "plan_hash": None, "complete": False, "cell_m": None}
    return {
        "stroke": mirror.stroke,
        "plan_hash": mirror.plan_hash or None,
        "complete": True,
        "cell_m": mirror.cell_m,
    }


def texts_section(view: ConsoleView) -> list[Section]:
    """The newest lines of the vehicle, newest last."""
    return [
        {"severity": one.severity, "text": one.text, "t_ms": one.t_ns // NS_PER_MS} for one in view.texts[-TEXTS_MAX:]
    ]


def _rounded(value: float | None, digits: int) -> float | None:
    """For a page: no digits that mean nothing; not a number is not known."""
    return None if value is None or not math.isfinite(value) else round(value, digits)


def _degrees(angle_rad: float | None) -> float | None:
    return None if angle_rad is None else _rounded(math.degrees(angle_rad), 2)
