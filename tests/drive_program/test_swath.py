"""A swath out and back in real time: vehicle program, C controller on a pty, plant and operator as they would be."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from benchmarks.drive_rig import Bench, bench, build_controller, until, write_site
from sim.hands import Goal
from vehicle import realtime
from vehicle.messages import Mode

pytestmark = [pytest.mark.real, pytest.mark.trials]
RECORDER = '[recorder]\nfolder = "recordings"\n'
WORK, DONE = 3, 8


def run(main: Callable[[], Awaitable[None]]) -> None:
    build_controller()

    async def whole() -> None:
        await main()

    with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
        runner.run(whole())


def test_out_and_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, place=write_site(tmp_path, 2.2, 2.5), extra=RECORDER) as rig:
            rig.start_vehicle()
            await rig.heard()
            assert rig.plan is not None
            assert sum(segment.tool_down for segment in rig.plan.segments) == 2
            await drive_mission(rig)
            check_recording(tmp_path)

    run(main)


async def drive_mission(rig: Bench) -> None:
    assert rig.plan is not None
    worked: set[int] = set()
    first = rig.plan.segments[0]
    along_m = [0.0]

    def done() -> bool:
        seen = rig.hands.seen
        assert seen is not None
        if seen.phase == WORK:
            worked.add(seen.segment_seq)
        tracks, (east_m, north_m) = rig.machine.plants.tracks, first.points_m[0]
        along_m.append(
            (tracks.east_m - east_m) * math.cos(first.yaw_start_rad)
            + (tracks.north_m - north_m) * math.sin(first.yaw_start_rad)
        )
        return seen.phase == DONE

    rig.hands.goal = Goal.MISSION
    await until(done, "the end of the mission", 240.0)
    assert rig.hands.seen is not None
    assert worked == {segment.seq for segment in rig.plan.segments if segment.tool_down}
    assert rig.hands.seen.processed_m2 >= 0.98 * rig.plan.area_m2
    out = max(range(len(along_m)), key=along_m.__getitem__)
    assert along_m[out] > 2.0
    assert min(along_m[out:]) < along_m[out] - 1.5  # and back
    await rig.at_rest()
    await until(lambda: rig.mode not in (Mode.AUTO_MOVE, Mode.AUTO_WORK), "the end of the armed mode")


def check_recording(folder: Path) -> None:
    """What was driven is on disk, whole chunks of it, while the program still runs; nothing stopped on the way."""
    (path,) = (folder / "recordings").glob("*.mcap")
    assert path.stat().st_size > 0
