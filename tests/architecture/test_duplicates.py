"""Lines that stand twice: how many pairs of files of the product share six lines or more, a number that only falls.

Six lines are copied knowledge: a change of one copy forgets the other. Imports, blank lines, comments, docstrings and
lines of closing brackets alone are left out, since they say the same wherever they stand.
"""

import ast
from collections import defaultdict
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("vehicle", "firmware_bridge", "sim", "campaign", "console", "flailpilot")
LINES = 6
MOST = 1
"""As of 2026-11-30: a command that is built, and the same command as it is told; only the gate may build the first."""


def told(source: str) -> list[str]:
    """Lines of code without what is left out; indentation does not count."""
    tree = ast.parse(source)
    out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        ):
            out.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = [text.strip() for number, text in enumerate(source.splitlines(), 1) if number not in out]
    return [line for line in lines if line.strip("()[]{},:") and not line.startswith("#")]


def pairs(files: dict[str, str]) -> dict[tuple[str, str], str]:
    """Pairs of names that share a run, with its first line."""
    places: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for name, source in files.items():
        lines = told(source)
        for start in range(len(lines) - LINES + 1):
            places[tuple(lines[start : start + LINES])].add(name)
    found: dict[tuple[str, str], str] = {}
    for run, names in places.items():
        for pair in combinations(sorted(names), 2):
            found.setdefault(pair, run[0])
    return found


def product() -> dict[str, str]:
    """Path -> text of every module that is written by people."""
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if path.name != "_dialect.py"]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def test_no_more_lines_stand_twice() -> None:
    found = pairs(product())
    assert len(found) <= MOST, "\n".join(f"{one} ~ {other}: {line}" for (one, other), line in sorted(found.items()))


def test_it_finds_a_copy_and_leaves_out_what_says_nothing() -> None:
    body = "\n".join(f"value_{number} = work({number})" for number in range(LINES))
    imports = "\n".join(f"import module_{number}" for number in range(LINES))
    assert pairs({"a.py": body, "b.py": f"def there():\n    {body.replace(chr(10), chr(10) + '    ')}\n"})
    assert not pairs({"a.py": imports, "b.py": imports})
    assert not pairs({"a.py": body, "b.py": body.replace("work(3)", "work(4)")})
