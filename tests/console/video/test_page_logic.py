"""What the picture reckons without a document, run by node: frames, whose they are, their age, edges."""

import subprocess
from pathlib import Path

import pytest

from tests import needs

pytestmark = pytest.mark.real
FILES = sorted(Path(__file__).parent.glob("*.test.mjs"))


def test_there_are_files() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.partition(".")[0])
def test_node_finds_nothing_wrong(path: Path) -> None:
    done = subprocess.run(
        [needs.program("node"), "--test", str(path)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
