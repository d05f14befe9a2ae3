"""Strict, frozen configuration: read once, checked hard, refused with the key and the nearest match.

A machine profile is TOML. Every figure in it has an entry in its `[sources]` table ("unverified" is a legal source,
silence is not). Cross-checks refuse what cannot be true, such as a rate above working speed x width.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from vehicle.units import radps_from_rpm

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Strict(BaseModel):
    """Unknown keys, coercion, NaN and mutation are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class ToolConfig(Strict):
    """The tool and what `engaged` means for it: flail and tiller need rotor at speed and depth, blade and plough depth and motion."""

    kind: Literal["flail", "tiller", "blade", "plough"]
    width_m: Positive
    ahead_m: Positive
    length_m: NotNegative
    depth_max_m: Positive
    height_max_m: Positive
    lift_rate_mps: Positive
    rotor_speed_rpm: NotNegative
    rotor_inertia_kgm2: NotNegative
    rotor_power_w: NotNegative
    rotor_efficiency_ratio: Annotated[float, Field(gt=0, le=1)]
    spin_up_s: NotNegative
    spin_down_s: NotNegative
    hammer_count: Annotated[int, Field(ge=0)]
    hammers_per_track: Annotated[int, Field(ge=0)]
    tip_radius_m: NotNegative

    @property
    def rotor_speed_radps(self) -> float:
        """Working rotor speed; 0 for a blade or a plough."""
        return radps_from_rpm(self.rotor_speed_rpm)


class TracksConfig(Strict):
    """Running gear. `length_m` is the contact length; `outer_width_m` over the outer edges of both belts."""

    length_m: Positive
    outer_width_m: Positive
    gauge_m: Positive
    working_speed_mps: Positive
    transit_speed_mps: Positive
    reverse_speed_mps: Positive
    pivot_rate_radps: Positive
    accel_mps2: Positive
    decel_mps2: Positive
    settle_s: NotNegative


class BodyConfig(Strict):
    """Outline without the tool, from the body origin, and mass."""

    mass_kg: Positive
    front_m: Positive
    rear_m: Positive
    width_m: Positive
    power_w: Positive


class LimitsConfig(Strict):
    """Slopes the machine may stand on; the gate's hard caps lie below these."""

    pitch_max_rad: Positive
    roll_max_rad: Positive


class GnssConfig(Strict):
    """Main antenna's lever arm from the body origin (FLU), and yaw of the baseline relative to the body."""

    antenna_x_m: float
    antenna_y_m: float
    antenna_z_m: float
    heading_offset_rad: float


class RatesConfig(Strict):
    """Published rate, checked against working speed x width; 0 = none published."""

    published_m2_per_h: NotNegative
    depth_published_m: NotNegative


class MachineConfig(Strict):
    """A machine profile; `sources` names the origin of every figure."""

    name: str
    maker: str
    complete: bool
    notes: str
    tool: ToolConfig
    tracks: TracksConfig
    body: BodyConfig
    limits: LimitsConfig
    gnss: GnssConfig
    rates: RatesConfig
    sources: dict[str, str]


class SafetyConfig(Strict):
    """Times and caps of the gate; each may only be set tighter than the hard caps in `vehicle/safety/limits.py`."""

    t_stop_slow_s: Annotated[float, Field(gt=0, le=0.45)] = 0.45
    t_stop_fast_s: Annotated[float, Field(gt=0, le=0.2)] = 0.2
    slow_speed_mps: Annotated[float, Field(gt=0, le=0.3)] = 0.3
    valid_max_ms: Annotated[int, Field(gt=0, le=150)] = 150
    t_brake_s: Annotated[float, Field(gt=0, le=5.0)] = 4.0
    attention_s: Annotated[float, Field(gt=0, le=60.0)] = 60.0
    attention_grace_s: Annotated[float, Field(gt=0, le=5.0)] = 5.0
    controller_timeout_s: Annotated[float, Field(gt=0, le=0.2)] = 0.2
    gnss_timeout_s: Annotated[float, Field(gt=0, le=0.5)] = 0.5
    bench: bool = False


class MissionConfig(Strict):
    """What counts as processed, and how the job drives. `required_depth_m` has no default: the task sets it."""

    required_depth_m: Positive
    k_sigma: Annotated[float, Field(ge=1)] = 4.0
    tracking_error_m: Positive = 0.05
    tool_sigma_max_m: Positive = 0.03
    cell_m: Annotated[float, Field(gt=0, le=0.2)] = 0.05
    rotor_at_speed_ratio: Annotated[float, Field(gt=0.5, le=1)] = 0.9
    back_off_m: Positive = 0.6
    tripwires: Literal["possible", "none"] = "possible"


class VehicleConfig(Strict):
    """All that the tick needs to know; its hash is compared with the controller's before arming."""

    vehicle_id: str
    machine: MachineConfig
    mission: MissionConfig
    safety: SafetyConfig = SafetyConfig()
