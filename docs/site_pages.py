"""Pages of `make docs` that are not files of docs/: README and its like, and the API pages; mkdocs calls `on_...`.

The API pages are made from the sources without importing them: one page for each package, with all its modules.
"""

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
BESIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "tests/README.md": "tests.md",
    "configs/README.md": "configuration.md",
    "firmware_bridge/controller/README.md": "controller_reference.md",
}
"""Pages of the repository outside docs/, and their names on the site."""
ROOMS = ("vehicle.contracts", "vehicle.control", "vehicle.planning", "console.client")
"""Packages with API pages."""
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]+)?\)")
"""Mark of a picture, words, target and anchor of a link inside the repository."""


def packages() -> list[str]:
    """Every package of the rooms that has modules, by its dotted name, in order of the rooms."""
    return [
        ".".join(folder.relative_to(ROOT).parts)
        for room in ROOMS
        for folder in sorted(path.parent for path in (ROOT / room.replace(".", "/")).rglob("__init__.py"))
        if modules(".".join(folder.relative_to(ROOT).parts))
    ]


def modules(package: str) -> list[str]:
    """Modules that lie directly in a package, by their dotted names."""
    names = sorted(path.stem for path in (ROOT / package.replace(".", "/")).glob("*.py"))
    return [f"{package}.{name}" for name in names if name != "__init__"]


def api_page(package: str) -> str:
    """The page of a package: a heading, and one directive of mkdocstrings for each module."""
    head = f"# {package}\n\n::: {package}\n    options:\n      members: false\n      show_root_heading: false\n"
    return "\n".join([head, *(f"::: {module}" for module in modules(package))]) + "\n"


def site_name(package: str) -> str:
    """The file of a package's page."""
    return f"api/{package.replace('.', '_')}.md"


def relinked(text: str, source: str, page: str) -> str:
    """Links of a file of the repository, as they count from its page on the site; a link to no page becomes its words.

    `source` is the file's path from the root of the repository, `page` the name of its page on the site.
    """

    def link(found: re.Match[str]) -> str:
        mark, words, target, anchor = found.groups()
        there = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        name = BESIDE.get(there) or (there.removeprefix("docs/") if there.startswith("docs/") else None)
        if not name:
            return words
        return f"{mark}[{words}]({posixpath.relpath(name, posixpath.dirname(page) or '.')}{anchor or ''})"

    return LINK.sub(link, text)


def on_config(config: "MkDocsConfig") -> "MkDocsConfig":
    """Adds the API pages to the navigation."""
    assert config.nav is not None
    config.nav.append({"API": [{package: site_name(package)} for package in packages()]})
    return config


def on_files(files: "Files", config: "MkDocsConfig") -> "Files":
    """Adds the pages that are no files of docs/."""
    from mkdocs.structure.files import File  # noqa: PLC0415 (only where mkdocs runs)

    for source, page in BESIDE.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    for package in packages():
        files.append(File.generated(config, site_name(package), content=api_page(package)))
    return files


def on_page_markdown(markdown: str, page: "Page", config: "MkDocsConfig", files: "Files") -> str:
    """Corrects the links of a page."""
    del config, files
    name = page.file.src_uri
    source = next((source for source, known in BESIDE.items() if known == name), f"docs/{name}")
    return relinked(markdown, source, name)
