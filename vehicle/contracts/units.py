"""Unit conversions; with `frames.py` the only home of conversions. Inside: SI and radians."""

import math

TAU_RAD = 2.0 * math.pi
NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
TICK_NS = 20_000_000
"""One tick of the vehicle: 50 Hz."""
TICK_S = TICK_NS / NS_PER_S
NEVER_NS = -(10**18)
"""A time before every other: what has it as its time has not happened yet."""


def radps_from_rpm(speed_rpm: float) -> float:
    """Shaft speed in rad/s from revolutions per minute."""
    return speed_rpm * TAU_RAD / 60.0


def missed_text(area_m2: float) -> str:
    """An area in m2 for people; what is more than nothing is never rounded to nothing."""
    return "<0.01" if 0.0 < area_m2 < 0.01 else f"{area_m2:,.2f}"


def wrap_rad(angle_rad: float) -> float:
    """The same angle in (-pi, pi]."""
    wrapped_rad = math.remainder(angle_rad, TAU_RAD)
    return math.pi if wrapped_rad == -math.pi else wrapped_rad


def place_text(lat_deg: float, lon_deg: float) -> str:
    """A place for people: with the hemispheres in words, a swapped pair is seen."""
    north = "north" if lat_deg >= 0.0 else "south"
    east = "east" if lon_deg >= 0.0 else "west"
    return f"{abs(lat_deg):.6f} degrees {north}, {abs(lon_deg):.6f} degrees {east}"
