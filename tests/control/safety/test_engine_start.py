"""The engine start from a console in the gate: step by step, what ends it, what forbids it."""

import itertools
from typing import Any

import pytest
from msgspec.structs import replace

from firmware_bridge.types import ControllerFlag, ControllerState, EngineMode, OperatorFrame
from tests.builders import status
from tests.control.safety.rig import Rig
from tests.control.safety.starter_rig import (
    ASKED,
    CRANK_TICKS,
    CRANKING,
    HELD,
    HELD_TICKS,
    NAN,
    OFF,
    WARNING,
    WARNING_TICKS,
    E,
    asked,
    at,
    disarmed,
    hold,
    with_starter,
)
from vehicle.config.machine_parts import EngineConfig
from vehicle.contracts.engine_start import length_s, rest_left_s, secured, valve_shut
from vehicle.contracts.messages import EngineStart, Mode
from vehicle.contracts.units import TICK_NS

STEPS = (ASKED, HELD, WARNING, CRANKING)


def test_the_steps_in_order_and_their_times() -> None:
    rig = asked(disarmed())
    told = []
    for _ in range(HELD_TICKS + WARNING_TICKS + CRANK_TICKS + 3):
        command = rig.send(hold_to_run=True)
        told.append(rig.state.start)
        assert (rig.mode, command.brake, rig.report.driving) == (Mode.DISARMED, True, False)
        assert (command.track_left_mps, command.track_right_mps, command.rotor_speed_radps) == (0.0, 0.0, 0.0)
        assert command.horn is (rig.state.start is WARNING)
        assert command.beacon is (rig.state.start is not OFF)
        assert (command.engine is EngineMode.START) is (rig.state.start is CRANKING)
    lengths = [(step, len(list(run))) for step, run in itertools.groupby(told)]
    assert lengths == [(HELD, HELD_TICKS), (WARNING, WARNING_TICKS), (CRANKING, CRANK_TICKS), (OFF, 3)]


def test_an_engine_that_runs_ends_it_and_motion_needs_reset_arm_arm() -> None:
    rig = at(CRANKING)
    rig.status |= {"engine_speed_radps": 60.0}
    hold(rig, 1)
    assert rig.state.start is CRANKING
    rig.status |= {"engine_speed_radps": 60.1}
    hold(rig, 1)
    assert (rig.state.start, rig.mode, rig.command.engine) == (OFF, Mode.DISARMED, EngineMode.KEEP)
    assert (rig.state.reset_due, rig.state.neutral_seen, rig.state.start_tries) == (True, False, 0)
    rig.press(E.ARM)
    assert rig.mode is Mode.DISARMED
    assert rig.reset() is Mode.DISARMED
    assert rig.command.engine is EngineMode.IDLE
    rig.press(E.ARM)
    assert rig.mode is Mode.READY
    rig.press(E.ARM)
    assert rig.mode is Mode.MANUAL


@pytest.mark.parametrize("step", STEPS[1:])
def test_released_it_ends_at_once(step: EngineStart) -> None:
    rig = at(step)
    rig.send()
    assert (rig.state.start, rig.command.horn, rig.command.engine is EngineMode.START) == (OFF, False, False)
    assert rig.state.reset_due is (step is CRANKING)


def test_hold_is_waited_for_a_while() -> None:
    rig = at(ASKED)
    rig.run(249)
    assert rig.state.start is ASKED
    rig.run(1)
    assert rig.state.start is OFF


def test_who_holds_already_asks_for_nothing() -> None:
    """A button that is stuck starts no engine: hold-to-run must be seen to be pressed after the act."""
    rig = disarmed()
    rig.press(E.ENGINE_START, hold_to_run=True)
    assert rig.state.start is OFF


ENDS: dict[str, dict[str, Any]] = {
    "brake": {"status": {"flags": ControllerFlag(0)}},
    "kill": {"status": {"flags": ControllerFlag.BRAKE_ON | ControllerFlag.KILL}},
    "suppression": {"status": {"flags": ControllerFlag.BRAKE_ON | ControllerFlag.SUPPRESSION}},
    "left applied": {"status": {"applied_left_mps": 0.01}},
    "right applied": {"status": {"applied_right_mps": -0.01}},
    "rotor driven": {"status": {"applied_rotor_radps": 0.1}},
    "rotor turns": {"status": {"rotor_speed_radps": 3.3}},
    "rotor unknown": {"status": {"rotor_speed_radps": NAN}},
    "engine unknown": {"status": {"engine_speed_radps": NAN}},
    "tracks move": {"status": {"track_left_mps": 0.06, "track_right_mps": 0.06}, "gnss": {"speed_mps": 0.06}},
    "controller safe": {"status": {"state": ControllerState.SAFE}},
    "controller at fault": {"status": {"state": ControllerState.FAULT}},
    "steep": {"estimate": {"pitch_rad": 0.6}},
    "silent": {"wire": {"status": None}},
}


