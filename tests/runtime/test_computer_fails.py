"""Rows 76, 81 with real processes: the event loop blocked while the other threads live, and a disk that fills."""

import asyncio
import ctypes
import math
import os
import resource
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from benchmarks.controller_build import build_controller
from benchmarks.drive_rig import Bench, bench, until
from benchmarks.kill_trials import STOPPED, driven, stopped
from campaign.sim_operator import Goal
from tests.runtime.support import JUDGED
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.units import NS_PER_S
from vehicle.host import realtime
from vehicle.host.clock import SystemClock

CLOCK = SystemClock()
pytestmark = pytest.mark.real
ATTACH, DETACH, ANY_THREAD = 16, 17, 0x40000000


class HeldThread:
    """One thread of another process, stopped as under a debugger: the rest of the process runs on."""

    def __init__(self, thread: int) -> None:
        self._libc, self._thread = ctypes.CDLL(None, use_errno=True), thread

    def hold(self) -> int:
        """Stop it; gives when [ns]."""
        now_ns = CLOCK.now_ns()
        self._call(ATTACH)
        os.waitpid(self._thread, ANY_THREAD)
        return now_ns

    def release(self) -> None:
        self._call(DETACH)

    def _call(self, request: int) -> None:
        if self._libc.ptrace(request, self._thread, None, None) == -1:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def on_a_bench(folder: Path, act: Callable[[Bench], Awaitable[None]], extra: str = "") -> None:
    build_controller()

    async def main() -> None:
        async with bench(folder, extra=extra) as rig:
            rig.start_vehicle()
            await act(rig)

    with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
        runner.run(main())


async def blocked_and_released(rig: Bench, limit_ms: float) -> float:
    """Gives the milliseconds to the stop."""
    await driven(rig)
    assert rig.vehicle is not None
    loop = HeldThread(rig.vehicle.pid)

    def stood() -> bool:
        return "the loop stood still" in rig.log.read_text()

    trial = await stopped(rig, loop.hold(), "blocked loop")
    try:
        assert math.isfinite(trial.stop_ms)
        assert trial.stop_ms <= limit_ms
        # its watch says so meanwhile; where the thread was held with the interpreter's lock, only afterwards
        from_ns, at_most_ns = CLOCK.now_ns() + NS_PER_S, CLOCK.now_ns() + 10 * NS_PER_S
        await until(lambda: CLOCK.now_ns() > (from_ns if stood() else at_most_ns), "a second of it")
    finally:
        loop.release()
    mark_ms = rig.machine.outputs.t_ms
    rig.hands.goal, rig.hands.stick = Goal.REST, 0.7
    await until(lambda: rig.mode in STOPPED and "loop_stall" in rig.reasons, "the report of the missed beat")
    await until(stood, "where the loop stood")
    await until(lambda: rig.machine.outputs.t_ms > mark_ms + 1_000, "a second with the stick deflected")
    assert not any(step.driving for step in rig.machine.history if step.t_ms > mark_ms)
    rig.hands.stick = None
    await driven(rig)
    return trial.stop_ms


@pytest.mark.parametrize("limit_ms", JUDGED)
def test_row_76_a_loop_that_is_blocked_in_motion(
    limit_ms: float, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    async def act(rig: Bench) -> None:
        record_property("loop blocked", f"{await blocked_and_released(rig, limit_ms):.0f} ms")

    on_a_bench(tmp_path, act)


def worst(rig: Bench) -> int:
    """Of the reasons above 63 the operator's frame names the worst one only."""
    return rig.hands.seen.worst_reason if rig.hands.seen is not None else -1


async def filled(rig: Bench) -> None:
    await driven(rig)
    assert rig.vehicle is not None
    recording = max(rig.folder.glob("runs/*.mcap"))
    full_bytes = max(4_096, recording.stat().st_size)
    resource.prlimit(rig.vehicle.pid, resource.RLIMIT_FSIZE, (full_bytes, full_bytes))
    mark_ms = rig.machine.outputs.t_ms
    said = "driving goes on without a recording"
    await until(lambda: said in rig.log.read_text(), "the next chunk, which does not fit", patience_s=120.0)
    await until(lambda: worst(rig) == StopReason.RECORDING_LOST, "the reason on the operator's screen")
    end_ms = rig.machine.outputs.t_ms
    await until(lambda: rig.machine.outputs.t_ms > end_ms + 2_000, "two seconds more")
    assert rig.mode is Mode.MANUAL
    assert rig.vehicle.poll() is None
    assert all(step.driving for step in rig.machine.history if step.t_ms > max(mark_ms, end_ms))
    assert said in rig.log.read_text()
    assert recording.stat().st_size <= full_bytes


@pytest.mark.trials
def test_row_81_a_disk_that_fills_in_motion_stops_the_recording_and_nothing_else(tmp_path: Path) -> None:
    on_a_bench(tmp_path, filled, extra='[recorder]\nfolder = "runs"\n')
