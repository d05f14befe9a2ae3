"""The lease in numbers: how old the operator's frame is, how long a command may live, and the budget of gaps.

Creation age = now - the time of the vehicle tick that the frame echoes, whatever the radio did to it, and also when
ticks came late. Arrival counts only for the gap budget, which stops a link that keeps breaking although each frame
it delivers is young.
"""

from vehicle.config.vehicle import SafetyConfig
from vehicle.contracts.units import NS_PER_MS

TICK_MS = 20
BEATS = 24
"""So many ticks are remembered: 480 ms, more than the longest T_stop."""
NEVER_MS = 1_000_000
STEP_MS = 10
"""A controller looks at its lease at least so often; what it finds over may be over for so long."""
END_SLOW_MS = 500
"""At the latest here the set-point of a slow machine is zero at the controller, counted from the frame's creation; that
of a fast one at T_stop itself. In between the gate's own stop is under way, and a lease still has two ticks to live."""
LEAST_MS = 2 * TICK_MS
"""A lease that cannot wait for two ticks would end at the controller whenever one command is late."""
SPARE_MS = 3 * TICK_MS
LINE_MAX_MS = 200
"""Both ways of the controller's line, with what its stamps wait for the tick: beyond, nothing is armed."""
LINE_FAST_MS = 40
"""Beyond this too little of the short T_stop is left for the radio: the machine stays slow."""
LINE_LOST_MS = 255
"""Of an answer to a command that is no longer remembered."""
LINE_EASES_MS = 1
"""A line that was slow counts as faster by so much a tick."""
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


def end_ms(stop_ms: int, safety: SafetyConfig) -> int:
    """Age of the frame at which no lease may live any more, whatever happened on the way."""
    slow = stop_ms > round(safety.t_stop_fast_s * 1000.0)
    return min(END_SLOW_MS, stop_ms + LEAST_MS + STEP_MS) if slow else stop_ms


def left_ms(age: int, stop_ms: int, safety: SafetyConfig) -> int:
    """What is left of the operator's frame, to the last step of the controller that may still drive."""
    return end_ms(stop_ms, safety) - STEP_MS - age


def life_ms(line_ms: int, safety: SafetyConfig) -> int:
    """Longest life of a command from its stamp: what a slow line takes of it beforehand is granted, and no more."""
    return max(safety.valid_max_ms, min(line_ms, LINE_MAX_MS) + SPARE_MS)


def valid_for_ms(age: int, stop_ms: int, line_ms: int, safety: SafetyConfig) -> int:
    """Life of a driving command from its stamp: never longer than what is left of the operator's own frame [ms]."""
    return max(0, min(life_ms(line_ms, safety), left_ms(age, stop_ms, safety)))


def live(age: int, stop_ms: int, line_ms: int, safety: SafetyConfig) -> bool:
    """Whether a frame may still drive: the lease that it gives reaches the controller with two ticks to live."""
    return age < stop_ms and left_ms(age, stop_ms, safety) >= LEAST_MS + min(line_ms, LINE_MAX_MS)


def fast(age: int, line_ms: int, safety: SafetyConfig) -> bool:
    """Whether line and frame leave enough of the short T_stop for more than the slow speed."""
    return line_ms <= LINE_FAST_MS and live(age, round(safety.t_stop_fast_s * 1000.0), line_ms, safety)


def line_ms(was_ms: int, before_ms: int, answer_ms: int) -> int:
    """The line's delay after one more answer: two slow ones in a row count at once, faster ones bit by bit.

    One alone may be a damaged frame; the lease that it took its time from has ended by itself.
    """
    return max(min(before_ms, answer_ms), was_ms - LINE_EASES_MS)


def budget_ms(left_ms: int, gap_ms: int) -> int:
    """What is left of the gap budget after one tick, in 0..BUDGET_MS."""
    if gap_ms > GAP_MS:
        return max(0, left_ms - TICK_MS)
    return min(BUDGET_MS, left_ms + REFILL_MS)


def flapping(left_ms: int, *, was: bool) -> bool:
    """True from an empty budget until half of it is back."""
    return left_ms == 0 or (was and left_ms < FLAPPING_BELOW_MS)
