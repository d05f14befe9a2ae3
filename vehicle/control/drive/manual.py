"""Sticks -> wanted twist. The gate judges hold-to-run, neutral, lease and caps; nothing of that is decided here."""

from firmware_bridge.operator_limits import STICK_CENTRE
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.messages import DriveRequest, EngineMode, FlailRequest, OperatorFrame


def _shaped(stick: float) -> float:
    """Zero where the stick is centred, then linear to full deflection."""
    if not abs(stick) > STICK_CENTRE:  # also catches NaN
        return 0.0
    sign = 1.0 if stick > 0.0 else -1.0
    return sign * min(1.0, (abs(stick) - STICK_CENTRE) / (1.0 - STICK_CENTRE))


def drive(frame: OperatorFrame | None, config: VehicleConfig) -> DriveRequest:
    """Twist of the newest operator frame; rotor on means working speed."""
    if frame is None:
        return DriveRequest()
    tracks = config.machine.tracks
    forward = tracks.working_speed_mps if frame.rotor_request else tracks.transit_speed_mps
    speed = _shaped(frame.drive)
    return DriveRequest(
        speed_mps=speed * (forward if speed >= 0.0 else tracks.reverse_speed_mps),
        yaw_rate_radps=_shaped(frame.turn) * tracks.pivot_rate_radps,
    )


def flail(frame: OperatorFrame | None, config: VehicleConfig) -> FlailRequest:
    """Rotor and tool of the newest operator frame."""
    if frame is None:
        return FlailRequest()
    return FlailRequest(
        rotor_speed_radps=config.machine.tool.rotor_speed_radps if frame.rotor_request else 0.0,
        tool_mode=frame.tool_mode,
        tool_value_m=frame.tool_value_m,
        engine=EngineMode.WORK if frame.rotor_request else EngineMode.KEEP,
    )
