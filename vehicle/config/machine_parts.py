"""The parts of a machine profile: tool, tracks, body, limits, antenna, rates.

`vehicle/config/machine_checks.py` checks them against each other; `vehicle/config/machine.py` combines them into the
profile.
"""

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from vehicle.contracts.hammers import Hammers
from vehicle.contracts.units import radps_from_rpm

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
ROTOR_KINDS = ("flail", "tiller")


derived = cached_property
"""A property derived from the values of a `Strict` model; it is computed when the model is created."""


class Strict(BaseModel):
    """Base model that refuses unknown keys, type coercion, NaN and mutation."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy the model like pydantic, and compute the derived figures again from the copy's values."""
        copied = super().model_copy(update=update, deep=deep)
        copied.model_post_init(None)
        return copied

    def model_post_init(self, context: Any, /) -> None:
        """Compute all derived figures once, so that no tick adds anything to a configuration."""
        super().model_post_init(context)
        self._derive()

    def _derive(self) -> None:
        for name in self.__dict__.keys() - type(self).model_fields.keys():
            del self.__dict__[name]
        for name, figure in vars(type(self)).items():
            if isinstance(figure, derived):
                getattr(self, name)


class ToolConfig(Strict):
    """The tool and what `engaged` means for it.

    Upper bounds are above every known machine: a larger value is a typing error. A flail or tiller is engaged with the
    rotor at speed and at depth, a blade or plough at depth and moving. Rotor keys have defaults only so that a blade
    can omit them; a flail or tiller without them is refused. `hammer_stripe_m`: width that one missing hammer leaves
    unstruck on a witness board; None = not measured, then a missing hammer counts as a whole hammer track.
    `depth_sigma_m`: 1-sigma of the depth sensor, None = as the controller reports. `shock_small_g`, `shock_large_g`:
    peaks of the shock input from which a shock counts, and from which it is a large one; None = not measured, then
    every shock is large.
    """

    kind: Literal["flail", "tiller", "blade", "plough"]
    width_m: Annotated[float, Field(gt=0, le=5)]
    ahead_m: Annotated[float, Field(gt=0, le=10)]
    length_m: Annotated[float, Field(ge=0, le=3)]
    depth_max_m: Annotated[float, Field(gt=0, le=1)]
    height_max_m: Annotated[float, Field(gt=0, le=3)]
    lift_rate_mps: Annotated[float, Field(gt=0, le=2)]
    rotor_speed_rpm: Annotated[float, Field(ge=0, le=3_000)] = 0.0
    rotor_inertia_kgm2: Annotated[float, Field(ge=0, le=10_000)] = 0.0
    rotor_power_w: Annotated[float, Field(ge=0, le=3e6)] = 0.0
    rotor_efficiency_ratio: Annotated[float, Field(gt=0, le=1)] = 1.0
    spin_up_s: Annotated[float, Field(ge=0, le=300)] = 0.0
    spin_down_s: Annotated[float, Field(ge=0, le=600)] = 0.0
    hammer_count: Annotated[int, Field(ge=0, le=500)] = 0
    hammers_per_track: Annotated[int, Field(ge=0, le=50)] = 0
    hammer_stripe_m: Annotated[float, Field(ge=0, le=1)] | None = None
    depth_sigma_m: Annotated[float, Field(gt=0, le=0.1)] | None = None
    tip_radius_m: Annotated[float, Field(ge=0, le=2)] = 0.0
    shock_small_g: Annotated[float, Field(gt=0, le=500)] | None = None
    shock_large_g: Annotated[float, Field(gt=0, le=500)] | None = None

    @derived
    def rotor_speed_radps(self) -> float:
        """Working rotor speed; 0 for a blade or a plough."""
        return radps_from_rpm(self.rotor_speed_rpm)

    @derived
    def hammers(self) -> Hammers:
        """The hammers, as a count of them is judged by."""
        return Hammers(count=self.hammer_count, per_track=self.hammers_per_track, stripe_m=self.hammer_stripe_m)

    @derived
    def engaged_needs_rotor(self) -> bool:
        """True where `engaged` means rotor at speed and at depth; False where it means at depth and moving."""
        return self.kind in ROTOR_KINDS


