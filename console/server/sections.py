"""The sections of the page's state: pure functions of what is known. None means unknown, never zero."""

import math
from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from console.client.view import GOOD_MS, SLOW_MS, ConsoleView, LinkState
from console.server.ground import GroundMirror
from console.server.inside_area import Inside
from console.server.near_ground import UNKNOWN as NOTHING_NEAR
from console.server.near_ground import Stand, Unproven
from console.server.next_step import kind_of, next_step
from firmware_bridge.console_types import BeatFlag, BeatFrame, WorkFlag, WorkFrame
from firmware_bridge.types import VehicleFrame
from vehicle.contracts.frames import LocalFrame, heading_deg_from_yaw
from vehicle.contracts.messages import MissionPhase, Mode, RotorState, StartBlock
from vehicle.contracts.plan import SegmentKind, UntreatableReason
from vehicle.contracts.stop_codes import NO_REASON, StopReason
from vehicle.contracts.stop_reasons import codes
from vehicle.contracts.units import NS_PER_MS

Section = dict[str, Any]
NOBODY: Final[Mapping[int, str]] = {}
TEXTS_MAX: Final = 20
VEHICLE_OLD_MS: Final = 500.0
WORK_OLD_MS: Final = 1200.0
"""Values of an older report are shown as old."""
VEHICLE_GONE_MS: Final = 1500.0
WORK_GONE_MS: Final = 3000.0
"""Values of an even older report are not shown while other reports arrive (four times and twice a second)."""
NOT_OURS: Final = frozenset({LinkState.WRONG_KEY, LinkState.WRONG_MACHINE, LinkState.WRONG_VERSION})
_PHASES: Final = tuple(MissionPhase)
RPM_PER_RADPS: Final = 60.0 / math.tau
_KNOWN: Final = sum(1 << code for code in StopReason)
"""Bits of the reasons that this program knows; an unknown reason of a later vehicle shows only as worst reason."""
_FLAGS: Final = {
    "neutral_seen": BeatFlag.NEUTRAL_SEEN,
    "reset_due": BeatFlag.RESET_DUE,
    "acknowledge_due": BeatFlag.ACKNOWLEDGE_DUE,
    "estop_latched": BeatFlag.ESTOP_LATCHED,
    "hold_accepted": BeatFlag.HOLD_ACCEPTED,
    "armed": BeatFlag.ARMED,
    "mission": BeatFlag.MISSION,
    "plan": BeatFlag.PLAN,
    "start_blocked": BeatFlag.START_BLOCKED,
    "horn": BeatFlag.HORN,
}
_DUE: Final = {
    "base": WorkFlag.BASE_DUE,
    "check": WorkFlag.CHECK_DUE,
    "depth": WorkFlag.DEPTH_DUE,
    "hammers": WorkFlag.HAMMERS_DUE,
    "depth_contradicts": WorkFlag.DEPTH_CONTRADICTS,
}
_SIDES: Final = {
    "left": WorkFlag.KEEP_OUT_LEFT,
    "right": WorkFlag.KEEP_OUT_RIGHT,
    "ahead": WorkFlag.KEEP_OUT_AHEAD,
    "behind": WorkFlag.KEEP_OUT_BEHIND,
}


def of_ours(view: ConsoleView) -> ConsoleView:
    """Drop data from a vehicle that is not the intended one, or that cannot be understood."""
    return replace(view, vehicle=None, beat=None, work=None) if view.state in NOT_OURS else view


def in_vehicle_time(view: ConsoleView, speed: float) -> ConsoleView:
    """Convert the ages of reports to the vehicle's time: a simulator slower than real time reports less often.

    `speed`: simulated seconds per second. The age of the link is unchanged: the time since this console received
    anything.
    """
    if speed >= 1.0:
        return view
    ages = (None if age_ms is None else speed * age_ms for age_ms in (view.vehicle_age_ms, view.work_age_ms))
    vehicle_ms, work_ms = ages
    return replace(view, vehicle_age_ms=vehicle_ms, work_age_ms=work_ms)


def fresh(view: ConsoleView) -> ConsoleView:
    """Drop reports that stopped while others arrived: their values are no longer known."""
    return _without(view, VEHICLE_OLD_MS, WORK_OLD_MS)


def recent(view: ConsoleView) -> ConsoleView:
    """Drop reports that stopped long ago; after one or two lost reports the old values are shown, marked as old.

    If nothing is received at all, the link section gives the age of everything, and the page shows the last known
    values.
    """
    return _without(view, VEHICLE_GONE_MS, WORK_GONE_MS)


