"""The cable between vehicle program and controller, pulled out in motion and put back: real terminals, a real EIO."""

import asyncio
import contextlib
import math
import os
import pty
import tty
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.controller_build import build_controller
from benchmarks.drive_rig import Bench, bench, until
from benchmarks.kill_trials import STOPPED, driven, start_controller, stopped
from campaign.sim_operator import Goal
from tests.runtime.support import JUDGED
from vehicle.host import realtime
from vehicle.host.clock import SystemClock

CLOCK = SystemClock()
pytestmark = pytest.mark.real


class Cable:
    """Stands between the controller's terminal and the name under which the vehicle program opens it."""

    def __init__(self, name: Path) -> None:
        self._name, self._near = name, -1
        self._controller = os.open(name.readlink(), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._controller)
        asyncio.get_running_loop().add_reader(self._controller, self._from_controller)

    def plug(self) -> None:
        """A new device under the old name."""
        self._near, far = pty.openpty()
        tty.setraw(far)
        os.set_blocking(self._near, False)
        fresh = self._name.with_suffix(".new")
        fresh.symlink_to(os.ttyname(far))
        fresh.replace(self._name)
        os.close(far)
        asyncio.get_running_loop().add_reader(self._near, self._to_controller)

    def unplug(self) -> int:
        """The device is gone, its name too; gives when [ns]."""
        asyncio.get_running_loop().remove_reader(self._near)
        now_ns = CLOCK.now_ns()
        os.close(self._near)
        self._near = -1
        self._name.unlink()
        return now_ns

    def end(self) -> None:
        loop = asyncio.get_running_loop()
        for held in (self._controller, self._near):
            if held >= 0:
                loop.remove_reader(held)
                os.close(held)

    def _from_controller(self) -> None:
        heard = os.read(self._controller, 4_096)
        if self._near >= 0:
            with contextlib.suppress(BlockingIOError):  # nobody reads there: lost, as on a wire
                os.write(self._near, heard)

    def _to_controller(self) -> None:
        try:
            os.write(self._controller, os.read(self._near, 4_096))
        except OSError:  # nobody has opened the near end yet
            asyncio.get_running_loop().remove_reader(self._near)
            asyncio.get_running_loop().call_later(0.01, self._again)

    def _again(self) -> None:
        if self._near >= 0:
            asyncio.get_running_loop().add_reader(self._near, self._to_controller)


async def pulled_and_put_back(rig: Bench, limit_ms: float) -> float:
    """Gives the milliseconds to the stop."""
    await rig.machine.kill()
    await start_controller(rig)
    cable = Cable(rig.folder / "controller")
    try:
        cable.plug()
        rig.start_vehicle()
        await driven(rig)
        trial = await stopped(rig, cable.unplug(), "unplug")
        assert math.isfinite(trial.stop_ms)
        assert trial.stop_ms <= limit_ms
        await until(lambda: rig.mode in STOPPED and "controller_lost" in rig.reasons, "the report of a lost controller")
        assert rig.vehicle is not None
        assert rig.vehicle.poll() is None

        mark_ms = rig.machine.outputs.t_ms
        rig.hands.goal, rig.hands.stick = Goal.REST, 0.7
        cable.plug()
        await until(lambda: "open again" in rig.log.read_text(), "the device, found again")
        await until(lambda: rig.machine.outputs.t_ms > mark_ms + 1_000, "a second with the stick deflected")
        assert not any(step.driving for step in rig.machine.history if step.t_ms > mark_ms)
        rig.hands.stick = None
        await driven(rig)
        return trial.stop_ms
    finally:
        cable.end()


@pytest.mark.parametrize("limit_ms", JUDGED)
def test_unplugged_in_motion_and_plugged_in_again(
    limit_ms: float, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    build_controller()

    async def main() -> float:
        async with bench(tmp_path) as rig:
            return await pulled_and_put_back(rig, limit_ms)

    with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
        record_property("unplugged", f"{runner.run(main()):.0f} ms")
