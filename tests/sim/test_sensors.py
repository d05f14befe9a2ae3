import itertools
import math

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from firmware_bridge.types import FixType
from sim.ground import GroundParams
from sim.plant import GRAVITY_MPS2, Pose
from sim.sensors import GnssSensor, ImuSensor, SensorParams, ToolSensors
from tests.sim.conftest import FLAT, PLAIN, body_on, roll
from vehicle.contracts.frames import LocalFrame, enu_offset_from_body

DATUM = LocalFrame(39.99, 46.93, 350.0)
QUIET = SensorParams(
    gnss_sigma_m=0.0,
    heading_sigma_rad=0.0,
    velocity_sigma_mps=0.0,
    gyro_sigma_radps=0.0,
    gyro_bias_sigma_radps=0.0,
    gyro_walk_radps=0.0,
    tilt_sigma_rad=0.0,
    accel_sigma_mps2=0.0,
    vibration_mps2=0.0,
    encoder_sigma_mps=0.0,
    rotor_sigma_radps=0.0,
    depth_sigma_m=0.0,
)
TILTED = GroundParams(slope_rad=math.radians(5.0), uphill_yaw_rad=0.4 + math.pi / 2.0)


def enu(fix) -> tuple[float, float, float]:
    return DATUM.enu_from_geodetic(fix.lat_deg, fix.lon_deg, fix.alt_m)


def fixes(sensor: GnssSensor, body, count: int):
    return [fix for tick in range(1, 5 * count + 1) if (fix := sensor.sample(body, tick, 20 * tick)) is not None]


def test_position_is_that_of_the_antenna_under_roll_and_pitch(machine):
    body = body_on(TILTED)
    fix = fixes(GnssSensor(QUIET, machine.gnss, DATUM, seed=1), body, 1)[0]
    gnss = machine.gnss
    arm = (gnss.antenna_x_m, gnss.antenna_y_m, gnss.antenna_z_m)
    offset = enu_offset_from_body(arm, 0.4, body.pitch_rad, body.roll_rad)
    assert enu(fix) == pytest.approx((3.0 + offset[0], -2.0 + offset[1], body.up_m + offset[2]), abs=1e-6)
    level = fixes(GnssSensor(QUIET, gnss, DATUM, seed=1), body_on(FLAT), 1)[0]
    # 2.8 m x sin 5 degrees.
    assert math.dist(enu(fix)[:2], enu(level)[:2]) == pytest.approx(0.244, abs=1e-3)


def test_heading_is_that_of_the_baseline(machine):
    fix = fixes(GnssSensor(QUIET, machine.gnss, DATUM, seed=1), body_on(FLAT), 1)[0]
    assert fix.yaw_rad == pytest.approx(0.4 + math.radians(1.2))


def test_ten_fixes_a_second_with_their_own_time(machine):
    got = fixes(GnssSensor(QUIET, machine.gnss, DATUM, seed=1), body_on(FLAT), 20)
    assert [fix.time_ms for fix in got] == [100 * k for k in range(1, 21)]


def test_latency_delays_arrival_and_not_the_epoch(machine):
    sensor = GnssSensor(msgspec.structs.replace(QUIET, gnss_latency_ticks=7), machine.gnss, DATUM, seed=1)
    arrivals = [(tick, fix.time_ms) for tick in range(1, 40) if (fix := sensor.sample(body_on(FLAT), tick, 20 * tick))]
    assert arrivals == [(12, 100), (17, 200), (22, 300), (27, 400), (32, 500), (37, 600)]


@pytest.mark.long
def test_noise_has_the_reported_sigma_and_its_slow_part(machine):
    params = SensorParams(gnss_tau_s=10.0, heading_tau_s=10.0)
    body = body_on(FLAT)
    truth = body.point_m(machine.gnss.antenna_x_m, machine.gnss.antenna_y_m, machine.gnss.antenna_z_m)
    got = fixes(GnssSensor(params, machine.gnss, DATUM, seed=4), body, 30_000)
    east = np.array([enu(fix)[0] for fix in got]) - truth[0]
    yaw = np.array([fix.yaw_rad for fix in got]) - 0.4 - math.radians(1.2)
    assert np.std(east) == pytest.approx(got[0].sigma_horizontal_m, rel=0.08)
    assert np.std(yaw) == pytest.approx(got[0].yaw_sigma_rad, rel=0.05)
    # White noise would leave no correlation from second to second; the slow part is 0.36 of the variance.
    assert np.corrcoef(east[:-10], east[10:])[0, 1] == pytest.approx(0.36 * math.exp(-0.1), abs=0.08)


