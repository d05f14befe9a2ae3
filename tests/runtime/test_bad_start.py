"""`flailpilot drive` with what a user gets wrong: one clear line, exit status 2, no traceback."""

import os
import pty
import shutil
import subprocess
import sys
import termios
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.drive_rig import ROOT, write_config
from benchmarks.ports import free_port
from firmware_bridge.mavlink import adapters
from firmware_bridge.udp_port import UdpPort
from tests.firmware_bridge.samples import STATUS
from tests.runtime.support import config_text, write

pytestmark = pytest.mark.real
NMEA = b"$GNGGA,123519,4807.038,N,01131.000,E,4,12,0.9,545.4,M,46.9,M,1.0,0001*5B\r\n"


def refused(path: Path) -> str:
    command = [sys.executable, "-m", "flailpilot", "drive", str(path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert run.returncode == 2, run.stderr
    lines = run.stderr.strip().splitlines()
    assert len(lines) == 1, run.stderr
    assert lines[0].startswith("flailpilot: ")
    return lines[0]


class Talker:
    """A device on a pty that says the same thing over and over."""

    def __init__(self, words: bytes, link: Path) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave, termios.TCSANOW)
        link.symlink_to(os.ttyname(self._slave))
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(words,))
        self._thread.start()

    def _run(self, words: bytes) -> None:
        os.set_blocking(self._master, False)
        while not self._end.wait(0.02):
            try:
                os.write(self._master, words)
            except BlockingIOError:
                os.read(self._slave, 4096)  # nobody listens yet

    def end(self) -> None:
        self._end.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_config(tmp_path, udp_port=free_port())


@pytest.fixture
def talkers() -> Iterator[list[Talker]]:
    made: list[Talker] = []
    yield made
    for talker in made:
        talker.end()


def waits(path: Path) -> str:
    """Its first line, of a program that goes on; what it waits for may come."""
    command = [sys.executable, "-m", "flailpilot", "drive", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        lines = [run.stderr.readline()]
        while "is up and DISARMED" not in lines[-1]:
            lines.append(run.stderr.readline())
            assert lines[-1], lines
        assert run.poll() is None
        run.terminate()
        run.stderr.read()
    assert run.returncode == 0
    assert lines[0].startswith("flailpilot: ")
    assert "waiting for it" in lines[0]
    assert " degrees north, " in lines[-1]
    return lines[0]


def test_no_such_port(path: Path) -> None:
    line = waits(path)
    assert "controller: no such device" in line
    assert "Serial devices seen" in line


def test_no_serial_device(path: Path) -> None:
    (path.parent / "controller").write_text("a file")
    assert "not a serial device" in refused(path)


def test_a_port_that_is_busy(path: Path, talkers: list[Talker]) -> None:
    link = path.parent / "controller"
    talkers.append(Talker(adapters.encode_status(STATUS, 1), link))
    holder = (
        "import asyncio, sys\n"
        "from firmware_bridge.serial_port import open_port\nfrom vehicle.host.clock import SystemClock\n"
        "async def main():\n"
        "    port = await open_port(sys.argv[1], 115200, SystemClock().now_ns)\n"
        "    print('open', flush=True)\n"
        "    await asyncio.to_thread(sys.stdin.read)\n"
        "    port.close()\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", holder, str(link)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "open\n"
        line = waits(path)
        other.stdin.close()
    assert "in use by another program" in line


OPENER = """
import asyncio, os, sys
from firmware_bridge.serial_port import open_port
from vehicle.host.clock import SystemClock

def attempt(name):
    try:
        asyncio.run(open_port(name, 115200, SystemClock().now_ns))
    except OSError as refusal:
        return refusal

attempt("/dev/ttyNOTHERE")  # whatever is imported late is now here: nobody may not even read it
if os.geteuid() == 0:  # to whom everything is permitted
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
print(attempt(sys.argv[1]))
"""


@pytest.mark.parametrize(
    ("group", "advice"),
    [
        ("tty", "add your user to the group tty: sudo usermod -aG tty $USER, log in anew"),
        ("root", "it belongs to root alone; a udev rule with GROUP=dialout gives it to a group that you can join"),
    ],
)
def test_a_port_that_is_not_permitted(group: str, advice: str, tmp_path: Path, talkers: list[Talker]) -> None:
    talkers.append(Talker(NMEA, tmp_path / "controller"))
    device = (tmp_path / "controller").resolve()
    if os.geteuid() == 0:
        shutil.chown(device, group=group)
    device.chmod(0)
    command = [sys.executable, "-c", OPENER, str(device)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=240)
    if device.group() == group:
        assert run.stdout.splitlines() == [f"{device}: permission denied; {advice}"]
    assert "permission denied" in run.stdout


def test_another_device_on_the_port(path: Path, talkers: list[Talker]) -> None:
    talkers.append(Talker(NMEA, path.parent / "controller"))
    assert "a GNSS receiver speaks NMEA here" in refused(path)


def test_a_wrong_baud_rate(path: Path, talkers: list[Talker]) -> None:
    talkers.append(Talker(bytes(range(128, 228)), path.parent / "controller"))
    assert "the baud rate is probably wrong" in refused(path)


def test_an_address_that_is_taken(tmp_path: Path, talkers: list[Talker]) -> None:
    talkers.append(Talker(adapters.encode_status(STATUS, 1), tmp_path / "controller"))
    other = UdpPort.bind("127.0.0.1", 0)
    line = waits(write_config(tmp_path, udp_port=other.address[1]))
    other.close()
    assert "in use" in line
    assert "another vehicle program" in line


def test_an_unknown_key(tmp_path: Path) -> None:
    assert "bnch" in refused(write(tmp_path, config_text(tmp_path).replace("bench =", "bnch =")))


def test_no_keys_on_a_real_machine(tmp_path: Path) -> None:
    line = refused(write(tmp_path, config_text(tmp_path).replace("bench = true", "bench = false")))
    assert "flailpilot keys create" in line


def test_a_recording_folder_that_is_a_file(path: Path, talkers: list[Talker]) -> None:
    talkers.append(Talker(adapters.encode_status(STATUS, 1), path.parent / "controller"))
    (path.parent / "taken").write_text("")
    path.write_text(path.read_text() + '\n[recorder]\nfolder = "taken"\n')
    assert "recorder.folder" in refused(path)
