"""How long a tick has lasted: a busy computer misses slots, and the machine goes on meanwhile.

Time comes from the ticks themselves, so a replay reckons the same.
"""

from typing import Final

from vehicle.contracts.units import NEVER_NS, NS_PER_S, TICK_NS, TICK_S

MOST_S: Final = 0.1
"""Longer than this nothing is carried on as it was: the lease at the controller ends within 0.15 s, and it stops."""
LATE_S: Final = 1.5 * TICK_S
"""Up to half a slot is jitter."""


def since_s(before_ns: int, now_ns: int) -> float:
    """Time since the tick before; one tick where none was."""
    return TICK_S if before_ns == NEVER_NS else max(0.0, (now_ns - before_ns) / NS_PER_S)


def carried_s(before_ns: int, now_ns: int) -> float:
    """Of that, what a movement is carried on for as it is measured now."""
    return min(MOST_S, since_s(before_ns, now_ns))


def since_beat_s(beats_ns: tuple[int, ...], now_ns: int) -> float:
    """As `since_s`; `beats_ns`: times of the ticks before, the newest last."""
    return since_s(beats_ns[-1] if beats_ns else NEVER_NS, now_ns)


def late(beats_ns: tuple[int, ...], now_ns: int) -> bool:
    """Slots were missed before this tick: what is done every few ticks is done now."""
    return since_beat_s(beats_ns, now_ns) > LATE_S


def ago_ns(beats_ns: tuple[int, ...], ticks: int, now_ns: int) -> int:
    """How long ago the tick was that lies so many back, at least; what is older goes by the mean of what is remembered.

    No tick counts as shorter than a slot.
    """
    if ticks <= 0:
        return 0
    known = min(ticks, len(beats_ns))
    known_ns = max(known * TICK_NS, now_ns - beats_ns[-known]) if known else 0
    return known_ns + (ticks - known) * (max(TICK_NS, known_ns // known) if known else TICK_NS)
