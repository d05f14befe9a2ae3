"""WAIT and the warning before motion, in numbers: how long a mission may wait, and how long the horn sounds first."""

from vehicle.contracts.messages import Mode
from vehicle.contracts.units import NS_PER_S, TICK_S
from vehicle.control.safety.modes import ARMED, AUTO, Class
from vehicle.control.safety.permits import Permit
from vehicle.control.state import GateState

WAIT_S = 20.0
"""A mission that waited for so long is stopped."""
SHORTEST_S = 1.0
"""A START sooner than this after the machine was told to wait is none, whatever made it wait."""
WARNING_S = 1.0
"""The horn before a mission goes on out of WAIT; before any other motion it is `safety.horn_s`."""

STOOD_S = 5.0
"""A machine that stood armed for longer, with hold-to-run released, warns anew before it moves."""


CREEP_ONSET_TICKS = 10
"""For so long on end a machine must creep with its brakes set before it is stopped for it."""


def waited_s(state: GateState, tick: int, now_ns: int) -> float:
    """Since WAIT was entered, by ticks or by the clock, whichever is more: late ticks lengthen none.

    0 in every other mode.
    """
    if state.mode is not Mode.WAIT:
        return 0.0
    return max((tick - state.mode_tick) * TICK_S, (now_ns - state.mode_t_ns) / NS_PER_S)


def left_s(state: GateState, tick: int, now_ns: int) -> float:
    """Until WAIT becomes a stop; 0 in every other mode."""
    return WAIT_S - waited_s(state, tick, now_ns) if state.mode is Mode.WAIT else 0.0


def over(state: GateState, tick: int, now_ns: int) -> bool:
    """The time of this WAIT is spent."""
    return waited_s(state, tick, now_ns) >= WAIT_S


def creeps_on(state: GateState, tick: int, now_ns: int, t_brake_s: float) -> bool:
    """A machine that waits still creeps, for a while on end, although its brakes have had their time."""
    braked_s = waited_s(state, tick, now_ns) - CREEP_ONSET_TICKS * TICK_S
    return braked_s > t_brake_s and tick - state.stood_tick >= CREEP_ONSET_TICKS


def at_least(worst: Class, state: GateState, tick: int) -> Class:
    """The class in force: in the first second of a WAIT what led to it counts as still there."""
    early = state.mode is Mode.WAIT and (tick - state.mode_tick) * TICK_S < SHORTEST_S
    return max(worst, Class.WAIT) if early else worst


def horn_until(state: GateState, mode: Mode, tick: int, horn_s: float, *, hold: bool) -> int:
    """The tick before which nothing moves.

    Counted from arming, from the act that starts a mission or goes on, and from the first press of hold-to-run after
    the machine stood armed.
    `state`: before this tick; `mode`: after it; `hold`: hold-to-run is pressed in it.
    """
    warning_s = 0.0
    stood = (tick - state.used_tick) * TICK_S > STOOD_S  # counted only where hands are waited for
    if state.mode is Mode.READY or (state.mode is Mode.MANUAL and mode in AUTO) or (stood and hold):
        warning_s = horn_s
    elif state.mode is Mode.WAIT:  # it counts once the mode is one that moves
        warning_s = WARNING_S
    return max(state.horn_until_tick, tick + round(warning_s / TICK_S))


def warns(mode: Mode, horn_until_tick: int, tick: int) -> bool:
    """The horn sounds and nothing moves yet: people near are being warned."""
    return mode in ARMED and mode is not Mode.WAIT and tick < horn_until_tick


def held(permit: Permit, after: GateState, *, rotor_on: bool) -> Permit:
    """What may pass while it waits or warns: a rotor that has its power keeps it, and nothing else moves."""
    if after.mode is Mode.WAIT or after.warns:
        return Permit(rotor=permit.rotor and rotor_on)
    return permit
