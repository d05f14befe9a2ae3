"""Kill, emergency stop chain, fault latch and what unlatches them."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from firmware_bridge.mavlink import _dialect as d
from tests.firmware_bridge.controller_bench import Bench
from tests.firmware_bridge.test_controller_lease import DRIVE, ESTOP, FAULT, RUN, SAFE, assert_all_off

KILL, RESET = d.FLAIL_COMMAND_FLAGS_KILL, d.FLAIL_COMMAND_FLAGS_RESET


def press_reset(bench: Bench) -> None:
    bench.inputs.reset_button = True
    bench.step()
    bench.inputs.reset_button = False
    bench.step()


@pytest.mark.parametrize(
    "killer",
    [
        {"flags": KILL},
        {"flags": KILL, "track_left": math.nan},
        {"flags": KILL | 0x8000},
        {"flags": KILL, "sequence": 1},
        {"flags": KILL, "valid_for_ms": 0},
    ],
    ids=str,
)
def test_kill_is_heard_however_odd_the_rest(bench: Bench, killer: dict[str, Any]) -> None:
    bench.ready()
    bench.drive(50, **DRIVE)
    bench.command(**killer)
    bench.step(ms=1)
    assert bench.state() == ESTOP
    assert_all_off(bench)
    bench.step(10)
    assert bench.status["flags"] & d.FLAIL_CONTROLLER_FLAGS_KILL


def test_kill_is_heard_before_the_handshake(bench: Bench) -> None:
    bench.command(flags=KILL)
    bench.hello()
    bench.step()
    assert bench.state() == ESTOP


def test_kill_is_latched_until_a_neutral_reset(bench: Bench) -> None:
    bench.ready()
    bench.command(flags=KILL)
    bench.drive(60)
    assert bench.state() == ESTOP
    bench.drive(5, flags=RESET, track_left=0.1)
    bench.drive(5, flags=RESET, rotor_speed=0.1)
    bench.drive(5, flags=RESET | KILL)
    assert bench.state() == ESTOP
    bench.drive(1, flags=RESET)
    assert bench.state() == SAFE
    bench.drive(5, **DRIVE)
    assert bench.state() == SAFE, "a reset permits a start and starts nothing"
    bench.drive(1)
    assert bench.state() == RUN


def test_kill_between_reset_and_its_step_wins(bench: Bench) -> None:
    bench.ready()
    bench.command(flags=KILL)
    bench.step()
    assert bench.told(flags=RESET)
    assert bench.told(flags=KILL)
    bench.step()
    assert bench.state() == ESTOP


def test_a_reset_flag_that_was_once_heard_is_not_kept(bench: Bench) -> None:
    bench.ready()
    bench.drive(1, flags=RESET)
    assert bench.state() == SAFE
    bench.drive(1)
    bench.command(flags=KILL)
    bench.drive(3)
    assert bench.state() == ESTOP


def open_chain(bench: Bench, is_open: bool) -> None:
    bench.inputs.estop_chain_closed = not is_open


def burn(bench: Bench, burns: bool) -> None:
    bench.inputs.fire = burns


@pytest.mark.parametrize("cause", [open_chain, burn])
def test_a_switch_of_the_machine_is_reset_at_the_machine(bench: Bench, cause: Callable[[Bench, bool], None]) -> None:
    bench.ready()
    bench.drive(50, **DRIVE)
    cause(bench, True)
    bench.step(ms=1)
    assert bench.state() == ESTOP
    assert_all_off(bench)
    press_reset(bench)
    assert bench.state() == ESTOP, "the cause still holds"
    cause(bench, False)
    bench.drive(10, flags=RESET)
    assert bench.state() == ESTOP, "no command resets it"
    press_reset(bench)
    assert bench.state() == SAFE
    bench.drive(5, **DRIVE)
    assert bench.state() == SAFE


def test_a_button_that_is_held_resets_once(bench: Bench) -> None:
    bench.ready()
    bench.inputs.reset_button = True
    bench.step()
    open_chain(bench, True)
    bench.step()
    open_chain(bench, False)
    bench.step(50)
    assert bench.state() == ESTOP
    bench.inputs.reset_button = False
    bench.step()
    press_reset(bench)
    assert bench.state() == SAFE


def test_a_kill_by_command_is_reset_at_the_machine_too(bench: Bench) -> None:
    bench.ready()
    bench.command(flags=KILL)
    bench.step(15)
    press_reset(bench)
    assert bench.state() == SAFE


def until_fault(bench: Bench, fault: int, limit_ms: int = 9_000, **fields: Any) -> int:
    """Milliseconds until the fault is latched, stepping by one, the command renewed."""
    for passed_ms in range(limit_ms):
        if bench.faults() & fault:
            return passed_ms
        if passed_ms % 100 == 0:
            bench.command(**fields)
        bench.step(ms=1)
    pytest.fail("never latched")


def braked(bench: Bench, seconds: int = 2) -> None:
    bench.ready()
    bench.drive(100 * seconds, flags=d.FLAIL_COMMAND_FLAGS_BRAKE)
    bench.ideal = False


@pytest.mark.parametrize("side", ["track_left_mps", "track_right_mps"])
@pytest.mark.parametrize("speed", [0.21, -0.21])
def test_moving_although_braked(bench: Bench, side: str, speed: float) -> None:
    braked(bench)
    setattr(bench.inputs, side, speed)
    assert until_fault(bench, d.FLAIL_FAULT_BRAKE, flags=1) in (200, 201)
    assert bench.state() == FAULT
    assert bench.out.kill_release, "the engine is kept: hydrostatic holding needs it"
    assert bench.out.horn


def test_a_shock_is_not_driving_away(bench: Bench) -> None:
    braked(bench)
    for _ in range(20):
        bench.inputs.track_left_mps = bench.inputs.track_right_mps = 0.5
        bench.step(19)
        bench.inputs.track_left_mps = bench.inputs.track_right_mps = 0.2
        bench.drive(1, flags=1)
    assert bench.faults() == 0


def test_a_track_that_keeps_going_is_stuck(bench: Bench) -> None:
    bench.ready()
    bench.drive(50, track_left=0.3, track_right=0.3)
    bench.ideal = False
    bench.inputs.brake_contact = False
    bench.inputs.track_left_mps = bench.inputs.track_right_mps = 0.3
    for _ in range(25):
        bench.drive(1)
    assert bench.out.track_left_mps < 0.06
    bench.inputs.track_right_mps = 0.0
    passed_ms = until_fault(bench, d.FLAIL_FAULT_TRACK_STUCK)
    # one second to bite, 300 ms to be sure; the ramp ended one step ago
    assert 1_290 <= passed_ms <= 1_300
    assert bench.state() == FAULT


@pytest.mark.parametrize("driven", ["track_left", "track_right"])
def test_turning_on_one_track_is_no_fault(bench: Bench, driven: str) -> None:
    bench.ready()
    bench.ideal = False
    bench.inputs.brake_contact = False
    bench.inputs.track_left_mps = bench.inputs.track_right_mps = 0.3
    bench.drive(300, **{driven: 0.3})
    assert bench.faults() == 0


def test_stopping_from_speed_is_no_fault(bench: Bench) -> None:
    bench.ready()
    bench.drive(250, track_left=1.0, track_right=1.0)
    bench.ideal = False
    bench.command(flags=KILL)
    for n in range(100):
        speed = max(0.0, 1.0 - 0.01 * n)
        bench.inputs.track_left_mps = bench.inputs.track_right_mps = speed
        bench.step()
        bench.inputs.brake_contact = True
    bench.step(100)
    assert bench.faults() == 0


@pytest.mark.parametrize("speed", [5.1, -5.1])
def test_a_rotor_that_does_not_run_down(bench: Bench, speed: float) -> None:
    bench.ready()
    bench.drive(50, rotor_speed=20.0)
    bench.ideal = False
    bench.inputs.rotor_speed_radps = speed
    bench.inputs.brake_contact = False
    passed_ms = until_fault(bench, d.FLAIL_FAULT_ROTOR_STUCK)
    assert passed_ms in (6_000, 6_001)
    assert bench.state() == FAULT


def test_a_rotor_that_ran_down_is_none(bench: Bench) -> None:
    bench.ready()
    bench.ideal = False
    bench.inputs.rotor_speed_radps = 5.0
    bench.drive(800)
    assert bench.faults() == 0
    bench.inputs.rotor_speed_radps = 5.1
    bench.drive(1)
    assert bench.faults() == d.FLAIL_FAULT_ROTOR_STUCK, "it starts without being asked"


@pytest.mark.parametrize("volt", [17.9, 32.1, math.nan])
def test_supply_out_of_its_window(bench: Bench, volt: float) -> None:
    bench.ready()
    bench.drive(1)
    bench.inputs.supply_voltage_v = volt
    assert until_fault(bench, d.FLAIL_FAULT_SUPPLY) == 501 - 1
    assert bench.state() == FAULT


@pytest.mark.parametrize("volt", [18.0, 32.0])
def test_supply_at_the_edge_is_good(bench: Bench, volt: float) -> None:
    bench.ready()
    bench.inputs.supply_voltage_v = volt
    bench.drive(100)
    assert bench.faults() == 0


@pytest.mark.parametrize("contact", [True, False])
def test_a_brake_contact_that_contradicts(bench: Bench, contact: bool) -> None:
    bench.ready()
    bench.drive(5, flags=0 if contact else 1, track_left=0.1)
    bench.ideal = False
    bench.inputs.brake_contact = contact
    passed_ms = until_fault(bench, d.FLAIL_FAULT_OUTPUT, flags=0 if contact else 1)
    assert passed_ms in (500, 501)
    assert bench.state() == FAULT


@pytest.mark.parametrize(
    ("field", "fault"),
    [
        ("track_left_mps", d.FLAIL_FAULT_TRACK_LEFT_SENSOR),
        ("track_right_mps", d.FLAIL_FAULT_TRACK_RIGHT_SENSOR),
        ("rotor_speed_radps", d.FLAIL_FAULT_ROTOR_SENSOR),
        ("tool_height_m", d.FLAIL_FAULT_TOOL_SENSOR),
    ],
)
def test_a_lost_sensor_is_told_and_left_to_the_host(bench: Bench, field: str, fault: int) -> None:
    bench.ready()
    setattr(bench.inputs, field, math.nan)
    bench.step()
    bench.drive(3)
    assert bench.faults() == fault
    assert bench.state() == RUN


def test_a_stop_by_fault_ramps_down_and_needs_reset_and_neutral(bench: Bench) -> None:
    bench.ready()
    bench.drive(100, **DRIVE)
    bench.inputs.supply_voltage_v = 10.0
    bench.drive(51, **DRIVE)
    assert bench.state() == FAULT
    assert bench.out.rotor_speed_radps == 0.0
    assert 0.4 < bench.out.track_left_mps < 0.5
    bench.drive(200)
    assert not bench.out.brake_release
    bench.drive(1, flags=RESET)
    assert bench.state() == FAULT, "the cause still holds"
    bench.inputs.supply_voltage_v = 24.0
    bench.drive(50)
    assert bench.state() == FAULT, "latched"
    bench.drive(1, flags=RESET)
    assert (bench.state(), bench.faults()) == (SAFE, 0)
    assert not bench.command(sequence=bench.sequence)["flags"] & d.FLAIL_CONTROLLER_FLAGS_LEASE_EXPIRED
    bench.drive(3, **DRIVE)
    assert bench.state() == SAFE


def test_a_reset_takes_the_word_of_an_expired_lease_back(bench: Bench) -> None:
    bench.ready()
    bench.drive(5, **DRIVE)
    bench.step(100)
    assert bench.status["flags"] & d.FLAIL_CONTROLLER_FLAGS_LEASE_EXPIRED
    assert bench.command(flags=RESET)["state"] == SAFE
    assert not bench.status["flags"] & d.FLAIL_CONTROLLER_FLAGS_LEASE_EXPIRED


def test_an_emergency_stop_outranks_a_fault(bench: Bench) -> None:
    bench.ready()
    bench.inputs.supply_voltage_v = 10.0
    bench.drive(60)
    bench.command(flags=KILL)
    bench.step()
    assert bench.state() == ESTOP


def test_the_button_at_the_machine_releases_no_kill_that_is_being_commanded(bench: Bench) -> None:
    bench.ready()
    bench.drive(3, flags=KILL)
    bench.inputs.reset_button = True
    for _ in range(5):
        bench.step(ms=1)
        assert bench.state() == ESTOP
    bench.inputs.reset_button = False
    bench.step(20)
    assert bench.state() == ESTOP
    bench.inputs.reset_button = True
    bench.step()
    assert bench.state() == SAFE, "nobody commands it any more"
