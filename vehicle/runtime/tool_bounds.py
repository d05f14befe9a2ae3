"""The bounds of a machine's systematic tool errors, as a plan uses them."""

from vehicle.config.vehicle import MachineConfig
from vehicle.control.checks.room import planned_bound_m, planned_end_bound_m
from vehicle.planning.coverage.settings import ToolBounds


def planned_bounds(machine: MachineConfig, *, checked: bool = True) -> ToolBounds:
    """Return the error bounds for a plan: from the machine's checks, or for a machine that nobody has checked."""
    return ToolBounds(
        side_m=planned_bound_m(machine, checked=checked), end_m=planned_end_bound_m(machine, checked=checked)
    )
