"""docs/CONSOLE.md lists every request that the server answers, with its methods."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROUTE = re.compile(r'Route\("(/api/[^"]+)", [\w.]+(?:, methods=\[([^\]]+)\])?\)')
ROW = re.compile(r'\("([A-Z]+)", "(/api/[^"]+)", ')
TOLD = re.compile(r"^    ([A-Z]+(?:, [A-Z]+)*) +(/api/\S+)", re.MULTILINE)


def answered() -> set[tuple[str, str]]:
    """Method and path of each request, as the routes of the sources have them; `*` is a part that the page chooses."""
    found: set[tuple[str, str]] = set()
    for source in (ROOT / "console/server").rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        rows = [(method, path) for path, told in ROUTE.findall(text) for method in (told or "GET").split(",")]
        found |= {(method.strip(' "'), re.sub(r"\{\w+\}", "*", path)) for method, path in [*rows, *ROW.findall(text)]}
    return found


def told(text: str) -> set[tuple[str, str]]:
    """The same, as the page has them: parts to be chosen are in capitals."""
    rows = [(method, path) for methods, path in TOLD.findall(text) for method in methods.split(", ")]
    return {(method, re.sub(r"/[A-Z]+(?=/|$)", "/*", path)) for method, path in rows}


def test_every_request_is_on_the_page_and_no_other() -> None:
    found = answered()
    assert ("GET", "/api/camera") in found
    assert len(found) > 20
    assert told((ROOT / "docs/CONSOLE.md").read_text(encoding="utf-8")) == found


def test_a_request_that_nobody_answers_is_found() -> None:
    assert told("    GET, PUT /api/drafts/NAME  one\n") == {("GET", "/api/drafts/*"), ("PUT", "/api/drafts/*")}
