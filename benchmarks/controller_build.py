"""The C controller's host build, made by one process at a time."""

import fcntl
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "firmware_bridge" / "controller"


def build_controller(target: str = "all") -> None:
    """Make one target of the controller's Makefile; nothing is done where it is up to date.

    Raises:
        subprocess.CalledProcessError: It does not build; `stderr` says why.
    """
    with (FOLDER / "Makefile").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = ["make", "--silent", "-C", str(FOLDER), f"PYTHON={sys.executable}", target]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
