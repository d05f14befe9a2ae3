"""Comments and docstrings name only files that a reader has: sources, configurations, documents of the repository."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]
NAMED = re.compile(
    r"(?<![\w./*{<-])((?:\.\./)*(?:[\w.-]+/)*[\w-]+\.(?:md|py|toml|xml|c|h|js|sh|css))(?![\w/*])|(docs/adr/[\w-]+)(?![\w.-])"
)
"""A source or a document; what a run writes (JSON, CSV, pages) is no file of the repository."""
MADE = ("_dialect.py", "common.xml", "Node.js", "geotiff.js", "joypad.js")
"""Made by the build, part of a pinned package, and names of programs and libraries."""
KEPT = "tests/kept/*"
"""Files of earlier formats, which are never changed; their comments name notes of their time."""


@cache
def files() -> tuple[str, ...]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return tuple(name for name in listed if "/vendor/" not in name and (ROOT / name).is_file())


@cache
def known() -> frozenset[str]:
    """Every file, by its path and by each end of its path."""
    parts = (name.split("/") for name in files())
    return frozenset("/".join(one[at:]) for one in parts for at in range(len(one)))


def python(text: str) -> Iterator[str]:
    """Comments, and texts that stand as a statement: docstrings, also those of constants."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


COMMENTS = {
    ".js": r"//[^\n]*|/\*.*?\*/",
    ".c": r"//[^\n]*|/\*.*?\*/",
    ".h": r"//[^\n]*|/\*.*?\*/",
    ".css": r"/\*.*?\*/",
    ".xml": r"<!--.*?-->|<description>.*?</description>",
    ".html": r"<!--.*?-->",
    ".toml": r"#[^\n]*",
    ".sh": r"#[^\n]*",
    ".yaml": r"#[^\n]*",
    "": r"#[^\n]*",
}


def comments(name: str, text: str) -> Iterator[str]:
    """All comments of a file, by the kind of its name; a file of another kind has none."""
    suffix = PurePosixPath(name).suffix
    if not NAMED.search(text):
        return
    if suffix == ".py":
        yield from python(text)
    elif suffix in COMMENTS and (suffix or PurePosixPath(name).name in {"Makefile", "run"}):
        yield from re.findall(COMMENTS[suffix], text, re.DOTALL)


def dead(comment: str) -> list[str]:
    """Files that a comment names and that are not there. A path may leave out folders in front."""
    found = []
    for path, decision in NAMED.findall(comment):
        name = path.removeprefix("./") or f"{decision}.md"
        if name not in known() and PurePosixPath(name).name not in MADE and not name.startswith("../"):
            found.append(name)
    return found


def test_comments_name_only_files_that_a_reader_has() -> None:
    found = {
        name: gone
        for name in files()
        if not fnmatch(name, KEPT)
        and name != "tests/architecture/test_references.py"
        and PurePosixPath(name).suffix in {".py", *COMMENTS}
        and (gone := [one for text in comments(name, (ROOT / name).read_text("utf-8")) for one in dead(text)])
    }
    assert found == {}


@pytest.mark.parametrize(
    ("name", "text", "gone"),
    [
        ("a.py", '"""By notes.md, and docs/SAFETY.md."""', ["notes.md"]),
        ("a.py", "x = 1  # section 4 of design.md", ["design.md"]),
        ("a.py", 'x = "design.md"', []),
        ("a.py", 'X = 1\n"""As decided in docs/adr/0006, and docs/adr/2026-11-29-armed-bit."""', ["docs/adr/0006.md"]),
        ("a.js", "// control/tick.py, nowhere/tick.py\nconst a = 'b.md'; /* c.md */", ["nowhere/tick.py", "c.md"]),
        ("a.toml", "key = 'design.md'  # domain.md 3.1", ["domain.md"]),
        ("Makefile", "# see benchmarks/stack.py, not benchmarks/gone.py", ["benchmarks/gone.py"]),
        ("a.png", "# gone.py", []),
    ],
)  # fmt: skip
def test_a_dead_reference_is_found(name: str, text: str, gone: list[str]) -> None:
    assert [one for comment in comments(name, text) for one in dead(comment)] == gone
