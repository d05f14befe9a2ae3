"""The page's table of services and clients: every cell is a test that there is, and every test named is used."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
REQUIREMENTS = TESTS.parent / "requirements"
PAGE = TESTS.parent / "docs" / "OPERATOR_LINK.md"
FOLDERS = (TESTS / "operator_link", TESTS / "console")
CLIENTS = ("rule", "QGC", "MP", "MAVProxy", "MAVSDK", "console")
LETTERS = {"QGC": "Q", "MP": "M", "MAVProxy": "P", "MAVSDK": "K", "console": "C"}


def table(page: str, first: str) -> list[list[str]]:
    """Rows of the table whose head begins so, without head and rule."""
    lines = page.split(first, 1)[1].splitlines()[2:]
    rows = lines[: next(number for number, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def known() -> set[str]:
    """`file::name` of every test function in the two folders."""
    found = set()
    for path in (path for folder in FOLDERS for path in folder.glob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        found |= {f"{path.stem}::{name}" for name in names if name.startswith("test_")}
    return found


def wrong(page: str) -> list[str]:
    """What does not fit: cells without a test, codes without a meaning, meanings without a use, tests that are not."""
    services, named = table(page, "| service |"), {code: test.strip("`") for code, test in table(page, "| | test |")}
    used, found, there = set(), [], known()
    for service, *cells in services:
        for client, cell in zip(CLIENTS, cells, strict=True):
            codes = re.findall(r"[A-Z]\d*", cell)
            used |= set(codes)
            if cell != "-" and not (codes and " ".join(codes) == cell):
                found.append(f"{service}, {client}: {cell!r}")
            found += [f"{service}, {client}: {code}" for code in codes if code[0] != LETTERS.get(client, code[0])]
        if cells[0] == "-":
            found.append(f"{service}: no rule")
    found += sorted(f"{code} is not explained" for code in used - set(named))
    found += sorted(f"{code} is not used" for code in set(named) - used)
    return found + [f"{code}: no test {test}" for code, test in named.items() if test.split("[")[0] not in there]


@pytest.mark.long
def test_the_page_names_tests_that_there_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert wrong(page) == []
    assert len(table(page, "| service |")) >= 21


def test_a_renamed_test_and_an_empty_cell_are_seen() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert wrong(page.replace("::test_qgc_connects", "::test_qgc_connected")) == [
        "S2: no test test_services::test_qgc_connected"
    ]
    emptied = wrong(page.replace("| K4 | C1 C4 |", "| | C1 C4 |"))
    assert emptied == ["link lost, reconnect, MAVSDK: ''", "K4 is not used"]
    assert wrong(page.replace("| K4 | C1 C4 |", "| P3 | C1 C4 |"))[0] == "link lost, reconnect, MAVSDK: P3"


@pytest.mark.long
def test_the_clients_are_those_that_are_pinned_and_each_has_its_test() -> None:
    """A version in the table is the version that the test drives with."""
    rows = table(PAGE.read_text(encoding="utf-8"), "| client |")
    pins = "".join((REQUIREMENTS / name).read_text(encoding="utf-8") for name in ("clients.txt", "dev.txt"))
    node = (REQUIREMENTS / "node" / "package.json").read_text(encoding="utf-8")
    for client, *_, test in rows:
        name, version = client.removesuffix(", mavutil").lower().split()
        assert f"{name}=={version} " in pins or f'"{name}": "{version}"' in node, client
        assert test.strip("`") in known()
    assert len(rows) == 7
    assert len({test for *_, test in rows}) == 7
    assert all(cell for row in rows for cell in row)
