"""A machine profile: tool, tracks, body, limits, antenna, rates, and where every figure comes from.

Read from TOML by `vehicle/config_load.py`; `configs/README.md` explains every key. Cross-checks
(`vehicle/machine_checks.py`) refuse what cannot be true, such as a rate above working speed x width.
"""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from vehicle import machine_checks
from vehicle.plan import MachineFootprint
from vehicle.units import radps_from_rpm

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Strict(BaseModel):
    """Unknown keys, coercion, NaN and mutation are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class ToolConfig(Strict):
    """The tool and what `engaged` means for it.

    Flail and tiller are engaged with the rotor at speed and at depth, blade and plough at depth and moving. The
    rotor's keys have defaults only so that a blade may leave them out; a flail or tiller without them is refused.
    """

    kind: Literal["flail", "tiller", "blade", "plough"]
    width_m: Positive
    ahead_m: Positive
    length_m: NotNegative
    depth_max_m: Positive
    height_max_m: Positive
    lift_rate_mps: Positive
    rotor_speed_rpm: NotNegative = 0.0
    rotor_inertia_kgm2: NotNegative = 0.0
    rotor_power_w: NotNegative = 0.0
    rotor_efficiency_ratio: Annotated[float, Field(gt=0, le=1)] = 1.0
    spin_up_s: NotNegative = 0.0
    spin_down_s: NotNegative = 0.0
    hammer_count: Annotated[int, Field(ge=0)] = 0
    hammers_per_track: Annotated[int, Field(ge=0)] = 0
    tip_radius_m: NotNegative = 0.0

    @property
    def rotor_speed_radps(self) -> float:
        """Working rotor speed; 0 for a blade or a plough."""
        return radps_from_rpm(self.rotor_speed_rpm)

    @property
    def engaged_needs_rotor(self) -> bool:
        """True where `engaged` means rotor at speed and at depth; False where it means at depth and moving."""
        return self.kind in machine_checks.ROTOR_KINDS


class TracksConfig(Strict):
    """Running gear. `length_m` is the contact length; `outer_width_m` over the outer edges of both belts.

    Upper bounds are the envelope of the machines known (working 1.0 km/h, transit 10 km/h): a value above is a slip
    of the pen, and speeds decide how far a machine travels before it stops.
    """

    length_m: Positive
    outer_width_m: Positive
    gauge_m: Positive
    working_speed_mps: Annotated[float, Field(gt=0, le=0.28)]
    transit_speed_mps: Annotated[float, Field(gt=0, le=2.8)]
    reverse_speed_mps: Annotated[float, Field(gt=0, le=2.8)]
    pivot_rate_degps: Annotated[float, Field(gt=0, le=20)]
    accel_mps2: Positive
    decel_mps2: Positive
    settle_s: NotNegative

    @property
    def pivot_rate_radps(self) -> float:
        """Yaw rate of a turn on the spot."""
        return math.radians(self.pivot_rate_degps)


class BodyConfig(Strict):
    """Outline without the tool, from the body origin, and mass."""

    mass_kg: Positive
    front_m: Positive
    rear_m: Positive
    width_m: Positive
    power_w: Positive


class LimitsConfig(Strict):
    """Slopes the machine may stand on; the gate's hard caps lie below these."""

    pitch_max_deg: Annotated[float, Field(gt=0, lt=90)]
    roll_max_deg: Annotated[float, Field(gt=0, lt=90)]

    @property
    def pitch_max_rad(self) -> float:
        """Greatest pitch, up or down."""
        return math.radians(self.pitch_max_deg)

    @property
    def roll_max_rad(self) -> float:
        """Greatest side slope, either side."""
        return math.radians(self.roll_max_deg)


class GnssConfig(Strict):
    """Main antenna's lever arm from the body origin (FLU), and yaw of the baseline relative to the body."""

    antenna_x_m: float
    antenna_y_m: float
    antenna_z_m: float
    heading_offset_deg: Annotated[float, Field(ge=-180, le=180)]

    @property
    def heading_offset_rad(self) -> float:
        """Yaw of the antenna baseline from body x, anticlockwise."""
        return math.radians(self.heading_offset_deg)


class RatesConfig(Strict):
    """Published rate, checked against working speed x width; 0 = none published."""

    published_m2_per_h: NotNegative
    depth_published_m: NotNegative


class MachineConfig(Strict):
    """A machine profile; `sources` names the origin of every figure by its dotted key, `tool.width_m`.

    `tools` holds the other tools that the machine can carry; `with_tool` fits one of them. Raises through pydantic
    where the figures contradict each other or one has no source.
    """

    name: Annotated[str, Field(min_length=1)]
    maker: str
    aliases: tuple[str, ...] = ()
    complete: bool
    notes: str
    tool: ToolConfig
    tools: dict[str, ToolConfig] = {}
    tracks: TracksConfig
    body: BodyConfig
    limits: LimitsConfig
    gnss: GnssConfig
    rates: RatesConfig
    sources: dict[str, str]

    @field_validator("sources", mode="before")
    @classmethod
    def _flatten_sources(cls, table: Any) -> Any:
        """TOML reads `tool.width_m = "..."` as nested tables; the profile holds dotted keys."""
        return machine_checks.flattened(table)

    @model_validator(mode="after")
    def _check(self) -> Self:
        machine_checks.check_machine(self)
        return self

    @property
    def unverified(self) -> tuple[str, ...]:
        """Keys whose figure no public source confirms; a site measures these before real use."""
        return tuple(sorted(key for key, source in self.sources.items() if source.startswith("unverified")))

    def with_tool(self, name: str) -> "MachineConfig":
        """The same machine carrying `tools[name]`; the published rate belongs to the old tool and is dropped.

        Raises KeyError for a tool that the profile does not list, ValueError where tool and machine do not fit.
        """
        fitted = self.tools[name]
        prefix = f"tools.{name}."
        sources = {key: text for key, text in self.sources.items() if not key.startswith(("tool.", "tools.", "rates."))}
        sources |= {f"tool.{key[len(prefix) :]}": text for key, text in self.sources.items() if key.startswith(prefix)}
        sources |= dict.fromkeys(
            ("rates.published_m2_per_h", "rates.depth_published_m"), "none published for this tool"
        )
        rates = RatesConfig(published_m2_per_h=0.0, depth_published_m=0.0)
        changed = {"tool": fitted, "tools": {}, "rates": rates, "sources": sources}
        return MachineConfig.model_validate({**dict(self), **changed})


def footprint(machine: MachineConfig) -> MachineFootprint:
    """What the planner needs of a machine; `lower_s` is the way from fully raised to full depth."""
    tool, tracks, body = machine.tool, machine.tracks, machine.body
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
        settle_s=tracks.settle_s,
        spin_up_s=tool.spin_up_s,
        lower_s=(tool.height_max_m + tool.depth_max_m) / tool.lift_rate_mps,
    )
