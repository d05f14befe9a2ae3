"""The bounds of errors that stay, of a machine, as a plan counts them."""

from vehicle.config.vehicle import MachineConfig
from vehicle.control.checks.room import planned_bound_m, planned_end_bound_m
from vehicle.planning.coverage.settings import ToolBounds


def planned_bounds(machine: MachineConfig, *, checked: bool = True) -> ToolBounds:
    """What a plan allows for: of a machine whose checks are made, or of one that nobody has checked."""
    return ToolBounds(
        side_m=planned_bound_m(machine, checked=checked), end_m=planned_end_bound_m(machine, checked=checked)
    )