def _without(view: ConsoleView, vehicle_ms: float, work_ms: float) -> ConsoleView:
    if view.age_ms is None or view.age_ms > SLOW_MS:
        return view
    vehicle = None if (view.vehicle_age_ms or 0.0) > vehicle_ms else view.vehicle
    work = None if (view.work_age_ms or 0.0) > work_ms else view.work
    return replace(view, vehicle=vehicle, work=work)


def aged(section: Section | None, *, old: bool) -> Section | None:
    """Mark a section whose report is late, so that its values stay visible but are not taken as current."""
    return {**section, "old": True} if old and section is not None else section


def link_section(view: ConsoleView, address: str, problem: str = "", problem_kind: str = "") -> Section:
    """Return the link's state as a key of the catalogue, with the age of the newest report.

    `problem`: error of the socket, "" if none. `problem_kind`: its kind as a key, `link.problem.KIND`.
    """
    return {
        "state": view.state.value,
        "quality": _quality(view.age_ms),
        "age_ms": rounded(view.age_ms, 0),
        "rtt_ms": rounded(view.rtt_ms, 0),
        "lost_ratio": rounded(view.lost_ratio, 3),
        "address": address,
        "text": f"link.{view.state.value}",
        "problem": problem_kind or None,
        "problem_text": problem or None,
    }


def _quality(age_ms: float | None) -> str | None:
    if age_ms is None:
        return None
    return "lost" if age_ms > SLOW_MS else "good" if age_ms <= GOOD_MS else "slow"


def vehicle_section(view: ConsoleView, station_id: int, names: Mapping[int, str] = NOBODY) -> Section | None:
    """Return mode, holder and all reasons in force, worst first; the mode is from the newest report or beat.

    `names`: of stations, by system id, as far as known. While only beats arrive, values that only reports carry are
    unknown; the reasons stay until a report changes them.
    """
    frame, beat = view.vehicle, view.beat
    if frame is None:
        return None
    now, seen = fresh(view).vehicle, recent(view).vehicle
    mine = frame.lease_holder == station_id
    if now is None and beat is not None:
        mine = BeatFlag.MINE in beat.flags
    newest = beat if beat is not None and beat.tick > frame.tick else frame
    worst = None if newest.worst_reason == NO_REASON else newest.worst_reason
    reasons = [int(code) for code in codes((frame.reasons | frame.reasons_high << 64) & _KNOWN)]
    if worst is not None and worst not in reasons:  # the beat is newer
        reasons.insert(0, worst)
    return {
        "tick": view.tick,
        "session": frame.session_id & 0xFFFFFFFF,
        "mode": _name(Mode, newest.mode),
        "rotor": _name(RotorState, now.rotor) if now else None,
        "phase": _PHASES[now.phase].name if now and now.phase < len(_PHASES) else None,
        "holder": seen.lease_holder or None if seen else None,
        "holder_name": names.get(seen.lease_holder) if seen else None,
        "mine": mine,
        "worst": worst,
        "reasons": reasons,
        **_flags(beat),
    }


def _flags(beat: BeatFrame | None) -> Section:
    """Return the values that only beats carry."""
    if beat is None:
        return dict.fromkeys((*_FLAGS, "standing"))
    known = BeatFlag.STANDING_KNOWN in beat.flags
    told = {name: flag in beat.flags for name, flag in _FLAGS.items()}
    return {**told, "standing": BeatFlag.STANDING in beat.flags if known else None}


def _name(names: type[Mode] | type[RotorState], number: int) -> str | None:
    """Return the name of a protocol number; None if this program does not know it."""
    return names(number).name if number in set(names) else None


def pose_section(frame: VehicleFrame | None, datum: LocalFrame | None) -> Section | None:
    """Return the pose; east and north only if the datum is known. Pitch is nose up, roll right side down."""
    if frame is None:
        return None
    east_m = north_m = None
    if datum is not None and frame.lat_deg is not None and frame.lon_deg is not None:
        east_m, north_m, _ = datum.enu_from_geodetic(frame.lat_deg, frame.lon_deg)
    return {
        "e": rounded(east_m, 3),
        "n": rounded(north_m, 3),
        "heading_deg": None if frame.yaw_rad is None else round(heading_deg_from_yaw(frame.yaw_rad), 2),
        "speed_mps": rounded(frame.speed_mps, 3),
        "roll_deg": _degrees(frame.roll_rad),
        "pitch_deg": None if frame.pitch_rad is None else _degrees(-frame.pitch_rad),
        "sigma_m": rounded(frame.sigma_m, 4),
        "lat": rounded(frame.lat_deg, 9),
        "lon": rounded(frame.lon_deg, 9),
    }


