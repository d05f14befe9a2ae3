"""The engine start from a console on the full stack: after a stall, an engine cut, a fire; with a link that is lost."""

import pytest
from msgspec.structs import replace

from campaign import fault_scenario
from campaign.fault_scenario import FaultScenario
from campaign.sim_operator import Goal
from firmware_bridge.types import OperatorEdge
from tests.campaign.scenes import copied
from vehicle.config.load import load_machine
from vehicle.config.machine import MachineConfig
from vehicle.config.machine_parts import EngineConfig
from vehicle.contracts.messages import EngineStart, Mode

pytestmark = pytest.mark.long

E = OperatorEdge


def fitted(name: str) -> MachineConfig:
    return load_machine(name).model_copy(update={"engine": EngineConfig(console_start=True)})


@copied
def stood() -> FaultScenario:
    found = FaultScenario().drive(Goal.MANUAL, 0.25, 0.02)
    assert found.moves(15.0), found.reasons
    return found.drive(Goal.STAND).run(20.0)


@pytest.fixture
def drill(monkeypatch: pytest.MonkeyPatch) -> FaultScenario:
    """Driving by stick, for long enough that the starter has rested since the program began."""
    monkeypatch.setattr(fault_scenario, "load_machine", fitted)
    return stood()


def press(drill: FaultScenario, edge: E) -> None:
    drill.run(0.6)
    drill.hands.pressed = edge
    drill.run(0.3)
    drill.hands.pressed = E.NONE
    drill.run(0.2)


def stalled(drill: FaultScenario) -> FaultScenario:
    """Engine stalled, stopped by it, reset, and disarmed; the engine has run down."""
    drill.world.engine.stall()
    drill.hands.goal = Goal.REST
    assert drill.until((Mode.HOLD,), 10.0), drill.reasons
    drill.run(4.0)
    press(drill, E.RESET)
    assert drill.mode is Mode.READY, drill.reasons
    press(drill, E.DISARM)
    assert drill.mode is Mode.DISARMED, drill.reasons
    return drill


def asked_and_held(drill: FaultScenario, seconds: float) -> None:
    press(drill, E.ENGINE_START)
    assert drill.state.gate.start is EngineStart.ASKED, drill.reasons
    drill.hands.hold_stuck = True
    drill.run(seconds)


def test_a_stalled_engine_is_started_and_the_machine_drives_again(drill: FaultScenario) -> None:
    stalled(drill)
    place = drill.world.tracks.east_m, drill.world.tracks.north_m
    asked_and_held(drill, 4.0)
    assert drill.world.controller.outputs.horn
    assert not drill.world.engine.cranking
    drill.run(4.5)
    assert not drill.world.controller.outputs.horn
    assert drill.world.engine.cranking
    assert drill.world.controller.outputs.brake
    drill.run(3.0)
    assert drill.world.engine.running
    assert not drill.world.engine.cranking
    assert (drill.mode, drill.state.gate.start, drill.state.gate.reset_due) == (Mode.DISARMED, EngineStart.NONE, True)
    assert (drill.world.tracks.east_m, drill.world.tracks.north_m) == pytest.approx(place, abs=1e-3)
    drill.hands.hold_stuck = False
    drill.run(1.0)
    drill.drive(Goal.MANUAL, 0.25, 0.02)
    assert drill.moves(20.0), drill.reasons
    assert drill.engine_starts == 0
    assert drill.watch.finish() == ()


def test_after_an_engine_cut_by_the_console_too(drill: FaultScenario) -> None:
    drill.hands.goal = Goal.REST
    press(drill, E.ESTOP)
    assert drill.mode is Mode.ESTOP
    assert not drill.world.engine.running
    drill.run(6.0)
    press(drill, E.RELEASE_ESTOP)
    press(drill, E.RESET)
    assert drill.mode is Mode.DISARMED, drill.reasons
    asked_and_held(drill, 12.0)
    assert drill.world.engine.running
    assert drill.watch.finish() == ()


@pytest.mark.parametrize("fault", ["release", "silence", "line", "estop"])
def test_a_crank_ends_with_the_hand_the_link_the_line_and_an_engine_cut(drill: FaultScenario, fault: str) -> None:
    """A controller that hears nothing stops its starter by itself; so does one that the vehicle tells nothing."""
    stalled(drill)
    drill.world.engine.starts_after_s = 1e9
    asked_and_held(drill, 9.0)
    assert drill.world.engine.cranking
    if fault == "release":
        drill.hands.hold_stuck = False
    elif fault == "silence":
        drill.hands.silent = True
    elif fault == "estop":
        drill.hands.pressed = E.ESTOP
    else:
        drill.process.dead = True  # the vehicle's program dies
    drill.run(0.55)
    assert not drill.world.engine.cranking
    assert not drill.world.engine.running
    assert drill.world.controller.outputs.brake


def test_after_a_fire_nobody_starts_it_before_somebody_was_there(drill: FaultScenario) -> None:
    drill.hands.goal = Goal.REST
    drill.world.controller.fire = True
    drill.run(1.0)
    assert drill.mode is Mode.ESTOP
    drill.world.controller.fire = False
    drill.run(8.0)
    assert drill.state.gate.start_barred
    gate = drill.state.gate
    assert replace(gate, latched=0).start_barred, "an acknowledgement does not end it"
    press(drill, E.ENGINE_START)
    assert drill.state.gate.start is EngineStart.NONE
