"""The bound holds whatever the delays, and narrows as answers come."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge import timesync
from firmware_bridge.timesync import ClockState, host_ns, observe, unwrapped_ms

MS = 1_000_000


def run(
    offset_ns: int, ppm: float, seed: int, seconds: int, start_ms: int = 5_000
) -> list[tuple[ClockState, int, int]]:
    """Fifty commands a second over a link with random delays; gives state, host time and controller time [ns]."""
    rng, state, rows = random.Random(seed), None, []
    for n in range(50 * seconds):
        sent = 10**9 + n * 20 * MS
        heard = sent + rng.randint(300_000, 9 * MS)
        received = heard + rng.randint(300_000, 30 * MS)
        controller = int((heard - 10**9) * (1 + ppm * 1e-6)) + start_ms * MS - offset_ns
        state = observe(state, sent, received, (controller // MS) % 2**32)
        assert state is not None
        rows.append((state, heard, controller))
    return rows


@pytest.mark.parametrize("ppm", [0.0, 90.0, -90.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_bound_holds_and_is_narrow(ppm: float, seed: int) -> None:
    rows = run(0, ppm, seed, 60)
    for state, heard, controller in rows[1:]:
        estimate, bound = host_ns(state, (controller // MS) % 2**32, state.t_ns)
        assert abs(estimate - heard) <= bound + 30 * MS * 1e-4
    estimates = [host_ns(state, (controller // MS) % 2**32, state.t_ns) for state, _, controller in rows[-100:]]
    assert max(bound for _, bound in estimates) < 3 * MS
    assert rows[-1][0].jumps == 0


def test_the_clock_may_wrap() -> None:
    rows = run(0, 0.0, 4, 10, start_ms=2**32 - 4_000)
    assert rows[-1][0].jumps == 0
    state, heard, controller = rows[-1]
    estimate, bound = host_ns(state, (controller // MS) % 2**32, state.t_ns)
    assert abs(estimate - heard) <= bound


def test_a_jump_starts_anew() -> None:
    state = observe(None, 0, 2 * MS, 1_000)
    state = observe(state, 20 * MS, 22 * MS, 1_021)
    assert state is not None
    assert state.jumps == 0
    jumped = observe(state, 40 * MS, 42 * MS, 3)
    assert jumped is not None
    assert jumped.jumps == 1
    assert (jumped.low_ns, jumped.high_ns) == (40 * MS - 4 * MS, 42 * MS - 3 * MS)
    again = observe(jumped, 60 * MS, 62 * MS, 23)
    assert again is not None
    assert again.jumps == 1


@pytest.mark.parametrize("received", [-1, 1_000 * MS + 1])
def test_impossible_or_slow_answers_teach_nothing(received: int) -> None:
    assert observe(None, 0, received, 7) is None
    known = ClockState(1, 2, 3, 4)
    assert observe(known, 0, received, 7) is known


def test_old_knowledge_widens_by_drift() -> None:
    state = observe(None, 0, 2 * MS, 1_000)
    assert state is not None
    _, fresh = host_ns(state, 1_000, state.t_ns)
    _, old = host_ns(state, 1_000, state.t_ns + 10_000 * MS)
    assert old - fresh == 10_000 * MS * timesync.DRIFT_PPM // 10**6


@given(st.integers(0, 2**40), st.integers(-(2**30), 2**30))
def test_unwrapping_finds_the_nearest(near: int, step: int) -> None:
    assert unwrapped_ms((near + step) % 2**32, near) == near + step