def tool_section(view: ConsoleView) -> Section | None:
    """Return rotor and tool as measured, and their required values."""
    frame, work = view.vehicle, view.work
    if frame is None:
        return None
    return {
        "rotor_rpm": rpm(frame.rotor_speed_radps),
        "rotor_required_rpm": rpm(work.rotor_required_radps) if work else None,
        "height_m": rounded(frame.tool_height_m, 3),
        "depth_m": rounded(frame.depth_m, 3),
        "depth_required_m": rounded(work.depth_required_m, 3) if work else None,
        "depth_sigma_m": rounded(work.depth_sigma_m, 4) if work else None,
        "torque_nm": rounded(work.rotor_torque_nm, 0) if work else None,
    }


def mission_section(view: ConsoleView, site: Section | None, inside: Inside | None = None) -> Section | None:
    """Return the mission's progress; `site` as GET /api/site gives it, None if unknown.

    `processed_m2`, `passed_m2`, `below_m2` are the vehicle's figures for all ground; `inside` is for the work areas
    only. `room_m`: lateral error of the tool in a swath that the overlap still covers; None outside a swath.
    """
    frame, work, plan = view.vehicle, view.work, site or {}
    if frame is None:
        return None
    step = next_step(frame, work.segment_length_m if work else None, site)
    swath = kind_of(plan, frame.segment_seq, frame.segment_count) is SegmentKind.SWATH
    return {
        "segment": frame.segment_seq,
        "segments": frame.segment_count,
        "along_m": rounded(frame.along_m, 2),
        "cross_m": rounded(frame.cross_track_m, 3),
        "room_m": rounded(plan.get("room_m"), 3) if swath else None,
        "length_m": rounded(work.segment_length_m, 2) if work else None,
        "processed_m2": rounded(frame.processed_m2, 2),
        "passed_m2": rounded(work.passed_m2, 2) if work else None,
        "below_m2": rounded(work.below_m2, 2) if work else None,
        "inside": None if inside is None else {name: rounded(m2, 2) for name, m2 in inside._asdict().items()},
        "provisional_m2": rounded(work.provisional_m2, 2) if work else None,
        "withdrawn_m2": rounded(work.withdrawn_m2, 2) if work else None,
        "total_m2": rounded(work.total_m2, 2) if work else None,
        "unworkable_m2": _listed_m2(plan, in_task=True),
        "not_in_task_m2": _listed_m2(plan, in_task=False),
        "time_left_s": rounded(work.time_left_s, 0) if work else None,
        "next": step.name,
        "next_m": rounded(step.left_m, 1),
        "plan_hash": plan.get("hash"),
        **_start(work),
    }


def _start(work: WorkFrame | None) -> Section:
    """Return what stands against a start here, and where a waiting mission begins: metres, degrees to the left."""
    known = work is not None and work.start_block in set(StartBlock)
    bearing_rad = work.start_bearing_rad if work else None
    return {
        "start_block": StartBlock(work.start_block).name.lower() if work and known and work.start_block else None,
        "start_m": rounded(work.start_distance_m, 1) if work else None,
        "start_left_deg": None if bearing_rad is None else rounded(math.degrees(bearing_rad), 0),
    }


def _listed_m2(plan: Section, *, in_task: bool) -> float | None:
    """Return the area of the listed places: those of the task, or those between the strips of a survey."""
    places = plan.get("unworkable")
    if places is None:
        return None
    listed = [one for one in places if (one.get("reason") != UntreatableReason.NOT_IN_TASK) is in_task]
    return rounded(sum(one.get("area_m2", 0.0) for one in listed), 2)


def limits_section(work: WorkFrame | None, site: Section | None = None) -> Section | None:
    """Return what limits the speed (`cap_reason`: code of a stop reason), and the tilt limits."""
    if work is None:
        return None
    tilt = (site or {}).get("limits") or {}
    return {
        "speed_cap_mps": rounded(work.speed_cap_mps, 3),
        "cap_reason": None if work.cap_reason == NO_REASON else work.cap_reason,
        "roll_deg": rounded(tilt.get("roll_deg"), 1),
        "pitch_deg": rounded(tilt.get("pitch_deg"), 1),
    }


