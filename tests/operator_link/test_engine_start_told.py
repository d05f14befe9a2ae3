"""What consoles are told of an engine start: its step, what is left, and what stands against it."""

from typing import Any

import msgspec
import pytest

from firmware_bridge.console_types import ActWhy, EngineStartStep
from firmware_bridge.types import ControllerFlag, ControllerState
from tests.builders import DATUM, status
from tests.builders import config as memat
from vehicle.config.machine_parts import EngineConfig
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.messages import EngineStart
from vehicle.contracts.units import TICK_NS
from vehicle.control.state import GateState, VehicleState, WireState
from vehicle.operator_link import engine_start

TICK = 2_000
NOW_NS = TICK * TICK_NS
READY = {"engine_speed_radps": 0.0, "flags": ControllerFlag.BRAKE_ON, "state": ControllerState.RUN}


def with_starter(*, console_start: bool = True) -> VehicleConfig:
    whole = memat()
    engine = EngineConfig(console_start=console_start, crank_s=8.0)
    return whole.model_copy(update={"machine": whole.machine.model_copy(update={"engine": engine})})


def state_of(*, console_start: bool = True, gate: dict[str, Any] | None = None, **changed: Any) -> VehicleState:
    wire = WireState(status=status(**(READY | changed)), status_t_ns=NOW_NS)
    return VehicleState(
        config=with_starter(console_start=console_start),
        datum=DATUM,
        tick=TICK,
        gate=msgspec.structs.replace(GateState(), **(gate or {})),
        wire=wire,
    )


@pytest.mark.parametrize(
    ("gate", "step", "left_s"),
    [
        ({}, EngineStartStep.IDLE, 0.0),
        ({"start": EngineStart.ASKED, "start_tick": TICK - 50}, EngineStartStep.ASKED, 4.0),
        ({"start": EngineStart.HELD, "start_tick": TICK - 50}, EngineStartStep.HELD, 2.0),
        ({"start": EngineStart.WARNING, "start_tick": TICK - 50}, EngineStartStep.WARNING, 4.0),
        ({"start": EngineStart.CRANKING, "start_tick": TICK - 50}, EngineStartStep.CRANKING, 7.0),
        ({"start_barred": True}, EngineStartStep.BARRED, 0.0),
        ({"crank_tick": TICK - 500}, EngineStartStep.RESTS, 20.0),
        ({"crank_tick": TICK - 500, "start_tries": 3}, EngineStartStep.RESTS, 290.0),
    ],
)
def test_the_step_and_what_is_left_of_it(gate: dict[str, Any], step: EngineStartStep, left_s: float) -> None:
    told = engine_start.told(state_of(gate=gate), NOW_NS)
    assert (told.step, told.left_s) == (step, pytest.approx(left_s))
    assert told.tries == gate.get("start_tries", 0)
    assert engine_start.told(state_of(console_start=False, gate=gate), NOW_NS).step is EngineStartStep.NOT_OFFERED


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, ActWhy.NONE),
        ({"gate": {"start_barred": True}, "engine_speed_radps": 105.0}, ActWhy.START_BARRED),
        ({"engine_speed_radps": 105.0, "gate": {"crank_tick": TICK}}, ActWhy.ENGINE_TURNS),
        ({"gate": {"crank_tick": TICK}, "applied_rotor_radps": 1.0}, ActWhy.STARTER_RESTS),
        ({"applied_rotor_radps": 1.0, "flags": ControllerFlag(0)}, ActWhy.ROTOR_TURNS),
        ({"flags": ControllerFlag(0)}, ActWhy.NOT_SECURED),
        ({"state": ControllerState.SAFE}, ActWhy.NOT_SECURED),
    ],
)
def test_what_stands_against_it(changed: dict[str, Any], why: ActWhy) -> None:
    state = state_of(**changed)
    assert engine_start.against(state, NOW_NS) is why
    assert engine_start.against(state_of(console_start=False, **changed), NOW_NS) is ActWhy.NO_STARTER
    if why is not ActWhy.START_BARRED:
        assert engine_start.against(state, NOW_NS + 10 * TICK_NS) is ActWhy.NOT_NOW, "the controller is not heard"