def test_doors_of_the_receiver(machine):
    sensor, body = GnssSensor(QUIET, machine.gnss, DATUM, seed=1), body_on(FLAT)
    clean = fixes(sensor, body, 1)[0]
    sensor.jump_m, sensor.heading_jump_rad, sensor.correction_age_s = (0.3, -0.4), math.pi, 45.0
    jumped = fixes(sensor, body, 1)[0]
    assert math.dist(enu(jumped), enu(clean)) == pytest.approx(0.5, abs=1e-6)
    assert abs(math.remainder(jumped.yaw_rad - clean.yaw_rad, math.tau)) == pytest.approx(math.pi)
    assert (jumped.sigma_horizontal_m, jumped.correction_age_s) == (clean.sigma_horizontal_m, 45.0)
    sensor.heading_lost = True
    assert fixes(sensor, body, 1)[0].yaw_rad is None
    sensor.silent = True
    assert fixes(sensor, body, 5) == []


def test_float_errs_and_says_so(machine):
    sensor, body = GnssSensor(SensorParams(gnss_tau_s=1.0), machine.gnss, DATUM, seed=1), body_on(FLAT)
    sensor.fix = FixType.RTK_FLOAT
    got = fixes(sensor, body, 4_000)
    assert {fix.fix for fix in got} == {FixType.RTK_FLOAT}
    assert got[0].sigma_horizontal_m == pytest.approx(0.4)
    assert np.std([enu(fix)[0] for fix in got]) == pytest.approx(0.4, rel=0.1)


def test_course_follows_motion_and_repeats_the_last_one_at_standstill(machine):
    sensor, body = GnssSensor(QUIET, machine.gnss, DATUM, seed=1), body_on(FLAT)
    roll(body, -0.5, -0.5, 2.0)
    backward = fixes(sensor, body, 1)[0]
    assert abs(math.remainder(backward.course_rad - 0.4 - math.pi, math.tau)) < 1e-9
    assert backward.speed_mps == pytest.approx(0.5, rel=1e-3)
    roll(body, 0.0, 0.0, 3.0)
    assert fixes(sensor, body, 1)[0].course_rad == backward.course_rad


def test_imu_reads_gravity_and_tilt_in_flu():
    sample = ImuSensor(QUIET, seed=1).sample(body_on(TILTED), 0.0, 40)
    assert sample.roll_rad == pytest.approx(math.radians(5.0))
    assert sample.pitch_rad == pytest.approx(0.0, abs=1e-12)
    # Left side up: gravity's reaction has a part to the left.
    assert sample.accel_y_mps2 == pytest.approx(GRAVITY_MPS2 * math.sin(math.radians(5.0)))
    assert sample.accel_z_mps2 == pytest.approx(GRAVITY_MPS2 * math.cos(math.radians(5.0)))
    nose_up = body_on(GroundParams(slope_rad=math.radians(8.0), uphill_yaw_rad=0.4))
    climbing = ImuSensor(QUIET, seed=1).sample(nose_up, 0.0, 40)
    assert climbing.pitch_rad == pytest.approx(-math.radians(8.0))
    assert climbing.accel_x_mps2 == pytest.approx(GRAVITY_MPS2 * math.sin(math.radians(8.0)))


def test_gyro_integrates_to_the_turn_that_was_made():
    body, imu = body_on(FLAT), ImuSensor(QUIET, seed=1)
    turned = 0.0
    for _ in range(250):
        body.step(-0.2, 0.3, brake=False, load_ratio=0.0)
        turned += imu.sample(body, 0.0, 0).yaw_rate_radps * 0.02
    assert turned == pytest.approx(body.yaw_rad - 0.4, rel=1e-9)
    assert turned > 1.0


