"""Documents name only what is in the repository; for comments see `test_references.py`."""

import re
import subprocess
from fnmatch import fnmatch
from functools import cache
from pathlib import Path, PurePosixPath

import pytest
import typer

from flailpilot import cli
from tests.architecture import decisions

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`([\w./-]+/[\w./-]+|[\w-]+\.(?:py|md|xml))(?:::[^`]*)?`|\]\(([^)#:]+)\)")
ELSEWHERE = (
    "../*",
    "data/peers",
    "plan/",
    "uploads/",
    "ledgers/*",
    "runs/*",
    "20261129T*",
    "YYYY-*",
    "*NAME*",
    ".venv/*",
)
"""What a run writes, what lies beside the repository, and names to be chosen."""


@cache
def listed() -> frozenset[str]:
    """Files and folders of the repository."""
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return frozenset({*names, *(str(folder) for name in names for folder in PurePosixPath(name).parents)})


def pages() -> list[str]:
    return sorted(name for name in listed() if name.endswith(".md") and (ROOT / name).exists())


def missing(page: str, text: str) -> list[str]:
    """Paths that a page names and that are not there; a path counts from the root or from the page's own folder."""
    here = PurePosixPath(page).parent
    files = {PurePosixPath(name).name for name in listed()}
    found = []
    for code, link in NAMED.findall(text):
        name = (code or link).rstrip("/")
        beside = Path(*here.parts, name)
        known = name in listed() or (ROOT / beside).exists() or ("/" not in name and name in files)
        if not known and not any(fnmatch(code or link, pattern) for pattern in ELSEWHERE):
            found.append(name)
    return found


@pytest.mark.parametrize("page", pages())
def test_a_page_names_only_files_that_are_there(page: str) -> None:
    assert missing(page, (ROOT / page).read_text(encoding="utf-8")) == []


def test_a_path_that_is_not_there_is_found() -> None:
    text = "See `vehicle/nowhere.py`, `vehicle/control/tick.py::tick`, [this](SAFETY.md) and [that](NOWHERE.md)."
    assert missing("docs/PAGE.md", text) == ["vehicle/nowhere.py", "NOWHERE.md"]


SECTION = re.compile(r"\]\(([^)#:]+\.md)\), \*([^*]+)\*(?: and \*([^*]+)\*)?")


def lost_sections(page: str, text: str) -> list[str]:
    """Sections that a page names in italics behind a link, and that begin no heading and no bold words there."""
    found = []
    for target, *sections in SECTION.findall(text):
        there = (ROOT / page).parent / target
        lines = there.read_text("utf-8") if there.is_file() else ""
        known = ["".join(one) for one in re.findall(r"^#+ (.+)$|\*\*([^*]+)\*\*", lines, re.MULTILINE)]
        found += [one for one in sections if one and not any(head.startswith(one) for head in known)]
    return found


@pytest.mark.parametrize("page", pages())
def test_a_section_that_a_page_names_is_there(page: str) -> None:
    assert lost_sections(page, (ROOT / page).read_text(encoding="utf-8")) == []


def test_a_section_that_is_not_there_is_found() -> None:
    text = (
        "[S](SAFETY.md), *Modes*; [S](SAFETY.md), *Nowhere* and *Reasons*; [S](SAFETY.md), *Later than the catalogue*"
    )
    assert lost_sections("docs/PAGE.md", text) == ["Nowhere"]


def test_decisions_are_named_by_date_and_listed_with_their_titles() -> None:
    named = [path.name for path in decisions.ADR.glob("*.md") if path != decisions.PAGE]
    assert [name for name in named if not re.fullmatch(r"20\d\d-[01]\d-[0-3]\d-[a-z0-9-]+\.md", name)] == []
    assert decisions.PAGE.read_text(encoding="utf-8") == decisions.page(), "python -m tests.architecture.decisions"


def test_the_readme_lists_every_command() -> None:
    commands = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("| command | what for |", 1)[1].split("\n\n", 1)[0]
    assert set(re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE)) == {
        name for name, command in commands.items() if not command.hidden
    }
