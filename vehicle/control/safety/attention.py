"""When a mission asks whether somebody still watches it, and what follows without an answer (row 117).

Asked, answered, slow, ended: each of these is a number of ticks after the holder's newest deliberate act. When the
question comes is drawn from the session and the tick of that act, so that a replay asks at the same tick, and nobody
learns to press by the clock.
"""

import zlib

from vehicle.config.vehicle import SafetyConfig
from vehicle.contracts.units import NS_PER_S, TICK_NS, TICK_S
from vehicle.control.state import GateState

SOONEST = 3
"""The earliest question comes after this part (one third) of the longest time, `attention_s`."""
SLOW_S = 10.0
"""For so long an unanswered mission creeps, with a tone at the console, before it ends."""
SLOW_MPS = 0.05
"""As fast as it creeps: half a metre until it stands."""


def asked_after_ticks(session_id: int, act_tick: int, safety: SafetyConfig) -> int:
    """Ticks from the newest act to the question: evenly between a third of `attention_s` and all of it."""
    longest = round(safety.attention_s / TICK_S)
    soonest = longest // SOONEST
    drawn = zlib.crc32(b"%d %d" % (session_id, act_tick))
    return soonest + drawn % (longest - soonest + 1)


def asked_s(state: GateState, tick: int, now_ns: int, safety: SafetyConfig) -> float:
    """Time since the question [s]; below 0 before it.

    Counted from the newest act by ticks or by the clock, whichever is more: late ticks give nobody longer.
    """
    after_ticks = asked_after_ticks(state.session_id, state.attention_tick, safety)
    by_ticks_s = (tick - state.attention_tick - after_ticks) * TICK_S
    return max(by_ticks_s, (now_ns - state.attention_t_ns - after_ticks * TICK_NS) / NS_PER_S)


def left_s(after: GateState, tick: int, now_ns: int, safety: SafetyConfig) -> float | None:
    """Time left [s] until an unanswered mission stands; None before the question, so that nobody counts down to it."""
    since_s = asked_s(after, tick, now_ns, safety)
    return None if since_s < 0.0 else safety.attention_grace_s + SLOW_S - since_s
