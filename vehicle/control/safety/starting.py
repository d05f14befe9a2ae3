"""An engine start from the holder's console, in numbers: what it needs, how long its steps take, how often it is tried.

The discrete machine (`modes.py`) has the order of the steps; this module tells it what stands against a start and
whether the time of a step is spent. What brings the crank nearer counts by ticks and by the clock, whichever is less;
what ends it by whichever is more.
"""

import msgspec

from firmware_bridge.types import ControllerFlag, ControllerState, ControllerStatus
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.messages import EngineStart
from vehicle.contracts.units import NS_PER_S, TICK_S
from vehicle.control.safety import masks
from vehicle.control.safety.gate_inputs import GateInputs
from vehicle.control.safety.measurements import Measurements
from vehicle.control.safety.modes import Starter
from vehicle.control.safety.monitor_state import ROTOR_RESTS_RATIO
from vehicle.control.state import GateState

ASKED_S = 5.0
"""For so long hold-to-run may be waited for after the act."""
HELD_S = 3.0
WARNING_S = 5.0
"""The horn before the starter turns; hold-to-run stays pressed."""
TRIES_MAX = 3
REST_S = 30.0
"""Between two tries the starter cools; also after a start of the program, which does not know what was before."""
PAUSE_S = 300.0
"""After three tries, and then they count anew."""
ENGINE_RESTS_RADPS = 5.0
ENGINE_RUNS_RADPS = 60.0
"""No starter turns an engine at rest so fast; idle is 105 rad/s."""
BRAKE_ON = int(ControllerFlag.BRAKE_ON)
NOT_FOR_START = int(
    ControllerFlag.ESTOP_CHAIN_OPEN | ControllerFlag.FIRE | ControllerFlag.KILL | ControllerFlag.SUPPRESSION
)


def rested_s(state: GateState, tick: int, now_ns: int) -> float:
    """Since the last crank ended [s]."""
    return min((tick - state.crank_tick) * TICK_S, (now_ns - state.crank_t_ns) / NS_PER_S)


def rest_left_s(state: GateState, tick: int, now_ns: int) -> float:
    """Until the starter may turn again [s]; 0 where it may."""
    rest_s = PAUSE_S if state.start_tries >= TRIES_MAX else REST_S
    return max(0.0, rest_s - rested_s(state, tick, now_ns))


def starter(now: GateInputs, measured: Measurements) -> Starter:
    """What the discrete machine is told of a machine that is not barred and follows its commands."""
    state, config, status = now.state, now.config, measured.status
    if not config.machine.engine.console_start or status is None or not secured(status, measured.rotor_ratio):
        return Starter.UNABLE
    if state.start is EngineStart.CRANKING:
        if status.engine_speed_radps > ENGINE_RUNS_RADPS:
            return Starter.RUNS
        if not status.engine_speed_radps <= ENGINE_RUNS_RADPS:  # not a number
            return Starter.UNABLE
    elif not engine_rests(status) or rest_left_s(state, now.tick, now.now_ns) > 0.0:
        return Starter.UNABLE
    return Starter.OVER if _over(now, config) else Starter.ABLE


def secured(status: ControllerStatus, rotor_ratio: float) -> bool:
    """Brakes on by their contact, rotor at rest and its valve shut, nothing applied to the tracks, no kill, no fire.

    `rotor_ratio`: measured, of its working speed.
    """
    flags = int(status.flags)
    return (
        status.state is ControllerState.RUN
        and flags & BRAKE_ON != 0
        and flags & NOT_FOR_START == 0
        and status.applied_left_mps == 0.0 == status.applied_right_mps
        and valve_shut(status, rotor_ratio)
    )


def valve_shut(status: ControllerStatus, rotor_ratio: float) -> bool:
    """The rotor has no drive, and is measured to rest; unknown is not at rest."""
    return status.applied_rotor_radps == 0.0 and abs(rotor_ratio) <= ROTOR_RESTS_RATIO


def engine_rests(status: ControllerStatus) -> bool:
    """Measured to stand; unknown is not at rest."""
    return abs(status.engine_speed_radps) <= ENGINE_RESTS_RADPS


def left_s(state: GateState, config: VehicleConfig, tick: int) -> float:
    """Until the step of a start that is under way ends [s], as shown; 0 where none is."""
    return max(0.0, _length_s(state.start, config) - (tick - state.start_tick) * TICK_S)


def _length_s(start: EngineStart, config: VehicleConfig) -> float:
    return {
        EngineStart.ASKED: ASKED_S,
        EngineStart.HELD: HELD_S,
        EngineStart.WARNING: WARNING_S,
        EngineStart.CRANKING: config.machine.engine.crank_s,
    }.get(start, 0.0)


def _over(now: GateInputs, config: VehicleConfig) -> bool:
    """The time of the step under way is spent."""
    state = now.state
    if state.start is EngineStart.NONE:
        return False
    by_ticks_s, by_clock_s = (now.tick - state.start_tick) * TICK_S, (now.now_ns - state.start_t_ns) / NS_PER_S
    towards = state.start in (EngineStart.HELD, EngineStart.WARNING)
    lasted_s = min(by_ticks_s, by_clock_s) if towards else max(by_ticks_s, by_clock_s)
    return lasted_s >= _length_s(state.start, config)


def barred_after(state: GateState, reasons: int, *, chain_reset: bool) -> bool:
    """No console starts the engine before somebody has reset the machine by hand.

    `reasons`: in force in this tick. `chain_reset`: the machine's own e-stop was pressed and let go, and the button of
    the controller was pressed; nothing else ends it, no acknowledgement and no restart.
    """
    return reasons & masks.START_BAR_MASK != 0 or (state.start_barred and not chain_reset)


def followed(now: GateInputs, start: EngineStart, *, runs: bool) -> GateState:
    """The state with the step of a start after this tick; `runs`: the engine that was cranked runs."""
    was = now.state.start
    if start is was:
        return now.state
    changed = msgspec.structs.replace(now.state, start=start, start_tick=now.tick, start_t_ns=now.now_ns)
    if start is EngineStart.CRANKING:
        paused = rested_s(now.state, now.tick, now.now_ns) >= PAUSE_S
        return msgspec.structs.replace(changed, start_tries=1 if paused else now.state.start_tries + 1)
    if was is EngineStart.CRANKING:
        tries = 0 if runs else now.state.start_tries
        return msgspec.structs.replace(changed, crank_tick=now.tick, crank_t_ns=now.now_ns, start_tries=tries)
    return changed
