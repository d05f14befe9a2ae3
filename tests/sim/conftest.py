"""A MEMATT-like machine with figures of its own, so that an edited profile does not move these tests."""

from typing import Any

import pytest

from sim.ground import GroundParams, PlaneGround
from sim.plant import PlantParams, Pose, TrackPlant
from vehicle.config.vehicle import (
    BodyConfig,
    GnssConfig,
    LimitsConfig,
    MachineConfig,
    RatesConfig,
    ToolConfig,
    TracksConfig,
)

TOOL = ToolConfig(
    kind="flail",
    width_m=1.7,
    ahead_m=2.0,
    length_m=0.0,
    depth_max_m=0.3,
    height_max_m=0.5,
    lift_rate_mps=0.12,
    rotor_speed_rpm=450.0,
    rotor_inertia_kgm2=30.0,
    rotor_power_w=150_000.0,
    rotor_efficiency_ratio=0.6,
    spin_up_s=6.0,
    spin_down_s=9.0,
    hammer_count=40,
    hammers_per_track=1,
    tip_radius_m=0.5,
)
TRACKS = TracksConfig(
    length_m=2.2,
    outer_width_m=1.55,
    gauge_m=1.4,
    working_speed_mps=0.28,
    transit_speed_mps=1.1,
    reverse_speed_mps=0.9,
    pivot_rate_degps=15.0,
    accel_mps2=0.5,
    decel_mps2=0.8,
    settle_s=1.0,
)
FLAT = GroundParams()
START = Pose(3.0, -2.0, 0.4)
PLAIN = PlantParams(
    slip_left_ratio=0.0,
    slip_right_ratio=0.0,
    slip_per_grade_ratio=0.0,
    slip_per_load_ratio=0.0,
    slip_wander_ratio=0.0,
    skid_ratio=1.0,
    icr_ahead_m=0.0,
    crab_ratio=0.0,
)
"""Running gear without a single loss: each test adds the one it looks at."""


@pytest.fixture(scope="session")
def machine() -> MachineConfig:
    figures: dict[str, Any] = {
        "tool": TOOL,
        "tracks": TRACKS,
        "body": BodyConfig(mass_kg=12_500.0, front_m=1.6, rear_m=2.0, width_m=1.6, power_w=260_000.0),
        "limits": LimitsConfig(pitch_max_deg=25.0, roll_max_deg=20.0),
        "gnss": GnssConfig(antenna_x_m=-0.35, antenna_y_m=0.12, antenna_z_m=2.8, heading_offset_deg=1.2),
        "rates": RatesConfig(published_m2_per_h=1_000.0, depth_published_m=0.25),
    }
    sources = {
        f"{table}.{key}": "unverified"
        for table, figure in figures.items()
        for key in type(figure).model_fields
        if isinstance(getattr(figure, key), int | float)
    }
    return MachineConfig(name="Test", maker="none", complete=True, notes="", sources=sources, **figures)


def body_on(ground: GroundParams, params: PlantParams = PLAIN, start: Pose = START, seed: int = 5):
    return TrackPlant(TRACKS, params, PlaneGround(ground, seed), start, seed=seed)


def roll(body: TrackPlant, left_mps: float, right_mps: float, seconds: float, load_ratio: float = 0.0) -> None:
    for _ in range(round(seconds / 0.02)):
        body.step(left_mps, right_mps, brake=False, load_ratio=load_ratio)
