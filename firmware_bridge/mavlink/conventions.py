"""Converts values for the wire: NED heading and ENU yaw, NaN and None, saturating counters, texts that are too long."""

import math

HALF_PI_RAD = math.pi / 2.0
TAU_RAD = 2.0 * math.pi
NAN = math.nan
U16_MAX = 0xFFFF


def heading_from_yaw_rad(yaw_rad: float) -> float:
    """Return the heading from true north, clockwise, [0, 2 pi), of an ENU angle (from east, anticlockwise)."""
    return (HALF_PI_RAD - yaw_rad) % TAU_RAD


def yaw_from_heading_rad(heading_rad: float) -> float:
    """Return the ENU angle in (-pi, pi] of a heading from true north, clockwise."""
    yaw_rad = math.remainder(HALF_PI_RAD - heading_rad, TAU_RAD)
    return math.pi if yaw_rad == -math.pi else yaw_rad


def wire_from_optional(value: float | None) -> float:
    """Return NaN for an unknown value."""
    return NAN if value is None else value


def optional_from_wire(value: float) -> float | None:
    """Return None for NaN and infinities."""
    return value if math.isfinite(value) else None


FUEL_FULL = 10_000
"""Of a fuel field, which counts hundredths of a percent from 1."""


def wire_from_fuel(ratio: float | None) -> int:
    """Return the fuel as a number from 1, empty, to 10001, full; 0 for unknown, and for what is no ratio."""
    return 1 + round(ratio * FUEL_FULL) if ratio is not None and 0.0 <= ratio <= 1.0 else 0


def fuel_from_wire(value: int) -> float:
    """Return the fuel [ratio, 0 to 1]; NaN for 0 and for more than full, which no gauge means."""
    return (value - 1) / FUEL_FULL if 0 < value <= FUEL_FULL + 1 else NAN


def saturated_u16(value: int) -> int:
    """Limit a counter to 65535, which means that value or more."""
    return min(U16_MAX, value)


def cut_text(text: str, bytes_max: int) -> str:
    """Return as much of the text as fits into so many bytes of UTF-8, cut between two characters."""
    return text.encode()[:bytes_max].decode("utf-8", "ignore")
