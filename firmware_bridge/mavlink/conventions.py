"""Angles and unknowns at the wire's edge: NED heading <-> ENU yaw, NaN <-> None, saturating counters."""

import math

HALF_PI_RAD = math.pi / 2.0
TAU_RAD = 2.0 * math.pi
NAN = math.nan
U16_MAX = 0xFFFF


def heading_from_yaw_rad(yaw_rad: float) -> float:
    """From true north, clockwise, [0, 2 pi), of an ENU angle (from east, anticlockwise)."""
    return (HALF_PI_RAD - yaw_rad) % TAU_RAD


def yaw_from_heading_rad(heading_rad: float) -> float:
    """ENU angle in (-pi, pi] of a heading from true north, clockwise."""
    yaw_rad = math.remainder(HALF_PI_RAD - heading_rad, TAU_RAD)
    return math.pi if yaw_rad == -math.pi else yaw_rad


def wire_from_optional(value: float | None) -> float:
    """Unknown travels as NaN."""
    return NAN if value is None else value


def optional_from_wire(value: float) -> float | None:
    """NaN and infinities come back as unknown."""
    return value if math.isfinite(value) else None


def saturated_u16(value: int) -> int:
    """65535 stands for itself and all above."""
    return min(U16_MAX, value)
