"""Recordings of the vehicle program on real ports run again: one that was killed in motion, and one that was ended."""

import asyncio
import signal
from pathlib import Path

import pytest

from benchmarks.controller_build import build_controller
from benchmarks.drive_rig import bench_of, until, write_config, write_site
from benchmarks.ports import free_port
from campaign.sim_operator import Goal
from tests.runtime.test_boot_loop import with_keys
from vehicle.config.drive import load_drive
from vehicle.contracts.messages import Mode
from vehicle.host import realtime
from vehicle.operator_link.keystore import KeyStore
from vehicle.runtime.replay import replay

RECORDER = '[recorder]\nfolder = "runs"\n'


async def killed_in_motion_and_started_again(folder: Path) -> None:
    """By stick with the rotor on, killed; come up again with what that left to be done, driven again, ended."""
    KeyStore(folder / "k.json").create("console", 9)
    path = write_config(folder, udp_port=free_port(), place=write_site(folder, 3.0, 8.0), extra=RECORDER)
    path.write_text(with_keys(path.read_text()))
    async with bench_of(folder, load_drive(path)) as rig:
        for ending in (signal.SIGKILL, signal.SIGTERM):
            rig.start_vehicle()
            await rig.heard()
            await rig.planned()
            await rig.in_motion()
            if ending is signal.SIGTERM:
                rig.hands.goal = Goal.MISSION
                await until(lambda: rig.mode is Mode.AUTO_MOVE, lambda: f"the start of a mission; {rig.diagnosis()}")
                await rig.at_rest()
            vehicle = rig.vehicle
            rig.signal_vehicle(ending)
            rig.hands.goal, rig.hands.rotor = Goal.REST, False
            await until(lambda vehicle=vehicle: vehicle is None or vehicle.poll() is not None, "the end of it")  # type: ignore[misc]


@pytest.mark.real
@pytest.mark.slow
def test_recordings_of_drive_run_again(tmp_path: Path) -> None:
    build_controller()
    with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
        runner.run(killed_in_motion_and_started_again(tmp_path))
    killed, ended = sorted(tmp_path.glob("runs/*/run.mcap"), key=lambda path: path.stat().st_mtime_ns)
    for path, torn in ((killed, True), (ended, False)):
        found = replay(path)
        assert found.difference is None, (path.name, found.difference)
        assert (found.torn is not None, found.left_out) == (torn, ())
        assert found.ticks > 100
        # of a killed one, the newest state may be what was cut off
        assert (found.ticks - torn) // 50 <= found.states <= found.ticks // 50
