"""The walls of the house are checked by machine, and the checks can fail: each planted breach must be reported."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("vehicle", "firmware_bridge", "sim", "campaign", "console", "flailpilot")
GENERATED = ("_dialect.py",)
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 650
"""Tables of cases read better in one piece than torn."""


def sources() -> list[Path]:
    found = [p for package in (*PACKAGES, "tests", "benchmarks") for p in (ROOT / package).rglob("*.py")]
    return [p for p in found if p.name not in GENERATED and "_generated" not in p.parts]


def run_contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as c; c()"
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_import_contracts_hold() -> None:
    result = run_contracts(ROOT)
    assert result.returncode == 0, result.stdout


BREACHES = {
    "vehicle imports the simulator": ("vehicle/control/drive/follower.py", "from sim import virtual_time as _"),
    "a room imports a room": ("vehicle/control/drive/follower.py", "from vehicle.control.mission import job as _"),
    "a room of the tick reads the clock": ("vehicle/control/estimate/fusion.py", "import time as _"),
    "someone else builds a command": (
        "vehicle/runtime/loop.py",
        "from firmware_bridge.command import ActuatorCommand as _",
    ),
    "the simulator builds a command": ("sim/controller.py", "from firmware_bridge.command import ActuatorCommand as _"),
}


@pytest.mark.long
@pytest.mark.parametrize("breach", BREACHES)
def test_a_planted_breach_is_reported(breach: str, tmp_path: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    name, line = BREACHES[breach]
    path = tmp_path / name
    path.write_text(path.read_text() + f"\n{line}\n")
    result = run_contracts(tmp_path)
    assert result.returncode == 1, result.stdout
    assert "BROKEN" in result.stdout


@pytest.mark.long
def test_files_and_functions_stay_short() -> None:
    too_long = []
    for path in sources():
        text = path.read_text()
        lines = text.count("\n")
        if lines > (TEST_FILE_LINES_MAX if path.is_relative_to(ROOT / "tests") else FILE_LINES_MAX):
            too_long.append(f"{path.relative_to(ROOT)}: {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES_MAX:
                    too_long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {length} lines")
    assert too_long == []


@pytest.mark.long
def test_vehicle_does_not_know_that_it_is_simulated() -> None:
    for path in (ROOT / "vehicle").rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.If | ast.IfExp):
                # a paper says on its face that it was simulated; nothing that decides or drives may ask
                test = ast.unparse(node.test).replace("facts.simulated", "")
                assert "simul" not in test.lower(), path


@pytest.mark.parametrize("call", ["import time\ntime.sleep(1)\n", "import asyncio\nasyncio.run(asyncio.sleep(1))\n"])
def test_waiting_outside_the_clock_is_refused(call: str, tmp_path: Path) -> None:
    path = tmp_path / "room.py"
    path.write_text(call)
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--config",
        str(ROOT / "pyproject.toml"),
        "--select",
        "TID251",
        str(path),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "TID251" in result.stdout


def test_only_the_loop_asks_for_the_frames_of_a_command() -> None:
    """Who else encodes a command could send it: the adapters of controllers do, and the loop alone asks them.

    A replay does too, to compare them with the recorded ones; it knows no port.
    """
    found = set()
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
        if any(ast.unparse(call).endswith(("adapter.encode", "encode_command")) for call in calls):
            found.add(str(path.relative_to(ROOT)))
    assert found == {"vehicle/runtime/loop.py", "vehicle/runtime/replay.py", "firmware_bridge/flail_adapter.py"}
    replay = (ROOT / "vehicle/runtime/replay.py").read_text()
    assert [word for word in ("ControllerWire", "Port", ".send(", ".write(") if word in replay] == []


def test_the_flow_reads_alike_wherever_it_stands() -> None:
    """In the README, on the page of the architecture, in the tick; and the folder list has its rooms in this order."""
    tick = ast.get_docstring(ast.parse((ROOT / "vehicle/control/tick.py").read_text())) or ""
    flow = [line.strip() for line in tick.splitlines() if "->" in line]
    assert len(flow) == 2
    architecture = (ROOT / "docs/ARCHITECTURE.md").read_text()
    for text in ((ROOT / "README.md").read_text(), architecture):
        assert [line.strip() for line in text.splitlines() if line.strip() in flow] == flow
    inner = flow[0].removeprefix("controller, sources").removesuffix("controller")
    rooms = [*re.findall(r"[a-z]+", inner), "ledger"]
    listed = next(line for line in architecture.splitlines() if "checks/" in line)
    assert re.findall(r"[a-z]+(?=/)", listed)[: len(rooms)] == rooms
    assert all((ROOT / "vehicle/control" / room).is_dir() for room in rooms)
