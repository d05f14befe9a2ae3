"""Control is pure: what it reaches in this tree touches no clock, loop, wire or file, and keeps nothing by itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = frozenset({"asyncio", "time", "os", "io", "socket", "pathlib", "threading", "random", "logging"})
WRITES = frozenset({"append", "add", "update", "setdefault", "pop", "popitem", "clear", "extend", "insert", "remove"})
CACHES = frozenset({"cache", "lru_cache", "cached_property"})
KEPT = {
    "vehicle/contracts/stop_reasons.py": ["@lru_cache codes", "@lru_cache names"],
}
"""Bounded memos of functions of one whole number: they decide nothing, and no tick can see whether they are there."""
FIRST_PARTY = ("vehicle", "firmware_bridge")
CONTROL = tuple(sorted((ROOT / "vehicle" / "control").rglob("*.py")))


def path_of(module: str) -> Path | None:
    """The file of a first-party module or package."""
    base = ROOT.joinpath(*module.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def imported(tree: ast.Module) -> Iterator[str]:
    """Modules that an import names, at the top or in a function; what is only for the type checker is left out."""
    ignored = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.unparse(branch.test)
        for node in ast.walk(branch)
    }
    for node in ast.walk(tree):
        if id(node) in ignored:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reached() -> dict[Path, ast.Module]:
    """Every first-party file that control imports, itself included, with what it says."""
    found: dict[Path, ast.Module] = {}
    waiting = list(CONTROL)
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = tree = ast.parse(path.read_text())
        for module in imported(tree):
            parts = module.split(".")
            if parts[0] in FIRST_PARTY:
                packages = (".".join(parts[:length]) for length in range(1, len(parts) + 1))
                waiting += [path for path in map(path_of, packages) if path is not None]
    return found


def impurities(tree: ast.Module) -> list[str]:
    """What in a file touches the outside, or outlives a call."""
    found = [module for module in imported(tree) if module.split(".")[0] in FORBIDDEN]
    owned = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in (
        inner for part in tree.body for inner in ast.walk(part) if isinstance(part, ast.FunctionDef | ast.ClassDef)
    ):
        if isinstance(node, ast.Global):
            found.append(f"global {', '.join(node.names)}")
        elif isinstance(node, ast.FunctionDef):
            names = (ast.unparse(part.func if isinstance(part, ast.Call) else part) for part in node.decorator_list)
            found += [f"@{name} {node.name}" for name in names if CACHES & set(name.split("."))]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            found += (
                [ast.unparse(node)] if isinstance(node.func.value, ast.Name) and node.func.value.id in owned else []
            )
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            found += [ast.unparse(node)] if isinstance(node.value, ast.Name) and node.value.id in owned else []
    return found


def test_control_reaches_nothing_outside_and_keeps_nothing() -> None:
    trees = reached()
    assert ROOT / "vehicle" / "contracts" / "messages.py" in trees
    assert ROOT / "vehicle" / "config" / "load.py" not in trees
    assert {str(path.relative_to(ROOT)): found for path, tree in trees.items() if (found := impurities(tree))} == KEPT


@pytest.mark.parametrize("path", CONTROL, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_socket_planted_in_any_file_of_control_is_found(path: Path) -> None:
    text = path.read_text()
    assert impurities(ast.parse(f"{text}\nimport socket\n")) == ["socket"]
    assert impurities(ast.parse(f"{text}\ndef _late() -> None:\n    import socket\n")) == ["socket"]
    memo = f"{text}\n_memo = {{}}\ndef _kept(key: int) -> None:\n    _memo[key] = 1\n    _memo.setdefault(key, 2)\n"
    assert impurities(ast.parse(memo))[-2:] == ["_memo[key]", "_memo.setdefault(key, 2)"]
    cached = f"{text}\n@functools.lru_cache(maxsize=9)\ndef _late(key: int) -> int:\n    return key\n"
    assert impurities(ast.parse(cached))[-1:] == ["@functools.lru_cache _late"]
    lazy = f"{text}\nclass _Late:\n    @cached_property\n    def figure(self) -> int:\n        return 1\n"
    assert impurities(ast.parse(lazy))[-1:] == ["@cached_property figure"]
