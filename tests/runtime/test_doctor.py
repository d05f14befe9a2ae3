"""`flailpilot doctor`: each failing check says what to do; nothing it does can move the machine."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.controller_build import build_controller
from benchmarks.drive_rig import ROOT, bench, write_config
from benchmarks.ports import free_port
from firmware_bridge.udp_port import UdpPort
from flailpilot import doctor
from flailpilot.doctor import Check
from tests.runtime.support import config_text, write
from vehicle.config.drive import DriveFile, load_drive
from vehicle.host import realtime
from vehicle.operator_link.keystore import KeyStore
from vehicle.operator_link.stamp_store import StampStore

RECORDER = '[recorder]\nfolder = "recordings"\nfree_min_mb = 1\n'


def loaded(folder: Path, text: str) -> DriveFile:
    return load_drive(write(folder, text))


def as_json(path: Path) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "flailpilot", "doctor", str(path), "--json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert "Traceback" not in run.stderr
    return run.returncode, json.loads(run.stdout)


def test_a_bench_is_told_as_one(tmp_path: Path) -> None:
    check = doctor.configuration(loaded(tmp_path, config_text(tmp_path)))
    assert (check.result, "BENCH" in check.found, "bench = false" in check.do) == ("warn", True, True)


def test_keys(tmp_path: Path) -> None:
    text = config_text(tmp_path).replace("bench = true", "bench = false")
    assert doctor.keys(loaded(tmp_path, text)).result == "fail"
    file = loaded(tmp_path, 'keys_file = "keys.json"\n' + text)
    assert "keys create" in doctor.keys(file).do
    KeyStore(tmp_path / "keys.json").create("tablet", 7)
    assert doctor.keys(file).found == "1 in force: tablet"
    (tmp_path / "keys.json").chmod(0o644)
    assert "chmod 600" in doctor.keys(file).found


def test_stamps(tmp_path: Path) -> None:
    file = loaded(tmp_path, 'keys_file = "keys.json"\n' + config_text(tmp_path))
    assert doctor.stamps(file).result == "ok", "the first start makes the file"
    StampStore(tmp_path / "keys.marks")
    assert doctor.stamps(file).result == "ok"
    (tmp_path / "keys.marks").write_bytes(b"torn")
    assert "both copies are damaged" in doctor.stamps(file).found


def test_the_operators_address(tmp_path: Path) -> None:
    other = UdpPort.bind("127.0.0.1", free_port())
    file = load_drive(write_config(tmp_path, udp_port=other.address[1]))
    assert doctor.operator_socket(file).result == "fail"
    other.close()
    assert doctor.operator_socket(file).result == "ok"


@pytest.mark.parametrize(
    ("table", "result"),
    [
        ("", "warn"),
        (RECORDER, "ok"),
        (RECORDER.replace("= 1\n", "= 1000000000\n"), "fail"),
    ],
)
def test_disk(table: str, result: str, tmp_path: Path) -> None:
    check = doctor.disk(loaded(tmp_path, config_text(tmp_path) + table))
    assert check.result == result
    assert (check.do == "") is (result == "ok")


@pytest.mark.parametrize(
    ("table", "result", "words"),
    [
        ("", "warn", "nothing is sealed by itself"),
        (RECORDER, "ok", "no second medium"),
        (RECORDER + "[incident]\nautomatic = false\n", "warn", "nothing is sealed by itself"),
        (RECORDER + '[incident]\ncopy_to = "nowhere"\n', "fail", "no folder that can be written"),
        (RECORDER + '[incident]\ncopy_to = "."\n', "warn", "is on the disk of the recordings"),
        (RECORDER + '[incident]\ncopy_to = "/dev/shm"\n', "ok", "and in /dev/shm"),
    ],
)
def test_the_second_medium_for_evidence(table: str, result: str, words: str, tmp_path: Path) -> None:
    check = doctor.evidence(loaded(tmp_path, config_text(tmp_path) + table))
    assert (check.result, words in check.found) == (result, True), check
    assert (check.do == "") is (result == "ok")


def test_a_site_that_cannot_be_read(tmp_path: Path) -> None:
    path = write_config(tmp_path, udp_port=free_port(), place='[site]\nfile = "nowhere.geojson"\n')
    check = doctor.site(load_drive(path))
    assert (check.result, "nowhere.geojson" in check.found) == ("fail", True)


def test_a_broker_that_is_not_there(tmp_path: Path) -> None:
    file = loaded(tmp_path, config_text(tmp_path) + "[telemetry]\nport = 1\n")
    check = asyncio.run(doctor.broker(file))
    assert (check.result, "127.0.0.1:1" in check.found, "Driving works without" in check.do) == ("fail", True, True)


@pytest.mark.real
def test_a_file_that_cannot_be_used_is_bad_input(tmp_path: Path) -> None:
    status, found = as_json(write(tmp_path, config_text(tmp_path).replace("bench =", "bnch =")))
    assert (status, found["ok"]) == (2, False)
    assert "bnch" in found["checks"][0]["found"]


@pytest.mark.real
def test_a_port_that_is_not_there_fails(tmp_path: Path) -> None:
    status, found = as_json(write_config(tmp_path, udp_port=free_port()))
    assert (status, found["ok"]) == (1, False)
    assert [check["name"] for check in found["checks"] if check["result"] == "fail"] == ["controller port"]


@pytest.mark.real
@pytest.mark.parametrize("agrees", [True, False])
def test_the_controller_answers(agrees: bool, tmp_path: Path) -> None:
    build_controller()

    async def main() -> tuple[list[Check], bool]:
        async with bench(tmp_path) as rig:
            file = rig.file
            if not agrees:
                text = file.path.read_text().replace("required_depth_m = 0.15", "required_depth_m = 0.2")
                file = loaded(tmp_path, text)
            checks = await doctor.controller(file)
            return checks, any(step.driving for step in rig.machine.history)

    with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
        checks, drove = runner.run(main())
    assert not drove
    results = {check.name: check for check in checks}
    assert results["controller port"].result == "ok"
    assert results["handshake"].result == ("ok" if agrees else "fail")
    if not agrees:
        assert "load the same machine profile into both" in results["handshake"].found
