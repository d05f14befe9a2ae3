"""What the map reckons without a document, run by node: views, tiles, hit tests, steps back."""

from pathlib import Path

import pytest

from tests.console.node import passes

pytestmark = pytest.mark.real
FILES = sorted(Path(__file__).parent.glob("*.test.mjs"))


def test_there_are_files() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.partition(".")[0])
def test_node_finds_nothing_wrong(path: Path) -> None:
    passes(path)
