"""The lease in numbers: how old the operator's frame is, how long a command may live, and the budget of gaps.

Creation age = this tick - the vehicle tick that the frame echoes, whatever the radio did to it. Arrival counts only
for the gap budget, which stops a link that keeps breaking although each frame it delivers is young.
"""

from vehicle.config import SafetyConfig
from vehicle.messages import OperatorFrame

TICK_MS = 20
GAP_MS = 100
"""Frames come at 20 Hz: two in a row missing is a gap."""
BUDGET_MS = 450
"""Gaps drain it 1:1, good time refills it at a quarter: 200 ms on / 300 ms off stops within 2 s (row 3)."""
REFILL_RATIO = 4
FLAPPING_OVER_MS = BUDGET_MS // 2
AGEING_MS = 150
NEVER_MS = 1_000_000


def age_ms(frame: OperatorFrame | None, tick: int) -> int:
    """Creation age of a frame [ms]; none is as old as the hills."""
    return NEVER_MS if frame is None else (tick - frame.echo_tick) * TICK_MS


def t_stop_ms(speed_mps: float, safety: SafetyConfig) -> int:
    """Age at which motion must have ended, by how fast the machine is or is told to be; unknown counts as fast."""
    slow = abs(speed_mps) <= safety.slow_speed_mps
    return round((safety.t_stop_slow_s if slow else safety.t_stop_fast_s) * 1000)


def valid_for_ms(age: int, stop_ms: int, safety: SafetyConfig) -> int:
    """Life of a driving command: never longer than what is left of the operator's own frame [ms]."""
    return max(0, min(safety.valid_max_ms, stop_ms - age))


def budget_ms(left_ms: int, gap_ms: int) -> int:
    """What is left of the gap budget after one tick, in 0..BUDGET_MS, in quarters so that it stays whole."""
    if gap_ms > GAP_MS:
        return max(0, left_ms - TICK_MS)
    return min(BUDGET_MS, left_ms + TICK_MS // REFILL_RATIO)


def flapping(left_ms: int, was: bool) -> bool:
    """True from an empty budget until half of it is back."""
    return left_ms == 0 or (was and left_ms < FLAPPING_OVER_MS)
