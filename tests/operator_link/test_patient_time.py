"""The clock of the live vehicle: as real time where the machine keeps up, standing still where it does not."""

import asyncio
import itertools
from typing import cast

import pytest

from sim.virtual_time import TickBarrier
from tests.operator_link.patient_time import LATE_MAX_NS, PatientTime
from vehicle.contracts.units import NS_PER_MS, TICK_NS


class Real:
    """Real time as a loop and its clock, moved by hand; a timer fires when it is due, or late."""

    def __init__(self) -> None:
        self.now_ns, self.waiting = 5_000 * NS_PER_MS, []

    def time(self) -> float:
        return self.now_ns / 1e9

    def create_future(self) -> "asyncio.Future[int]":
        return asyncio.get_running_loop().create_future()

    def call_at(self, when_s: float, callback, *arguments) -> asyncio.TimerHandle:
        self.waiting.append((round(when_s * 1e9), callback, arguments))
        return asyncio.get_running_loop().call_later(3600.0, print)

    def fire(self, late_ns: int) -> None:
        ((due_ns, callback, arguments),) = self.waiting
        self.waiting = []
        self.now_ns = max(self.now_ns, due_ns + late_ns)
        callback(*arguments)


@pytest.mark.parametrize("late_ms", [[0, 0, 0], [9, 0, 9], [700, 0, 30], [11, 11, 11]])
def test_ticks_lie_on_their_grid_and_no_time_passes_while_one_is_overdue(late_ms: list[int]) -> None:
    async def main() -> None:
        real = Real()
        patient = PatientTime(cast("asyncio.AbstractEventLoop", real), lambda: real.now_ns)
        barrier, ticks, seen = TickBarrier(cast("asyncio.AbstractEventLoop", patient)), [], []
        barrier.subscribe(0, lambda now_ns: ticks.append((now_ns, patient.now_ns())))
        running = asyncio.get_running_loop().create_task(barrier.run(len(late_ms)))
        await asyncio.sleep(0)  # noqa: TID251
        for late in late_ms:
            due_ns = real.waiting[0][0]
            for step in range(4):  # someone reads the clock while the tick is overdue
                real.now_ns = max(real.now_ns, due_ns + step * late * NS_PER_MS // 4)
                seen.append(patient.now_ns())
            real.fire(late * NS_PER_MS)
            seen.append(patient.now_ns())
        await running
        assert seen == sorted(seen), "never back"
        nominal = [tick_ns for tick_ns, _ in ticks]
        assert [b - a for a, b in itertools.pairwise(nominal)] == [TICK_NS] * (len(late_ms) - 1)
        assert all(0 <= now_ns - tick_ns <= LATE_MAX_NS for tick_ns, now_ns in ticks)

    asyncio.run(main())
