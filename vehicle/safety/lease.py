"""The lease in numbers: how old the operator's frame is, how long a command may live, and the budget of gaps.

Creation age = now - the time of the vehicle tick that the frame echoes, whatever the radio did to it, and also when
ticks came late. Arrival counts only for the gap budget, which stops a link that keeps breaking although each frame
it delivers is young.
"""

from vehicle.config import SafetyConfig
from vehicle.units import NS_PER_MS

TICK_MS = 20
BEATS = 24
"""So many ticks are remembered: 480 ms, more than the longest T_stop."""
NEVER_MS = 1_000_000
GAP_MS = 100
"""Frames come at 20 Hz: two in a row missing is a gap."""
BUDGET_MS = 450
"""Gaps drain it 1:1, good time refills it at a quarter: 200 ms on / 300 ms off stops within 2 s (row 3)."""
REFILL_MS = TICK_MS // 4
FLAPPING_BELOW_MS = 225
"""A link that emptied its budget is good again when half of it is back: 0.9 s without a gap."""


def age_ms(echo_tick: int, tick: int, now_ns: int, beats_ns: tuple[int, ...]) -> int:
    """Creation age of a frame that echoes an earlier tick, rounded up [ms]; what is not remembered is too old."""
    back = tick - echo_tick
    if back > len(beats_ns):
        return NEVER_MS
    return -((beats_ns[-back] - now_ns) // NS_PER_MS)


def t_stop_ms(speed_mps: float, safety: SafetyConfig) -> int:
    """Age at which motion must have ended, by how fast the machine is or is told to be; unknown counts as fast."""
    slow = abs(speed_mps) <= safety.slow_speed_mps
    return round((safety.t_stop_slow_s if slow else safety.t_stop_fast_s) * 1000.0)


def valid_for_ms(age: int, stop_ms: int, safety: SafetyConfig) -> int:
    """Life of a driving command: never longer than what is left of the operator's own frame [ms]."""
    return max(0, min(safety.valid_max_ms, stop_ms - age))


def budget_ms(left_ms: int, gap_ms: int) -> int:
    """What is left of the gap budget after one tick, in 0..BUDGET_MS."""
    if gap_ms > GAP_MS:
        return max(0, left_ms - TICK_MS)
    return min(BUDGET_MS, left_ms + REFILL_MS)


def flapping(left_ms: int, *, was: bool) -> bool:
    """True from an empty budget until half of it is back."""
    return left_ms == 0 or (was and left_ms < FLAPPING_BELOW_MS)
