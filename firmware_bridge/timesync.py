"""Offset between the controller's clock and the host's clock, with a guaranteed bound.

A status that answers a command was stamped after that command was sent and before the answer arrived. So each round
trip gives an interval that contains the offset between the clocks, and the intersection of intervals is narrow. Quartz
clocks drift apart by at most 100 ppm, so an older interval is widened by that. If a new interval does not meet the
known one, a clock has jumped (a restarted controller, a suspended host), and the estimate starts again.
"""

import msgspec

DRIFT_PPM = 100
NS_PER_MS = 1_000_000
WRAP_MS = 1 << 32
ROUND_TRIP_MAX_NS = 1_000_000_000
"""A longer round trip gives no useful interval."""


class ClockState(msgspec.Struct, frozen=True, gc=False):
    """The offset (host minus controller) is in [low_ns, high_ns] at `t_ns`, for an unwrapped controller clock."""

    low_ns: int
    high_ns: int
    t_ns: int
    time_ms: int
    jumps: int = 0


def unwrapped_ms(time_ms: int, near_ms: int) -> int:
    """Return the controller's 32-bit milliseconds as a count without wrap, the one nearest to a known count."""
    return near_ms + ((time_ms - near_ms + WRAP_MS // 2) % WRAP_MS) - WRAP_MS // 2


def observe(state: ClockState | None, sent_ns: int, received_ns: int, time_ms: int) -> ClockState | None:
    """Return the clock state after one round trip; None if nothing is known.

    Args:
        state: The state before; None at the start.
        sent_ns: Host clock when the command was sent.
        received_ns: Host clock when its answer arrived.
        time_ms: The controller's stamp in the answer.
    """
    if not 0 <= received_ns - sent_ns <= ROUND_TRIP_MAX_NS:
        return state
    count_ms = unwrapped_ms(time_ms, state.time_ms) if state is not None else time_ms
    # the stamp is cut to whole milliseconds: the true time is up to 1 ms later
    low_ns = sent_ns - (count_ms + 1) * NS_PER_MS
    high_ns = received_ns - count_ms * NS_PER_MS
    if state is None:
        return ClockState(low_ns, high_ns, received_ns, count_ms)
    drift_ns = abs(received_ns - state.t_ns) * DRIFT_PPM // 1_000_000
    known_low_ns, known_high_ns = max(low_ns, state.low_ns - drift_ns), min(high_ns, state.high_ns + drift_ns)
    if known_low_ns > known_high_ns:
        return ClockState(
            sent_ns - (time_ms + 1) * NS_PER_MS,
            received_ns - time_ms * NS_PER_MS,
            received_ns,
            time_ms,
            state.jumps + 1,
        )
    return ClockState(known_low_ns, known_high_ns, received_ns, count_ms, state.jumps)


def host_ns(state: ClockState, time_ms: int, now_ns: int) -> tuple[int, int]:
    """Return the host clock [ns] when the controller's clock showed `time_ms`, and the error bound (+-) [ns]."""
    drift_ns = abs(now_ns - state.t_ns) * DRIFT_PPM // 1_000_000
    middle_ns = (state.low_ns + state.high_ns) // 2
    # + half a millisecond: the middle of what the cut stamp can mean
    stamp_ns = unwrapped_ms(time_ms, state.time_ms) * NS_PER_MS + NS_PER_MS // 2
    return stamp_ns + middle_ns, (state.high_ns - state.low_ns + 1) // 2 + drift_ns + NS_PER_MS // 2
