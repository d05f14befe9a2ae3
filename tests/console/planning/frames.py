"""A report of a vehicle for tests that look at little of it."""

from firmware_bridge.types import VehicleFrame
from vehicle.contracts.messages import Mode


def frame(
    mode: Mode, lat_deg: float | None = None, lon_deg: float | None = None, yaw: float | None = None
) -> VehicleFrame:
    return VehicleFrame(
        tick=7,
        session_id=1,
        mode=int(mode),
        rotor=0,
        phase=0,
        lease_holder=0,
        worst_reason=255,
        reasons=0,
        operator_age_ms=0,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        yaw_rad=yaw,
        speed_mps=0.0,
        roll_rad=0.0,
        pitch_rad=0.0,
        tool_height_m=None,
        depth_m=None,
        rotor_speed_radps=None,
        segment_seq=0,
        segment_count=0,
        cross_track_m=0.0,
        along_m=0.0,
        processed_m2=0.0,
        sigma_m=None,
    )
