"""Lines that the link itself tells every station."""

from typing import Final

from firmware_bridge.mavlink import _dialect as d
from vehicle.contracts.messages import Mode
from vehicle.operator_link.transfer import text

UNSIGNED_BANNER: Final = text("NO SIGNATURES on this link: loopback only", d.MAV_SEVERITY_WARNING)
BENCH_BANNER: Final = text("BENCH: simulation, any station may start missions", d.MAV_SEVERITY_WARNING)
WAIT_BEGINS: Final = f"-> {Mode.WAIT.name}"
WAIT_ENDS: Final = f"{Mode.WAIT.name} -> "
WAIT_TEXT: Final = "WAIT: stands, rotor turns. START, else a stop"
CLOCK_TOLD: Final = "your clock is not the vehicle's"
BANNER_NS: Final = 10_000_000_000
"""Between two of the same line."""
