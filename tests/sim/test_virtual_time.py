import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.virtual_time import DeadlockError, LivelockError, Phase, TickBarrier, VirtualClock, VirtualLoop, run_virtual
from vehicle.contracts.units import NS_PER_S, TICK_NS

HOUR_NS = 3600 * NS_PER_S


def test_sleep_jumps_to_the_exact_nanosecond():
    async def main(clock):
        await clock.sleep_until_ns(HOUR_NS + 123_456_789)
        return clock.now_ns()

    assert run_virtual(main) == HOUR_NS + 123_456_789


@pytest.mark.parametrize("start_ns", [0, 7, 86_400 * NS_PER_S + 13])
def test_grid_does_not_drift_from_float_seconds(start_ns):
    async def main(clock):
        seen = []
        for k in range(1, 5_001):
            await clock.sleep_until_ns(start_ns + k * TICK_NS)
            seen.append(clock.now_ns())
        return seen

    assert run_virtual(main, start_ns=start_ns) == [start_ns + k * TICK_NS for k in range(1, 5_001)]


def test_timers_wake_in_order_of_time_and_never_early():
    async def main(clock):
        log = []

        async def sleeper(name, deadline_ns):
            await clock.sleep_until_ns(deadline_ns)
            log.append((name, clock.now_ns()))

        async with asyncio.TaskGroup() as group:
            group.create_task(sleeper("late", 3_000_001))
            group.create_task(sleeper("early", 3_000_000))
        return log

    assert run_virtual(main) == [("early", 3_000_000), ("late", 3_000_001)]


def test_deadline_in_the_past_yields_one_turn_without_moving_time():
    async def main(clock):
        await clock.sleep_until_ns(5)
        turns = []
        asyncio.get_running_loop().call_soon(turns.append, "other")
        await clock.sleep_until_ns(3)
        return clock.now_ns(), turns

    assert run_virtual(main) == (5, ["other"])


def test_deadlock_is_reported_with_the_waiting_task():
    async def forever():
        await asyncio.get_running_loop().create_future()

    async def main(clock):
        await clock.sleep_until_ns(2 * NS_PER_S)
        await asyncio.create_task(forever(), name="waits-for-nobody")

    with pytest.raises(DeadlockError, match=r"t = 2\.000 s.*waits-for-nobody"):
        run_virtual(main)


def test_tasks_that_only_wake_each_other_are_reported():
    async def main(_clock):
        loop = asyncio.get_running_loop()
        while True:
            turn = loop.create_future()
            loop.call_soon(turn.set_result, None)
            await turn

    with pytest.raises(LivelockError, match="t = 0 ns"):
        run_virtual(main)


def test_time_outs_run_in_virtual_time():
    async def main(clock):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(900.0):
                await asyncio.get_running_loop().create_future()
        return clock.now_ns()

    assert run_virtual(main) == 900 * NS_PER_S


