"""Flail governor: rotor and depth set-points, and how much of the working speed the load allows.

A sagging rotor slows the tracks before anything else: the tool keeps its depth, the machine gives it time.
The band ends well above the ratio at which credit is withheld, so that a slow advance is still a proven one.
"""

from firmware_bridge.types import ControllerStatus
from vehicle.config.depth_margin import withheld_m
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.messages import EngineMode, FlailRequest, MissionPhase, Task, ToolMode
from vehicle.control.state import FlailState, WireState

RESTING_PHASES = (MissionPhase.IDLE, MissionPhase.PAUSED, MissionPhase.DONE)
SAG_BAND_RATIO = 0.06
"""From `at speed` + this share upwards sag allows the full speed (common practice: the tracks slow from about 10 %)."""
LOAD_WISH_RATIO = 0.9
"""Share of the rotor drive's power that steady work may take: a tenth is kept for stones and roots."""
LOAD_GAIN_PER_TICK = 0.02
"""The speed follows the load with a time constant of one second: slower than the belts, faster than soil changes."""
SPEED_RATIO_MIN = 0.1
FOLLOWED_RATIO = 0.8
"""A machine slower than this share of what was allowed (starting, ending a swath) says nothing about the load."""
DEPTH_BAND_M = 0.02
LOWER_STEP_M = 0.015
"""How far below the measured depth the set-point runs while lowering with a rotor at full speed; less as it sags, so
that a tool pushed into hard ground waits for its rotor."""


def step(state: FlailState, wire: WireState, task: Task, config: VehicleConfig, bias_m: float = 0.0) -> FlailState:
    """New share of the working speed, 0..1: led by load before the rotor sags; a sag or a rising tool acts at once."""
    status = wire.status
    if task.phase is not MissionPhase.WORK or status is None:
        return state
    change = 1.0 + LOAD_GAIN_PER_TICK * (LOAD_WISH_RATIO - _load_ratio(status, config))
    belt_mps = 0.5 * (status.track_left_mps + status.track_right_mps)
    if change > 1.0 and belt_mps < FOLLOWED_RATIO * state.led_ratio * config.machine.tracks.working_speed_mps:
        change = 1.0
    led = min(1.0, max(SPEED_RATIO_MIN, state.led_ratio * change))
    return FlailState(led_ratio=led, speed_ratio=min(led, _by_rotor(status, config), _by_depth(status, config, bias_m)))


def _load_ratio(status: ControllerStatus, config: VehicleConfig) -> float:
    """Rotor shaft power over what its drive can give; 0 for a tool without a rotor."""
    available_w = config.machine.tool.rotor_power_w * config.machine.tool.rotor_efficiency_ratio
    return status.rotor_torque_nm * status.rotor_speed_radps / available_w if available_w > 0.0 else 0.0


def _by_rotor(status: ControllerStatus, config: VehicleConfig) -> float:
    nominal = config.machine.tool.rotor_speed_radps
    if nominal == 0.0:
        return 1.0
    ratio = status.rotor_speed_radps / nominal
    return min(1.0, max(0.0, (ratio - config.mission.rotor_at_speed_ratio) / SAG_BAND_RATIO))


def _by_depth(status: ControllerStatus, config: VehicleConfig, bias_m: float) -> float:
    """Slow while the tool is rising out of the required depth: better late than uncredited."""
    spare_m = (
        status.depth_m - config.mission.required_depth_m - withheld_m(config.mission, status.depth_sigma_m, bias_m)
    )
    return min(1.0, max(0.2, 0.5 + spare_m / DEPTH_BAND_M))


def request(
    task: Task, status: ControllerStatus | None, config: VehicleConfig, depth_m: float, height_m: float
) -> FlailRequest:
    """Set-points for the task: depth while working, height while moving, hold when idle."""
    if task.phase in RESTING_PHASES:
        return FlailRequest()
    if task.phase is MissionPhase.LOWER and status is not None:
        depth_m = min(depth_m, status.depth_m + LOWER_STEP_M * _by_rotor(status, config))
    return FlailRequest(
        rotor_speed_radps=config.machine.tool.rotor_speed_radps if task.rotor_on else 0.0,
        tool_mode=ToolMode.DEPTH if task.tool_down else ToolMode.HEIGHT,
        tool_value_m=depth_m if task.tool_down else height_m,
        engine=EngineMode.WORK,
    )
