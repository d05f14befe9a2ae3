import math

import pytest

from firmware_bridge.types import EngineMode, ToolMode
from sim.ground import GroundParams
from sim.plant import PlantParams
from sim.sensors import SensorParams
from sim.world import WorldParams
from tests.sim.bench import DATUM, Bench, drive
from tests.sim.conftest import TOOL
from tests.sim.test_sensors import QUIET

UNEVEN = GroundParams(
    slope_rad=math.radians(5.0),
    uphill_yaw_rad=1.3,
    unevenness_rms_m=0.02,
    soil_variation_ratio=0.1,
    specific_energy_mjpm3=1.5,
)
WORK = drive(
    0.09, rotor_speed_radps=TOOL.rotor_speed_radps, tool_mode=ToolMode.DEPTH, tool_value_m=0.2, engine=EngineMode.WORK
)


def recording(machine, seed: int, params: WorldParams | None = None) -> bytes:
    bench = Bench(machine, params or WorldParams(), UNEVEN, seed).ready()
    bench.run(20.0, WORK)
    return bytes(bench.raw)


@pytest.mark.long
def test_same_seed_same_bytes_and_another_seed_others(machine):
    first = recording(machine, 11)
    assert len(first) > 50_000
    assert first == recording(machine, 11)
    assert first != recording(machine, 12)


@pytest.mark.long
def test_sensor_settings_do_not_shift_the_draws_of_other_sensors(machine):
    # Twice as many GNSS epochs draw twice as often from the receiver's generator, and from no other.
    fast = WorldParams(sensors=SensorParams(gnss_period_ticks=2))
    benches = [Bench(machine, params, UNEVEN, 5) for params in (WorldParams(), fast)]
    for bench in benches:
        bench.run(2.0)
    assert len(benches[1].fixes) > 2 * len(benches[0].fixes)
    assert benches[0].imu == benches[1].imu


def test_rates_on_the_wire(machine):
    bench = Bench(machine).ready()
    bench.log.clear()
    bench.run(10.0, drive(0.2))
    assert len(bench.imu) == 500
    assert len(bench.fixes) == 100
    # The GNSS epochs carry the tick they were measured in.
    assert all(fix.time_ms % 100 == 0 for fix in bench.fixes)


def test_decoded_readings_agree_with_the_truth(machine):
    bench = Bench(machine, WorldParams(sensors=QUIET), UNEVEN).ready()
    bench.run(9.4, WORK)
    # The answer to a command shows the gauges at its arrival, one tick before the IMU and the fix beside it.
    before = bench.world.truth()
    bench.step(WORK)
    tracks = bench.world.tracks
    assert bench.status.rotor_speed_radps == pytest.approx(before.rotor_radps, rel=1e-6)
    assert bench.status.depth_m == pytest.approx(before.depth_m, abs=1e-6)
    assert bench.imu[-1].roll_rad == pytest.approx(tracks.roll_rad, abs=1e-6)
    assert bench.imu[-1].pitch_rad == pytest.approx(tracks.pitch_rad, abs=1e-6)
    assert bench.imu[-1].yaw_rate_radps == pytest.approx(tracks.yaw_rate_radps, abs=1e-6)
    count = len(bench.fixes)
    while len(bench.fixes) == count:
        bench.step(WORK)
    fix, gnss = bench.fixes[-1], machine.gnss
    antenna = tracks.point_m(gnss.antenna_x_m, gnss.antenna_y_m, gnss.antenna_z_m)
    assert DATUM.enu_from_geodetic(fix.lat_deg, fix.lon_deg, fix.alt_m)[:2] == pytest.approx(antenna[:2], abs=1e-5)
    assert fix.yaw_rad == pytest.approx(tracks.yaw_rad + gnss.heading_offset_rad, abs=1e-6)


def test_truth_follows_the_tool(machine):
    quiet = PlantParams(slip_wander_ratio=0.0, slip_left_ratio=0.0, slip_right_ratio=0.0)
    bench = Bench(machine, WorldParams(tracks=quiet)).ready()
    bench.run(10.0, WORK)
    truth = bench.world.truth()
    middle = [(a + b) / 2.0 for a, b in zip(truth.tool_left_m, truth.tool_right_m, strict=True)]
    assert math.dist(middle, (truth.east_m, truth.north_m)) == pytest.approx(TOOL.ahead_m)
    assert truth.t_ns == bench.now_ns
    assert truth.rotor_radps == pytest.approx(TOOL.rotor_speed_radps, rel=0.01)
    assert truth.depth_m == pytest.approx(0.2, abs=0.025)
    assert truth.lost_stripes_m == ()
    bench.world.flail.lose_hammers(2)
    assert len(bench.world.truth().lost_stripes_m) == 2


def test_load_slows_nothing_by_itself_but_shows_on_every_gauge(machine):
    bench = Bench(machine, ground=GroundParams(specific_energy_mjpm3=1.0)).ready()
    bench.run(15.0, WORK)
    free, status = bench.world.truth().speed_mps, bench.status
    assert status.rotor_torque_nm == pytest.approx(1.0e6 * 1.7 * 0.2 * free / TOOL.rotor_speed_radps, rel=0.1)
    # Rotor through its efficiency of 0.6, 8 % of the weight rolling, 8 % idle load, of 260 kW.
    shaft_w = 1.0e6 * 1.7 * 0.2 * free / 0.6 + 0.08 * 12_500.0 * 9.81 * free
    assert status.engine_load_ratio == pytest.approx(0.08 + shaft_w / 260_000.0, rel=0.1)
    assert status.hydraulic_pressure_pa > 5e6


def test_without_an_engine_nothing_drives(machine):
    bench = Bench(machine).ready()
    bench.run(3.0, WORK)
    bench.world.engine.stall()
    bench.run(3.0, WORK)
    assert bench.world.tracks.standing
    arm = bench.world.flail.arm_m
    bench.run(2.0, WORK)
    assert bench.world.flail.arm_m == arm
    assert bench.status.engine_speed_radps < 1.0
