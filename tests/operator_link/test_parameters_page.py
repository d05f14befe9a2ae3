"""docs/OPERATOR_LINK.md lists every parameter of a station, with the default and the range that are in force."""

import re
from pathlib import Path

from tests import builders
from vehicle.operator_link.parameters import table

PAGE = (Path(__file__).parents[2] / "docs/OPERATOR_LINK.md").read_text(encoding="utf-8")


def rows() -> dict[str, list[str]]:
    """Cells of the page's table by name: default, range, meaning."""
    found = re.search(r"### Parameters\n.*?\n\|---.*?\n((?:\|[^\n]*\n)+)", PAGE, re.DOTALL)
    assert found is not None
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()]
    return {name: rest for names, *rest in cells for name in re.findall(r"`(\w+)`", names)}


def test_every_parameter_is_on_the_page_and_no_other() -> None:
    assert set(rows()) == {row.name for row in table(builders.config())}


def test_default_and_range_are_those_in_force() -> None:
    for row in table(builders.config()):
        default, allowed, _ = rows()[row.name]
        if row.low == row.high:
            assert allowed == "read only", row.name
        else:
            assert [float(end) for end in re.findall(r"[\d.]+", allowed)] == [row.low, row.high], row.name
        if re.fullmatch(r"[\d.]+", default):
            assert float(default) == row.value, row.name
