"""What is simulated: machine, site, ground, noise, radio, mission. TOML, checked as strictly as a machine profile."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from vehicle.config.vehicle import MissionConfig, NotNegative, Positive, Strict

Ratio = Annotated[float, Field(ge=0, lt=1)]


class GroundSettings(Strict):
    """A sloping plane with gentle unevenness; `slope_bearing_deg`: direction of steepest descent, from north.

    `height_m`: height of the ground at the datum as the receiver finds it, above the ellipsoid; None: that of the
    datum.
    """

    slope_deg: Annotated[float, Field(ge=0, le=25)] = 0.0
    slope_bearing_deg: Annotated[float, Field(ge=0, lt=360)] = 0.0
    unevenness_m: NotNegative = 0.02
    soil_energy_mj_per_m3: Annotated[float, Field(ge=0.5, le=10)] = 1.5
    height_m: Annotated[float, Field(ge=-500, le=9000)] | None = None


class SlipSettings(Strict):
    """Share of belt speed that each track loses on level ground without load; creep downhill per metre x tan(slope)."""

    left_ratio: Ratio = 0.03
    right_ratio: Ratio = 0.03
    crab_ratio: Ratio = 0.1


class SensorSettings(Strict):
    """1-sigma noise of the receivers, and of the depth sensor, which reports its own."""

    depth_sigma_m: Annotated[float, Field(ge=0, le=0.1)] = 0.007
    gnss_sigma_m: NotNegative = 0.02
    heading_sigma_deg: NotNegative = 0.2
    imu_tilt_sigma_deg: NotNegative = 0.1


class RadioSettings(Strict):
    """Operator link: one-way delay, jitter and loss of the datagrams in both directions."""

    delay_ms: NotNegative = 15.0
    jitter_ms: NotNegative = 3.0
    loss_ratio: Ratio = 0.0


class PlanSettingsFile(Strict):
    """Settings that replace the planner's defaults; none of them weakens a property of the plan."""

    overlap_m: Positive | None = None
    outside: Literal["safe", "unknown"] | None = None


class Scenario(Strict):
    """One reproducible run; together with the seed it determines every byte of the recording.

    `checks` of base, depth, hammers and machine: all made and good before the run, never made, or made by the operator
    when they are due.
    """

    name: str
    machine: str
    site: str
    seed: int = 1
    sim_max_s: Positive = 86_400.0
    checks: Literal["made", "none", "operator"] = "made"
    mission: MissionConfig
    ground: GroundSettings = GroundSettings()
    slip: SlipSettings = SlipSettings()
    sensors: SensorSettings = SensorSettings()
    radio: RadioSettings = RadioSettings()
    plan: PlanSettingsFile = PlanSettingsFile()


def site_path(scenario: Scenario, scenario_file: Path) -> Path:
    """Return the path of the site's file; a relative one starts at the scenario's own folder."""
    path = Path(scenario.site)
    return path if path.is_absolute() else scenario_file.parent / path
