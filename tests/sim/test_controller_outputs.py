import itertools

import msgspec
import pytest

from firmware_bridge.types import (
    ControllerFault,
    ControllerFlag,
    DepthDatum,
    EngineMode,
    ToolMode,
)
from tests.sim.bench import Bench, drive, driving, neutral
from tests.sim.conftest import TOOL, TRACKS


@pytest.fixture
def bench(machine):
    return Bench(machine)


def test_stop_shape_after_silence(bench):
    driving(bench, rotor_speed_radps=40.0, engine=EngineMode.WORK, tool_mode=ToolMode.DEPTH, tool_value_m=0.2)
    arm_m = bench.world.flail.arm_m
    assert bench.world.flail.arm_rate_mps < -0.1
    bench.run(0.2)
    outputs = bench.world.controller.outputs
    assert outputs.rotor_radps == 0.0
    assert outputs.arm_rate_mps == 0.0
    # The valve shuts within its lag; it is not driven on and never up.
    settled_m = bench.world.flail.arm_m
    bench.run(4.0)
    assert bench.world.flail.arm_m == pytest.approx(settled_m, abs=0.02)
    assert bench.world.flail.arm_m < arm_m
    assert bench.world.engine.running
    assert bench.world.engine.mode is EngineMode.IDLE
    assert bench.world.tracks.standing
    assert outputs.brake


@pytest.mark.long
def test_ramps_are_those_of_the_profile(bench):
    bench.ready()
    applied = []
    for _ in range(150):
        bench.step(drive(1.0))
        applied.append(bench.world.controller.outputs.left_mps)
    steps = [b - a for a, b in itertools.pairwise(applied) if a > 0.02 and b < 0.99]
    assert min(steps) == pytest.approx(max(steps)) == pytest.approx(TRACKS.accel_mps2 * 0.02)
    applied = []
    for _ in range(100):
        bench.step(neutral())
        applied.append(bench.world.controller.outputs.left_mps)
    steps = [a - b for a, b in itertools.pairwise(applied) if a < 0.98 and b > 0.01]
    assert min(steps) == pytest.approx(max(steps)) == pytest.approx(TRACKS.decel_mps2 * 0.02)


def test_reversal_passes_through_zero(bench):
    driving(bench)
    applied = []
    for _ in range(100):
        bench.step(drive(-0.28))
        applied.append(bench.world.controller.outputs.left_mps)
    assert applied == sorted(applied, reverse=True)
    assert 0.0 in applied
    assert applied[-1] == pytest.approx(-0.28)


def test_brake_falls_in_below_5_cm_a_second_and_not_before(bench):
    driving(bench, 1.0)
    speeds = []
    while ControllerFlag.BRAKE_ON not in bench.status.flags:
        speeds.append(bench.world.tracks.belt_left_mps)
        bench.step(neutral(brake=True))
        assert len(speeds) < 300
    assert speeds[-3] > 0.03
    assert abs(bench.world.tracks.belt_left_mps) < 0.05


def test_brake_falls_in_at_t_brake_when_a_belt_will_not_stand(bench):
    driving(bench)
    bench.world.tracks.stuck_left_mps = 0.3
    began_ns = bench.now_ns
    while not bench.world.controller.outputs.brake:
        bench.step(neutral(brake=True))
        assert bench.now_ns - began_ns < 6_000_000_000
    assert (bench.now_ns - began_ns) / 1e9 == pytest.approx(4.0, abs=0.03)


def test_without_a_wish_to_brake_the_hydraulics_hold_alone(bench):
    driving(bench)
    bench.run(6.0, neutral(brake=False))
    assert bench.world.tracks.standing
    assert not bench.world.controller.outputs.brake


def test_brake_opens_only_for_a_drive_command(bench):
    bench.run(3.0, neutral(brake=True))
    assert bench.world.controller.outputs.brake
    bench.run(1.0, neutral(brake=False))
    assert bench.world.controller.outputs.brake
    bench.step(drive(0.1))
    assert not bench.world.controller.outputs.brake


def test_set_points_beyond_the_profile_are_capped(bench):
    driving(bench, 4.0)
    bench.run(8.0, drive(4.0, rotor_speed_radps=200.0, engine=EngineMode.WORK))
    assert bench.status.applied_left_mps < 1.5
    assert bench.status.applied_rotor_radps == pytest.approx(1.05 * TOOL.rotor_speed_radps, rel=1e-6)


def test_rotor_takes_its_spin_up_time(bench):
    bench.ready()
    began_ns = bench.now_ns
    working = TOOL.rotor_speed_radps
    while bench.world.flail.rotor_radps < 0.95 * working:
        bench.step(neutral(rotor_speed_radps=working, engine=EngineMode.WORK))
        assert bench.now_ns - began_ns < 20_000_000_000
    assert (bench.now_ns - began_ns) / 1e9 == pytest.approx(0.95 * TOOL.spin_up_s, abs=0.5)


def test_rotor_is_caught_flying(bench):
    bench.ready()
    working = TOOL.rotor_speed_radps
    spin = neutral(rotor_speed_radps=working, engine=EngineMode.WORK)
    bench.run(8.0, spin)
    bench.step(msgspec.structs.replace(spin, rotor_speed_radps=0.0))
    bench.step(msgspec.structs.replace(spin, rotor_speed_radps=0.0))
    assert bench.world.controller.outputs.rotor_radps == 0.0
    bench.run(0.5, spin)
    assert bench.world.flail.rotor_radps == pytest.approx(working, rel=0.01)


def test_depth_servo_reaches_and_keeps_the_depth_and_height_lifts(bench):
    bench.ready()
    work = neutral(rotor_speed_radps=TOOL.rotor_speed_radps, engine=EngineMode.WORK)
    bench.run(7.0, work)
    bench.run(9.0, msgspec.structs.replace(work, tool_mode=ToolMode.DEPTH, tool_value_m=0.18))
    depths = []
    for _ in range(250):
        bench.step(msgspec.structs.replace(work, tool_mode=ToolMode.DEPTH, tool_value_m=0.18))
        depths.append(bench.world.truth().depth_m)
    assert max(abs(depth - 0.18) for depth in depths) < 0.025
    assert bench.status.depth_datum is DepthDatum.GROUND_AHEAD
    bench.run(9.0, neutral(tool_mode=ToolMode.HEIGHT, tool_value_m=0.25, engine=EngineMode.WORK))
    assert bench.world.truth().depth_m == pytest.approx(-0.25, abs=0.025)


def test_lost_depth_sensor_is_told_by_datum_and_fault(bench):
    bench.ready()
    bench.world.tool_sensors.depth_lost = True
    bench.run(0.1, neutral())
    assert bench.status.depth_datum is DepthDatum.ARM_ANGLE
    assert bench.status.fault_bits & ControllerFault.TOOL_SENSOR
    assert bench.status.depth_sigma_m > 0.03


def test_shutdown_waits_for_standstill(bench):
    driving(bench, 1.0)
    bench.step(neutral(engine=EngineMode.SHUTDOWN))
    bench.step(neutral(engine=EngineMode.SHUTDOWN))
    assert bench.world.engine.running
    bench.run(3.0, neutral(engine=EngineMode.SHUTDOWN))
    assert not bench.world.engine.running


@pytest.mark.parametrize("flag", ["fire", "shock", "oil_pressure_low"])
def test_contacts_are_reported(bench, flag):
    bench.ready()
    assert bench.status.flags & ControllerFlag[flag.upper()] == 0
    setattr(bench.world.controller, flag, True)
    bench.run(0.04, neutral())
    assert ControllerFlag[flag.upper()] in bench.status.flags
