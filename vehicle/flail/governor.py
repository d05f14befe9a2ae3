"""Flail governor: rotor and depth set-points, and how much of the working speed the load allows.

A sagging rotor slows the tracks before anything else: the tool keeps its depth, the machine gives it time.
The band ends well above the ratio at which credit is withheld, so that a slow advance is still a proven one.
"""

from vehicle.config import VehicleConfig
from vehicle.messages import EngineMode, FlailRequest, MissionPhase, Task, ToolMode
from vehicle.state import FlailState, WireState

SAG_BAND_RATIO = 0.06
"""From `at speed` + this share upwards the full working speed is allowed (domain.md 2.2: react to about 10 % sag)."""
DEPTH_BAND_M = 0.02
RECOVER_PER_TICK = 0.01
"""The allowed speed rises over two seconds and falls at once: no hunting in patchy soil."""


def step(state: FlailState, wire: WireState, task: Task, config: VehicleConfig) -> FlailState:
    """New share of the working speed, 0..1."""
    if task.phase is not MissionPhase.WORK or wire.status is None:
        return FlailState(speed_ratio=1.0)
    allowed = min(_by_rotor(wire, config), _by_depth(wire, config))
    return FlailState(speed_ratio=min(allowed, state.speed_ratio + RECOVER_PER_TICK))


def _by_rotor(wire: WireState, config: VehicleConfig) -> float:
    nominal = config.machine.tool.rotor_speed_radps
    if nominal == 0.0 or wire.status is None:
        return 1.0
    ratio = wire.status.rotor_speed_radps / nominal
    return max(0.0, min(1.0, (ratio - config.mission.rotor_at_speed_ratio) / SAG_BAND_RATIO))


def _by_depth(wire: WireState, config: VehicleConfig) -> float:
    """Slow while the tool is rising out of the required depth: better late than uncredited."""
    if wire.status is None:
        return 1.0
    withheld_m = config.mission.k_sigma * wire.status.depth_sigma_m
    spare_m = wire.status.depth_m - config.mission.required_depth_m - withheld_m
    return max(0.2, min(1.0, 0.5 + spare_m / DEPTH_BAND_M))


def request(task: Task, config: VehicleConfig, depth_m: float, height_m: float) -> FlailRequest:
    """Set-points for the task: depth while working, height while moving, hold when idle."""
    if task.phase in (MissionPhase.IDLE, MissionPhase.PAUSED, MissionPhase.DONE):
        return FlailRequest()
    return FlailRequest(
        rotor_speed_radps=config.machine.tool.rotor_speed_radps if task.rotor_on else 0.0,
        tool_mode=ToolMode.DEPTH if task.tool_down else ToolMode.HEIGHT,
        tool_value_m=depth_m if task.tool_down else height_m,
        engine=EngineMode.WORK,
    )
