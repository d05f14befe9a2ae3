"""The page's pure modules, by node's own test runner: files `*.test.mjs` beside this one."""

from pathlib import Path

import pytest

from tests.console.node import passes

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.test.mjs"))
pytestmark = [pytest.mark.real, pytest.mark.long]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_modules_of_the_page(path: Path) -> None:
    """Each file runs in a process of its own; its output says which test failed, and the seed of a search."""
    passes(path)


def test_there_are_modules_to_test() -> None:
    """A folder without tests proves nothing."""
    assert len(FILES) >= 2
