import asyncio
from collections.abc import Callable

import pytest

from sim.paced import LATE_MAX_NS, PacedClock, SpeedWatch, run_paced
from sim.virtual_time import VirtualClock, run_virtual
from vehicle.contracts.units import NS_PER_S, TICK_NS


class Real:
    """Real time that a test moves, and that goes on by itself while somebody waits."""

    def __init__(self) -> None:
        self.t_ns = 0

    def now_ns(self) -> int:
        return self.t_ns

    async def sleep_until_ns(self, deadline_ns: int) -> None:
        self.t_ns = max(self.t_ns, deadline_ns)


def paced(ticks: int, busy: Callable[[int], int], speed: float = 1.0) -> tuple[PacedClock, Real, list[tuple[int, int]]]:
    """So many ticks, each of which takes `busy(tick)` ns of real time; (nominal, now) of each."""
    real = Real()
    clock = PacedClock(real, speed)
    seen: list[tuple[int, int]] = []

    def step(nominal_ns: int, now_ns: int) -> None:
        seen.append((nominal_ns, now_ns))
        real.t_ns += busy(len(seen))

    asyncio.run(run_paced(clock, step, lambda: len(seen) < ticks))
    return clock, real, seen


def test_at_speed_1_a_second_is_a_second():
    clock, real, seen = paced(50, lambda _: 1_000_000)
    assert [nominal for nominal, _ in seen] == [TICK_NS * tick for tick in range(1, 51)]
    assert real.t_ns == pytest.approx(NS_PER_S, abs=2_000_000)
    assert clock.late.lost_ns == 0
    assert clock.late.ticks == 50


def test_at_speed_4_a_second_takes_a_quarter():
    _, real, _ = paced(200, lambda _: 500_000, speed=4.0)
    assert real.t_ns == pytest.approx(NS_PER_S, abs=2_000_000)


def test_a_busy_computer_loses_time_and_no_tick_and_no_tick_sees_an_overrun():
    clock, real, seen = paced(100, lambda tick: 300_000_000 if tick == 40 else 1_000_000)
    assert [nominal for nominal, _ in seen] == [TICK_NS * tick for tick in range(1, 101)]
    assert max(now - nominal for nominal, now in seen) <= LATE_MAX_NS
    assert clock.late.late_ticks == 1
    assert clock.late.lost_ns == clock.late.worst_ns
    assert clock.late.lost_ns == pytest.approx(300_000_000 - TICK_NS - LATE_MAX_NS, abs=2_000_000)
    assert real.t_ns == pytest.approx(100 * TICK_NS + clock.late.lost_ns, abs=2_000_000)


def test_time_never_runs_back_over_a_loss():
    real = Real()
    clock = PacedClock(real)
    clock.allow(TICK_NS)
    seen = [clock.now_ns()]
    for ahead_ns in (10_000_000, 90_000_000, 1, 20_000_000):
        real.t_ns += ahead_ns
        seen.append(clock.now_ns())
        clock.allow(seen[-1] + TICK_NS)
        seen.append(clock.now_ns())
    assert seen == sorted(seen)


def test_whoever_waits_is_not_woken_before_his_time_though_time_was_lost():
    async def main(real: VirtualClock) -> int:
        clock = PacedClock(real)
        clock.allow(2 * TICK_NS)
        woken = asyncio.get_running_loop().create_task(woken_at(clock, 3 * TICK_NS))
        await real.sleep_until_ns(10 * TICK_NS)  # nobody ticks: simulated time stands at 2
        assert not woken.done()
        clock.allow(9 * TICK_NS)
        return await woken

    async def woken_at(clock: PacedClock, deadline_ns: int) -> int:
        await clock.sleep_until_ns(deadline_ns)
        return clock.now_ns()

    woken_ns = run_virtual(main)
    assert 3 * TICK_NS <= woken_ns <= 3 * TICK_NS + 1_000_000


def test_lateness_is_told_and_its_end_too():
    real, said = Real(), []
    clock = PacedClock(real)
    watch = SpeedWatch(clock, real, said.append)

    def go_on(seconds: float, busy_ns: int) -> None:
        end_ns = real.t_ns + round(seconds * NS_PER_S)
        while real.t_ns < end_ns:
            clock.allow(clock.now_ns() + TICK_NS)
            real.t_ns += max(TICK_NS, busy_ns)
            watch.look()

    go_on(6.0, 0)
    assert said == []
    assert watch.ratio == 1.0
    go_on(4.0, 0)  # to the end of the span that is judged
    go_on(4.99, 2 * TICK_NS)
    assert said == ["simulator: this computer is too slow, it reaches 50% of the requested speed"]
    go_on(11.0, 0)
    assert said[-1] == "simulator: the requested speed is reached again"


def test_a_speed_of_nothing_is_refused():
    with pytest.raises(ValueError, match="above 0"):
        PacedClock(Real(), 0.0)