@pytest.mark.parametrize("step", [OFF, *STEPS])
@pytest.mark.parametrize("name", ENDS)
def test_each_condition_is_needed_in_each_step(name: str, step: EngineStart) -> None:
    rig = disarmed() if step is OFF else at(step)
    for part, values in ENDS[name].items():
        setattr(rig, part, getattr(rig, part) | values)
    lasting = 30 if name == "steep" else 1  # half a second is its onset
    rig.run(lasting, hold_to_run=step in (HELD, WARNING, CRANKING))
    if step is OFF:
        rig.press(E.ENGINE_START)
    assert rig.state.start is OFF
    assert rig.command.engine is not EngineMode.START


F = ControllerFlag


@pytest.mark.parametrize(
    ("changed", "holds"),
    [
        ({}, True),
        ({"flags": F.BRAKE_ON | F.SHOCK | F.OIL_PRESSURE_LOW | F.LEASE_EXPIRED}, True),
        ({"flags": F.BRAKE_ON | F.ESTOP_CHAIN_OPEN}, False),
        ({"flags": F.BRAKE_ON | F.FIRE}, False),
        ({"flags": F.BRAKE_ON | F.KILL}, False),
        ({"flags": F.BRAKE_ON | F.SUPPRESSION}, False),
        ({"flags": F(0)}, False),
        *(({"state": state}, state is ControllerState.RUN) for state in ControllerState),
        ({"applied_left_mps": -0.01}, False),
        ({"applied_right_mps": 0.01}, False),
        ({"applied_rotor_radps": -0.1}, False),
    ],
)
def test_what_the_controller_must_say_of_a_machine_that_is_secured(changed: dict[str, Any], holds: bool) -> None:
    told = status(**({"state": ControllerState.RUN, "flags": F.BRAKE_ON} | changed))
    assert secured(told, 0.0) is holds


@pytest.mark.parametrize(
    ("ratio", "shut"), [(0.05, True), (-0.05, True), (0.051, False), (-0.051, False), (NAN, False)]
)
def test_a_rotor_that_is_not_measured_to_rest_is_not_shut(ratio: float, shut: bool) -> None:
    assert valve_shut(status(), ratio) is shut


def test_the_times_of_the_steps_and_of_the_rest() -> None:
    assert [length_s(step, 7.0) for step in STEPS] == [5.0, 3.0, 5.0, 7.0]
    assert [rest_left_s(tries, 10.0) for tries in (0, 2, 3, 4)] == [20.0, 20.0, 290.0, 290.0]
    assert rest_left_s(0, 30.0) == rest_left_s(3, 300.0) == rest_left_s(0, 31.0) == 0.0


@pytest.mark.parametrize(("speed_radps", "starts"), [(5.0, True), (5.1, False), (-5.1, False), (105.0, False)])
def test_only_an_engine_at_rest_is_started(speed_radps: float, starts: bool) -> None:
    rig = disarmed()
    rig.status |= {"engine_speed_radps": speed_radps}
    rig.press(E.ENGINE_START)
    assert (rig.state.start is ASKED) is starts


@pytest.mark.parametrize("step", STEPS[1:3])
def test_an_engine_that_turns_before_the_crank_ends_it(step: EngineStart) -> None:
    rig = at(step)
    rig.status |= {"engine_speed_radps": 20.0}
    hold(rig, 1)
    assert rig.state.start is OFF


