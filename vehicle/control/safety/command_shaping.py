"""What passes, in numbers: requests under the permit and the caps of mode, reasons and configuration."""

import msgspec

from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.messages import DriveRequest, FlailRequest, Mode, OperatorFrame, Requests, ToolMode
from vehicle.control.safety import attention, limits, masks
from vehicle.control.safety.checks import VIDEO_LATE_MS, VIDEO_STALE_MS
from vehicle.control.safety.measurements import TOOL_UP_M
from vehicle.control.safety.modes import AUTO, MISSION
from vehicle.control.safety.permits import Permit

LIMITED_MPS = 0.3
"""Class LIMIT (L2)."""
AGEING_MPS = 0.27
"""Just below the speed from which the shorter T_stop counts, so that a late link slows before it stops."""
RECOVERY_MPS = 0.1
STRANGER_MPS = 0.5
"""A station that does not speak the hold-to-run extension itself drives at a reduced cap."""


class Shaped(msgspec.Struct, frozen=True, gc=False):
    """What goes to the wire, before it is a command."""

    drive: DriveRequest
    rotor_radps: float
    tool_mode: ToolMode
    tool_value_m: float


STOP_SHAPE = Shaped(DriveRequest(), 0.0, ToolMode.HOLD, 0.0)


def speed_cap_mps(mode: Mode, in_force: int, frame: OperatorFrame | None) -> float:
    """The cap that mode and reasons set, whatever the machine can do."""
    if mode is Mode.RECOVERY:
        return RECOVERY_MPS
    if mode is Mode.WAIT:
        return 0.0
    limiting = masks.LIMIT_MASK | masks.AUTO_LIMIT_MASK if mode in AUTO else masks.LIMIT_MASK
    cap = LIMITED_MPS if in_force & limiting else limits.SPEED_HARD_MPS
    if in_force & masks.LINK_SLOW:
        cap = AGEING_MPS
    if in_force & masks.ATTENTION_LATE:
        cap = attention.SLOW_MPS
    if frame is None:
        return cap
    if not frame.native:
        cap = min(cap, STRANGER_MPS)
    if mode is Mode.MANUAL and in_force & masks.VIDEO_LATE:
        # Linear to nothing (C.3); above VIDEO_STALE_MS only the tick in which a mission is left for the sticks.
        left_ms = max(0, VIDEO_STALE_MS + 1 - frame.video_age_ms)
        cap = min(cap, LIMITED_MPS * left_ms / (VIDEO_STALE_MS + 1 - VIDEO_LATE_MS))
    return cap


def shape(
    mode: Mode, permit: Permit, requests: Requests, frame: OperatorFrame | None, cap_mps: float, config: VehicleConfig
) -> Shaped:
    """Requests -> set-points. By stick never beyond what the holder's own sticks ask for."""
    by_stick = mode not in MISSION
    flail = requests.manual_flail if by_stick else requests.auto_flail
    drive = DriveRequest()
    if permit.drive:
        wanted = _by_sticks(requests.manual_drive, frame, config) if by_stick else requests.auto_drive
        drive = _capped(wanted, mode, permit, cap_mps, config)
    tool_mode, tool_value_m = _tool(flail, permit, config)
    return Shaped(drive, _rotor_radps(flail, permit, config), tool_mode, tool_value_m)


def _by_sticks(wanted: DriveRequest, frame: OperatorFrame | None, config: VehicleConfig) -> DriveRequest:
    """Another room scaled the sticks, perhaps another station's: only what the frame in force asks for too passes."""
    if frame is None:
        return DriveRequest()
    tracks = config.machine.tracks
    low, high = min(0.0, frame.drive) * tracks.reverse_speed_mps, max(0.0, frame.drive) * tracks.transit_speed_mps
    right, left = min(0.0, frame.turn) * tracks.pivot_rate_radps, max(0.0, frame.turn) * tracks.pivot_rate_radps
    return DriveRequest(
        speed_mps=limits.clamp(limits.finite(wanted.speed_mps), low, high),
        yaw_rate_radps=limits.clamp(limits.finite(wanted.yaw_rate_radps), right, left),
    )


def _capped(wanted: DriveRequest, mode: Mode, permit: Permit, cap_mps: float, config: VehicleConfig) -> DriveRequest:
    """Inside the speeds of mode and machine; working speed wherever the rotor may work the ground."""
    tracks = config.machine.tracks
    forward = tracks.transit_speed_mps
    if mode is Mode.AUTO_WORK or (mode is Mode.MANUAL and permit.rotor):
        forward = tracks.working_speed_mps
    if permit.reverse_only and not wanted.speed_mps <= 0.0:
        return DriveRequest()
    reverse = min(tracks.reverse_speed_mps, cap_mps)
    return limits.twist(wanted, min(forward, cap_mps), reverse, tracks.pivot_rate_radps)


def _rotor_radps(wanted: FlailRequest, permit: Permit, config: VehicleConfig) -> float:
    if not permit.rotor:
        return 0.0
    return limits.clamp(limits.finite(wanted.rotor_speed_radps), 0.0, config.machine.tool.rotor_speed_radps)


def _tool(wanted: FlailRequest, permit: Permit, config: VehicleConfig) -> tuple[ToolMode, float]:
    """Height or depth inside the machine's reach; where lowering is not permitted only a raised height passes."""
    tool, value = config.machine.tool, limits.finite(wanted.tool_value_m)
    if permit.tool and wanted.tool_mode is ToolMode.HEIGHT:
        return ToolMode.HEIGHT, limits.clamp(value, 0.0 if permit.tool_down else TOOL_UP_M, tool.height_max_m)
    if permit.tool_down and wanted.tool_mode is ToolMode.DEPTH:
        return ToolMode.DEPTH, limits.clamp(value, 0.0, tool.depth_max_m)
    return ToolMode.HOLD, 0.0
