"""The table of what must be seen in a real browser names tests, parts of the bench and kinds of trials that exist."""

import re
from pathlib import Path

from benchmarks.console_bench import PARTS
from benchmarks.console_trials import KINDS

HERE = Path(__file__).parent
ROWS = re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", (HERE / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_all_thirty_six_are_shown_by_something() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, 37))
    for number, shown in ROWS:
        assert re.search(r"`[\w/]+\.py::test_\w+`|bench: \*", shown), number


def test_every_test_that_is_named_exists() -> None:
    for number, shown in ROWS:
        for name, test in re.findall(r"`([\w/]+\.py)::(test_\w+)`", shown):
            source = (HERE / name).read_text(encoding="utf-8")
            assert re.search(rf"^(?:async )?def {test}\(", source, re.MULTILINE), f"{number}: {name}::{test}"


def test_every_part_and_kind_that_is_named_exists() -> None:
    shown = " ".join(shown for _, shown in ROWS)
    assert set(re.findall(r"bench: \*([\w ]+)\*", shown)) <= set(PARTS)
    assert set(re.findall(r"trials: \*([\w ]+)\*", shown)) <= set(KINDS)
