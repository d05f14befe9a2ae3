"""Hard caps, whatever the configuration says, and the way from a body twist to belt speeds."""

from vehicle.config import VehicleConfig
from vehicle.messages import DriveRequest, Mode

SPEED_HARD_MPS = 3.0
YAW_RATE_HARD_RADPS = 0.6
LIMITED_SPEED_MPS = 0.3
"""Class LIMIT (L2)."""
AGEING_SPEED_MPS = 0.27
"""Just below the speed from which the shorter T_stop counts, so that a late link slows before it stops."""
RECOVERY_SPEED_MPS = 0.1
TILT_HARD_RAD = 0.8
TOOL_UP_M = 0.1
"""A tool at least this far above the undisturbed ground counts as raised."""


def finite(value: float) -> float:
    """The value itself, or 0 where it is not a number."""
    return value if abs(value) < float("inf") else 0.0


def clamp(value: float, low: float, high: float) -> float:
    """The value, not below `low`, not above `high`."""
    return max(low, min(high, value))


def forward_cap_mps(mode: Mode, config: VehicleConfig, *, rotor: bool) -> float:
    """Highest forward speed of a mode: working speed wherever the rotor works."""
    tracks = config.machine.tracks
    if mode is Mode.RECOVERY:
        return RECOVERY_SPEED_MPS
    if mode is Mode.AUTO_WORK or (mode is Mode.MANUAL and rotor):
        return tracks.working_speed_mps
    return min(SPEED_HARD_MPS, tracks.transit_speed_mps)


def twist(wanted: DriveRequest, forward_mps: float, reverse_mps: float, yaw_radps: float) -> DriveRequest:
    """The wanted twist inside its caps, curvature kept: speed and yaw rate shrink together."""
    speed, yaw = finite(wanted.speed_mps), finite(wanted.yaw_rate_radps)
    speed_cap = forward_mps if speed > 0.0 else reverse_mps
    ratio = 1.0
    if abs(speed) > speed_cap:
        ratio = speed_cap / abs(speed)
    if abs(yaw) * ratio > yaw_radps:
        ratio = yaw_radps / abs(yaw)
    return DriveRequest(speed_mps=speed * ratio, yaw_rate_radps=yaw * ratio)


def belts(body: DriveRequest, gauge_m: float, belt_cap_mps: float) -> tuple[float, float]:
    """Left and right belt speed [m/s]; where one exceeds the cap both shrink, so that the curve stays the same."""
    half = body.yaw_rate_radps * gauge_m / 2.0
    left, right = body.speed_mps - half, body.speed_mps + half
    fastest = max(abs(left), abs(right))
    if fastest <= belt_cap_mps:
        return left, right
    return left * belt_cap_mps / fastest, right * belt_cap_mps / fastest


def inside_envelope(config: VehicleConfig) -> bool:
    """False where the configuration asks for more than any machine of this class may be given (row 98)."""
    tracks, safety, limits = config.machine.tracks, config.safety, config.machine.limits
    return (
        max(tracks.working_speed_mps, tracks.transit_speed_mps, tracks.reverse_speed_mps) <= SPEED_HARD_MPS
        and tracks.pivot_rate_radps <= YAW_RATE_HARD_RADPS
        and safety.t_stop_slow_s <= 0.45
        and safety.t_stop_fast_s <= 0.2
        and safety.slow_speed_mps <= LIMITED_SPEED_MPS
        and safety.valid_max_ms <= 150
        and limits.roll_max_rad <= TILT_HARD_RAD
        and limits.pitch_max_rad <= TILT_HARD_RAD
    )