def test_gyro_bias_walks_and_its_noise_is_white():
    params = SensorParams(gyro_bias_sigma_radps=0.01, gyro_walk_radps=0.002)
    body = body_on(FLAT)
    starts, ends = [], []
    for seed in range(60):
        imu = ImuSensor(params, seed=seed)
        rates = [imu.sample(body, 0.0, 0).yaw_rate_radps for _ in range(1_000)]
        starts.append(np.mean(rates[:50]))
        ends.append(np.mean(rates[-50:]))
        assert np.std(np.diff(rates)) / math.sqrt(2.0) == pytest.approx(params.gyro_sigma_radps, rel=0.1)
    assert np.std(starts) == pytest.approx(0.01, rel=0.3)
    # 19 s of a walk of 0.002 per root second.
    assert np.std(np.array(ends) - np.array(starts)) == pytest.approx(0.002 * math.sqrt(19.0), rel=0.3)


def test_stuck_imu_repeats_and_a_silent_one_says_nothing():
    imu, body = ImuSensor(SensorParams(), seed=1), body_on(FLAT)
    first = imu.sample(body, 1.0, 20)
    assert first is not None
    imu.stuck = True
    assert imu.sample(body, 1.0, 40) == msgspec.structs.replace(first, time_ms=40)
    imu.silent = True
    assert imu.sample(body, 1.0, 60) is None


def test_clipping_is_counted():
    imu, body = ImuSensor(QUIET, seed=1), body_on(FLAT)
    body.yaw_rate_radps = 6.0
    sample = imu.sample(body, 0.0, 0)
    assert (sample.clip_count, sample.yaw_rate_radps) == (1, pytest.approx(math.radians(300.0)))


def test_depth_claims_the_shallowest_of_the_width():
    tool = ToolSensors(QUIET, seed=1)
    for depths in itertools.permutations((0.21, 0.19, 0.24), 3):
        tool.sample(body_on(FLAT), 40.0, depths)
        assert tool.depth_m == pytest.approx(0.19)


def test_depth_noise_has_the_reported_sigma():
    tool, body = ToolSensors(SensorParams(), seed=2), body_on(FLAT, start=Pose(0.0, 0.0, 0.2))
    readings = []
    for _ in range(60_000):
        tool.sample(body, 40.0, (0.2, 0.2, 0.2))
        readings.append(tool.depth_m)
    assert np.std(readings) == pytest.approx(tool.depth_sigma_m, rel=0.05)
    assert np.mean(readings) == pytest.approx(0.2, abs=1e-3)


def test_encoder_of_a_standing_shaft_counts_nothing():
    tool, body = ToolSensors(SensorParams(), seed=2), body_on(FLAT)
    tool.sample(body, 0.0, (0.0, 0.0, 0.0))
    assert (tool.left_mps, tool.right_mps, tool.rotor_radps) == (0.0, 0.0, 0.0)
    roll(body, 0.3, 0.5, 2.0)
    tool.right_gain = -1.0
    tool.sample(body, 40.0, (0.0, 0.0, 0.0))
    assert tool.left_mps == pytest.approx(0.3, abs=0.02)
    assert tool.left_mps != pytest.approx(body.belt_left_mps, abs=1e-9)
    assert tool.right_mps == pytest.approx(-0.5, abs=0.02)


@pytest.mark.parametrize("slope_deg", [0.0, 10.0, 25.0])
@pytest.mark.parametrize("bearing_deg", [0.0, 70.0, 90.0, 200.0])
@pytest.mark.parametrize("belt_mps", [0.28, -0.9])
def test_speed_and_course_are_those_of_the_place_seen_from_above(machine, slope_deg, bearing_deg, belt_mps):
    """As receivers tell them: along a slope a speed that is not level contradicts the receiver's own places."""
    slope = GroundParams(slope_rad=math.radians(slope_deg), uphill_yaw_rad=0.4 + math.radians(bearing_deg))
    sensor, body = GnssSensor(QUIET, machine.gnss, DATUM, seed=1), body_on(slope, replace(PLAIN, crab_ratio=0.1))
    roll(body, belt_mps, belt_mps, 2.0)
    first = fixes(sensor, body, 1)[0]
    roll(body, belt_mps, belt_mps, 10.0)
    last = fixes(sensor, body, 1)[0]
    east_m, north_m = (here - there for here, there in zip(enu(last)[:2], enu(first)[:2], strict=True))
    assert last.speed_mps == pytest.approx(math.hypot(east_m, north_m) / 10.0, rel=1e-5)
    assert math.remainder(last.course_rad - math.atan2(north_m, east_m), math.tau) == pytest.approx(0.0, abs=1e-6)