def due_section(work: WorkFrame | None, late_s: float = 0.0) -> Section | None:
    """Return the times [s] left for acts that the vehicle expects, less the age `late_s` of the report.

    `arm_unused_s`: until an armed machine that nobody drives disarms, until a WAIT becomes a stop, or in a stop until a
    detonation may be acknowledged.
    """
    if work is None:
        return None
    return {
        "attention_s": _left_s(work.attention_left_s, late_s),
        "arm_unused_s": _left_s(work.arm_unused_left_s, late_s),
    }


def _left_s(left_s: float | None, late_s: float) -> float | None:
    return None if left_s is None else rounded(max(0.0, left_s - late_s), 1)


def gnss_section(work: WorkFrame | None) -> Section | None:
    """Return the receiver's own status."""
    if work is None:
        return None
    return {
        "fix": None if work.fix is None else work.fix.name.lower(),
        "satellites": work.satellites,
        "corrections_age_s": rounded(work.correction_age_s, 1),
        "base": work.base_id,
    }


def checks_section(work: WorkFrame | None) -> Section | None:
    """Return when people last made the checks that the record needs, and which are due."""
    if work is None:
        return None
    return {
        "depth_age_s": rounded(work.depth_check_age_s, 0),
        "hammers_age_s": rounded(work.hammer_check_age_s, 0),
        "base_age_s": rounded(work.base_check_age_s, 0),
        "due": [name for name, flag in _DUE.items() if flag in work.flags],
        "shift_used": WorkFlag.SHIFT_USED in work.flags,
        "shift_due": WorkFlag.SHIFT_DUE in work.flags,
    }


def near_section(work: WorkFrame | None, unproven: Unproven = NOTHING_NEAR) -> Section | None:
    """Return the nearest keep-out, whether ground under each track is proven, and the distance to unproven ground.

    If the vehicle reports a track on unproven ground, the distance is 0: the vehicle's report has priority.
    """
    if work is None:
        return None
    known = WorkFlag.TRACKS_KNOWN in work.flags
    left, right = WorkFlag.LEFT_UNPROVEN in work.flags, WorkFlag.RIGHT_UNPROVEN in work.flags
    return {
        "keep_out_m": rounded(work.keep_out_distance_m, 2),
        "keep_out_side": next((side for side, flag in _SIDES.items() if flag in work.flags), None),
        "left_unproven": left if known else None,
        "right_unproven": right if known else None,
        "left_unproven_m": 0.0 if known and left else rounded(unproven.left_m, 1),
        "right_unproven_m": 0.0 if known and right else rounded(unproven.right_m, 1),
    }


def stand_of(frame: VehicleFrame | None, datum: LocalFrame | None) -> Stand | None:
    """Return position and heading in metres from the datum; None if either is unknown."""
    if frame is None or datum is None or frame.lat_deg is None or frame.lon_deg is None or frame.yaw_rad is None:
        return None
    east_m, north_m, _ = datum.enu_from_geodetic(frame.lat_deg, frame.lon_deg)
    return Stand(east_m, north_m, frame.yaw_rad)


def ground_section(mirror: GroundMirror) -> Section:
    """Return how complete the record of ground is; if not `complete`, ground without a claim is unknown, not to do."""
    if not mirror.complete:
        return {"stroke": None, "plan_hash": None, "complete": False, "cell_m": None}
    return {
        "stroke": mirror.stroke,
        "plan_hash": mirror.plan_hash or None,
        "complete": True,
        "cell_m": mirror.cell_m,
    }


def texts_section(view: ConsoleView) -> list[Section]:
    """Return the vehicle's newest text lines, newest last."""
    return [
        {"severity": one.severity, "text": one.text, "t_ms": one.t_ns // NS_PER_MS} for one in view.texts[-TEXTS_MAX:]
    ]


def rounded(value: float | None, digits: int) -> float | None:
    """Round values for a page: no meaningless digits; NaN becomes unknown."""
    return None if value is None or not math.isfinite(value) else round(value, digits)


def rpm(speed_radps: float | None) -> float | None:
    """Convert a speed [rad/s] to rpm for a page."""
    return None if speed_radps is None else rounded(speed_radps * RPM_PER_RADPS, 1)


def _degrees(angle_rad: float | None) -> float | None:
    return None if angle_rad is None else rounded(math.degrees(angle_rad), 2)
