"""`flailpilot stop` against a real `drive`: a station that may do nothing but STOP ends a drive of another one."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.bench_session import SessionPort
from benchmarks.controller_build import build_controller
from benchmarks.drive_rig import ROOT, STATION_ID, Bench, bench_of, until, write_config
from benchmarks.ports import free_port
from benchmarks.trials.session_port import SigningPort
from campaign.sim_operator import SimOperator
from firmware_bridge.mavlink.signature import key_of
from firmware_bridge.udp_port import UdpPort
from vehicle.config.drive import load_drive
from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.messages import Mode
from vehicle.host import realtime
from vehicle.host.clock import utc_now
from vehicle.operator_link.keystore import KeyStore, stamp_of
from vehicle.operator_link.stop_only_stations import NOTE
from vehicle.records import journal

pytestmark = [pytest.mark.real, pytest.mark.slow]
FLAILPILOT = [sys.executable, "-m", "flailpilot"]
TRIES = 8
STOPPED = (Mode.STOPPING, Mode.HOLD)


def command(*words: object) -> subprocess.CompletedProcess[str]:
    """Run it to its end; its exit status and what it says."""
    return subprocess.run([*FLAILPILOT, *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False)


async def stopped_by(rig: Bench, key: Path, where: str) -> bool:
    """Drive, then STOP by a script; False where on a busy computer it heard nothing, or the driver's link broke.

    The driver's hands go on: they reset and arm before the script has ended, so the stop is watched for meanwhile.
    """
    await rig.in_motion()
    said = asyncio.create_task(
        asyncio.to_thread(command, "stop", key, "--vehicle", where, "--once", "--name", "MEMATT")
    )
    stops: set[tuple[str, ...]] = set()

    def ended() -> bool:
        if rig.mode in STOPPED:
            stops.add(rig.reasons)
        return said.done()

    await until(ended, "the end of the script")
    told = await said
    if told.returncode:
        assert "STOP was NOT acknowledged within" in told.stderr, told
        return False
    assert told.stdout.startswith("MEMATT: The vehicle acknowledged STOP after "), told
    return any("operator_stop" in reasons for reasons in stops)


async def driven_and_stopped(folder: Path) -> tuple[Path, int]:
    """The state folder of a machine that a sentry stopped, and after how many presses it was the sentry's stop."""
    store, key = ("--store", folder / "keys.json"), folder / "sentry.json"
    for words in (("driver", "--system-id", STATION_ID), ("sentry", "--system-id", 9, "--stop-only", "--out", key)):
        command("keys", "create", *words, *store).check_returncode()
    path = write_config(folder, udp_port=free_port())
    path.write_text('keys_file = "keys.json"\n' + path.read_text().replace("bench = true\n", ""))
    file = load_drive(path)
    driver = key_of(KeyStore(folder / "keys.json").load().keys[0].secret)
    where = f"127.0.0.1:{file.config.operator.port}"
    async with bench_of(folder, file) as rig:
        rig.port.close()
        wire = UdpPort.connect("127.0.0.1", file.config.operator.port)
        rig.port = SessionPort(SigningPort(wire, driver, stamp_of(utc_now())), STATION_ID, driver)
        rig.hands = SimOperator(rig.port, STATION_ID)
        rig.start_vehicle()
        await rig.heard()
        presses = 1
        while not await stopped_by(rig, key, where):
            presses += 1
            assert presses <= TRIES
        await rig.at_rest()
        assert rig.vehicle is not None
        rig.signal_vehicle(signal.SIGTERM)
        await until(lambda: rig.vehicle is None or rig.vehicle.poll() is not None, "the end of the program")
        assert "STOP by sentry (station 9)" in rig.log.read_text()
    return file.state_folder, presses


def test_a_sentry_stops_a_machine_that_another_one_drives(tmp_path: Path) -> None:
    """By `flailpilot stop --once`; the record has the press under the sentry's name."""
    build_controller()
    with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
        state_folder, presses = runner.run(driven_and_stopped(tmp_path))
    (path,) = state_folder.rglob("*.journal")
    told = [one for one in journal.read(path).records if isinstance(one, Observed)]
    notes = [one for one in told if one.station_id != STATION_ID]
    assert {(note.by, note.text, note.station_id) for note in notes} == {("sentry", NOTE, 9)}
    assert len(notes) <= presses, "one press, one line; one that was not acknowledged may have none"
