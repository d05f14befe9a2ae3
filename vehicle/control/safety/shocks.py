"""Shocks over time: how long a detonation holds everybody off, and whose word ends the WAIT after a small one."""

from typing import NamedTuple

from vehicle.contracts.messages import Mode, Requests
from vehicle.contracts.units import NS_PER_S, TICK_S
from vehicle.control.safety import masks
from vehicle.control.safety.authority import AcceptedFrames
from vehicle.control.safety.modes import MISSION
from vehicle.control.state import GateState


class Since(NamedTuple):
    """When the newest detonation came into force: tick and time [ns]."""

    tick: int
    t_ns: int


def since(state: GateState, active: int, tick: int, now_ns: int) -> Since:
    """Of the newest detonation, with this tick's. A contact that stays closed is no new one."""
    if active & ~state.active & masks.DETONATION:
        return Since(tick, now_ns)
    return Since(state.shock_tick, state.shock_t_ns)


def left_s(stopping: int, newest: Since, tick: int, now_ns: int, wait_s: float) -> float:
    """Until a detonation among the reasons `stopping` may be acknowledged, or driven away from [s]; 0 without one.

    By ticks or by the clock, whichever has gone less far: late ticks shorten nothing, nor does a restart.
    """
    if not stopping & masks.DETONATION:
        return 0.0
    return max(0.0, wait_s - min((tick - newest.tick) * TICK_S, (now_ns - newest.t_ns) / NS_PER_S))


def unacknowledged(mode: Mode, left_s: float) -> int:
    """Reasons that no acknowledgement clears now: a detonation in its wait; in a mission a small shock, never."""
    small = masks.SHOCK_SMALL if mode in MISSION else 0
    return small | (masks.DETONATION if left_s > 0.0 else 0)


def untolerated(mode: Mode, left_s: float) -> int:
    """Reasons that RECOVERY may otherwise drive in spite of, and does not in their wait; BOOT ends all the same."""
    return masks.DETONATION if left_s > 0.0 and mode is not Mode.BOOT else 0


def looked_at(state: GateState, frames: AcceptedFrames, requests: Requests) -> bool:
    """In a WAIT the holder, whose screen showed the shock, has put *AP, picture good* on the record.

    A shock that is not over for a second is in force all the same: whoever speaks sooner has not looked.
    """
    seen = frames.frame is not None and frames.frame.echo_tick >= state.latch_tick
    return state.mode is Mode.WAIT and seen and state.holder in requests.picture_good


def again(state: GateState) -> bool:
    """A small shock that nobody has spoken of yet was over for a second: one that comes now is another one."""
    return state.mode is Mode.WAIT and state.latched & ~state.active & masks.SHOCK_SMALL != 0


def unexplained(state: GateState) -> bool:
    """Somebody's word on a detonation may be about now: a mission waits, or a small shock is not acknowledged yet.

    So also after the WAIT became a stop: whoever looks for longer than it lasts may still say that it was more.
    """
    return state.mode is Mode.WAIT or (state.active | state.latched) & masks.SHOCK_SMALL != 0
