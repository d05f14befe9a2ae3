"""Words of docs/GLOSSARY.md that are not used: none in documents, sources, and texts that operators read.

What can be seen by a pattern is refused here; whether `e-stop` means the hardware or `safe` a ground that was processed
is known to a reader only, so these two have patterns for their plainest forms.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]
SUFFIXES = {".py", ".md", ".toml", ".js", ".json", ".html", ".css", ".xml", ".c", ".h", ".service"}
FOREIGN = (
    "docs/GLOSSARY.md",
    "tests/architecture/test_words.py",
    "tests/architecture/*on_foot.py",
    "*/vendor/*",
    "tests/kept/*",
    "CHANGELOG.md",
)
"""What names the words to refuse them, is the work of others, or is kept as it was."""
GENERATED = re.compile(r"<!-- (\w+): begin.*?<!-- \1: end", re.DOTALL)
"""Tables of a page that are made from a source, which is looked at itself."""


class Word(NamedTuple):
    """A word that is not used: what finds it, and what is cut out of a line before it is looked for."""

    name: str
    found: str
    allowed: str = r"(?!)"


GROUND = r"(?:ground|land|areas?|fields?|sites?|cells?|swaths?|strips?|square metres?|m2)"
WORDS = (
    Word(
        "lane",
        r"(?<![a-z])lanes?(?![a-z])",
        r"(?i)lane[- ]coverage|lane missions?|LANE_MISSION|\b(?:safe|access) lanes?\b",
    ),
    Word(
        "by hand",
        r"(?<![a-z])by[ _]hand(?![a-z])|\bmanually\b",
        r"(?i)\b(?:time|clock|written|made|build and|readings?) by hand\b|moved by hand;",
    ),
    Word("he, his", r"\b(?:he|his|him|himself)\b"),
    Word("untreatable", r"\b(?:as|stays?|is|are|be) untreatable\b|\buntreatable (?:areas?|ground|parts?|polygons?)\b"),
    Word("e-stop", r"\b(?:soft|software|virtual)[- ]e-?stop"),
    Word(
        "cleared",
        rf"\bcleared {GROUND}\b|\b{GROUND}(?: \w+){{0,3}} cleared\b|\bde-?mined\b|\bmine-?free\b|\bfree of mines\b",
        r"(?i)(?:not|never|no) (?:\w+ )?cleared[^.]*",
    ),
    Word("safe", rf"\b(?:processed|treated|credited|swept|worked)(?: {GROUND})? (?:is|are|as|becomes?|was) safe\b"),
)
LATER: dict[str, tuple[str, ...]] = {
    "lane": (
        "tests/planning/coverage/test_s*_*.py",  # words that site files use for access
    ),
}
"""By word: files that keep it until they are next worked on, as of 2026-11-30. Without the word it leaves the list."""


@cache
def files() -> list[Path]:
    """Every text file of the repository."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [Path(name) for name in listed if Path(name).suffix in SUFFIXES]


@cache
def content(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def hits(word: Word, text: str) -> list[int]:
    """Numbers of the lines that use the word."""
    pattern, allowed = re.compile(word.found, re.IGNORECASE), re.compile(word.allowed)
    if not pattern.search(text):
        return []
    own = GENERATED.sub(lambda block: "\n" * block.group().count("\n"), text)
    return [at for at, line in enumerate(own.splitlines(), 1) if pattern.search(allowed.sub("", line))]


@cache
def used(word: Word) -> dict[str, list[int]]:
    """Files that use the word, with lines."""
    found: dict[str, list[int]] = {}
    for path in files():
        name = path.as_posix()
        if not any(fnmatch(name, pattern) for pattern in FOREIGN) and (ROOT / path).exists():
            lines = hits(word, content(name))
            if lines:
                found[name] = lines
    return found


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_it_is_not_used(word: Word) -> None:
    later = LATER.get(word.name, ())
    assert {name: at for name, at in used(word).items() if not any(fnmatch(name, one) for one in later)} == {}


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_what_is_left_for_later_still_needs_it(word: Word) -> None:
    done = [one for one in LATER.get(word.name, ()) if not any(fnmatch(name, one) for name in used(word))]
    assert done == [], "take them off the list"


@pytest.mark.parametrize(
    ("name", "line", "found"),
    [
        ("lane", "def first_lane(plan):", True),
        ("lane", "a lane-coverage mission; planes and plans", False),
        ("by hand", "drives_by_hand = True", True),
        ("by hand", "driven by hand for a while", True),
        ("by hand", "a clock by hand", False),
        ("he, his", "The operator takes his hands off", True),
        ("he, his", "the history of this machine", False),
        ("untreatable", "listed as untreatable", True),
        ("untreatable", "for row in plan.untreatable", False),
        ("e-stop", "the software e-stop", True),
        ("e-stop", "E-stop pressed on the machine", False),
        ("cleared", "the cleared area", True),
        ("cleared", "ground that was cleared", True),
        ("cleared", "processed ground is not cleared ground", False),
        ("safe", "processed ground is safe", True),
        ("safe", "safe or processed ground", False),
    ],
)
def test_the_patterns_find_what_they_are_for(name: str, line: str, found: bool) -> None:
    word = next(word for word in WORDS if word.name == name)
    assert bool(hits(word, line)) is found


NOT_ON_A_SCREEN = re.compile(r"\b(?:lanes?|by hand|manual(?:ly)?|untreatable|cleared|jobs?)\b", re.IGNORECASE)


NAMED_IN_A_REPORT = ("category.cleared", "warn.machine_only", "warn.not_released", "left.more_where")
"""A category of the authority's document, two denials, and the name of a layer."""


def shown(text: object) -> Iterator[str]:
    """All texts of a catalogue, however deep."""
    if isinstance(text, dict):
        for value in text.values():
            yield from shown(value)
    elif isinstance(text, str):
        yield text


def test_no_screen_of_the_console_shows_them() -> None:
    catalogues = sorted((ROOT / "console/page/text/en").glob("*.json"))
    texts = [text for path in catalogues for text in shown(json.loads(path.read_text(encoding="utf-8")))]
    assert texts
    report = json.loads((ROOT / "vehicle/reports/text/en.json").read_text(encoding="utf-8"))
    texts += [text for key, text in report.items() if key not in NAMED_IN_A_REPORT]
    assert [text for text in texts if NOT_ON_A_SCREEN.search(text)] == []
    assert NOT_ON_A_SCREEN.search("Drive by hand")


def test_tables_made_from_a_source_are_left_to_the_source() -> None:
    word = next(word for word in WORDS if word.name == "by hand")
    page = "by hand\n<!-- table: begin -->\nby hand\n<!-- table: end -->\nby hand"
    assert hits(word, page) == [1, 5]
