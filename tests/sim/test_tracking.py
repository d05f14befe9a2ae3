"""Twenty metres (before a release fifty) at 0.28 m/s, 2 cm RTK noise, 10 % slip asymmetry, a slope of 10 degrees."""

import math

import pytest

from benchmarks.trials.tracking import CORNERS, Tracking, track
from sim.scenario import GroundSettings, RadioSettings, Scenario, SensorSettings, SlipSettings
from tests import builders
from tests.marks import some
from vehicle.config.load import load_machine
from vehicle.config.vehicle import MissionConfig, footprint
from vehicle.contracts.plan import Plan, Segment, SegmentKind

pytestmark = pytest.mark.long

MACHINE = load_machine("memat")
YAW_RAD = math.radians(17.0)
SHORT_M, LONG_M = 20.0, 50.0
RMS_MAX_M, MAX_M = 0.03, 0.08
OWN_STRIP_M = (MACHINE.tool.width_m - MACHINE.tracks.outer_width_m) / 2.0
"""While the machine crabs on a slope its rear corners run beside the tool's line; they must stay in the own strip."""


def scenario(slope_deg: float, seed: int) -> Scenario:
    """The slope falls to the right of a forward run; the soil is loose enough for the full working speed."""
    return Scenario(
        name="tracking",
        machine="memat",
        site="",
        seed=seed,
        sim_max_s=600.0,
        mission=MissionConfig(required_depth_m=0.08),
        ground=GroundSettings(
            slope_deg=slope_deg,
            slope_bearing_deg=(90.0 - math.degrees(YAW_RAD) + 90.0) % 360.0,
            unevenness_m=0.01,
            soil_energy_mj_per_m3=0.6,
        ),
        slip=SlipSettings(left_ratio=0.1, right_ratio=0.0),
        sensors=SensorSettings(gnss_sigma_m=0.02),
        radio=RadioSettings(delay_ms=10.0, jitter_ms=0.0),
    )


def straight(kind: SegmentKind, way_m: float) -> Plan:
    length_m = way_m if kind is SegmentKind.SWATH else -way_m
    end = (length_m * math.cos(YAW_RAD), length_m * math.sin(YAW_RAD))
    segment = Segment(
        seq=0,
        kind=kind,
        tool_down=kind is SegmentKind.SWATH,
        points_m=((0.0, 0.0), end),
        yaw_start_rad=YAW_RAD,
        yaw_end_rad=YAW_RAD,
        speed_mps=0.28,
    )
    return builders.plan((segment,), footprint(MACHINE))


def run(kind: SegmentKind, slope_deg: float, way_m: float, seed: int = 3) -> Tracking:
    return track(scenario(slope_deg, seed), MACHINE, straight(kind, way_m))


@pytest.mark.parametrize(
    ("kind", "slope_deg", "way_m"),
    some(
        [
            (kind, slope_deg, way_m)
            for slope_deg, way_m in ((10.0, SHORT_M), (10.0, LONG_M), (0.0, LONG_M))
            for kind in (SegmentKind.SWATH, SegmentKind.REVERSE)
        ],
        2,
        pytest.mark.release,
    ),
)
def test_the_rotor_and_the_tracks_keep_to_their_lines(kind: SegmentKind, slope_deg: float, way_m: float) -> None:
    result = run(kind, slope_deg, way_m)
    assert result.finished
    assert result.speed_mps > 0.25  # the belts run 0.28 m/s; slip of 10 and 0 % and the load take the rest
    rotor = result.points["rotor"]
    assert rotor.rms_m <= RMS_MAX_M
    assert rotor.max_m <= MAX_M
    for corner in CORNERS:
        assert result.points[corner].max_m <= (OWN_STRIP_M if slope_deg else MAX_M), corner
