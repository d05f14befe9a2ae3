"""Hard caps, whatever the configuration says, and the way from a body twist to belt speeds."""

import math

from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.messages import DriveRequest

SPEED_HARD_MPS = 3.0
BELT_HARD_MPS = 4.0
YAW_RATE_HARD_RADPS = 0.6
TILT_HARD_RAD = math.radians(45.0)


def finite(value: float) -> float:
    """The value itself, in the same unit, or 0 where it is infinite or NaN."""
    return value if abs(value) < math.inf else 0.0


def clamp(value: float, low: float, high: float) -> float:
    """The value, not below `low`, not above `high`; all in the same unit. NaN asks for nothing: it counts as 0."""
    return max(low, min(high, 0.0 if math.isnan(value) else value))


def twist(wanted: DriveRequest, forward_mps: float, reverse_mps: float, yaw_radps: float) -> DriveRequest:
    """The wanted twist inside its caps (above 0), curvature kept: speed and yaw rate shrink together."""
    speed, yaw = finite(wanted.speed_mps), finite(wanted.yaw_rate_radps)
    over = max(1.0, speed / forward_mps, -speed / reverse_mps, abs(yaw) / yaw_radps)
    return DriveRequest(speed_mps=speed / over, yaw_rate_radps=yaw / over)


def belts(body: DriveRequest, gauge_m: float) -> tuple[float, float]:
    """Left and right belt speed [m/s]; where one exceeds the hard cap both shrink, so that the curve stays the same."""
    half = body.yaw_rate_radps * gauge_m / 2.0
    left, right = body.speed_mps - half, body.speed_mps + half
    over = max(1.0, abs(left) / BELT_HARD_MPS, abs(right) / BELT_HARD_MPS)
    return left / over, right / over


def inside_envelope(config: VehicleConfig) -> bool:
    """False where the configuration asks for more than any machine of this class may be given (row 98)."""
    tracks, safety, bounds = config.machine.tracks, config.safety, config.machine.limits
    return (
        max(tracks.working_speed_mps, tracks.transit_speed_mps, tracks.reverse_speed_mps) <= SPEED_HARD_MPS
        and tracks.pivot_rate_radps <= YAW_RATE_HARD_RADPS
        and safety.t_stop_slow_s <= 0.45
        and safety.t_stop_fast_s <= 0.2
        and safety.slow_speed_mps <= 0.3
        and safety.valid_max_ms <= 150
        and safety.controller_timeout_s <= 0.15
        and max(bounds.roll_max_rad, bounds.pitch_max_rad) <= TILT_HARD_RAD
    )
