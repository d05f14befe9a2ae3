"""The page's pure modules, by node's own test runner: files `*.test.mjs` beside this one."""

import os
import subprocess
from pathlib import Path

import pytest

from tests import needs

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.test.mjs"))
pytestmark = [pytest.mark.real, pytest.mark.long]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_modules_of_the_page(path: Path) -> None:
    """Each file runs in a process of its own; its output says which test failed, and the seed of a search."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NODE_")}
    ran = subprocess.run(
        [needs.program("node"), "--test", str(path)], capture_output=True, text=True, env=environment, check=False
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]


def test_there_are_modules_to_test() -> None:
    """A folder without tests proves nothing."""
    assert len(FILES) >= 2
