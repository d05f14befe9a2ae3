"""The page's map and camera modules, by node's own test runner: files `*.test.mjs` in map/ and video/."""

from pathlib import Path

import pytest

from tests.console.node import passes

pytestmark = pytest.mark.real
FILES = sorted(path for folder in ("map", "video") for path in (Path(__file__).parent / folder).glob("*.test.mjs"))


def test_there_are_files() -> None:
    assert {path.parent.name for path in FILES} == {"map", "video"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.partition(".")[0])
def test_node_finds_nothing_wrong(path: Path) -> None:
    passes(path)