class TracksConfig(Strict):
    """Running gear. `length_m` is the contact length; `outer_width_m` over the outer edges of both belts.

    Upper bounds cover all known machines (working 1.0 km/h, transit 10 km/h): a larger value is a typing error, and the
    speeds decide how far a machine travels before it stops.
    """

    length_m: Annotated[float, Field(gt=0, le=10)]
    outer_width_m: Annotated[float, Field(gt=0, le=5)]
    gauge_m: Annotated[float, Field(gt=0, le=5)]
    working_speed_mps: Annotated[float, Field(gt=0, le=0.28)]
    transit_speed_mps: Annotated[float, Field(gt=0, le=2.8)]
    reverse_speed_mps: Annotated[float, Field(gt=0, le=2.8)]
    pivot_rate_degps: Annotated[float, Field(gt=0, le=20)]
    accel_mps2: Annotated[float, Field(gt=0, le=5)]
    decel_mps2: Annotated[float, Field(gt=0, le=10)]
    settle_s: Annotated[float, Field(ge=0, le=60)] = 0.0

    @derived
    def pivot_rate_radps(self) -> float:
        """Yaw rate of a turn on the spot."""
        return math.radians(self.pivot_rate_degps)


class BodyConfig(Strict):
    """Outline without the tool, measured from the body origin, and mass."""

    mass_kg: Annotated[float, Field(gt=0, le=150_000)]
    front_m: Annotated[float, Field(gt=0, le=10)]
    rear_m: Annotated[float, Field(gt=0, le=10)]
    width_m: Annotated[float, Field(gt=0, le=6)]
    power_w: Annotated[float, Field(gt=0, le=3e6)]


class EngineConfig(Strict):
    """Engine start from a console, and fuel. None: not known, and nothing is reckoned from it.

    `console_start`: the controller has the starter, and a console may have the engine started; `crank_s`: the starter
    turns for no longer in one try. `fuel_l_per_h`: at work, under load.
    """

    console_start: bool = False
    crank_s: Annotated[float, Field(gt=0, le=15)] = 10.0
    fuel_tank_l: Annotated[float, Field(gt=0, le=5_000)] | None = None
    fuel_l_per_h: Annotated[float, Field(gt=0, le=500)] | None = None


class LimitsConfig(Strict):
    """Slopes on which the machine may stand; the gate's fixed limits are lower."""

    pitch_max_deg: Annotated[float, Field(gt=0, lt=90)]
    roll_max_deg: Annotated[float, Field(gt=0, lt=90)]

    @derived
    def pitch_max_rad(self) -> float:
        """Greatest pitch, up or down."""
        return math.radians(self.pitch_max_deg)

    @derived
    def roll_max_rad(self) -> float:
        """Greatest side slope, either side."""
        return math.radians(self.roll_max_deg)

    @property
    def slope_max_rad(self) -> float:
        """Steepest slope on which the machine may have any heading."""
        return min(self.pitch_max_rad, self.roll_max_rad)


class GnssConfig(Strict):
    """Main antenna's lever arm from the body origin (FLU), and yaw of the baseline relative to the body.

    The antenna must be within the body's outline and above the ground.
    """

    antenna_x_m: Annotated[float, Field(ge=-10, le=10)]
    antenna_y_m: Annotated[float, Field(ge=-3, le=3)]
    antenna_z_m: Annotated[float, Field(ge=0, le=8)]
    heading_offset_deg: Annotated[float, Field(ge=-180, le=180)]

    @derived
    def heading_offset_rad(self) -> float:
        """Yaw of the antenna baseline from body x, anticlockwise."""
        return math.radians(self.heading_offset_deg)


class RatesConfig(Strict):
    """Published rate, checked against working speed x width; 0 = none published."""

    published_m2_per_h: Annotated[float, Field(ge=0, le=100_000)]
    depth_published_m: Annotated[float, Field(ge=0, le=1)]
