"""Strict, frozen configuration: read once, checked hard, refused with the key and the nearest match.

A machine profile is TOML (`vehicle/config/machine.py`, re-exported here). Every figure in it needs an entry in its
`[sources]` table; the entry may be "unverified", but it may not be missing.
"""

import hashlib
import json
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from vehicle.config.footprint import footprint
from vehicle.config.machine import MachineConfig
from vehicle.config.machine_parts import (
    BodyConfig,
    GnssConfig,
    LimitsConfig,
    NotNegative,
    Positive,
    RatesConfig,
    Strict,
    ToolConfig,
    TracksConfig,
)
from vehicle.config.mission import MissionConfig

__all__ = [
    "BodyConfig",
    "GnssConfig",
    "LimitsConfig",
    "MachineConfig",
    "MissionConfig",
    "NotNegative",
    "Positive",
    "RatesConfig",
    "SafetyConfig",
    "Strict",
    "ToolConfig",
    "TracksConfig",
    "VehicleConfig",
    "config_hash",
    "footprint",
]


class SafetyConfig(Strict):
    """Times and limits of the gate; a value may only be stricter than in `vehicle/control/safety/limits.py`."""

    t_stop_slow_s: Annotated[float, Field(gt=0, le=0.45)] = 0.45
    t_stop_fast_s: Annotated[float, Field(gt=0, le=0.2)] = 0.2
    slow_speed_mps: Annotated[float, Field(gt=0, le=0.3)] = 0.3
    valid_max_ms: Annotated[int, Field(gt=0, le=150)] = 150
    t_brake_s: Annotated[float, Field(gt=0, le=5.0)] = 4.0
    attention_s: Annotated[float, Field(gt=0, le=90.0)] = 90.0
    attention_grace_s: Annotated[float, Field(gt=0, le=10.0)] = 10.0
    controller_timeout_s: Annotated[float, Field(gt=0, le=0.15)] = 0.15
    gnss_timeout_s: Annotated[float, Field(gt=0, le=0.5)] = 0.5
    horn_s: Annotated[float, Field(ge=3.0, le=10.0)] = 3.0
    arm_unused_s: Annotated[float, Field(gt=0, le=300.0)] = 60.0
    detonation_wait_s: Annotated[float, Field(ge=60.0, le=7200.0)] = 900.0
    base_id: Annotated[int, Field(ge=0)] = 0
    maintenance: bool = False
    bench: bool = False


class VehicleConfig(Strict):
    """The configuration that the tick needs; its hash is compared with the controller's before arming.

    `vehicle_id` names the vehicle in topics and file names, hence its narrow alphabet.
    """

    vehicle_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")]
    machine: MachineConfig
    mission: MissionConfig
    safety: SafetyConfig = SafetyConfig()

    @model_validator(mode="after")
    def _check_depth(self) -> Self:
        """Refuse a required depth that the tool cannot reach: the whole site would stay below depth."""
        depth_m, max_m = self.mission.required_depth_m, self.machine.tool.depth_max_m
        if depth_m > max_m:
            raise ValueError(f"mission.required_depth_m: {depth_m:g} m is deeper than tool.depth_max_m ({max_m:g} m)")
        return self


_PROSE: dict[str, Any] = dict.fromkeys(("notes", "maker", "aliases", "sources"), True)
_SHOWN_ONLY: dict[str, Any] = dict.fromkeys(("fuel_tank_l", "fuel_l_per_h"), True)


def config_hash(config: VehicleConfig) -> bytes:
    """Return eight bytes that identify all values the tick depends on, for the handshake with the controller.

    SHA-256 over canonical JSON (sorted keys, no blanks, floats in shortest form). Texts about the machine, and figures
    that are only shown (fuel), are left out, so that a corrected citation does not stop machines from arming. So is the
    whole engine of a machine that no console starts.
    """
    engine = _SHOWN_ONLY if config.machine.engine.console_start else True
    told = config.model_dump(mode="json", exclude={"machine": {**_PROSE, "engine": engine}})
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()[:8]
