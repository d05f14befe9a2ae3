"""Site, machine and truth name one place by the same metres, however high the ground lies above the datum."""

import math

import msgspec
import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.metres import TrueMetres
from sim.scenario import GroundSettings, Scenario, SensorSettings
from sim.sim_stack import wire_up
from tests import builders
from vehicle.config.load import load_machine
from vehicle.config.vehicle import MissionConfig, footprint
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.plan import Segment, SegmentKind
from vehicle.contracts.units import TICK_NS

FAR_M = (1_450.0, 380.0)
"""1.5 km from the datum."""
AT_SEA_LEVEL = LocalFrame(39.99, 46.93)
"""A datum of a site that says no height."""
MACHINE = load_machine("memat")
heights = st.floats(-400.0, 6_000.0)
ways = st.floats(-5_000.0, 5_000.0)


def parts_at(height_m: float | None, datum: LocalFrame = AT_SEA_LEVEL):
    """A machine standing 1.5 km from the datum, on ground at this height, with a good receiver, after 10 s."""
    scenario = Scenario(
        name="high",
        machine="memat",
        site="-",
        mission=MissionConfig(required_depth_m=0.15),
        ground=GroundSettings(unevenness_m=0.0, height_m=height_m),
        sensors=SensorSettings(gnss_sigma_m=0.004, heading_sigma_deg=0.05, imu_tilt_sigma_deg=0.0),
    )
    end = (FAR_M[0] + 20.0, FAR_M[1])
    swath = Segment(
        seq=0,
        kind=SegmentKind.SWATH,
        tool_down=True,
        points_m=(FAR_M, end),
        yaw_start_rad=0.0,
        yaw_end_rad=0.0,
        speed_mps=0.2,
    )
    plan = msgspec.structs.replace(builders.plan((swath,), footprint(MACHINE)), datum=datum)
    parts = wire_up(scenario, MACHINE, plan)
    for tick in range(1, 501):
        now_ns = tick * TICK_NS
        parts.world.step(now_ns)
        parts.radio.step(now_ns)
        parts.vehicle.step(now_ns)
    return parts


@pytest.mark.parametrize("height_m", [None, 350.0, 1_800.0, 4_000.0])
def test_the_machine_is_where_the_plan_has_it(height_m: float | None) -> None:
    parts = parts_at(height_m)
    truth, estimate = parts.world.truth(), parts.vehicle.state.estimate
    assert (truth.east_m, truth.north_m) == pytest.approx(FAR_M, abs=1e-6)
    assert float(estimate.x[0]) == pytest.approx(truth.east_m, abs=0.03)
    assert float(estimate.x[1]) == pytest.approx(truth.north_m, abs=0.03)


def test_the_truth_shows_a_machine_that_reckons_with_the_height_of_its_receiver() -> None:
    parts = parts_at(1_800.0)
    antenna = parts.world.gnss.sample(parts.world.tracks, 5, 0)
    assert antenna is not None
    assert antenna.alt_m == pytest.approx(1_800.0, abs=5.0)
    with_height = AT_SEA_LEVEL.enu_from_geodetic(antenna.lat_deg, antenna.lon_deg, antenna.alt_m)
    without = AT_SEA_LEVEL.enu_from_geodetic(antenna.lat_deg, antenna.lon_deg)
    assert math.dist(with_height[:2], without[:2]) == pytest.approx(0.42, abs=0.02)


@given(st.floats(-70.0, 70.0), st.floats(-180.0, 180.0), heights, heights, ways, ways)
@settings(max_examples=200, deadline=None)
def test_true_metres_against_another_library(
    lat: float, lon: float, datum_m: float, ground_m: float, east_m: float, north_m: float
) -> None:
    frame = LocalFrame(lat, lon, datum_m)
    true = TrueMetres(frame, ground_m).of_plan((east_m, north_m))
    lon_deg, lat_deg = frame.lonlat_from_enu_array([(east_m, north_m)])[0]
    there = pyproj.Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +ellps=WGS84 "
        f"+step +proj=topocentric +ellps=WGS84 +lat_0={lat!r} +lon_0={lon!r} +h_0={ground_m!r}"
    ).transform(lon_deg, lat_deg, ground_m)
    assert true == pytest.approx(there[:2], abs=2e-5)


@given(st.floats(-70.0, 70.0), st.floats(-180.0, 180.0), heights, ways, ways)
@settings(max_examples=200, deadline=None)
def test_there_and_back(lat: float, lon: float, alt_m: float, east_m: float, north_m: float) -> None:
    frame = LocalFrame(lat, lon, alt_m)
    lonlat = frame.lonlat_from_enu_array([(east_m, north_m)])
    assert frame.enu_from_lonlat_array(lonlat)[0] == pytest.approx((east_m, north_m), abs=1e-6)
    lat_deg, lon_deg, height_m = frame.geodetic_from_enu(east_m, north_m)
    assert np.array([lon_deg, lat_deg]) == pytest.approx(lonlat[0], abs=1e-10)
    assert height_m == pytest.approx(alt_m, abs=1e-3)
    assert frame.enu_from_geodetic(lat_deg, lon_deg)[:2] == pytest.approx((east_m, north_m), abs=1e-6)
