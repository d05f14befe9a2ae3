"""Nobody counts commas: what takes many values takes them by name, or as one option struct."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("vehicle", "firmware_bridge", "sim", "campaign", "console", "flailpilot", "benchmarks/trials")
POSITIONAL_MAX = 8
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if path.name != "_dialect.py")


def crowded(source: str) -> list[str]:
    """Functions that take more than that by position, `self` and `cls` aside."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
            if len([name for name in names if name not in ("self", "cls")]) > POSITIONAL_MAX:
                found.append(node.name)
    return found


def test_nine_by_position_are_seen():
    assert crowded("def f(a, b, c, d, e, f, g, h, i): ...") == ["f"]
    assert crowded("class A:\n    def f(self, a, b, c, d, e, f, g, h, *, i, j): ...") == []


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in FILES])
def test_few_values_by_position(path):
    assert crowded(path.read_text(encoding="utf-8")) == []
