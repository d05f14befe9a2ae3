"""The pace of a machine: how fast its mission drives, from its profile, the task's depth and the soil.

`vehicle/control` decides how a mission drives; it may not import the planner, nor the planner import it. The figures
that both need are in `Driving`, and `tests/config/test_pace.py` compares them with those of `vehicle/control`.
"""

import math
from typing import Final

import msgspec

from vehicle.config.depth_margin import SIGMA_ASSUMED_M, fast_scatter_m, needed_m
from vehicle.config.machine import MachineConfig
from vehicle.config.machine_parts import ToolConfig
from vehicle.config.mission import MissionConfig
from vehicle.contracts.pace import Pace

SOIL_ASSUMED_MJ_PER_M3: Final = 1.5
"""Default specific energy of soil: loose soil takes 1, published rates imply 1.6 to 1.9, hard dry clay or gravel 7."""
SOIL_MIN_MJ_PER_M3: Final = 0.5
SOIL_MAX_MJ_PER_M3: Final = 10.0


class Driving(msgspec.Struct, frozen=True, kw_only=True):
    """How every mission drives, on any machine; the first word of a field names the module that decides.

    `brake_share`: share of the profile's deceleration that an approach uses. `skid_ratio`: effective gauge over true
    gauge of a pivoting tracked machine, 1.2 to 1.5. `arm_gain_1ps`: rate of the arm per metre of its height error.
    """

    follower_approach_1ps: float = 1.0
    follower_brake_share: float = 0.5
    follower_creep_mps: float = 0.03
    follower_pivot_1ps: float = 1.2
    job_done_m: float = 0.01
    job_turn_done_rad: float = math.radians(0.25)
    job_depth_reached_m: float = 0.005
    job_tool_up_m: float = 0.03
    task_height_m: float = 0.3
    task_depth_sigmas: float = 3.5
    task_uneven_m: float = 0.01
    governor_lower_step_m: float = 0.015
    governor_load_ratio: float = 0.9
    skid_ratio: float = 1.3
    arm_gain_1ps: float = 3.0
    arm_lag_s: float = 0.15
    belt_lag_s: float = 0.15


DRIVING: Final = Driving()


def pace_of(
    machine: MachineConfig, mission: MissionConfig, soil_mj_per_m3: float, depth_sigma_m: float | None = None
) -> Pace:
    """Return the pace of a machine that must prove the mission's depth in this soil."""
    tool, tracks = machine.tool, machine.tracks
    depth_m = working_depth_m(tool, mission, depth_sigma_m)
    height_m = min(DRIVING.task_height_m, tool.height_max_m)
    sink_mps = min(tool.lift_rate_mps, DRIVING.governor_lower_step_m * DRIVING.arm_gain_1ps)
    return Pace(
        depth_m=depth_m,
        soil_mj_per_m3=soil_mj_per_m3,
        sweep_speed_mps=min(tracks.working_speed_mps, load_speed_mps(tool, depth_m, soil_mj_per_m3)),
        accel_mps2=tracks.accel_mps2,
        brake_mps2=DRIVING.follower_brake_share * tracks.decel_mps2,
        approach_1ps=DRIVING.follower_approach_1ps,
        creep_mps=DRIVING.follower_creep_mps,
        done_m=DRIVING.job_done_m,
        turn_approach_1ps=DRIVING.follower_pivot_1ps,
        turn_done_rad=DRIVING.job_turn_done_rad,
        turn_share=1.0 / DRIVING.skid_ratio,
        turn_lag_s=DRIVING.belt_lag_s + 0.25 * tracks.pivot_rate_radps * tracks.gauge_m / tracks.accel_mps2,
        spin_up_s=tool.spin_up_s,
        spin_down_s=tool.spin_down_s,
        at_speed_ratio=mission.rotor_at_speed_ratio,
        lower_s=DRIVING.arm_lag_s + height_m / tool.lift_rate_mps + (depth_m - DRIVING.job_depth_reached_m) / sink_mps,
        raise_s=DRIVING.arm_lag_s + (depth_m + height_m - DRIVING.job_tool_up_m) / tool.lift_rate_mps,
    )


def working_depth_m(tool: ToolConfig, mission: MissionConfig, depth_sigma_m: float | None = None) -> float:
    """Depth [m] at which the mission works: required + withheld + scatter of the readings, limited by the tool."""
    sigma_m = depth_sigma_m if depth_sigma_m is not None else tool.depth_sigma_m or SIGMA_ASSUMED_M
    wish_m = needed_m(mission, sigma_m) + DRIVING.task_depth_sigmas * fast_scatter_m(sigma_m) + DRIVING.task_uneven_m
    return min(wish_m, tool.depth_max_m)


def load_speed_mps(tool: ToolConfig, depth_m: float, soil_mj_per_m3: float) -> float:
    """Speed [m/s] at which the rotor drive has the governor's target load; inf without a rotor.

    v = efficiency x power / (energy x width x depth)
    """
    if tool.rotor_speed_rpm == 0.0 or tool.rotor_power_w == 0.0:
        return math.inf
    power_w = DRIVING.governor_load_ratio * tool.rotor_efficiency_ratio * tool.rotor_power_w
    return power_w / (1e6 * soil_mj_per_m3 * tool.width_m * depth_m)
