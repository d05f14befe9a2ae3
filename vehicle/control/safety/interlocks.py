"""Reasons over time: onset, lingering, latches, and the class that the discrete machine sees."""

from typing import TypeAlias

from vehicle.contracts.messages import Mode
from vehicle.control.safety import masks
from vehicle.control.safety.modes import MISSION, Class

Timers: TypeAlias = tuple[tuple[int, int], ...]


def settle(raised: int, active: int, timers: Timers, times: dict[int, tuple[int, int]]) -> tuple[int, Timers]:
    """Reasons in force and the timers for the next tick.

    A timer counts up while a fact holds, from -1 down while a reason lingers; at rest it is not kept at all.
    `times` has (onset, linger) in ticks for each reason.
    """
    counts = dict(timers)
    kept: list[tuple[int, int]] = []
    in_force = 0
    left = raised | active
    while left:
        bit = left & -left
        left ^= bit
        reason = bit.bit_length() - 1
        onset, linger = times[reason]
        count = counts.get(reason, 0)
        if raised & bit:
            count = max(0, count) + 1
            on = active & bit or count >= onset
        else:
            count = min(0, count) - 1
            on = -count <= linger
        kept.append((reason, count))
        if on:
            in_force |= bit
    return in_force, tuple(kept)


def latch(latched: int, active: int, *, acknowledged: bool, chain_reset: bool, kept: int, looked_at: bool) -> int:
    """Reasons that wait for an act: an acknowledgement by the operator, or a hand on the machine's own e-stop.

    `kept`: those that no acknowledgement clears now. `looked_at`: the holder saw the place of a small shock by camera.
    """
    if acknowledged:
        latched &= ~masks.ACKNOWLEDGE_MASK | kept
    if looked_at:
        latched &= ~masks.SHOCK_SMALL
    if chain_reset:
        latched &= ~masks.MACHINE_MASK
    return latched | (active & masks.LATCH_MASK)


def worst(stopping: int, accepted: int, mode: Mode) -> Class:
    """The class in force; what was accepted for RECOVERY still stops everything else, but no longer kills.

    What a mission waits for is of class WAIT in a mission, and there alone.
    """
    waiting = stopping & masks.WAIT_MASK if mode in MISSION else 0
    stopping &= ~waiting
    if stopping & masks.FAULT_MASK & ~accepted:
        return Class.KILL
    if stopping & (masks.FAULT_MASK | masks.STOP_MASK):
        return Class.STOP
    if stopping & masks.AUTO_STOP_MASK:
        return Class.NAV
    if waiting:
        return Class.WAIT
    return Class.LIMIT if stopping & (masks.LIMIT_MASK | masks.AUTO_LIMIT_MASK) else Class.OK


def retreat(stopping: int, accepted: int, mode: Mode, untolerated: int) -> bool:
    """True where nothing stops but what RECOVERY tolerates; once it drives, only what was there when it began.

    `untolerated`: what it does not tolerate for the time being.
    """
    tolerated = (masks.RETREAT_MASK & accepted if mode is Mode.RECOVERY else masks.RETREAT_MASK) & ~untolerated
    return not stopping & (masks.FAULT_MASK | masks.STOP_MASK) & ~tolerated
