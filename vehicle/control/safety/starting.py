"""An engine start from the holder's console, in numbers: what stands against it, its times, how often it is tried.

The discrete machine (`modes.py`) has the order of the steps; this module tells it what stands against a start and
whether the time of a step is spent. What brings the crank nearer counts by ticks and by the clock, whichever is less;
what ends it by whichever is more.
"""

import msgspec

from vehicle.contracts.engine_start import PAUSE_S, engine_rests, length_s, rest_left_s, rested_s, secured
from vehicle.contracts.messages import EngineStart
from vehicle.contracts.units import NS_PER_S, TICK_S
from vehicle.control.safety import masks
from vehicle.control.safety.checks import ENGINE_RUNS_RADPS
from vehicle.control.safety.gate_inputs import GateInputs
from vehicle.control.safety.measurements import Measurements
from vehicle.control.safety.modes import Starter
from vehicle.control.state import GateState


def starter(now: GateInputs, measured: Measurements, edges: int, *, able: bool) -> Starter:
    """What the discrete machine is told.

    `edges`: what the holder presses anew; while an engine is being started it ends it, also if it is no act of the
    machine. `able`: no start is barred, the holder's station may start, and the controller follows its commands.
    """
    state, engine, status = now.state, now.config.machine.engine, measured.status
    able = able and engine.console_start and not (edges and state.start is not EngineStart.NONE)
    if not able or status is None or not secured(status, measured.rotor_ratio):
        return Starter.UNABLE
    if state.start is EngineStart.CRANKING:
        if status.engine_speed_radps > ENGINE_RUNS_RADPS:
            return Starter.RUNS
        if not status.engine_speed_radps <= ENGINE_RUNS_RADPS:  # not a number
            return Starter.UNABLE
    elif not engine_rests(status) or rest_left_s(state.start_tries, _rested_s(now)) > 0.0:
        return Starter.UNABLE
    return Starter.OVER if _over(now) else Starter.ABLE


def _rested_s(now: GateInputs) -> float:
    return rested_s(now.tick - now.state.crank_tick, now.now_ns - now.state.crank_t_ns)


def _over(now: GateInputs) -> bool:
    """The time of the step under way is spent."""
    state = now.state
    if state.start is EngineStart.NONE:
        return False
    by_ticks_s, by_clock_s = (now.tick - state.start_tick) * TICK_S, (now.now_ns - state.start_t_ns) / NS_PER_S
    towards = state.start in (EngineStart.HELD, EngineStart.WARNING)
    lasted_s = min(by_ticks_s, by_clock_s) if towards else max(by_ticks_s, by_clock_s)
    return lasted_s >= length_s(state.start, now.config.machine.engine.crank_s)


def barred_after(state: GateState, reasons: int, *, chain_reset: bool) -> bool:
    """No console starts the engine before a reset at the machine.

    `reasons`: in force in this tick. `chain_reset`: the machine's own e-stop was pressed and let go, and the button of
    the controller was pressed; nothing else ends it, no acknowledgement and no restart.
    """
    return reasons & masks.START_BAR_MASK != 0 or (state.start_barred and not chain_reset)


def followed(now: GateInputs, start: EngineStart, told: Starter) -> GateState:
    """The state with the step of a start after this tick; `told`: what the discrete machine was told in it."""
    was = now.state.start
    if start is was:
        return now.state
    changed = msgspec.structs.replace(now.state, start=start, start_tick=now.tick, start_t_ns=now.now_ns)
    if start is EngineStart.CRANKING:
        tries = 0 if _rested_s(now) >= PAUSE_S else now.state.start_tries
        return msgspec.structs.replace(changed, start_tries=tries + 1)
    if was is EngineStart.CRANKING:
        tries = 0 if told is Starter.RUNS else now.state.start_tries
        return msgspec.structs.replace(changed, crank_tick=now.tick, crank_t_ns=now.now_ns, start_tries=tries)
    return changed
