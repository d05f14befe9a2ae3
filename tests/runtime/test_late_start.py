"""The whole program, started before its cable, its address and its broker are there."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.drive_rig import ROOT, until, write_config
from benchmarks.late_start import READY, late_start
from benchmarks.ports import free_port
from tests.marks import reads_shared

SITES, SHARED = ROOT / "configs" / "sites", ROOT.parent / "shared" / "cases" / "sites"
PLANNING, PLAN = "Planning the site", "flailpilot: Plan "
PATIENCE_S = 240.0

pytestmark = [pytest.mark.real, pytest.mark.long]


def test_cable_address_and_broker_may_come_after_it(tmp_path: Path) -> None:
    taken = asyncio.run(late_start(tmp_path, 0.0))
    assert list(taken) == ["READY", "address", "cable", "broker"]


@pytest.mark.parametrize(
    ("site", "until_word"),
    [("example.geojson", PLAN), pytest.param("s_27ha_trees.geojson", READY, marks=reads_shared)],
)
def test_it_is_ready_before_its_site_is_planned(
    tmp_path: Path, site: str, until_word: str, record_property: Callable[[str, object], None]
) -> None:
    """2.7 ha with 42 trees take half a minute to plan; of the 30 s of the shipped unit a start takes three at most.

    Judged by the order of its words, and by its own processor time, which no other program lengthens much.
    """
    file = next(path for path in (SITES / site, SHARED / site) if path.exists())
    words, ready_s = asyncio.run(starts(tmp_path, file, until_word))
    record_property("ready_s", ready_s)
    assert ready_s < 3.0
    at = [next((n for n, line in enumerate(words) if word in line), len(words)) for word in (READY, PLANNING, PLAN)]
    assert at == sorted(set(at)) or until_word == READY
    assert at[0] < at[1]


async def starts(folder: Path, site: Path, until_word: str) -> tuple[list[str], float]:
    """What the program says up to a word, and the seconds of processor time until READY; its controller never comes."""
    place = f'[site]\nfile = "{site}"\noutside = "safe"\n'
    path = write_config(folder, udp_port=free_port(), place=place)
    log = folder / "log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "flailpilot", "drive", str(path)]
        program = subprocess.Popen(command, stderr=out, stdout=out, cwd=ROOT)  # noqa: ASYNC220
    try:
        await until(lambda: READY in log.read_text(), f"READY: {log.read_text()}", PATIENCE_S)
        ready_s = processor_s(program.pid)
        await until(lambda: until_word in log.read_text(), f"{until_word}: {log.read_text()}", PATIENCE_S)
        assert program.poll() is None
    finally:
        program.terminate()
        program.wait()
    return log.read_text().splitlines(), ready_s


def processor_s(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
