"""The engine start as consoles are told of it: its step, what is left of it, and what stands against it. Pure."""

from typing import TYPE_CHECKING

import msgspec

from firmware_bridge.console_types import ActWhy, EngineStartStep
from vehicle.contracts.engine_start import engine_rests, length_s, rest_left_s, rested_s, secured, valve_shut
from vehicle.contracts.messages import EngineStart
from vehicle.contracts.units import NS_PER_S, TICK_S

if TYPE_CHECKING:
    from vehicle.control.state import VehicleState

_STEPS = {
    EngineStart.ASKED: EngineStartStep.ASKED,
    EngineStart.HELD: EngineStartStep.HELD,
    EngineStart.WARNING: EngineStartStep.WARNING,
    EngineStart.CRANKING: EngineStartStep.CRANKING,
}


class StartTold(msgspec.Struct, frozen=True):
    """What a console is told. `left_s`: of the step, or of the starter's rest; `tries`: without a running engine."""

    step: EngineStartStep
    left_s: float = 0.0
    tries: int = 0


def told(state: "VehicleState", now_ns: int) -> StartTold:
    """The engine start of this moment."""
    gate, config = state.gate, state.config
    if not config.machine.engine.console_start:
        return StartTold(EngineStartStep.NOT_OFFERED)
    if (step := _STEPS.get(gate.start)) is not None:
        lasted_s = (state.tick - gate.start_tick) * TICK_S
        left_s = max(0.0, length_s(gate.start, config.machine.engine.crank_s) - lasted_s)
        return StartTold(step, left_s, gate.start_tries)
    if gate.start_barred:
        return StartTold(EngineStartStep.BARRED, tries=gate.start_tries)
    left_s = rest_left_s(gate.start_tries, _rested_s(state, now_ns))
    return StartTold(EngineStartStep.RESTS if left_s > 0.0 else EngineStartStep.IDLE, left_s, gate.start_tries)


def _rested_s(state: "VehicleState", now_ns: int) -> float:
    gate = state.gate
    return rested_s(state.tick - gate.crank_tick, now_ns - gate.crank_t_ns)


def against(state: "VehicleState", now_ns: int) -> ActWhy:
    """What stands against an engine start, beside hands, mode and reasons; NONE where nothing does."""
    gate, wire = state.gate, state.wire
    if not state.config.machine.engine.console_start:
        return ActWhy.NO_STARTER
    if gate.start_barred:
        return ActWhy.START_BARRED
    status = wire.status
    if status is None or (now_ns - wire.status_t_ns) / NS_PER_S > state.config.safety.controller_timeout_s:
        return ActWhy.NOT_NOW
    if not engine_rests(status):
        return ActWhy.ENGINE_TURNS
    if rest_left_s(gate.start_tries, _rested_s(state, now_ns)) > 0.0:
        return ActWhy.STARTER_RESTS
    if not valve_shut(status, gate.monitor.rotor_ratio):
        return ActWhy.ROTOR_TURNS
    return ActWhy.NONE if secured(status, gate.monitor.rotor_ratio) else ActWhy.NOT_SECURED
