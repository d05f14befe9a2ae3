"""The planner's view of a machine: outline, rates, and the pace at which it works given ground."""

from vehicle.config.machine import MachineConfig
from vehicle.config.mission import MissionConfig
from vehicle.config.pace import SOIL_ASSUMED_MJ_PER_M3, pace_of
from vehicle.config.required_depth import DEFAULT_DEPTH_M
from vehicle.contracts.plan import MachineFootprint


def footprint(
    machine: MachineConfig,
    mission: MissionConfig | None = None,
    *,
    soil_mj_per_m3: float = SOIL_ASSUMED_MJ_PER_M3,
    depth_sigma_m: float | None = None,
) -> MachineFootprint:
    """Return the footprint of a profile. The other arguments change only the hours.

    `mission` None: the default required depth. `depth_sigma_m` None: the sensor's sigma from the profile, else an
    assumed one.
    """
    tool, tracks, body = machine.tool, machine.tracks, machine.body
    task = mission if mission is not None else MissionConfig(required_depth_m=min(DEFAULT_DEPTH_M, tool.depth_max_m))
    return MachineFootprint(
        name=machine.name,
        tool_width_m=tool.width_m,
        tool_ahead_m=tool.ahead_m,
        tool_length_m=tool.length_m,
        track_length_m=tracks.length_m,
        track_outer_width_m=tracks.outer_width_m,
        body_front_m=body.front_m,
        body_rear_m=body.rear_m,
        working_speed_mps=tracks.working_speed_mps,
        transit_speed_mps=tracks.transit_speed_mps,
        reverse_speed_mps=tracks.reverse_speed_mps,
        pivot_rate_radps=tracks.pivot_rate_radps,
        pace=pace_of(machine, task, soil_mj_per_m3, depth_sigma_m),
    )