def test_a_machine_without_a_starter_has_no_start() -> None:
    rig = disarmed(with_starter(console_start=False))
    rig.press(E.ENGINE_START)
    assert rig.state.start is OFF
    assert not EngineConfig().console_start


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "edge",
    [
        E.STOP, E.DISARM, E.RELEASE, E.RESET, E.ARM, E.MISSION_PAUSE, E.MISSION_START, E.TAKE, E.ENGINE_START,
        E.ATTENTION, E.ACKNOWLEDGE,
    ],
)  # fmt: skip
def test_any_act_of_the_holder_ends_it(step: EngineStart, edge: E) -> None:
    rig = at(step)
    rig.run(30, hold_to_run=step is not ASKED)  # acts are half a second apart
    if rig.state.start is not step:
        return  # only a step that is shorter than that
    rig.send(edge, hold_to_run=step is not ASKED)
    assert rig.state.start is OFF
    assert rig.mode is Mode.DISARMED


def other(rig: Rig, edges: E, **changes: Any) -> OperatorFrame:
    """A frame of another console."""
    return replace(rig.frame(edges, **changes), station_id=2)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("edge", "mode"), [(E.STOP, Mode.DISARMED), (E.ESTOP, Mode.ESTOP)])
def test_a_stop_of_any_station_ends_it(step: EngineStart, edge: E, mode: Mode) -> None:
    rig = at(step)
    rig.step(rig.frame(hold_to_run=step is not ASKED), other(rig, edge))
    assert (rig.state.start, rig.mode) == (OFF, mode)
    assert rig.command.kill is (mode is Mode.ESTOP)
    assert rig.state.reset_due is (step is CRANKING or mode is Mode.ESTOP)


@pytest.mark.parametrize("axis", ["drive", "turn"])
@pytest.mark.parametrize("step", STEPS)
def test_a_stick_ends_it(step: EngineStart, axis: str) -> None:
    rig = at(step)
    rig.run(2, hold_to_run=step is not ASKED, **{axis: 0.5})
    assert rig.state.start is OFF


def test_a_lost_link_ends_the_crank_and_its_lease_ends_before() -> None:
    """No command with START outlives what is left of the operator's own frame."""
    rig = at(CRANKING)
    lives = []
    for _ in range(30):
        rig.step()
        lives.append(rig.command.valid_for_ms if rig.state.start is CRANKING else 0)
    assert lives[0] == 150
    assert lives[-1] == 0
    ends_ms = [20 * n + life for n, life in enumerate(lives, 1) if life]
    assert max(ends_ms) <= 490


def test_a_stop_ends_it_that_a_reason_asks_for() -> None:
    rig = at(CRANKING)
    rig.status |= {"supply_voltage_v": 20.0}
    hold(rig, 100)
    assert rig.state.start is OFF
    assert "supply_low" not in rig.report.reasons, "the crank was over before"
    slow = asked(disarmed(with_starter(crank_s=15.0)))
    hold(slow, HELD_TICKS + WARNING_TICKS + 1)
    slow.status |= {"supply_voltage_v": 20.0}
    hold(slow, 248)
    assert slow.state.start is CRANKING
    hold(slow, 3)
    assert (slow.state.start, "supply_low" in slow.report.reasons) == (OFF, True)


def test_a_station_of_another_maker_starts_no_engine() -> None:
    rig = disarmed()
    rig.press(E.ENGINE_START, native=False)
    assert rig.state.start is OFF
    rig = at(CRANKING)
    hold(rig, 1)
    rig.run(1, hold_to_run=True, native=False)
    assert rig.state.start is OFF


@pytest.mark.parametrize(
    ("step", "ticks", "after"), [(ASKED, 250, OFF), (HELD, 150, HELD), (WARNING, 250, WARNING), (CRANKING, 100, OFF)]
)
@pytest.mark.parametrize("late", ["ticks", "clock"])
def test_late_ticks_shorten_no_warning_and_lengthen_no_crank(
    step: EngineStart, ticks: int, after: EngineStart, late: str
) -> None:
    """What brings the crank nearer has its time by ticks and by the clock; what ends it, by one of them."""
    rig = at(step)
    began = rig.tick + 1 - ticks
    early = began + 1
    by_ticks, by_clock = (early, began) if late == "ticks" else (began, early)
    rig.state = replace(rig.state, start_tick=by_ticks, start_t_ns=by_clock * TICK_NS)
    rig.run(1, hold_to_run=step is not ASKED)
    assert rig.state.start is after
    rig = at(step)
    rig.state = replace(rig.state, start_tick=early, start_t_ns=early * TICK_NS)
    rig.run(1, hold_to_run=step is not ASKED)
    assert rig.state.start is step
