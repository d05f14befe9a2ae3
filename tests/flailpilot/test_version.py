"""`flailpilot --version`: which program this is, and what it writes."""

import re
import subprocess
import sys

from typer.testing import CliRunner

from flailpilot.cli import app
from vehicle.contracts.kept_formats import Kept


def test_the_version_says_every_format_that_is_written() -> None:
    told = CliRunner().invoke(app, ["--version"])
    assert told.exit_code == 0
    first, formats = told.stdout.splitlines()
    assert re.fullmatch(r"flailpilot \d+\.\d+\.\d+\S*, Python 3\.\d+\.\d+", first)
    assert [f"{kept.value[0]} {kept.number}" for kept in Kept] == formats.removeprefix("formats: ").split(", ")


def test_without_a_command_the_help_is_shown_as_before() -> None:
    told = CliRunner().invoke(app, [])
    assert "--version" in told.output
    assert "drive" in told.output


def test_the_version_loads_no_room_of_the_vehicle() -> None:
    """It answers at once on a small computer."""
    code = "import sys; from flailpilot.version import words; words(); print('vehicle.control' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
