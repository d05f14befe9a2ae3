"""Stop reasons are told apart by their table alone: nobody else keeps a list of them by name."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.stop_reasons import RULES

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("vehicle", "firmware_bridge", "sim", "campaign", "console", "flailpilot")
OWN = {
    "vehicle/contracts/stop_codes.py": "the codes",
    "vehicle/contracts/stop_reasons.py": "the table",
    "vehicle/control/safety/checks.py": "what each reason's facts are: a question for each, and no list",
}
LISTED_MAX = 2
NAMES = {rule.name for rule in RULES}
CODES = {code.name for code in StopReason}


def named(node: ast.expr) -> str | None:
    """The reason that an expression names, as text or as a code."""
    if isinstance(node, ast.Constant) and node.value in NAMES:
        return str(node.value)
    if (
        isinstance(node, ast.Attribute)
        and node.attr in CODES
        and ast.unparse(node.value).endswith(("Reason", "_S", "R"))
    ):
        return node.attr.lower()
    return None


def lists(tree: ast.AST) -> Iterator[tuple[int, list[str]]]:
    """Line and reasons of every collection, comparison or call that names more than a pair of them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Set | ast.List | ast.Tuple):
            parts = list(node.elts)
        elif isinstance(node, ast.Dict):
            parts = [key for key in node.keys if key is not None]
        elif isinstance(node, ast.Call):
            parts = list(node.args)
        else:
            continue
        found = [name for part in parts if (name := named(part)) is not None]
        if len(found) > LISTED_MAX:
            yield getattr(node, "lineno", 0), found


def test_no_list_of_reasons_but_the_table() -> None:
    found = [
        f"{place}:{line} {', '.join(reasons)}"
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if (place := str(path.relative_to(ROOT))) not in OWN
        for line, reasons in lists(ast.parse(path.read_text()))
    ]
    assert found == []


@pytest.mark.parametrize(
    "planted",
    [
        'PASSING = frozenset({"hot", "fire", "link_lost"})',
        "DOUBT = mask(StopReason.FIRE, StopReason.HOT, StopReason.SLOPE)",
        'TEXTS = {"fire": "a", "hot": "b", "slope": "c"}',
        "WORST = (_R.FIRE, _R.HOT, _R.SLOPE)",
    ],
)
def test_a_planted_list_is_found(planted: str) -> None:
    assert [len(reasons) for _, reasons in lists(ast.parse(planted))] == [3]
