"""The C side as an integrator gets it: warnings are errors, cppcheck is silent, every branch of it is tested."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.firmware_bridge.controller_bench import CONTROLLER, LIBRARY_VARIABLE, build
from tests.firmware_bridge.mutate_controller import ROOT, SOURCES, TESTS

pytestmark = pytest.mark.slow


@pytest.mark.needs("cppcheck")
def test_cppcheck_is_silent() -> None:
    build()
    run = subprocess.run(
        ["make", "--silent", "-C", str(CONTROLLER), "check", f"PYTHON={sys.executable}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout.strip(), run.stderr.strip()) == (0, "", "")


def branches(source: str, folder: Path) -> list[tuple[int, int, int]]:
    """Line, branch number and count of every branch that our own file holds."""
    run = subprocess.run(
        ["gcov", "--branch-probabilities", "--json-format", "--stdout", f"libflail.so-{source}.gcda"],
        cwd=folder,
        capture_output=True,
        check=True,
    )
    files: list[dict[str, Any]] = json.loads(run.stdout)["files"]
    (ours,) = [file for file in files if file["file"].endswith(f"/src/{source}.c")]
    return [
        (line["line_number"], number, branch["count"])
        for line in ours["lines"]
        for number, branch in enumerate(line["branches"])
    ]


def test_every_branch_is_taken_both_ways() -> None:
    library = build("coverage")
    for old in library.parent.glob("*.gcda"):
        old.unlink()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS],
        cwd=ROOT,
        env=os.environ | {LIBRARY_VARIABLE: str(library)},
        capture_output=True,
        check=True,
    )
    found = {source: branches(source, library.parent) for source in SOURCES}
    assert sum(map(len, found.values())) > 250
    assert {name: [row for row in rows if not row[2]] for name, rows in found.items()} == {name: [] for name in SOURCES}


def test_fuzzing_finds_no_difference_and_no_fault() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.firmware_bridge.fuzz", "--chunks", "10000", "--seed", "7"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "no crash, no difference" in run.stdout