def test_cancelled_sleep_leaves_no_timer_behind():
    async def main(clock):
        task = asyncio.create_task(clock.sleep_until_ns(HOUR_NS))
        await clock.sleep_until_ns(NS_PER_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.get_running_loop().create_future()

    # A timer left behind would let the clock jump to the hour first.
    with pytest.raises(DeadlockError, match=r"t = 1\.000 s"):
        run_virtual(main)


def test_threads_are_refused():
    async def main(_clock):
        await asyncio.to_thread(int)

    with pytest.raises(NotImplementedError, match="no threads"):
        run_virtual(main)


def barrier_of(clock: VirtualClock) -> TickBarrier:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    assert loop.now_ns() == clock.now_ns()
    return TickBarrier(loop)


def test_barrier_calls_subscribers_by_phase_then_by_subscription():
    async def main(clock):
        log = []
        barrier = barrier_of(clock)
        barrier.subscribe(Phase.OBSERVE, lambda now_ns: log.append(("observe", now_ns)))
        barrier.subscribe(Phase.VEHICLE, lambda now_ns: log.append(("vehicle", now_ns)))
        barrier.subscribe(Phase.WORLD, lambda now_ns: log.append(("world", now_ns)))
        barrier.subscribe(Phase.VEHICLE, lambda now_ns: log.append(("second vehicle", now_ns)))
        assert await barrier.run(2) == 2
        return log

    names = ["world", "vehicle", "second vehicle", "observe"]
    assert run_virtual(main) == [(name, k * TICK_NS) for k in (1, 2) for name in names]


def test_barrier_runs_before_coroutines_of_the_same_instant():
    async def main(clock):
        log = []
        barrier = barrier_of(clock)
        barrier.subscribe(Phase.WORLD, lambda now_ns: log.append(("barrier", now_ns)))

        async def vehicle():
            for k in range(1, 4):
                await clock.sleep_until_ns(k * TICK_NS)
                log.append(("coroutine", clock.now_ns()))

        async with asyncio.TaskGroup() as group:
            group.create_task(vehicle())
            group.create_task(barrier.run(3))
        return log

    assert run_virtual(main) == [(who, k * TICK_NS) for k in (1, 2, 3) for who in ("barrier", "coroutine")]


def test_barrier_stops_where_a_subscriber_says_and_runs_on_later():
    async def main(clock):
        seen = []
        barrier = barrier_of(clock)
        barrier.subscribe(0, seen.append)
        barrier.subscribe(1, lambda _now_ns: barrier.stop() if barrier.tick == 4 else None)
        first = await barrier.run()
        again = await barrier.run(2)
        return first, again, seen

    assert run_virtual(main) == (4, 6, [k * TICK_NS for k in range(1, 7)])


def test_failing_subscriber_ends_the_run_at_once():
    async def main(clock):
        seen = []
        barrier = barrier_of(clock)

        def fail(_now_ns):
            raise ValueError("broken track")

        barrier.subscribe(0, fail)
        barrier.subscribe(1, seen.append)
        with pytest.raises(ValueError, match="broken track"):
            await barrier.run(5)
        return seen, barrier.tick

    assert run_virtual(main) == ([], 1)


def test_barrier_keeps_its_grid_on_a_real_loop():
    async def main():
        seen = []
        barrier = TickBarrier(asyncio.get_running_loop(), period_ns=1_000_000)
        barrier.subscribe(0, seen.append)
        await barrier.run(5)
        return seen

    seen = asyncio.run(main())
    assert [b - a for a, b in itertools.pairwise(seen)] == [1_000_000] * 4


@given(st.lists(st.integers(1, 200_000_000), max_size=6), st.integers(0, 12))
def test_ticks_that_follow_each_other_at_once_pass_no_coroutine_over(waits_ns: list[int], spawned_at: int) -> None:
    """Whatever sleeps between ticks, or is started by a subscriber, runs at its own instant and in order."""

    async def main(clock: VirtualClock) -> list[tuple[int, str]]:
        seen: list[tuple[int, str]] = []
        barrier = barrier_of(clock)

        async def sleeper(wait_ns: int, name: str) -> None:
            await clock.sleep_until_ns(clock.now_ns() + wait_ns)
            seen.append((clock.now_ns(), name))

        tasks: list[asyncio.Task[None]] = []

        def step(now_ns: int) -> None:
            seen.append((now_ns, "tick"))
            assert clock.now_ns() == now_ns
            if barrier.tick == spawned_at:
                tasks.append(asyncio.get_running_loop().create_task(sleeper(7_000_000, "spawned")))

        barrier.subscribe(0, step)
        tasks += [asyncio.get_running_loop().create_task(sleeper(wait, str(wait))) for wait in waits_ns]
        await barrier.run(12)
        await asyncio.gather(*tasks)
        return seen

    seen = run_virtual(main)
    assert [t for t, _ in seen] == sorted(t for t, _ in seen)
    assert [t for t, name in seen if name == "tick"] == [k * TICK_NS for k in range(1, 13)]
    due = [(wait, str(wait)) for wait in waits_ns]
    due += [(spawned_at * TICK_NS + 7_000_000, "spawned")] if spawned_at else []
    assert sorted(row for row in seen if row[1] != "tick") == sorted(due)
