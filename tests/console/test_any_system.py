"""The console runs where Python runs: nothing that only Linux has, in it or in what it imports of ours."""

import ast
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("vehicle", "firmware_bridge", "console")
MODULES = frozenset({"fcntl", "termios", "tty", "pty", "resource", "pwd", "grp", "readline", "curses", "syslog"})
CALLS = frozenset(
    {"add_reader", "add_writer", "add_signal_handler", "fork", "forkpty", "sendmsg", "recvmsg", "geteuid"}
)
GUARD = "os.name"
"""A function that asks for it knows what it does."""


def only_here(source: str) -> list[str]:
    """Modules and calls of one system in a text; functions that ask which system it is may."""
    tree = ast.parse(source)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if name.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            found.append(node.module or "")
        elif isinstance(node, ast.Attribute) and node.attr in CALLS:
            found.append(node.attr)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and GUARD not in ast.unparse(node):
            found += [name for name in ("os.O_DIRECTORY", "os.O_NOFOLLOW") if name in ast.unparse(node)]
    return found


def reached() -> list[Path]:
    """All files of the console and of ours that it imports, directly or not."""
    graph = grimp.build_graph(*PACKAGES)
    modules = {module for module in graph.modules if module.split(".")[0] == "console"}
    modules |= graph.find_upstream_modules("console", as_package=True)
    places = [ROOT / f"{module.replace('.', '/')}" for module in sorted(modules)]
    return [path for place in places for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()]


def test_nothing_of_one_system_only() -> None:
    files = reached()
    assert ROOT / "console/server/app.py" in files
    assert ROOT / "vehicle/control/ledger/strokes.py" in files
    found = {str(path.relative_to(ROOT)): only_here(path.read_text(encoding="utf-8")) for path in files}
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import fcntl",
        "from termios import tcgetattr",
        "import asyncio\nasyncio.get_running_loop().add_reader(0, print)",
        "import os\nos.fork()",
        "import os\ndef f():\n    os.open('.', os.O_DIRECTORY)",
    ],
)
def test_what_is_of_one_system_is_found(source: str) -> None:
    assert only_here(source)
    assert not only_here(
        "import asyncio\nimport os\ndef f():\n    if os.name == 'posix':\n        return os.O_DIRECTORY"
    )
