"""What a mutant's process has loaded before it: everything but the room that is mutated."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.long
def test_nothing_that_is_mutated_is_loaded_before_its_mutants() -> None:
    text = "from tests.control.safety import mutate; mutate.preload()"
    subprocess.run([sys.executable, "-c", text], check=True, cwd=Path(__file__).parents[3])
