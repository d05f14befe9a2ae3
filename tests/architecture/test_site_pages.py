"""The site of `make docs`: every page has its place, every room its API pages, and links lead to pages of the site."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_pages", ROOT / "docs/site_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


site = loaded()


def test_every_page_has_its_place_in_the_navigation() -> None:
    placed = set(re.findall(r"^ +- ([\w/]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE))
    there = {path.name for path in (ROOT / "docs").glob("*.md")} | {"adr/README.md"} | set(site.BESIDE.values())
    assert placed == there
    assert all((ROOT / source).is_file() for source in site.BESIDE)


def test_every_module_of_the_rooms_has_its_api() -> None:
    shown = {module for package in site.packages() for module in site.modules(package)}
    there = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for room in site.ROOMS
        for path in (ROOT / room.replace(".", "/")).rglob("*.py")
        if path.name != "__init__.py"
    }
    assert shown == there
    assert "::: vehicle.contracts.units\n" in site.api_page("vehicle.contracts")


@pytest.mark.parametrize(
    ("text", "source", "page", "expected"),
    [
        ("[a](docs/SAFETY.md)", "README.md", "index.md", "[a](SAFETY.md)"),
        ("[a](../SECURITY.md), *b*", "docs/SAFETY.md", "SAFETY.md", "[a](security.md), *b*"),
        ("[a](adr/x.md#y)", "docs/SAFETY.md", "SAFETY.md", "[a](adr/x.md#y)"),
        ("[a](../SAFETY.md)", "docs/adr/x.md", "adr/x.md", "[a](../SAFETY.md)"),
        ("[a](../Makefile) b", "docs/SAFETY.md", "SAFETY.md", "a b"),
        ("![a](envelope.png)", "docs/SAFETY.md", "SAFETY.md", "![a](envelope.png)"),
        ("![a](docs/images/stop.png)", "README.md", "index.md", "![a](images/stop.png)"),
        ("[a](https://example.org/b.md)", "README.md", "index.md", "[a](https://example.org/b.md)"),
    ],
)
def test_links_lead_to_pages_of_the_site(text: str, source: str, page: str, expected: str) -> None:
    assert site.relinked(text, source, page) == expected
